/**
 * Custom functions inside transforms: each level of the stack processes the call and passes it to the level below, as
 * libtorch does for operators. PyTorch: `torch/_functorch/autograd_function.py`.
 */

import { describeType } from '../../describe';
import { RuntimeError } from '../../errors';
import { mapTensors, unwrapBatched } from '../../interpreter/wrapping';
import { native } from '../../native';
import type { Level } from '../../native';
import * as pytree from '../../pytree';
import type { Tensor } from '../../tensor';
import { applyAtThisLevel, callBackward, callJvp, callMethod } from './apply';
import { STATE, wrapContext } from './context';
import type { FunctionCtx } from './context';
import { defaults, overrides } from './defaults';
import type { CustomFunction } from './types';
import { vmapify } from './vmapify';
import type { VmapOutputs } from './vmapify';

const EXTENDING = 'For more details, please see https://pytorch.org/docs/main/notes/extending.func.html';

/** Runs `body` at the level below, in the grad modes that were set when the transform was entered. */
function atLevelBelow<T>(top: Level, body: () => T): T {
  const gradMode = native.gradMode();
  const forwardGradMode = native.forwardGradMode();
  if (top.kind === 'grad' && !top.previousMode) native.setGradMode(false);
  if (top.kind === 'jvp' && !top.previousMode) native.setForwardGradMode(false);
  try {
    const number = native.popLevelTemporarily();
    try {
      return body();
    } finally {
      native.restoreLevel(number);
    }
  } finally {
    native.setForwardGradMode(forwardGradMode);
    native.setGradMode(gradMode);
  }
}

/**
 * Wraps every tensor of the output. An output that is an operand, changed in place, becomes the wrapped operand of the
 * level above.
 */
function wrapOutputs(
  output: unknown,
  unwrappedOperands: unknown,
  operands: unknown,
  wrap: (tensor: Tensor, i: number) => Tensor,
): unknown {
  const above = new Map<number, unknown>();
  const originals = pytree.flatten(operands).leaves;
  pytree.flatten(unwrappedOperands).leaves.forEach((leaf, i) => {
    if (native.isTensor(leaf)) above.set(native.tensorIdentity(leaf), originals[i]);
  });
  const { leaves, spec } = pytree.flatten(output);
  const wrapped = leaves.map((leaf, i) => {
    if (!native.isTensor(leaf)) return leaf;
    const identity = native.tensorIdentity(leaf);
    return above.has(identity) ? above.get(identity) : wrap(leaf, i);
  });
  return pytree.unflatten(wrapped, spec);
}

/**
 * Calls the user's jvp at a level of `jvp`. libtorch calls it with forward mode disabled. That is meant for this level
 * only, but would make the tangents constants for an outer `jvp`. So forward mode is enabled if there are levels below,
 * and the saved tensors and the results have their tangents of this level removed.
 */
function jvpAtLevel(custom: CustomFunction, ctx: FunctionCtx, tangents: readonly (Tensor | null)[]): unknown {
  if (native.levelDepth() < 2) return callJvp(custom, ctx, tangents);
  // A tensor without a tangent is returned as it is: after a change in place, jvp must return the tangent it was given.
  const primal = (tensor: Tensor): Tensor => {
    const [value, tangent] = native.unpackDual(tensor, 0);
    return tangent === null ? tensor : value;
  };
  const inner = wrapContext(ctx, {
    get savedTensors() {
      return mapTensors(ctx.savedTensors, primal);
    },
  });
  const mode = native.forwardGradMode();
  native.setForwardGradMode(true);
  try {
    return mapTensors(callJvp(custom, inner, tangents), primal);
  } finally {
    native.setForwardGradMode(mode);
  }
}

