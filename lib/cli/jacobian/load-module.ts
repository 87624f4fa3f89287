/** Loads a module that the user wrote, with this package in reach. */

import { createJiti } from 'jiti';

import * as torch from '../../index';
import { CommandFailure, isError, messageOf } from '../failure';

/** What a module exports; for a CommonJS module `default` is its `module.exports`. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Loads a TypeScript or JavaScript module of either kind from anywhere on disk.
 *
 * The module need not have this package among its dependencies, and if it has, gets this very
 * instance all the same: tensors and transforms of two instances would not know each other.
 *
 * @throws CommandFailure when it cannot be parsed or throws.
 */
export async function importModule(file: string): Promise<Exports> {
  const jiti = createJiti(file, {
    // Read again each time: a cache would be one more folder that could be stale or unwritable.
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { 'torch-func': packageModule() },
  });
  try {
    const exports = await jiti.import<unknown>(file);
    // `module.exports = (x) => ...` makes the function itself the module.
    return typeof exports === 'function' ? { default: exports } : (exports as Exports);
  } catch (error) {
    throw new CommandFailure(`cannot load ${file}: ${messageOf(error)}${placeOf(error, file)}`, 1, {
      cause: error,
    });
  }
}

/** This package as modules of both kinds see it: `require` and `import * as`, and `import torch`. */
function packageModule(): object {
  const properties = Object.getOwnPropertyDescriptors(torch);
  return Object.defineProperties(
    {},
    {
      ...properties,
      default: { value: torch, enumerable: true },
      __esModule: { value: true },
    },
  );
}

/** Syntax errors carry their place at the top of the stack. */
function placeOf(error: unknown, file: string): string {
  const stack = isError(error) ? (error.stack ?? '') : '';
  const place = stack.split('\n').find((line) => line.includes(`${file}:`));
  return place === undefined ? '' : `\n    ${place.trim()}`;
}
