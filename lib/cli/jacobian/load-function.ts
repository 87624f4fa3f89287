/** Finds the function that a user named as FILE or FILE#EXPORT. */

import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../index';
import { CommandFailure, UsageError } from '../failure';
import { type Exports, importModule } from './load-module';
import { SampleFunction } from './sample-function';

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * Loads the function from its file.
 *
 * @param spec `FILE`, or `FILE#EXPORT` where the file exports several functions and none by default
 */
export async function loadFunction(spec: string): Promise<SampleFunction> {
  const { file, wanted } = splitSpec(spec);
  const extension = path.extname(file);
  if (!EXTENSIONS.includes(extension)) {
    throw new UsageError(
      `--fn takes a ${EXTENSIONS.slice(0, -1).join(', ')} or ${EXTENSIONS.at(-1)} file; ${file} is none`,
    );
  }
  if (!fs.existsSync(file)) {
    throw new CommandFailure(`cannot load ${file}: there is no such file`);
  }
  const exports = await importModule(file);
  const [name, fn] = wanted === undefined ? pickFunction(file, exports) : pick(file, exports, wanted);
  return new SampleFunction(fn, file, name, torch);
}

/** A `#` may also be part of a file's name. */
function splitSpec(spec: string): { file: string; wanted: string | undefined } {
  const hash = spec.lastIndexOf('#');
  if (hash < 0 || fs.existsSync(spec)) return { file: path.resolve(spec), wanted: undefined };
  return { file: path.resolve(spec.slice(0, hash)), wanted: spec.slice(hash + 1) };
}

type AnyFunction = (...args: never[]) => unknown;

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function';
}

function pick(file: string, exports: Exports, name: string): [string, AnyFunction] {
  const inner = exports.default as Exports | null | undefined;
  const found = exports[name] ?? inner?.[name];
  if (isFunction(found)) return [name, found];
  const problem = found === undefined ? `has no export '${name}'` : `exports '${name}', not a function`;
  throw new CommandFailure(`${file} ${problem}; its functions are: ${namesOf(functionsOf(exports))}`);
}

function pickFunction(file: string, exports: Exports): [string, AnyFunction] {
  if (isFunction(exports.default)) return ['default', exports.default];
  const functions = functionsOf(exports);
  if (functions.length === 1) return functions[0];
  throw new CommandFailure(
    functions.length === 0
      ? `${file} exports no function; expected export default (x, torch) => y`
      : `${file} exports several functions and none by default: ${namesOf(functions)}; ` +
          `name one, as in --fn ${path.basename(file)}#${functions[0][0]}`,
  );
}

/** The exported functions, those of a CommonJS module's `module.exports` included. */
function functionsOf(exports: Exports): [string, AnyFunction][] {
  const inner = exports.default;
  const all = typeof inner === 'object' && inner !== null ? { ...inner, ...exports } : exports;
  return Object.entries(all).filter((entry): entry is [string, AnyFunction] => isFunction(entry[1]));
}

function namesOf(functions: readonly [string, AnyFunction][]): string {
  return functions.length === 0 ? 'none' : functions.map(([name]) => name).join(', ');
}
