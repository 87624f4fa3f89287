/** `torch.func.rearrange`: named dimensions in einops notation. */

import { describeType, quoted } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { product } from '../shapes';
import type { Tensor } from '../tensor';

/** A dimension: its factors in order (one for a plain name, none for a unit axis), or the ellipsis. */
type Axis = readonly string[] | '...';

interface Side {
  axes: Axis[];
  names: Set<string>;
}

const NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

function checkName(name: string): void {
  let reason: string | undefined;
  if (!NAME.test(name)) reason = 'not a valid python identifier';
  else if (name.startsWith('_') || name.endsWith('_'))
    reason = 'axis name should should not start or end with underscore';
  if (reason !== undefined) throw new ValueError(`Invalid axis identifier: ${name}\n${reason}`);
}

function parseSide(expression: string): Side {
  if (expression.replaceAll('...', '').includes('.')) {
    throw new ValueError('Expression may contain dots only inside ellipsis (...)');
  }
  if (expression.split('...').length > 2) {
    throw new ValueError('Expression may contain dots only inside ellipsis (...); only one ellipsis for tensor ');
  }
  const axes: Axis[] = [];
  const names = new Set<string>();
  let group: string[] | null = null;
  for (const token of expression.match(/\.\.\.|[()]|[^\s().]+/gu) ?? []) {
    if (token === '(') {
      if (group !== null) throw new ValueError('Axis composition is one-level (brackets inside brackets not allowed)');
      group = [];
    } else if (token === ')') {
      if (group === null) throw new ValueError('Brackets are not balanced');
      axes.push(group);
      group = null;
    } else if (token === '...') {
      if (names.has('...')) throw new ValueError(`Indexing expression contains duplicate dimension '...'`);
      names.add('...');
      if (group !== null) group.push('...');
      else axes.push('...');
    } else if (/^\d+$/.test(token)) {
      if (Number(token) !== 1) {
        throw new ValueError(
          Number(token) === 0
            ? `Anonymous axis should have positive length, not ${token}`
            : 'rearrange only supports unnamed axes of size 1',
        );
      }
      // Inside brackets a unit axis changes nothing.
      if (group === null) axes.push([]);
    } else {
      checkName(token);
      if (names.has(token)) throw new ValueError(`Indexing expression contains duplicate dimension '${token}'`);
      names.add(token);
      if (group !== null) group.push(token);
      else axes.push([token]);
    }
  }
  if (group !== null) throw new ValueError(`Imbalanced parentheses in expression: '${expression}'`);
  return { axes, names };
}

function setToString(names: Iterable<string>): string {
  return `{${quoted([...names])}}`;
}

function parse(pattern: string, lengths: Readonly<Record<string, number>>): { left: Side; right: Side } {
  if (typeof pattern !== 'string') {
    throw new TypeError(`rearrange(): argument 'pattern' must be a string, not ${describeType(pattern)}`);
  }
  const sides = pattern.split('->');
  if (sides.length !== 2) throw new ValueError("Pattern must contain a single '->' separator");
  const [left, right] = sides.map(parseSide);
  if (right.names.has('...') && !left.names.has('...')) {
    throw new ValueError(`Ellipsis found in right side, but not left side of a pattern ${pattern}`);
  }
  if (left.axes.some((axis) => axis !== '...' && axis.includes('...'))) {
    throw new ValueError(`Ellipsis is parenthesis in the left side is not allowed: ${pattern}`);
  }
  const oneSided = [...left.names, ...right.names].filter((name) => left.names.has(name) !== right.names.has(name));
  if (oneSided.length > 0) {
    throw new ValueError(
      `Identifiers only on one side of rearrange expression (should be on both): ${setToString(oneSided)}`,
    );
  }
  const unknown = Object.keys(lengths).filter((name) => !left.names.has(name));
  if (unknown.length > 0)
    throw new ValueError(`Identifiers not found in rearrange expression: ${setToString(unknown)}`);
  for (const [name, length] of Object.entries(lengths)) {
    if (!Number.isInteger(length)) {
      throw new TypeError(`rearrange axis lengths must be integers, got: ${describeType(length)} for '${name}'`);
    }
  }
  return { left, right };
}