/** The members that do not depend on how `forward` is called. */
function generatedFor(custom: CustomFunction): CustomFunction {
  return {
    ...defaults,
    name: `${custom.name}Generated`,
    generateVmapRule: false,
    clearSavedTensorsOnAccess: custom.clearSavedTensorsOnAccess,
    boxedGradsCall: false,
    backward: (ctx, ...grads) => callBackward(custom, ctx, grads),
    jvp: (ctx, ...tangents) => jvpAtLevel(custom, ctx, tangents),
  };
}

function applyAtGradLevel(top: Level, custom: CustomFunction, operands: readonly unknown[]): unknown {
  const { level } = top;
  const generated: CustomFunction = {
    ...generatedFor(custom),
    forward(...args: unknown[]) {
      const unwrapped = args.map((arg) => mapTensors(arg, (tensor) => native.unwrapForGrad(tensor, level)));
      // applyAtThisLevel disabled both. The levels below need them enabled, unless the transform was entered without.
      native.setGradMode(true);
      native.setForwardGradMode(true);
      const output = atLevelBelow(top, () => customFunctionCall(custom, unwrapped));
      native.setGradMode(false);
      native.setForwardGradMode(false);
      return wrapOutputs(output, unwrapped, args, (tensor) => native.wrapForGrad(tensor, level, false));
    },
    setupContext: (...args) => callMethod(custom, 'setupContext', args),
  };
  return applyAtThisLevel(generated, operands, /* separate */ true);
}

/**
 * Calls a function whose `forward` takes the context at a level of `jvp`: `forward` runs on the values of the level
 * below, which records no derivative of it, and the tensors that it gives the context are wrapped like its outputs.
 */
export function applyWithContext(custom: CustomFunction, args: readonly unknown[]): unknown {
  const top = native.topLevel() as Level;
  const wrap = (tensor: Tensor): Tensor => native.wrapForGrad(tensor, top.level, false);
  const generated: CustomFunction = {
    ...generatedFor(custom),
    forward(ctx: FunctionCtx, ...operands: unknown[]) {
      const unwrapped = operands.map((operand) =>
        mapTensors(operand, (tensor) => native.unwrapForGrad(tensor, top.level)),
      );
      const output = atLevelBelow(top, () => callMethod(custom, 'forward', [ctx, ...unwrapped]));
      const wrapped = wrapOutputs(output, unwrapped, operands, wrap);
      const lift = <T>(tensors: T): T => wrapOutputs(tensors, [unwrapped, output], [operands, wrapped], wrap) as T;
      const state = ctx[STATE];
      state.toSave = lift(state.toSave);
      state.forForward = state.forForward && lift(state.forForward);
      state.dirty = lift(state.dirty);
      state.nonDifferentiable = lift(state.nonDifferentiable);
      return wrapped;
    },
  };
  const operands = args.map((arg) => mapTensors(arg, (tensor) => native.liftToTop(native.unwrapDead(tensor))));
  return applyAtThisLevel(generated, operands, /* separate */ false);
}

/** `forward` gets the values of the functional tensors; what it writes to them is written to the functional tensors. */
function applyAtFunctionalizeLevel(top: Level, custom: CustomFunction, operands: readonly unknown[]): unknown {
  const unwrapped = operands.map((operand) => mapTensors(operand, (tensor) => native.unwrapFunctional(tensor, true)));
  const pairs = pytree.flatten(operands).leaves.flatMap((leaf, i) => {
    const value = pytree.flatten(unwrapped).leaves[i];
    return native.isTensor(leaf) && native.isTensor(value) ? [{ leaf, value, version: value._version }] : [];
  });
  const output = atLevelBelow(top, () => customFunctionCall(custom, unwrapped));
  for (const { leaf, value, version } of pairs) {
    if (leaf === value || value._version === version) continue;
    // A copy, because the value may share its memory with the base that the update is written to.
    const copy = atLevelBelow(top, () => value.clone());
    atLevelBelow(top, () => {
      native.replaceFunctional(leaf, copy);
    });
  }
  return wrapOutputs(output, unwrapped, operands, (tensor) => native.wrapFunctional(tensor, top.level));
}

