#!/usr/bin/env node
// `npm run fuzz`: runs run.ts with jiti, because Node.js 20 cannot load TypeScript.

import { createJiti } from 'jiti';
import { explain } from '../setup/failure.mjs';

try {
  /** @type {typeof import('./run.js')} */
  const { readOptions, run } = await createJiti(import.meta.url).import('./run.ts');
  const options = readOptions(process.argv.slice(2));
  if (options !== null) process.exitCode = await run(options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
