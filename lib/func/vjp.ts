/** `torch.func.vjp`. */

import { checkFunction, checkOptions, isOptions } from '../arguments';
import { gradsAfterLevel } from '../autograd/engine';
import { recordLinear } from '../compile/linear';
import type { LinearFunction, LinearResults } from '../compile/linear';
import { isDifferentiable } from '../dtype';
import { RuntimeError } from '../errors';
import { atGradLevel } from '../interpreter/levels';
import { unwrapAll } from '../interpreter/wrapping';
import { native } from '../native';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { wrapArguments } from './argnums';
import { splitAux, tensorOutputs } from './outputs';
import type { Argnums, Aux, Output, Returned } from './types';

const API = 'vjp(f, *primals)';

/** The VJP of a function at one point, with flat outputs, cotangents and gradients. */
export interface FlatVjp {
  /** The function's output, unwrapped, with its structure. */
  output: unknown;
  aux: unknown;
  /** The flat output tensors, still wrapped; one cotangent belongs to each. */
  outputs: Tensor[];
  outputSpec: pytree.TreeSpec;
  /** The flat inputs to differentiate with respect to, wrapped, and their structure. */
  inputs: Tensor[];
  inputSpec: pytree.TreeSpec;
  /** Maps flat cotangents to flat gradients. Can be called repeatedly, also inside other transforms. */
  pullback(cotangents: readonly Tensor[], retainGraph: boolean, createGraph: boolean): Tensor[];
}

// The engine computes the earlier calls.
const RECORDED_CALL = 3;

/** Records one call of the pull-back, and replays it in later ones. */
class PullbackRecording {
  private calls = 0;
  private recorded: LinearFunction | null = null;

  constructor(private readonly vjp: FlatVjp) {}

  /** The gradients; null if the engine has to compute them. */
  call(cotangents: readonly unknown[], retainGraph: boolean): readonly Tensor[] | null {
    if (!retainGraph) {
      // Later calls find no graph.
      this.calls = RECORDED_CALL;
      this.recorded = null;
    }
    if (this.recorded !== null) return this.recorded.replay(cotangents);
    if (this.calls >= RECORDED_CALL || ++this.calls < RECORDED_CALL) return null;
    if (native.anomalyMode()[0] || !cotangents.every(native.isTensor)) return null;
    const own = cotangents.map((cotangent) => cotangent.clone({ memoryFormat: 'contiguous_format' }));
    const record = (): LinearResults => ({ outputs: this.vjp.pullback(own, true, true), values: [] });
    const recorded = recordLinear(own, [], record, { refusesCallbacks: true });
    if (recorded === null) return null;
    const { outputs } = recorded.results;
    // Under noGrad; with grad mode on, the call could not be recorded.
    if (outputs.some((output) => output.requiresGrad)) return outputs.map((output) => output.detach());
    this.recorded = recorded.function;
    return outputs;
  }
}

/** Calls `func` at a Grad level, which is popped afterwards; `pullback` keeps the graph. */
export function flatVjp(
  func: AnyFunction,
  primals: readonly unknown[],
  argnums: Argnums | null,
  hasAux: boolean,
): FlatVjp {
  return atGradLevel((level) => {
    const { wrapped, diff } = wrapArguments(primals, argnums, level);
    const split = splitAux(callSync('vjp', func, wrapped), hasAux, API);
    const aux = hasAux ? unwrapAll(split.aux, level) : undefined;
    const { leaves: outputs, spec: outputSpec } = tensorOutputs(split.output, API);
    for (const leaf of outputs) {
      if (!isDifferentiable(leaf.dtype)) {
        throw new RuntimeError(
          `vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype torch.${leaf.dtype}`,
        );
      }
    }
    const { leaves, spec: inputSpec } = pytree.flatten(diff);
    const inputs = leaves as Tensor[];
    return {
      output: pytree.unflatten(
        outputs.map((leaf) => native.unwrapForGrad(leaf, level)),
        outputSpec,
      ),
      aux,
      outputs,
      outputSpec,
      inputs,
      inputSpec,
      pullback: (cotangents, retainGraph, createGraph) =>
        gradsAfterLevel(outputs, inputs, cotangents, retainGraph, createGraph),
    };
  });
}

