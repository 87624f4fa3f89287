/** `torch.func.jacrev`. */

import { checkFunction, checkOptions } from '../arguments';
import { named } from '../describe';
import { RuntimeError, ValueError } from '../errors';
import { atVmapLevel } from '../interpreter/levels';
import { native } from '../native';
import { torchFunctions } from '../operators';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import { sizesOf, standardBasis } from './basis';
import type { Argnums, JacobianOf, Output, Selected, Transformable, WithExtras } from './types';
import { flatVjp } from './vjp';
import type { FlatVjp } from './vjp';

/** The options of {@link jacrev}. */
export interface JacrevOptions<N extends Argnums = Argnums, H extends boolean = boolean, V extends boolean = boolean> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: H;
  /** How many rows of the Jacobian at a time; null for all at once. 1 does without vmap. */
  chunkSize?: number | null;
  /** Whether to return `[jacobian, value]`, or `[jacobian, value, aux]`, from the one pass forward. */
  returnValue?: V;
}

/** Checks the chunkSize of a Jacobian. */
export function checkChunkSize(api: string, chunkSize: unknown): void {
  if (chunkSize !== null && (!Number.isInteger(chunkSize) || (chunkSize as number) <= 0)) {
    throw new ValueError(`${api}: \`chunkSize\` should be greater than 0.`);
  }
}

/** What a Jacobian returns: alone, or with the value and the aux that were asked for. */
export function withExtras(
  jacobian: unknown,
  value: unknown,
  aux: unknown,
  { returnValue = false, hasAux = false }: { returnValue?: boolean; hasAux?: boolean },
): unknown {
  if (!returnValue && !hasAux) return jacobian;
  return [jacobian, ...(returnValue ? [value] : []), ...(hasAux ? [aux] : [])];
}

/** Refuses complex tensors, which have no Jacobian of this kind. */
export function checkReal(api: string, what: string, leaves: readonly unknown[]): void {
  leaves.forEach((leaf, i) => {
    if (native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {
      throw new RuntimeError(
        `${api}: Expected all ${what} to be real but received complex tensor at flattened input idx: ${i}`,
      );
    }
  });
}

// Rows start..start+count of the Jacobian with respect to each input, as [count, ...input].
function rows(vjp: FlatVjp, start: number, count: number, chunkSize: number | null): Tensor[] {
  const basis = standardBasis(vjp.outputs, start, count);
  const createGraph = native.gradMode();
  try {
    if (chunkSize === 1) {
      const row = basis.map((block) => block.select(0, 0));
      return vjp.pullback(row, true, createGraph).map((grad) => grad.unsqueeze(0));
    }
    return atVmapLevel(count, 'error', (level) => {
      const batched = basis.map((block) => native.addBatchDim(block, 0, level));
      const grads = vjp.pullback(batched, true, createGraph);
      const result = grads.map((grad) => native.removeBatchDim(grad, level, count, 0));
      [...batched, ...grads].forEach((tensor) => tensor.dispose());
      return result;
    });
  } finally {
    // The graph may hold the basis (createGraph), but these handles are nobody's.
    basis.forEach((block) => block.dispose());
  }
}

/** The Jacobian of each flat output with respect to each flat input: `[output][input]`. */
function jacobian(vjp: FlatVjp, chunkSize: number | null): Tensor[][] {
  const sizes = sizesOf(vjp.outputs);
  const total = sizes.reduce((a, b) => a + b, 0);
  const step = chunkSize ?? Math.max(total, 1);
  let whole: Tensor[];
  if (total <= step) {
    whole = rows(vjp, 0, total, total === 0 ? null : chunkSize);
  } else {
    const parts: Tensor[][] = [];
    let target: Tensor[] | null = null;
    for (let start = 0; start < total; start += step) {
      const count = Math.min(step, total - start);
      const part = rows(vjp, start, count, chunkSize);
      // Chunks are written into one tensor as they come, so that memory does not hold the result twice
      // (PyTorch: _preallocate_and_copy); where a graph is recorded, or an outer transform is active,
      // they are joined at the end instead, since writing in place would not be allowed there.
      if (start === 0 && native.levelDepth() === 0 && !part.some((block) => block.requiresGrad)) {
        target = part.map((block) => block.newEmpty([total, ...block.shape.slice(1)]));
      }
      if (target === null) {
        parts.push(part);
        continue;
      }
      part.forEach((block, i) => {
        target![i].narrow(0, start, count).copy_(block);
        block.dispose();
      });
    }
    whole = target ?? vjp.inputs.map((_, i) => torchFunctions.cat(parts.map((part) => part[i])));
  }
  const result = vjp.outputs.map((): Tensor[] => []);
  whole.forEach((block, i) => {
    const inputShape = block.shape.slice(1);
    // With one output no split is needed.
    const pieces = sizes.length === 1 && block.shape[0] === total ? [block] : block.split(sizes, 0);
    pieces.forEach((piece, k) => {
      const shape = [...vjp.outputs[k].shape, ...inputShape];
      result[k][i] = piece.view(shape);
    });
  });
  return result;
}

/**
 * A function that computes the Jacobian of `func` in reverse mode: one pass forward, then the rows of
 * the Jacobian in one batch backward; `torch.func.jacrev`.
 *
 * The result is the output's pytree with, in place of every tensor, the pytree of the selected
 * arguments, whose leaves have the shape `[...output, ...input]` and the output's dtype. Prefer it
 * where there are fewer outputs than inputs, and {@link jacfwd} otherwise.
 *
 * @throws RuntimeError for complex inputs or outputs, an output that is not floating point, or argnums
 * that do not fit; ValueError for a chunkSize below 1, or a selected argument that holds non-tensors.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const J = torch.func.jacrev((x: torch.Tensor) => x.sin())(torch.zeros(3)); // the identity, 3×3
 * const batch = torch.vmap(torch.func.jacrev((x: torch.Tensor) => x.sin()))(torch.rand(8, 3)); // 8×3×3
 * ```
 */
export function jacrev<
  F extends Transformable,
  const N extends Argnums = 0,
  const H extends boolean = false,
  const V extends boolean = false,
>(
  func: F,
  options: JacrevOptions<N, H, V> = {},
): (
  ...args: Parameters<F>
) => WithExtras<JacobianOf<Output<ReturnType<F>, H>, Selected<Parameters<F>, N>>, ReturnType<F>, H, V> {
  checkFunction('jacrev', func);
  checkOptions('jacrev', options, ['argnums', 'hasAux', 'chunkSize', 'returnValue']);
  const { argnums = 0, hasAux = false, chunkSize = null } = options;
  checkChunkSize('jacrev', chunkSize);
  const transformed = (...args: unknown[]): unknown => {
    checkReal('jacrev', 'inputs', pytree.flatten(args).leaves);
    const vjp = flatVjp(func, args, argnums, hasAux);
    checkReal('jacrev', 'outputs', vjp.outputs);
    const perOutput = jacobian(vjp, chunkSize).map((blocks) => pytree.unflatten(blocks, vjp.inputSpec));
    return withExtras(pytree.unflatten(perOutput, vjp.outputSpec), vjp.output, vjp.aux, options);
  };
  return named(transformed, func) as never;
}
