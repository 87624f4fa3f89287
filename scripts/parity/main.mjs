#!/usr/bin/env node
// `npm run parity`: creates the corpus, then runs run.ts with jiti, because Node.js 20 cannot load TypeScript.

import { createJiti } from 'jiti';
import { explain } from '../setup/failure.mjs';
import { prepareCorpus } from '../opdb/cache.mjs';

try {
  const args = process.argv.slice(2);
  const isCompiled = args.includes('--compiled');
  /** @type {typeof import('./run.js') | typeof import('./compiled/run.js')} */
  const { readOptions, run } = await createJiti(import.meta.url).import(isCompiled ? './compiled/run.ts' : './run.ts');
  const options = readOptions(args.filter((argument) => argument !== '--compiled'));
  if (options !== null) process.exitCode = await run(await prepareCorpus(options.seed), options);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
