/**
 * The batching rule that `vmap` generates for a custom function with `generateVmapRule`: each method runs at a Vmap
 * level of its own, and its arguments and results carry explicit batch dimensions outside.
 */

import { vmap } from '../../func/vmap';
import { atVmapLevel } from '../../interpreter/levels';
import { unwrapBatched } from '../../interpreter/wrapping';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import * as pytree from '../../pytree';
import type { Tensor } from '../../tensor';
import { callBackward, callJvp, callMethod } from './apply';
import { STATE, wrapContext } from './context';
import type { FunctionCtx, VmapNotes } from './context';
import { defaults } from './defaults';
import type { CustomFunction, VmapInfo } from './types';

/** The last output of a generated forward: the batch dimensions of the other outputs. */
export class VmapOutputs {
  constructor(
    readonly outDims: unknown,
    /** Whether forward returned a single output, not an array. */
    readonly single: boolean,
  ) {}
}

type Randomness = VmapInfo['randomness'];

/** Calls `func` with the batched arguments at a new Vmap level; returns the results and their batch dimensions. */
function inLevel(
  func: (level: number, args: unknown[]) => unknown,
  args: readonly unknown[],
  inDims: unknown,
  batchSize: number,
  randomness: Randomness,
): { values: unknown; dims: unknown } {
  return atVmapLevel(batchSize, randomness, (level) => {
    const { leaves, spec } = pytree.flatten(args);
    const dims = pytree.broadcastPrefix(inDims, spec) as (number | null)[];
    const batched = leaves.map((leaf, i) =>
      dims[i] === null || !native.isTensor(leaf) ? leaf : native.addBatchDim(leaf, dims[i], level),
    );
    return unwrapBatched(func(level, pytree.unflatten(batched, spec) as unknown[]), level);
  });
}

/** The dimensions of the values; null for non-tensor values. */
function dimsOfPresent(dims: unknown, values: readonly unknown[]): unknown[] {
  const { leaves, spec } = pytree.flatten(values);
  const flatDims = pytree.broadcastPrefix(dims, spec) as unknown[];
  return pytree.unflatten(
    leaves.map((leaf, i) => (native.isTensor(leaf) ? flatDims[i] : null)),
    spec,
  ) as unknown[];
}

// How to drop the batch dimension: sum the gradients of an input shared by all samples; take one sample's tangent for a
// shared output.
type Combine = (batched: Tensor, dim: number) => Tensor;
const sumOf: Combine = (batched, dim) => batched.sum(dim);
const firstOf: Combine = (batched, dim) => batched.select(dim, 0);

// The gradient of an output shared by all samples, as a batch: the gradient for the first sample and zeros for the
// others. The gradients are summed over the samples later, and this one must count once.
function atFirst(grad: Tensor, batchSize: number): Tensor {
  const first = grad.unsqueeze(0);
  return torchFunctions.cat([first, torchFunctions.zerosLike(first).expand(batchSize - 1, ...grad.shape)]);
}

/**
 * Gives a gradient (or tangent) the batch dimension of its input (or output): combines the samples if there is none,
 * expands an unbatched gradient, and sums each sample to the shape of the input. The engine cannot do the last itself,
 * because of the batch dimension.
 */
function reduceLeaf(
  grad: unknown,
  dim: number | null,
  target: number | null,
  batchSize: number,
  shape: number[] | null,
  combine: Combine,
): unknown {
  if (!native.isTensor(grad) || (dim === null && target === null)) return grad;
  if (target === null) return combine(grad, dim as number);
  let batched: Tensor = grad;
  let at = dim;
  if (at === null) {
    batched = grad.unsqueeze(target);
    const expanded = batched.shape;
    expanded[target] = batchSize;
    batched = batched.expand(expanded);
    at = target;
  }
  if (shape !== null) {
    return vmap((value: Tensor) => value.sumToSize(shape), { inDims: at, outDims: target })(batched);
  }
  return at === target ? batched : batched.movedim(at, target);
}

function reduce(
  results: { values: unknown; dims: unknown },
  targets: unknown,
  batchSize: number,
  shapes: readonly (number[] | null)[] | null,
  combine: Combine,
): unknown[] {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]);
  const dims = list(results.dims);
  const targetList = list(targets);
  return list(results.values).map((grad, i) =>
    i < targetList.length
      ? reduceLeaf(
          grad,
          dims[i] as number | null,
          targetList[i] as number | null,
          batchSize,
          shapes?.[i] ?? null,
          combine,
        )
      : grad,
  );
}

