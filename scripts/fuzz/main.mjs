#!/usr/bin/env node
// `npm run fuzz`: runs run.ts, or workers/run.ts with --workers, with jiti, because Node.js 20 cannot load TypeScript.

import { createJiti } from 'jiti';
import { explain } from '../setup/failure.mjs';

try {
  const jiti = createJiti(import.meta.url);
  const args = process.argv.slice(2);
  if (args.some((argument) => argument.startsWith('--workers'))) {
    /** @type {typeof import('./workers/run.js')} */
    const { readOptions, run } = await jiti.import('./workers/run.ts');
    const options = readOptions(args);
    if (options !== null) process.exitCode = await run(options);
  } else {
    /** @type {typeof import('./run.js')} */
    const { readOptions, run } = await jiti.import('./run.ts');
    const options = readOptions(args);
    if (options !== null) process.exitCode = await run(options);
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
