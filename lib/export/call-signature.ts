/** How a program is called: its arguments by position and by name, and the form of its result. */

import { isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import type * as pytree from '../pytree';
import type { JsonReader } from './json-reader';
import { type NamedTuples, flattenAs, readTreeSpec } from './tree-spec';

type ArraySpec = pytree.TreeSpec & { kind: 'array' };
type ObjectSpec = pytree.TreeSpec & { kind: 'object' };

/** Where a leaf of the arguments is: the name of the argument, and keys. */
export type InputPath = readonly (string | number)[];

/** How a program is called. */
export class CallSignature {
  /** Where each leaf of the arguments is. */
  readonly paths: readonly InputPath[];

  private constructor(
    private readonly positional: ArraySpec,
    private readonly named: ObjectSpec,
    private readonly names: readonly string[],
    readonly output: pytree.TreeSpec,
  ) {
    const paths: InputPath[] = [];
    positional.children.forEach((spec, i) => pathsOf(spec, [names[i]], paths));
    named.children.forEach((spec, i) => pathsOf(spec, [named.keys[i]], paths));
    this.paths = paths;
  }

  /** The signature of calls with these arguments. */
  static of(positional: pytree.TreeSpec, named: pytree.TreeSpec, output: pytree.TreeSpec): CallSignature {
    const [array, object] = [positional as ArraySpec, named as ObjectSpec];
    return new CallSignature(array, object, array.children.map(argumentName), output);
  }

  /** Reads the signature of the whole model. */
  static read(module: JsonReader): CallSignature {
    const namedTuples: NamedTuples = new Map(
      (module.optional('treespec_namedtuple_fields')?.entries() ?? []).map(([name, tuple]) => [
        name,
        tuple.field('field_names').items().map((field) => field.string()),
      ]),
    ); // prettier-ignore
    const calls = module.field('module_call_graph');
    const root = calls.items().find((entry) => entry.field('fqn').string() === '');
    const signature = root?.optional('signature') ?? calls.refuse('has no signature of the whole model');
    const input = readTreeSpec(signature.field('in_spec'), namedTuples);
    const output = readTreeSpec(signature.field('out_spec'), namedTuples);
    const [positional, named] = input.kind === 'leaf' ? [] : input.children;
    if (input.kind !== 'array' || positional?.kind !== 'array' || named?.kind !== 'object') {
      return signature.field('in_spec').refuse('must be a tuple of positional and named arguments');
    }
    const given =
      signature
        .optional('forward_arg_names')
        ?.items()
        .map((name) => name.string()) ?? [];
    const names = positional.children.map((_, i) => given[i] ?? argumentName(_, i));
    return new CallSignature(positional, named, names, output);
  }

  /** The arguments of a call as a flat list. */
  flatten(args: readonly unknown[]): unknown[] {
    const { positional, named, names } = this;
    const count = positional.children.length;
    const last = args.at(-1);
    const takesObject = named.keys.length > 0;
    const hasObject = takesObject && args.length === count + 1 && isPlainObject(last);
    if (args.length !== count + (takesObject ? 1 : 0) || (takesObject && !hasObject)) {
      const object = takesObject ? ` and an object with the keys ${named.keys.join(', ')}` : '';
      const list = count === 0 ? '' : ` (${names.join(', ')})`;
      throw new TypeError(
        `the program takes ${count} arguments${list}${object}, but got ${args.map(describeType).join(', ') || 'none'}`,
      );
    }
    const leaves: unknown[] = [];
    positional.children.forEach((spec, i) => flattenAs(args[i], spec, leaves, mismatch(names[i])));
    if (takesObject) flattenAs(last, named, leaves, mismatch('the named arguments'));
    return leaves;
  }
}

/** Python's name of an argument whose name it does not know. */
const argumentName = (_: unknown, i: number): string => `arg_${i}`;

const mismatch =
  (name: string) =>
  (expected: string, found: string): never => {
    throw new RuntimeError(`Expected input at ${name} to have ${expected}, but got ${found}`);
  };

function pathsOf(spec: pytree.TreeSpec, path: InputPath, paths: InputPath[]): void {
  if (spec.kind === 'leaf') paths.push(path);
  else spec.children.forEach((child, i) => pathsOf(child, [...path, spec.kind === 'object' ? spec.keys[i] : i], paths));
}

/** A path as an expression: `batch.images[0]`. */
export function pathText([name, ...keys]: InputPath): string {
  return `${name}${keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;
}
