/** Functions of a variable number of tensors, and of shapes. */

import { checkOptions, isOptions } from '../arguments';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import type { Size } from '../types';

/**
 * Expands tensors to their common shape, as views; `torch.broadcast_tensors`.
 *
 * @throws RuntimeError if the shapes do not broadcast.
 * @example
 * ```ts
 * const [a, b] = torch.broadcastTensors(torch.ones([1, 3]), torch.ones([2, 1])); // both of shape [2, 3]
 * ```
 */
export function broadcastTensors(...tensors: Tensor[]): Tensor[] {
  return torchFunctions.broadcastTensors(tensors);
}

/**
 * The shape that tensors of these shapes broadcast to; `torch.broadcast_shapes`. A number stands for
 * a shape of one dimension.
 *
 * @throws RuntimeError if the shapes do not broadcast, ValueError for a negative size.
 * @example
 * ```ts
 * torch.broadcastShapes([2], [3, 1], [1, 1, 1]); // [1, 3, 2]
 * ```
 */
export function broadcastShapes(...shapes: (number | Size)[]): number[] {
  const refuse = (got: unknown): RuntimeError =>
    new RuntimeError(`Input shapes should be of type ints, a tuple of ints, or a list of ints, got ${String(got)}`);
  const lists = shapes.map((shape): Size => {
    if (typeof shape === 'number') return [shape];
    if (!Array.isArray(shape)) throw refuse(shape);
    for (const size of shape as readonly unknown[]) {
      if (!Number.isInteger(size)) throw refuse(`[${String(size)}]`);
    }
    return shape as Size;
  });
  const common: number[] = Array<number>(Math.max(0, ...lists.map((shape) => shape.length))).fill(1);
  lists.forEach((shape, argument) => {
    for (let i = -1; i >= -shape.length; i--) {
      const size = shape[shape.length + i];
      const at = common.length + i;
      if (size === common[at]) continue;
      if (common[at] === 1) {
        if (size < 0) throw new ValueError('Attempting to broadcast a dimension with negative length!');
        common[at] = size;
      } else if (size !== 1) {
        throw new RuntimeError(
          `Attempting to broadcast a dimension of length ${size} at ${i}! Mismatching argument at index ${argument} had [${shape.join(', ')}]; but expected shape should be broadcastable to [${common.join(', ')}]`,
        );
      }
    }
  });
  return common;
}

/** The options of {@link meshgrid}. */
export interface MeshgridOptions {
  /**
   * `'ij'`: dimensions in the order of the tensors; `'xy'`: the first two swapped, NumPy's default. By
   * default `'ij'`, with PyTorch's warning.
   */
  indexing?: 'ij' | 'xy' | null;
}

type TensorsOrList = Tensor[] | [readonly Tensor[]];

/**
 * The coordinates of the grid spanned by 0-d or 1-d tensors: for each, one tensor of the grid's shape;
 * `torch.meshgrid`.
 *
 * @throws RuntimeError without tensors, for a tensor with more dimensions, or for an unknown `indexing`.
 * @example
 * ```ts
 * const [x, y] = torch.meshgrid(torch.arange(2), torch.arange(3), { indexing: 'ij' }); // of shape [2, 3]
 * ```
 */
export function meshgrid(...tensors: TensorsOrList | [...TensorsOrList, MeshgridOptions]): Tensor[] {
  const last: unknown = tensors.at(-1);
  const { indexing } = checkOptions<MeshgridOptions>('meshgrid', isOptions(last) ? last : undefined, ['indexing']);
  const given: unknown[] = isOptions(last) ? tensors.slice(0, -1) : tensors;
  const list = (given.length === 1 && Array.isArray(given[0]) ? given[0] : given) as Tensor[];
  return indexing == null ? torchFunctions.meshgrid(list) : torchFunctions.meshgrid(list, { indexing });
}

/**
 * Every combination of the elements of 1-d tensors, one per row; `torch.cartesian_prod`. A single tensor is
 * returned unchanged.
 *
 * @throws RuntimeError without tensors or for a tensor that is not 1-d.
 * @example
 * ```ts
 * torch.cartesianProd(torch.tensor([1, 2]), torch.tensor([3, 4])).toArray(); // [[1, 3], [1, 4], [2, 3], [2, 4]]
 * ```
 */
export function cartesianProd(...tensors: Tensor[]): Tensor {
  return torchFunctions.cartesianProd(tensors);
}

/**
 * The block diagonal matrix of tensors with at most two dimensions; `torch.block_diag`.
 *
 * @throws RuntimeError for a tensor with more dimensions.
 * @example
 * ```ts
 * torch.blockDiag(torch.ones([1, 2]), torch.ones([2, 1])).shape; // [3, 3]
 * ```
 */
export function blockDiag(...tensors: Tensor[]): Tensor {
  return torchFunctions.blockDiag(tensors);
}

type AtLeast = { (input: Tensor): Tensor; (tensors: readonly Tensor[]): Tensor[] };

function atLeast(operator: AtLeast, args: readonly unknown[]): Tensor | Tensor[] {
  const [first] = args;
  if (args.length === 1 && native.isTensor(first)) return operator(first);
  return operator((args.length === 1 ? first : args) as readonly Tensor[]);
}

/**
 * Views the tensor, or each of several tensors, with at least one dimension; `torch.atleast_1d`.
 *
 * @example
 * ```ts
 * torch.atleast1d(torch.tensor(3)).shape; // [1]
 * ```
 */
export function atleast1d(input: Tensor): Tensor;
export function atleast1d(tensors: readonly Tensor[]): Tensor[];
export function atleast1d(...tensors: Tensor[]): Tensor[];
export function atleast1d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast(torchFunctions.atleast1d, args);
}

/**
 * Views the tensor, or each of several tensors, with at least two dimensions; `torch.atleast_2d`.
 *
 * @example
 * ```ts
 * torch.atleast2d(torch.ones([3])).shape; // [1, 3]
 * ```
 */
export function atleast2d(input: Tensor): Tensor;
export function atleast2d(tensors: readonly Tensor[]): Tensor[];
export function atleast2d(...tensors: Tensor[]): Tensor[];
export function atleast2d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast(torchFunctions.atleast2d, args);
}

/**
 * Views the tensor, or each of several tensors, with at least three dimensions; `torch.atleast_3d`.
 *
 * @example
 * ```ts
 * torch.atleast3d(torch.ones([2, 3])).shape; // [2, 3, 1]
 * ```
 */
export function atleast3d(input: Tensor): Tensor;
export function atleast3d(tensors: readonly Tensor[]): Tensor[];
export function atleast3d(...tensors: Tensor[]): Tensor[];
export function atleast3d(...args: unknown[]): Tensor | Tensor[] {
  return atLeast(torchFunctions.atleast3d, args);
}
