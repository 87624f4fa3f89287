/** Loads a module that the user wrote, with this package in reach. */

import { createJiti } from 'jiti';

import * as torch from '../../index';
import { CommandFailure, isError, liesIn, messageOf } from '../failure';

/** What a module exports; for a CommonJS module `default` is its `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads a TypeScript or JavaScript module of either kind from anywhere on disk. If it asks for this
 * package, it gets this very instance.
 *
 * @throws CommandFailure when it cannot be parsed or throws.
 */
export async function importModule(file: string): Promise<Exports> {
  const jiti = createJiti(file, {
    // Read again each time: a cache would be one more folder that could be stale or unwritable.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    // For what jiti compiles; Node.js's own loaders are told by share-package.ts.
    virtualModules: { 'torch-func': packageModule() },
  });
  try {
    const exports = await jiti.import<unknown>(file);
    // `module.exports = (x) => ...` makes the function itself the module.
    return typeof exports === 'function' ? { default: exports } : (exports as Exports);
  } catch (error) {
    const message = messageOf(error);
    const place = message.includes(file) ? '' : placeOf(error, file);
    throw new CommandFailure(`cannot load ${file}: ${message}${place}`, 1, { cause: error });
  }
}

/** This package as `require`, `import * as torch` and `import torch` see it. */
export function packageModule(): object {
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(torch),
      default: { value: torch, enumerable: true },
      __esModule: { value: true },
    },
  );
}

/** The first line of the stack that lies in the file. */
function placeOf(error: unknown, file: string): string {
  const stack = isError(error) ? (error.stack ?? '') : '';
  const place = stack.split('\n').find((line) => liesIn(line, file));
  return place === undefined ? '' : `\n    ${place.trim()}`;
}