/** The custom function for batched values, to be called at the level below. */
export function vmapify(
  custom: CustomFunction,
  inDims: unknown[],
  batchSize: number,
  randomness: Randomness,
): CustomFunction {
  const run = (func: (level: number, args: unknown[]) => unknown, args: readonly unknown[], dims: unknown) =>
    inLevel(func, args, dims, batchSize, randomness);
  const notesOf = (ctx: FunctionCtx): VmapNotes => ctx[STATE].vmapped.get(generated) as VmapNotes;

  const generated: CustomFunction = {
    ...defaults,
    name: `Vmapped${custom.name}`,
    generateVmapRule: true,
    clearSavedTensorsOnAccess: custom.clearSavedTensorsOnAccess,
    boxedGradsCall: false,

    forward(...args: unknown[]): unknown[] {
      const { values, dims } = run((_, inner) => callMethod(custom, 'forward', inner), args, inDims);
      return Array.isArray(values)
        ? [...(values as unknown[]), new VmapOutputs(dims, false)]
        : [values, new VmapOutputs(dims, true)];
    },

    // Also at a Vmap level: the user's setupContext must see the shapes of one sample.
    setupContext(ctx: FunctionCtx, inputs: unknown[], outputs: unknown[]): void {
      const { outDims, single } = outputs.at(-1) as VmapOutputs;
      const output = single ? outputs[0] : outputs.slice(0, -1);
      const notes: VmapNotes = { backwardDims: [], forwardDims: [], inputShapes: [], outDims };
      const setUp = (level: number, [innerInputs, innerOutput]: unknown[]): void => {
        const save = (method: 'saveForBackward' | 'saveForForward', key: 'backwardDims' | 'forwardDims') => {
          return (...tensors: (Tensor | null)[]): void => {
            const { values, dims } = unwrapBatched(tensors, level);
            notes[key] = dims;
            ctx[method](...(values as (Tensor | null)[]));
          };
        };
        // The tensor inside a batched output or input is the output or input of this function.
        const mark = (method: 'markDirty' | 'markNonDifferentiable') => {
          return (...tensors: Tensor[]): void => {
            ctx[method](...(unwrapBatched(tensors, level).values as Tensor[]));
          };
        };
        const wrapped = wrapContext(ctx, {
          markDirty: mark('markDirty'),
          markNonDifferentiable: mark('markNonDifferentiable'),
          saveForBackward: save('saveForBackward', 'backwardDims'),
          saveForForward: save('saveForForward', 'forwardDims'),
        });
        callMethod(custom, 'setupContext', [wrapped, innerInputs, innerOutput]);
        notes.inputShapes = (innerInputs as unknown[]).map((input) => (native.isTensor(input) ? input.shape : null));
      };
      run(
        (level, args) => {
          setUp(level, args);
          return [];
        },
        [inputs, output],
        [inDims, outDims],
      );
      ctx[STATE].vmapped.set(generated, notes);
    },

    jvp(ctx: FunctionCtx, ...tangents: (Tensor | null)[]): unknown[] {
      const { backwardDims, forwardDims, outDims } = notesOf(ctx);
      const savedDims = ctx[STATE].forForward === null ? backwardDims : forwardDims;
      const results = run(
        (_, [savedTensors, inner]) => callJvp(custom, wrapContext(ctx, { savedTensors }), inner as Tensor[]),
        [ctx.savedTensors, tangents],
        [savedDims, dimsOfPresent(inDims, tangents)],
      );
      return [...reduce(results, outDims, batchSize, null, firstOf), null];
    },

    backward(ctx: FunctionCtx, ...gradOutputs: (Tensor | null)[]): unknown[] {
      const { backwardDims, inputShapes, outDims } = notesOf(ctx);
      const dims = (Array.isArray(outDims) ? outDims : [outDims]) as (number | null)[];
      const grads = gradOutputs
        .slice(0, -1)
        .map((grad, i) => (grad !== null && dims[i] === null ? atFirst(grad, batchSize) : grad));
      const results = run(
        (_, [savedTensors, inner]) => callBackward(custom, wrapContext(ctx, { savedTensors }), inner as Tensor[]),
        [ctx.savedTensors, grads],
        [
          backwardDims,
          dimsOfPresent(
            dims.map((dim) => dim ?? 0),
            grads,
          ),
        ],
      );
      return reduce(results, inDims, batchSize, inputShapes, sumOf);
    },
  };
  return generated;
}
