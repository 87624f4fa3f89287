/** `torch.autograd.function.once_differentiable`. */

import { native } from '../../native';
import { refusePromise } from '../../synchronous';

/**
 * Marks a `backward` that cannot be differentiated, for example because it computes with other values than tensors. It
 * runs without recording, and differentiating its result is an error; `torch.autograd.function.once_differentiable`.
 * Also works as a decorator, `@onceDifferentiable`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * class Square extends torch.autograd.Function {
 *   static override forward(ctx: torch.autograd.FunctionCtx, x: torch.Tensor) {
 *     ctx.saveForBackward(x);
 *     return x.pow(2);
 *   }
 *   static override backward = torch.autograd.onceDifferentiable(
 *     (ctx: torch.autograd.FunctionCtx, g: torch.Tensor) => g.mul(ctx.savedTensors[0]).mul(2),
 *   );
 * }
 * const x = torch.tensor(3, { requiresGrad: true });
 * torch.autograd.grad(Square.apply(x), x)[0].item(); // 6
 * ```
 */
export function onceDifferentiable<This, A extends unknown[], R>(
  backward: (this: This, ...args: A) => R,
): (this: This, ...args: A) => R {
  return function (this: This, ...args: A): R {
    const gradMode = native.gradMode();
    native.setGradMode(false);
    let outputs: R;
    try {
      outputs = backward.apply(this, args);
    } finally {
      native.setGradMode(gradMode);
    }
    refusePromise(outputs, 'onceDifferentiable(): the function');
    if (!gradMode || !args.some((arg) => native.isTensor(arg) && arg.requiresGrad)) return outputs;
    const list: unknown[] = Array.isArray(outputs) ? (outputs as unknown[]) : [outputs];
    // The caller rejects non-tensor results.
    if (!list.every((value) => value == null || native.isTensor(value))) return outputs;
    const marked = native.delayedError(
      'trying to differentiate twice a function that was marked with @once_differentiable',
      list.map((value) => (native.isTensor(value) ? native.requiresGrad_(value.detach(), true) : null)),
    );
    return (Array.isArray(outputs) ? marked : marked[0]) as R;
  };
}
