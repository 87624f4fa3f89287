/**
 * Arguments that kernels of PyTorch misread. The kernels here correct them (native/kernels/contiguous_arguments.cpp,
 * lapack_batches.cpp); in Python nothing does, and so the graph of a program has copies of them.
 */

import { type Graph, Node } from '../fx/graph';
import { contiguousStrides } from '../files/tensor-bytes';
import { broadcastShapes } from '../functional';

/** The positions of arguments that must be contiguous, by operator. */
const CONTIGUOUS: Readonly<Record<string, readonly number[]>> = {
  'aten.median.default': [0],
  'aten.median.dim': [0],
  'aten.nanmedian.default': [0],
  'aten.nanmedian.dim': [0],
  'aten.kthvalue.default': [0],
  'aten.native_group_norm.default': [0, 1, 2],
  'aten.native_group_norm_backward.default': [0, 1, 2, 3, 4],
  'aten.native_batch_norm_backward.default': [0, 1],
  'aten.linalg_matrix_exp.default': [0],
  'aten.linalg_lu_solve.default': [0, 1, 2],
  'aten.linalg_ldl_solve.default': [0, 1, 2],
};

/** The dimensions of arguments that do not belong to the batch, for operators whose batches must have one shape. */
const BATCHES: Readonly<Record<string, readonly number[]>> = {
  'aten.linalg_lu_solve.default': [2, 1, 2],
  'aten.linalg_ldl_solve.default': [2, 1, 2],
};

const sizesOf = (node: Node): number[] => node.meta.shape as number[];

const isEqual = (a: readonly number[] | undefined, b: readonly number[]): boolean => a?.join() === b.join();

/** Inserts copies of the arguments of a node that Python's kernel would misread. */
export function addPortableArguments(graph: Graph, node: Node): void {
  const positions = CONTIGUOUS[node.target as string];
  if (positions === undefined) return;
  const insert = (target: string, input: Node, args: readonly (readonly number[])[], shape: number[]): Node => {
    const kwargs = target === 'aten.clone.default' ? { memoryFormat: 'contiguous_format' } : {};
    const made = graph.insertBefore(node, () => graph.callFunction(target, [input, ...args], kwargs));
    made.meta = { ...input.meta, shape, strides: contiguousStrides(shape) };
    return made;
  };
  const own = BATCHES[node.target as string];
  const batchOf = (input: Node, i: number): number[] => sizesOf(input).slice(0, sizesOf(input).length - own[i]);
  const inputs = positions.map((i) => node.args[i]);
  const batch = own === undefined ? [] : broadcastShapes(...inputs.map((input, i) => batchOf(input as Node, i)));
  node.args = node.args.map((input, position) => {
    const i = positions.indexOf(position);
    if (i < 0 || !(input instanceof Node)) return input;
    const shape =
      own === undefined ? sizesOf(input) : [...batch, ...sizesOf(input).slice(sizesOf(input).length - own[i])];
    const isExpanded = !isEqual(sizesOf(input), shape);
    if (!isExpanded && isEqual(input.meta.strides, contiguousStrides(shape))) return input;
    const expanded = isExpanded ? insert('aten.expand.default', input, [shape], shape) : input;
    return insert('aten.clone.default', expanded, [], shape);
  });
}
