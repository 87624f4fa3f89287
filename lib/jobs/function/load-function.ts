/** Finds a function that is named as FILE or FILE#EXPORT. */

import fs from 'node:fs';
import path from 'node:path';

import { JobError } from '../errors';
import { type Exports, importModule } from './load-module';
import { SampleFunction, type Torch } from './sample-function';

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/**
 * Loads the function from its file.
 *
 * @param spec `FILE`, or `FILE#EXPORT` if the file exports several functions and none by default
 * @param torch the package: the function and its modules use this instance
 * @throws JobError (`argument`) if the file is not of TypeScript or JavaScript, (`function`) if it
 * cannot be loaded or exports no such function
 */
export async function loadFunction(spec: string, torch: Torch): Promise<SampleFunction> {
  const { file, wanted } = splitSpec(spec);
  if (!EXTENSIONS.includes(path.extname(file))) {
    const kinds = `${EXTENSIONS.slice(0, -1).join(', ')} or ${EXTENSIONS.at(-1)}`;
    throw new JobError('argument', `expected a ${kinds} file, got ${file}`, { option: 'fn' });
  }
  if (!fs.existsSync(file)) throw new JobError('function', `cannot load ${file}: there is no such file`);
  const exports = await importModule(file, torch);
  const [name, fn] = wanted === undefined ? pickFunction(file, exports) : pick(file, exports, wanted);
  return new SampleFunction(fn, file, name, torch);
}

/** Splits at the last `#`, unless the whole names a file: a file name may contain `#`. */
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
  const problem = found === undefined ? `has no export '${name}'` : `exports '${name}', which is not a function`;
  throw new JobError('function', `${file} ${problem}; it exports the functions: ${namesOf(functionsOf(exports))}`);
}

function pickFunction(file: string, exports: Exports): [string, AnyFunction] {
  if (isFunction(exports.default)) return ['default', exports.default];
  const functions = functionsOf(exports);
  if (functions.length === 1) return functions[0];
  throw new JobError(
    'function',
    functions.length === 0
      ? `${file} exports no function; expected export default (x, torch) => y`
      : `${file} exports several functions and none by default: ${namesOf(functions)}; ` +
          `select one, for example ${path.basename(file)}#${functions[0][0]}`,
    { option: functions.length === 0 ? undefined : 'fn' },
  );
}

/** The exported functions, including those of a CommonJS module's `module.exports`. */
function functionsOf(exports: Exports): [string, AnyFunction][] {
  const inner = exports.default;
  const all = typeof inner === 'object' && inner !== null ? { ...inner, ...exports } : exports;
  return Object.entries(all).filter((entry): entry is [string, AnyFunction] => isFunction(entry[1]));
}

function namesOf(functions: readonly [string, AnyFunction][]): string {
  return functions.length === 0 ? 'none' : functions.map(([name]) => name).join(', ');
}
