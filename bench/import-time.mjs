// Times the loading of libtorch's libraries, then the import of the package, which finds them loaded. Argument: the folder of
// libtorch's libraries. Prints seconds, as JSON.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

// Node.js unloads a library that is not an addon, unless this flag keeps it.
const KEEP = process.platform === 'darwin' ? 0x80 : 0x1000; // RTLD_NODELETE

/** @param {string} file */
function loadLibrary(file) {
  try {
    process.dlopen({ exports: {} }, file, os.constants.dlopen.RTLD_LAZY | KEEP);
  } catch {
    // It is not an addon, but it stays loaded.
  }
}

const folder = process.argv[2];
const files = ['libtorch_cpu.so', 'libtorch_cpu.dylib'].map((name) => path.join(folder, name));
const file = files.find((candidate) => fs.existsSync(candidate));
if (file === undefined) throw new Error(`no libtorch_cpu in ${folder}`);
const start = performance.now();
loadLibrary(file);
const loaded = performance.now();
await import('../dist/index.mjs');
const end = performance.now();
process.stdout.write(JSON.stringify({ libtorch: (loaded - start) / 1000, package: (end - loaded) / 1000 }));
