/** Loads a module of the user that may import this package. */

import { createJiti } from 'jiti';

import { JobError } from '../errors';
import { isError, liesIn, messageOf } from '../thrown';
import type { Torch } from './sample-function';

/** The exports of a module; for a CommonJS module `default` is its `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads a TypeScript or JavaScript module, ES or CommonJS, from anywhere on disk. In what jiti compiles,
 * `torch-func` is `torch`; Node.js's own loaders need a hook of the program (cli/share-package.ts).
 *
 * @throws JobError (`function`) if the module cannot be parsed or throws.
 */
export async function importModule(file: string, torch: Torch): Promise<Exports> {
  const jiti = createJiti(file, {
    // Compiled on every run: a cache would be another folder that can be stale or unwritable.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { 'torch-func': packageModule(torch) },
  });
  try {
    const exports = await jiti.import<unknown>(file);
    // `module.exports = (x) => ...` makes the function itself the module.
    return typeof exports === 'function' ? { default: exports } : (exports as Exports);
  } catch (error) {
    const message = messageOf(error);
    const place = message.includes(file) ? '' : placeOf(error, file);
    throw new JobError('function', `cannot load ${file}: ${message}${place}`, { cause: error });
  }
}

/** The package as `require`, `import * as torch` and `import torch` see it. */
function packageModule(torch: Torch): object {
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(torch),
      default: { value: torch, enumerable: true },
      __esModule: { value: true },
    },
  );
}

/** The first stack frame in the file. */
function placeOf(error: unknown, file: string): string {
  const stack = isError(error) ? (error.stack ?? '') : '';
  const place = stack.split('\n').find((line) => liesIn(line, file));
  return place === undefined ? '' : `\n    ${place.trim()}`;
}