type VmapLevel = Level & { kind: 'vmap' };

function readVmapResult(result: unknown): [output: unknown, outDims: unknown] {
  const message =
    'Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure compatible with the output. ';
  if (!Array.isArray(result)) throw new RuntimeError(`${message}Got a ${describeType(result)} instead`);
  if (result.length !== 2) throw new RuntimeError(`${message}Got ${result.length} returns instead`);
  return [result[0], result[1]];
}

function applyAtVmapLevel(top: VmapLevel, custom: CustomFunction, operands: readonly unknown[]): unknown {
  const { level, batchSize, randomness } = top;
  if (custom.generateVmapRule && overrides(custom, 'vmap')) {
    throw new RuntimeError(
      `You tried to vmap over ${custom.name}, but it has both generateVmapRule=true and an overridden vmap staticmethod. Please set generateVmapRule=false or delete the overridden vmap staticmethod to avoid ambiguity. ${EXTENDING}`,
    );
  }
  if (!custom.generateVmapRule && !overrides(custom, 'vmap')) {
    throw new RuntimeError(
      `You tried to vmap over ${custom.name}, but it does not have vmap support. Please override and implement the vmap staticmethod or set generateVmapRule=true. ${EXTENDING}`,
    );
  }
  const { values, dims } = unwrapBatched(operands, level) as { values: unknown[]; dims: unknown[] };
  if (pytree.flatten(dims).leaves.every((dim) => dim === null)) {
    return atLevelBelow(top, () => customFunctionCall(custom, operands));
  }
  const addDim = (tensor: Tensor, dim: unknown): Tensor =>
    dim === null ? tensor : native.addBatchDim(tensor, dim as number, level);
  if (custom.generateVmapRule) {
    const vmapped = vmapify(custom, dims, batchSize, randomness);
    const outputs = atLevelBelow(top, () => customFunctionCall(vmapped, values)) as unknown[];
    const { outDims, single } = outputs.pop() as VmapOutputs;
    const { leaves, spec } = pytree.flatten(single ? outputs[0] : outputs);
    const flatDims = pytree.broadcastPrefix(outDims, spec) as unknown[];
    const wrapped = leaves.map((leaf, i) => (native.isTensor(leaf) ? addDim(leaf, flatDims[i]) : leaf));
    return pytree.unflatten(wrapped, spec);
  }
  const result = atLevelBelow(top, () => callMethod(custom, 'vmap', [{ batchSize, randomness }, dims, ...values]));
  const [output, outDims] = readVmapResult(result);
  const { spec } = pytree.flatten(output);
  const flatDims = pytree.broadcastPrefix(outDims, spec);
  if (flatDims === null) {
    throw new RuntimeError(
      `The autograd.Function's vmap staticmethod returned an incompatible (output, out_dims) tuple. Expected out_dims=${JSON.stringify(outDims)} to be compatible with the structure of \`output\`. out_dims has structure ${pytree.specToString(pytree.flatten(outDims).spec)} but output has structure ${pytree.specToString(spec)}. ${EXTENDING}`,
    );
  }
  return wrapOutputs(output, values, operands, (tensor, i) => addDim(tensor, flatDims[i]));
}

/** Calls a custom function through all active levels, from the top. */
export function customFunctionCall(custom: CustomFunction, args: readonly unknown[]): unknown {
  const top = native.topLevel();
  const operands = args.map((arg) => mapTensors(arg, (tensor) => native.unwrapDead(tensor)));
  if (top === null) return applyAtThisLevel(custom, operands, /* separate */ true);
  switch (top.kind) {
    case 'grad':
    case 'jvp':
      return applyAtGradLevel(
        top,
        custom,
        operands.map((operand) => mapTensors(operand, (tensor) => native.liftToTop(tensor))),
      );
    case 'vmap':
      return applyAtVmapLevel(top, custom, operands);
    case 'functionalize':
      return applyAtFunctionalizeLevel(top, custom, operands);
  }
}
