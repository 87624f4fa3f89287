/** `torch.autograd.Function`: functions with derivatives of the user's own. */

import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { applyAtThisLevel } from './apply';
import { defaults, overrides } from './defaults';
import { customFunctionCall } from './levels';
import type { ApplyArguments, ApplyResult, CustomFunction, VmapInfo } from './types';

export { FunctionCtx } from './context';
export { onceDifferentiable } from './once-differentiable';
export type { ApplyArguments, ApplyResult, VmapInfo } from './types';

/* eslint-disable @typescript-eslint/no-explicit-any -- the subclass says the signature of its methods */

/**
 * A function with a derivative of its own: extend the class, write its static methods, and call `apply`;
 * `torch.autograd.Function`.
 *
 * `forward` computes, without recording, and `setupContext` keeps what the derivatives need. Or `forward`
 * takes the context first and does both, which works outside of transforms only. `backward` gets one
 * gradient per output and returns one per argument of `forward`, null where there is none; `jvp` gets one
 * tangent per argument and returns one per output. Written with operators they can be differentiated again,
 * and `generateVmapRule` lets `vmap` use them as they are.
 *
 * What a method throws reaches the caller of `apply`, `backward()`, `grad()` or the transform as the same
 * error. Methods must be synchronous. Several outputs are an array.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * class Cube extends torch.autograd.Function {
 *   static override generateVmapRule = true;
 *   static override forward(x: torch.Tensor) {
 *     return x.pow(3);
 *   }
 *   static override setupContext(ctx: torch.autograd.FunctionCtx, [x]: [torch.Tensor]) {
 *     ctx.saveForBackward(x);
 *     ctx.saveForForward(x);
 *   }
 *   static override backward(ctx: torch.autograd.FunctionCtx, g: torch.Tensor) {
 *     return ctx.savedTensors[0].pow(2).mul(3).mul(g);
 *   }
 *   static override jvp(ctx: torch.autograd.FunctionCtx, t: torch.Tensor) {
 *     return ctx.savedTensors[0].pow(2).mul(3).mul(t);
 *   }
 * }
 * const f = (x: torch.Tensor) => Cube.apply(x);
 * torch.func.grad(f)(torch.tensor(2)).item(); // 12
 * torch.vmap(torch.func.grad(torch.func.grad(f)))(torch.tensor([1, 2])).toArray(); // [6, 12]
 * ```
 */
export abstract class AutogradFunction {
  /**
   * Whether `vmap` may run the methods as they are, inside a level of its own: they must consist of
   * operators. Otherwise write `vmap`; `generate_vmap_rule`.
   */
  static generateVmapRule = false;

  /** Whether the saved tensors are freed as soon as they are read, which then works once only. */
  static clearSavedTensorsOnAccess = false;

  /** Whether `backward` gets its gradients in one array, which it may empty to free them early. */
  static boxedGradsCall = false;

  /** The function: `forward(...args)`, or `forward(ctx, ...args)` in a class without `setupContext`. */
  static forward: (...args: any[]) => any = defaults.forward;

  /** Keeps what the derivatives need: `setupContext(ctx, inputs, output)`, the inputs in an array. */
  static setupContext: (ctx: any, inputs: any, output: any) => void = defaults.setupContext;

  /** The gradients of the inputs, of those of the outputs: `backward(ctx, ...gradOutputs)`. */
  static backward: (ctx: any, ...gradOutputs: any[]) => any = defaults.backward;

  /** Another name for `backward`; a class may have one of them. */
  static vjp: (ctx: any, ...gradOutputs: any[]) => any = defaults.vjp;

  /** The tangents of the outputs, of those of the inputs: `jvp(ctx, ...tangents)`. */
  static jvp: (ctx: any, ...tangents: any[]) => any = defaults.jvp;

  /**
   * The function on a batch: `vmap(info, inDims, ...args)` gets, for each argument, the dimension that is
   * mapped over, or null, and returns `[output, outDims]`.
   */
  static vmap: (info: VmapInfo, inDims: any, ...args: any[]) => any = defaults.vmap;

  /**
   * Calls the function so that it is differentiated by the methods of this class; `Function.apply`.
   *
   * @throws RuntimeError if the class has no method that is needed, inside a transform if it has no
   * `setupContext`, and later, when a method returns what does not fit; TypeError if a method returns a
   * Promise; whatever the methods throw.
   */
  static apply<F extends { forward: (...args: any[]) => any }>(this: F, ...args: ApplyArguments<F>): ApplyResult<F> {
    if (typeof (this as unknown) !== 'function') {
      throw new TypeError(
        'Function.apply was called without its class: write Square.apply(x), or keep Square.apply.bind(Square)',
      );
    }
    const custom = this as unknown as CustomFunction;
    const separate = overrides(custom, 'setupContext');
    if (native.levelDepth() === 0) {
      const operands = (args as unknown[]).map((arg) => (native.isTensor(arg) ? native.unwrapDead(arg) : arg));
      return applyAtThisLevel(custom, operands, separate) as ApplyResult<F>;
    }
    if (!separate) {
      throw new RuntimeError(
        'In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the setupContext staticmethod. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html',
      );
    }
    return customFunctionCall(custom, args) as ApplyResult<F>;
  }
}
/* eslint-enable @typescript-eslint/no-explicit-any */
