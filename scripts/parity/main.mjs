#!/usr/bin/env node
// `npm run parity`: creates the corpus, then runs run.ts with jiti, because Node.js 20 cannot load TypeScript.

import { createJiti } from 'jiti';
import { explain } from '../setup/failure.mjs';
import { prepareCorpus } from '../opdb/cache.mjs';

/** Removes an option with its value from the arguments. @param {string[]} args @param {string} name */
function take(args, name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

try {
  const args = process.argv.slice(2);
  const device = take(args, '--device');
  const corpus = take(args, '--corpus');
  const isCompiled = args.includes('--compiled');
  // The worker processes read it.
  if (device !== undefined) process.env.TORCH_FUNC_PARITY_DEVICE = device;
  const module = isCompiled ? './compiled/run.ts' : device === undefined ? './run.ts' : './device/run.ts';
  /** @type {typeof import('./run.js') | typeof import('./compiled/run.js') | typeof import('./device/run.js')} */
  const { readOptions, run } = await createJiti(import.meta.url).import(module);
  const options = readOptions(args.filter((argument) => argument !== '--compiled'));
  const kind = device === undefined ? 'parity' : 'parity-small';
  if (options !== null) process.exitCode = await run(corpus ?? (await prepareCorpus(options.seed, kind)), options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
