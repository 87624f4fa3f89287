#!/usr/bin/env node
// `npm run asan`: tests and programs with an addon that AddressSanitizer and
// UndefinedBehaviorSanitizer watch. The addon has a build folder of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { addonPath, root } from './setup/project.mjs';

const usage = `Usage: npm run asan -- PATTERN...            the tests whose path matches
       npm run asan -- node ARGUMENTS...     a program

Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer in build/address/ and
uses it. Only the addon is instrumented, not libtorch: an error of libtorch is found where the
C library notices it. The pool of large blocks and the free lists mark free memory for the
sanitizer.
`;

const args = process.argv.slice(2);
if (args.length === 0 || args[0] === '--help') {
  process.stdout.write(usage);
  process.exit(args.length === 0 ? 2 : 0);
}

/** @param {string[]} command @param {NodeJS.ProcessEnv} environment */
function run(command, environment) {
  const { status, signal } = spawnSync(process.execPath, command, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  if (status === 0) return;
  if (signal !== null) process.stderr.write(`ended by ${signal}\n`);
  process.exit(status ?? 1);
}

const compiler = process.env.CXX || 'g++';
const library = execFileSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
// Without the library the compiler prints the name alone.
if (!path.isAbsolute(library)) {
  process.stderr.write(`${compiler} has no libasan.so: set CXX to a GCC with AddressSanitizer\n`);
  process.exit(1);
}
run(['scripts/setup.mjs', '--only', 'native,typescript'], { TORCH_FUNC_DEBUG: 'address' });
const jest = ['node_modules/jest/bin/jest.js', '--maxWorkers=1', '--testPathPatterns'];
run(args[0] === 'node' ? args.slice(1) : [...jest, ...args], {
  LD_PRELOAD: library,
  // V8's heap and libtorch's global objects are no leaks, and a refused allocation is an error in JavaScript.
  ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TORCH_FUNC_ADDON: addonPath('address'),
});
