#!/usr/bin/env node
// `npm run mutate-files`: runs run.ts with jiti, because Node.js 20 cannot load TypeScript. With an IPC channel, as a
// worker: reads the files.

import { createJiti } from 'jiti';
import { explain } from '../setup/failure.mjs';

try {
  const jiti = createJiti(import.meta.url);
  if (process.send === undefined) {
    /** @type {typeof import('./run.js')} */
    const { readOptions, run } = await jiti.import('./run.ts');
    const options = readOptions(process.argv.slice(2));
    if (options !== null) process.exitCode = await run(options);
  } else {
    /** @type {typeof import('./worker.js')} */
    const { work } = await jiti.import('./worker.ts');
    work(JSON.parse(process.argv[2]));
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
