/** `torch.autograd.Function`: functions with custom derivatives. */

import { RuntimeError } from '../../errors';
import { native } from '../../native';
import { applyAtThisLevel } from './apply';
import { isContextForwardAllowed } from './context-forward';
import { defaults, overrides } from './defaults';
import { applyWithContext, customFunctionCall } from './levels';
import type { ApplyArguments, ApplyResult, CustomFunction, VmapInfo } from './types';

export { FunctionCtx } from './context';
export { onceDifferentiable } from './once-differentiable';
export type { ApplyArguments, ApplyResult, VmapInfo } from './types';

/* eslint-disable @typescript-eslint/no-explicit-any -- the subclass declares the signatures of its methods */

/**
 * A function with a custom derivative: extend the class, write its static methods, and call `apply`;
 * `torch.autograd.Function`.
 *
 * `forward` computes the result without recording, and `setupContext` saves what the derivatives need. Alternatively
 * `forward` takes the context as its first argument and does both; this works only outside of transforms. `backward`
 * gets one gradient per output and returns one per argument of `forward`, null for none. `jvp` gets one tangent per
 * argument and returns one per output. If they consist of operators, they can be differentiated again, and `vmap` can
 * use them with `generateVmapRule`.
 *
 * Errors in a method reach the caller of `apply`, `backward()`, `grad()` or the transform unchanged. Methods must be
 * synchronous. Return several outputs as an array.
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
   * Whether `vmap` may run the methods on batched tensors; then they must consist of operators. Otherwise write a
   * `vmap` method; `generate_vmap_rule`.
   */
  static generateVmapRule = false;

  /** Whether reading the saved tensors frees them; they can then be read only once. */
  static clearSavedTensorsOnAccess = false;

  /** Whether `backward` gets its gradients in one array, which it can empty to free them early. */
  static boxedGradsCall = false;

  /** The function: `forward(...args)`, or `forward(ctx, ...args)` in a class without `setupContext`. */
  static forward: (...args: any[]) => any = defaults.forward;

  /** Saves what the derivatives need: `setupContext(ctx, inputs, output)`, with an array of inputs. */
  static setupContext: (ctx: any, inputs: any, output: any) => void = defaults.setupContext;

  /** Computes the gradients of the inputs from those of the outputs: `backward(ctx, ...gradOutputs)`. */
  static backward: (ctx: any, ...gradOutputs: any[]) => any = defaults.backward;

  /** Another name for `backward`; a class may have only one of them. */
  static vjp: (ctx: any, ...gradOutputs: any[]) => any = defaults.vjp;

  /** Computes the tangents of the outputs from those of the inputs: `jvp(ctx, ...tangents)`. */
  static jvp: (ctx: any, ...tangents: any[]) => any = defaults.jvp;

  /**
   * Computes the function for a batch: `vmap(info, inDims, ...args)` gets the mapped dimension of each argument, or
   * null, and returns `[output, outDims]`.
   */
  static vmap: (info: VmapInfo, inDims: any, ...args: any[]) => any = defaults.vmap;

  /**
   * Calls the function; its derivatives are computed by the methods of this class; `Function.apply`.
   *
   * @throws RuntimeError if the class lacks a required method (inside a transform, `setupContext` too), and later if a
   * method returns an invalid result; TypeError if a method returns a Promise; any error of the methods.
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
      if (isContextForwardAllowed()) return applyWithContext(custom, args) as ApplyResult<F>;
      throw new RuntimeError(
        'In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the setupContext staticmethod. For more details, please see https://pytorch.org/docs/main/notes/extending.func.html',
      );
    }
    return customFunctionCall(custom, args) as ApplyResult<F>;
  }
}
/* eslint-enable @typescript-eslint/no-explicit-any */
