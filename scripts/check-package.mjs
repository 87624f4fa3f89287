#!/usr/bin/env node
// `npm run check:package`: packs the project and checks the tarball with publint and Are The Types Wrong.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { check, pack } from './release/tarball.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-package-'));
try {
  check(pack(folder));
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
