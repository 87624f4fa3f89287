#!/usr/bin/env node
// `npm run dev`: keeps dist/ and the addon up to date while lib/ and native/ change.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './setup/project.mjs';

/** An editor writes several files at once, in milliseconds. */
const settleTime = 300;

/** Runs a step of the setup; it does nothing if all is up to date. @param {string} steps */
function setup(steps) {
  const child = spawn(process.execPath, ['scripts/setup.mjs', '--only', steps], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}

/** Rebuilds the addon after changes. A change during a build starts another one, for only the files that it concerns. */
function watchNative() {
  let building = false;
  let changed = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const rebuild = async () => {
    if (building) return;
    building = true;
    while (changed) {
      changed = false;
      await setup('native');
    }
    building = false;
  };
  const onChange = () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(rebuild, settleTime);
  };
  fs.watch(path.join(root, 'native'), { recursive: true }, onChange);
  fs.watch(path.join(root, 'CMakeLists.txt'), onChange);
}

// A build that fails is reported; the next change tries again.
await setup('npm,native,typescript');
watchNative();
// The compiler's own watch mode; the next setup writes its stamp and the entry for ES modules.
const compiler = path.join('node_modules', 'typescript', 'lib', 'tsc.js');
const watch = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'], {
  cwd: root,
  stdio: 'inherit',
});
watch.on('close', (code) => process.exit(code ?? 1));
