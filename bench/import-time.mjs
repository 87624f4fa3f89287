// Times the import of the package, and before it that of libtorch's own libraries, which the addon
// then finds loaded. Argument: the folder of libtorch's libraries. Prints seconds, as JSON.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

// Node.js unloads a library that is no addon again, unless the system is told to keep it.
const KEEP = process.platform === 'darwin' ? 0x80 : 0x1000; // RTLD_NODELETE

/** @param {string} file */
function loadLibrary(file) {
  try {
    process.dlopen({ exports: {} }, file, os.constants.dlopen.RTLD_LAZY | KEEP);
  } catch {
    // It is no addon; it is loaded all the same.
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
