/** The arguments of a call that is recorded: the tensors that a program takes, and its constants. */

import { describeType } from '../describe';
import { ValueError } from '../errors';
import { Float } from '../float';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import type { Constant } from './signature';
import { argumentSpecText } from './tree-spec-writer';

/**
 * A value that is part of a program. An integral number is Python's int.
 *
 * @param place - What the value is, for the error.
 */
export function constantOf(value: unknown, place: string): Constant {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string' || value instanceof Float) return value;
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : new Float(value);
  throw new TypeError(
    `${place} is ${describeType(value)}; a program has tensors, numbers, strings, booleans, null, arrays and plain objects`,
  );
}

/** A value of a result that is not a tensor. */
export function resultConstant(value: unknown): Constant {
  const constant = constantOf(value, 'export.export(): a value of the result');
  if (typeof constant !== 'string') return constant;
  throw new ValueError(
    `export.export(): the result has the string ${JSON.stringify(constant)}, which PyTorch cannot read`,
  );
}

/** The arguments as they are given, and their leaves. */
export class ProgramArguments {
  readonly positional: pytree.TreeSpec;
  readonly named: pytree.TreeSpec;
  /** The structure, as Python writes it. */
  readonly specText: string;
  /** Each leaf: a tensor, or a constant. */
  readonly leaves: readonly (Tensor | { readonly constant: Constant })[];

  constructor(
    api: string,
    readonly args: readonly unknown[],
    readonly kwargs: Readonly<Record<string, unknown>>,
  ) {
    const [positional, named] = [pytree.flatten(args), pytree.flatten(kwargs)];
    this.positional = positional.spec;
    this.named = named.spec;
    this.specText = argumentSpecText(positional.spec, named.spec, args, kwargs);
    this.leaves = [positional, named].flatMap(({ leaves, spec }, k) =>
      leaves.map((leaf, i) => {
        const place = `${api}(): ${k === 0 ? 'args' : "option 'kwargs' at "}${pytree.leafPath(spec, i)}`;
        if (!native.isTensor(leaf)) return { constant: constantOf(leaf, place) };
        if (leaf.layout === 'strided') return leaf;
        throw new TypeError(`${place} has the layout ${leaf.layout}; a program takes dense tensors`);
      }),
    );
  }

  get tensors(): Tensor[] {
    return this.leaves.filter((leaf): leaf is Tensor => native.isTensor(leaf));
  }

  /** The arguments of the call: the named ones are one object after the others. */
  get values(): unknown[] {
    return Object.keys(this.kwargs).length > 0 ? [...this.args, this.kwargs] : [...this.args];
  }
}