/** The options of a {@link VjpFunction}. */
export interface VjpFunctionOptions {
  /** Whether the graph is kept for another call; true by default. */
  retainGraph?: boolean;
  /** Whether the gradients can be differentiated; by default, whether grad mode is on. */
  createGraph?: boolean;
}

/** Maps cotangents to vector-Jacobian products, one per primal. */
export type VjpFunction<R, A extends readonly unknown[]> = (cotangents: R, options?: VjpFunctionOptions) => A;

/** The options of {@link vjp}. */
export interface VjpOptions {
  /** Whether `func` returns `[output, aux]`. */
  hasAux?: boolean;
}

// The options follow the primals. An object with no entry but a boolean hasAux cannot be a primal: the leaves of a
// primal are tensors.
function splitOptions(args: readonly unknown[]): { primals: readonly unknown[]; hasAux: boolean } {
  const last = args.at(-1);
  if (isOptions(last)) {
    const keys = Object.keys(last);
    const { hasAux } = last;
    if (keys.length === 0 || (keys.length === 1 && typeof hasAux === 'boolean')) {
      return { primals: args.slice(0, -1), hasAux: hasAux === true };
    }
  }
  return { primals: args, hasAux: false };
}

/**
 * The output of `func` at the primals, and a function that computes vector-Jacobian products; `torch.func.vjp`.
 *
 * Every leaf of every primal must be a floating-point or complex tensor. `vjpFn(cotangents)` takes cotangents with the
 * structure and shapes of the output, and returns an array with one entry per primal, with the structure and shapes
 * of that primal. It can be called repeatedly, and transformed. After some calls it replays a recording of one, without
 * the autograd engine.
 *
 * @returns `[output, vjpFn]`, or `[output, vjpFn, aux]` with `{ hasAux: true }` as the last argument.
 * @throws RuntimeError if the output is empty or contains other values than floating-point tensors, or if the
 * cotangents do not match it; ValueError if a primal contains non-tensor values.
 * @example
 * ```ts
 * const [y, vjpFn] = torch.func.vjp((x: torch.Tensor) => x.sin(), torch.tensor([0, 1]));
 * const [g] = vjpFn(torch.onesLike(y)); // cos(x)
 * ```
 */
export function vjp<A extends unknown[], R extends Returned>(
  func: (...primals: A) => R,
  ...primals: A
): [R, VjpFunction<R, A>];
export function vjp<A extends unknown[], R extends readonly [unknown, unknown]>(
  func: (...primals: A) => R,
  ...primals: [...A, { hasAux: true }]
): [Output<R, true>, VjpFunction<Output<R, true>, A>, Aux<R>];
export function vjp(func: AnyFunction, ...args: unknown[]): unknown {
  checkFunction('vjp', func);
  const { primals, hasAux } = splitOptions(args);
  const result = flatVjp(func, primals, null, hasAux);
  const recording = new PullbackRecording(result);
  const vjpFn = (cotangents: unknown, options: VjpFunctionOptions = {}): unknown => {
    checkOptions('vjpFn', options, ['retainGraph', 'createGraph']);
    const { leaves, spec } = pytree.flatten(cotangents);
    if (!pytree.specEquals(spec, result.outputSpec)) {
      throw new RuntimeError(
        `Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: ${pytree.specToShortString(spec)}, primal output: ${pytree.specToShortString(result.outputSpec)}`,
      );
    }
    const { retainGraph = true, createGraph = native.gradMode() } = options;
    const grads = recording.call(leaves, retainGraph) ?? result.pullback(leaves as Tensor[], retainGraph, createGraph);
    return pytree.unflatten(grads, result.inputSpec);
  };
  return hasAux ? [result.output, vjpFn, result.aux] : [result.output, vjpFn];
}
