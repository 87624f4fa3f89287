#!/usr/bin/env node
// `npm run asan`: tests and programs with an addon that AddressSanitizer and UndefinedBehaviorSanitizer watch, or
// ThreadSanitizer. Each of these addons has a build folder of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { addonPath, root } from './setup/project.mjs';

const usage = `Usage: npm run asan -- [--thread] PATTERN...            the tests whose path matches
       npm run asan -- [--thread] node ARGUMENTS...     a program

Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer in build/address/, or with
ThreadSanitizer in build/thread/, and uses it. Only the addon is instrumented, not libtorch: an
error of memory in libtorch is found where the C library notices it, and a race only if one side of
it is in the addon or in a header that it includes. The pool of large blocks and the free lists
mark free memory for AddressSanitizer. scripts/thread-sanitizer.txt lists what ThreadSanitizer
cannot know.
`;

/** @type {Record<import('./setup/project.mjs').Sanitizer, { library: string, options: NodeJS.ProcessEnv }>} */
const kinds = {
  address: {
    library: 'libasan.so',
    options: {
      // V8's heap and libtorch's global objects are no leaks, and a refused allocation is an error in JavaScript.
      ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
  thread: {
    library: 'libtsan.so',
    options: {
      // What Node.js and libtorch do with memory is not watched; their locks are.
      TSAN_OPTIONS: `ignore_noninstrumented_modules=1:suppressions=${path.join(root, 'scripts', 'thread-sanitizer.txt')}`,
    },
  },
};

const given = process.argv.slice(2);
const kind = given[0] === '--thread' ? 'thread' : 'address';
const args = kind === 'thread' ? given.slice(1) : given;
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
const { library, options } = kinds[kind];
const preloaded = execFileSync(compiler, [`-print-file-name=${library}`], { encoding: 'utf8' }).trim();
// Without the library the compiler prints the name alone.
if (!path.isAbsolute(preloaded)) {
  process.stderr.write(`${compiler} has no ${library}: set CXX to a GCC with sanitizers\n`);
  process.exit(1);
}
run(['scripts/setup.mjs', '--only', 'native,typescript'], { TORCH_FUNC_DEBUG: kind });
const jest = ['node_modules/jest/bin/jest.js', '--maxWorkers=1', '--testPathPatterns'];
run(args[0] === 'node' ? args.slice(1) : [...jest, ...args], {
  ...options,
  LD_PRELOAD: preloaded,
  TORCH_FUNC_ADDON: addonPath(kind),
});
