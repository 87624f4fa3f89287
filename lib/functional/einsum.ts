/** `torch.einsum` in its three forms. */

import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';

/** The subscripts of one operand as numbers from 0 to 51, with `'...'` for Python's `Ellipsis`. */
export type Sublist = readonly (number | '...')[];

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function letters(subscripts: unknown): string {
  if (!Array.isArray(subscripts)) {
    throw new TypeError(
      `einsum(): expected a list of subscripts after each operand, but got ${describeType(subscripts)}`,
    );
  }
  let text = '';
  // Not `map`, which visits no holes: the first is an error.
  for (const subscript of subscripts as readonly unknown[]) {
    const letter = typeof subscript === 'number' ? LETTERS[subscript] : subscript === '...' ? '...' : undefined;
    if (letter === undefined) {
      throw new ValueError('einsum(): subscript in subscript list is not within the valid range [0, 52)');
    }
    text += letter;
  }
  return text;
}

/**
 * Sums products of the operands' elements along the dimensions named in an equation; `torch.einsum`.
 *
 * Letters name dimensions. Dimensions missing on the right of `->` are summed. Without `->`, the letters that
 * occur once remain, in alphabetical order. `...` stands for broadcast dimensions. Instead of an equation,
 * each operand may be followed by a list of numbers (and `'...'`), with the output's list at the end.
 *
 * @throws ValueError without operands or for a number out of range, RuntimeError for an equation that does
 * not match the operands.
 * @example
 * ```ts
 * const a = torch.tensor([[1, 2], [3, 4]]);
 * torch.einsum('ij,jk->ik', a, a); // [[7, 10], [15, 22]]
 * torch.einsum(a, [0, 1], a, [1, 2], [0, 2]); // the same
 * torch.einsum('ii', a); // 5
 * torch.einsum('bij, bjk -> bik', torch.ones(4, 2, 3), torch.ones(4, 3, 5)).shape; // [4, 2, 5]
 * ```
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor;
export function einsum(equation: string, operands: readonly Tensor[]): Tensor;
export function einsum(...operandsAndSubscripts: (Tensor | Sublist)[]): Tensor;
export function einsum(...args: unknown[]): Tensor {
  if (args.length < 2) {
    throw new ValueError(
      'einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list',
    );
  }
  if (native.isTensor(args[0])) {
    const pairs = args.length - (args.length % 2);
    let equation = '';
    const operands: unknown[] = [];
    for (let i = 0; i < pairs; i += 2) {
      operands.push(args[i]);
      equation += `${i === 0 ? '' : ','}${letters(args[i + 1])}`;
    }
    if (pairs < args.length) equation += `->${letters(args[pairs])}`;
    return torchFunctions.einsum(equation, operands as Tensor[]);
  }
  const [equation, first, ...others] = args as [string, ...unknown[]];
  const operands = others.length === 0 && Array.isArray(first) ? first : [first, ...others];
  return torchFunctions.einsum(equation, operands as Tensor[]);
}
