/** Calls a custom function at one level, and its backward and jvp from the graph. */

import { describeType } from '../../describe';
import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { refusePromise } from '../../synchronous';
import type { Tensor } from '../../tensor';
import { keepWith } from '../callbacks';
import { FunctionCtx, STATE } from './context';
import { overrides } from './defaults';
import type { CustomFunction } from './types';

interface Call {
  custom: CustomFunction;
  ctx: FunctionCtx;
  /** Whether each argument of forward is a tensor. */
  isTensor: boolean[];
}

type Method = 'forward' | 'setupContext' | 'backward' | 'vjp' | 'jvp' | 'vmap';

/**
 * Calls a method of the user's class.
 *
 * @throws TypeError if it is not a function, or if it is async: its result would come too late.
 */
export function callMethod(custom: CustomFunction, method: Method, args: readonly unknown[]): unknown {
  const implementation: unknown = custom[method];
  if (typeof implementation !== 'function') {
    throw new TypeError(`${custom.name}.${method} must be a function, not ${describeType(implementation)}`);
  }
  const result: unknown = implementation.apply(custom, args);
  refusePromise(result, `${custom.name}.${method}()`);
  return result;
}

/** Calls the user's `backward` or `vjp`, which are two names of one method. */
export function callBackward(custom: CustomFunction, ctx: FunctionCtx, grads: readonly (Tensor | null)[]): unknown {
  const isVjp = overrides(custom, 'vjp');
  if (isVjp && overrides(custom, 'backward')) {
    throw new RuntimeError(
      "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them.",
    );
  }
  const args = custom.boxedGradsCall ? [[...grads]] : grads;
  return callMethod(custom, isVjp ? 'vjp' : 'backward', [ctx, ...args]);
}

export function callJvp(custom: CustomFunction, ctx: FunctionCtx, tangents: readonly (Tensor | null)[]): unknown {
  return callMethod(custom, 'jvp', [ctx, ...tangents]);
}

function toList(result: unknown): unknown[] {
  return (Array.isArray(result) ? (result as unknown[]) : [result]).map((value) => value ?? null);
}

function runBackward({ custom, ctx, isTensor }: Call, grads: (Tensor | null)[]): unknown[] {
  const results = toList(callBackward(custom, ctx, grads));
  const name = `${custom.name}Backward`;
  if (results.length > isTensor.length && results.slice(isTensor.length).every((value) => value === null)) {
    results.length = isTensor.length;
  }
  if (results.length !== isTensor.length) {
    throw new RuntimeError(
      `function ${name} returned an incorrect number of gradients (expected ${isTensor.length}, got ${results.length})`,
    );
  }
  results.forEach((result, i) => {
    if (result === null) return;
    if (!isTensor[i]) {
      throw new RuntimeError(
        `function ${name} returned a gradient different than None at position ${i + 1}, but the corresponding forward input was not a Variable`,
      );
    }
    if (!native.isTensor(result)) throw new RuntimeError(`expected Variable or None (got ${describeType(result)})`);
  });
  return results;
}

function runJvp({ custom, ctx }: Call, tangents: (Tensor | null)[]): unknown[] {
  const results = toList(callJvp(custom, ctx, tangents));
  results.forEach((result, i) => {
    if (result !== null && !native.isTensor(result)) {
      throw new RuntimeError(`expected Variable or None (got ${describeType(result)}) for grad output ${i}.`);
    }
  });
  return results;
}

/** What the graph calls. Made in a function of its own, so that it captures nothing else: no arguments of `forward`. */
function callbackOf(call: Call): (kind: 'backward' | 'jvp', values: (Tensor | null)[]) => unknown[] {
  return (kind, values) => (kind === 'backward' ? runBackward(call, values) : runJvp(call, values));
}

function tensorsOnly(values: readonly unknown[], message: (value: unknown, i: number) => string): Tensor[] {
  values.forEach((value, i) => {
    if (!native.isTensor(value)) throw new RuntimeError(message(value, i));
  });
  return values as Tensor[];
}

function withoutGrads<T>(body: () => T): T {
  const gradMode = native.gradMode();
  const forwardGradMode = native.forwardGradMode();
  native.setGradMode(false);
  native.setForwardGradMode(false);
  try {
    return body();
  } finally {
    native.setForwardGradMode(forwardGradMode);
    native.setGradMode(gradMode);
  }
}

/**
 * Calls a custom function and records it in the graph: outside of all transforms, or at a level of `grad` or `jvp`,
 * where `forward` calls the function at the next level below.
 *
 * @param separate - Whether `setupContext` sets up the context, not `forward`.
 */
export function applyAtThisLevel(custom: CustomFunction, args: readonly unknown[], separate: boolean): unknown {
  const inputs = args.map((arg) => (native.isTensor(arg) ? arg : null));
  const ctx = new FunctionCtx(
    inputs.map((input) => input?.requiresGrad ?? false),
    custom.clearSavedTensorsOnAccess,
  );
  const output = withoutGrads((): unknown => {
    if (!separate) return callMethod(custom, 'forward', [ctx, ...args]);
    const result = callMethod(custom, 'forward', args);
    callMethod(custom, 'setupContext', [ctx, [...args], result]);
    return result;
  });
  const state = ctx[STATE];
  const outputs = Array.isArray(output) ? (output as unknown[]) : [output];
  const request = {
    inputs,
    outputs: outputs.map((value) => (native.isTensor(value) ? value : null)),
    toSave: state.toSave.map((value, i) => {
      if (value == null || native.isTensor(value)) return value ?? null;
      throw new TypeError(
        `save_for_backward can only save variables, but argument ${i} is of type ${describeType(value)}`,
      );
    }),
    forForward: state.forForward ?? [],
    dirty: tensorsOnly(
      state.dirty,
      (value, i) => `mark_dirty can only accept variables, but argument ${i} is of type ${describeType(value)}`,
    ),
    nonDifferentiable: tensorsOnly(
      state.nonDifferentiable,
      (value) => `mark_non_differentiable only accepts variable arguments, but got ${describeType(value)}`,
    ),
    separateContext: separate,
    materialize: state.materializeGrads,
  };
  const callback = callbackOf({ custom, ctx, isTensor: inputs.map((input) => input !== null) });
  let wrapped;
  try {
    wrapped = native.functionWrap(callback, custom.name, request);
  } finally {
    Object.assign(state, { toSave: [], forForward: null, dirty: [], nonDifferentiable: [] });
  }
  state.node = wrapped.pop();
  if (state.node !== null) {
    for (const result of wrapped) if (result !== null) keepWith(result as Tensor, callback);
  }
  const results = outputs.map((value, i) => wrapped[i] ?? value);
  return Array.isArray(output) ? results : results[0];
}