/** The sizes of the factors of a dimension; one of them can be inferred. */
function splitSizes(parts: readonly string[], size: number, lengths: Readonly<Record<string, number>>): number[] {
  const open = parts.filter((name) => lengths[name] === undefined);
  if (open.length > 1) {
    throw new ValueError(`cannot infer the sizes of two dimensions at once ${open[0]} and ${open[1]}`);
  }
  const known = parts.reduce((product, name) => product * (lengths[name] ?? 1), 1);
  const shown = parts.map((name) => lengths[name] ?? "'?'").join(', ');
  if (open.length === 0 ? known !== size : known === 0 || size % known !== 0) {
    throw new ValueError(`inferred dimension does not evenly fit into larger dimension: ${size} vs (${shown})`);
  }
  return parts.map((name) => lengths[name] ?? size / known);
}

/**
 * Splits, joins, permutes and stacks dimensions as a pattern says; `torch.func.rearrange`. The pattern is in einops
 * notation: names, `(a b)` for a joined dimension, `...` for any number of dimensions, `1` or `()` for a unit
 * dimension.
 *
 * @param tensor - A tensor, or an array of tensors to stack along a new first dimension.
 * @param pattern - The dimensions of the input, `->`, and those of the result.
 * @param axesLengths - The sizes that cannot be inferred, by name.
 * @throws ValueError for a malformed pattern, names that are not on both sides, or sizes that do not match.
 * @example
 * ```ts
 * const images = torch.rand(2, 30, 40, 3);
 * torch.func.rearrange(images, 'b h w c -> b c h w').shape; // [2, 3, 30, 40]
 * torch.func.rearrange(images, 'b (h h1) w c -> (b h1) h w c', { h1: 2 }).shape; // [4, 15, 40, 3]
 * ```
 */
export function rearrange(
  tensor: Tensor | readonly Tensor[],
  pattern: string,
  axesLengths: Readonly<Record<string, number>> = {},
): Tensor {
  const input = native.isTensor(tensor) ? tensor : torchFunctions.stack(tensor);
  const { left, right } = parse(pattern, axesLengths);
  const shape = input.shape;
  const hasEllipsis = left.names.has('...');
  const named = left.axes.length - (hasEllipsis ? 1 : 0);
  if (hasEllipsis ? named > shape.length : named !== shape.length) {
    throw new ValueError(
      `Number of dimensions in pattern (${named}) must be ${hasEllipsis ? 'less than or equal to' : 'equal to'} the number of dimensions in the tensor (${shape.length})`,
    );
  }

  // Each factor becomes a dimension; then the dimensions are permuted and joined according to the right side.
  const parts: { name: string; size: number }[] = [];
  let dim = 0;
  for (const axis of left.axes) {
    if (axis === '...') {
      for (let i = shape.length - named; i > 0; i--) parts.push({ name: '...', size: shape[dim++] });
    } else {
      const sizes = splitSizes(axis, shape[dim++], axesLengths);
      axis.forEach((name, i) => parts.push({ name, size: sizes[i] }));
    }
  }
  const positions = (name: string): number[] => parts.flatMap((part, i) => (part.name === name ? [i] : []));
  const order: number[] = [];
  const result: number[] = [];
  for (const axis of right.axes) {
    if (axis === '...') {
      for (const i of positions('...')) {
        order.push(i);
        result.push(parts[i].size);
      }
    } else {
      const joined = axis.flatMap(positions);
      order.push(...joined);
      result.push(product(joined.map((i) => parts[i].size)));
    }
  }
  return input
    .reshape(parts.map((part) => part.size))
    .permute(order)
    .reshape(result);
}
