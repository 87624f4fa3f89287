/** Grad modes: whether autograd records. */

import { describeType } from '../describe';
import { native } from '../native';
import { enterMode, runInMode } from './guard';
import type { ModeGuard } from './guard';

export type { ModeGuard } from './guard';

function gradMode(enabled: boolean): () => () => void {
  return () => {
    const previous = native.gradMode();
    native.setGradMode(enabled);
    return () => {
      native.setGradMode(previous);
    };
  };
}

function checkMode(api: string, mode: unknown): asserts mode is boolean {
  if (typeof mode !== 'boolean') {
    throw new TypeError(`${api}(): argument 'mode' must be a boolean, not ${describeType(mode)}`);
  }
}

/**
 * Runs `body` without recording for autograd, or does so until the end of the block with `using`;
 * `torch.no_grad`. Forward-mode tangents go on, as in PyTorch.
 *
 * The mode holds for synchronous code: with `using` in an async function it ends at the first `await`,
 * as soon as the caller's synchronous code is done, and leaving the block is then an error. Enter it
 * anew after each `await`, or use the function form, which refuses an async body at once.
 *
 * @throws TypeError if `body` returns a Promise: other code would run in the mode meanwhile.
 * @example
 * ```ts
 * const w = torch.ones(3, { requiresGrad: true });
 * const y = torch.noGrad(() => w.mul(2));
 * y.requiresGrad; // false
 * using _ = torch.noGrad(); // until the end of the block
 * ```
 */
export function noGrad(): ModeGuard;
export function noGrad<T>(body: () => T): T;
export function noGrad(body?: () => unknown): unknown {
  const enter = gradMode(false);
  return body === undefined ? enterMode('noGrad', enter) : runInMode('noGrad', enter, body);
}

/**
 * Runs `body` recording for autograd, or until the end of the block with `using`; `torch.enable_grad`.
 *
 * @throws TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * const w = torch.ones(3, { requiresGrad: true });
 * torch.noGrad(() => torch.enableGrad(() => w.mul(2).requiresGrad)); // true
 * ```
 */
export function enableGrad(): ModeGuard;
export function enableGrad<T>(body: () => T): T;
export function enableGrad(body?: () => unknown): unknown {
  const enter = gradMode(true);
  return body === undefined ? enterMode('enableGrad', enter) : runInMode('enableGrad', enter, body);
}

/**
 * Says whether autograd records, for good, or for the time of `body`; `torch.set_grad_enabled`.
 *
 * Without `body` the mode holds for this thread from now on; with `using` until the end of the block,
 * which must be synchronous.
 *
 * @throws TypeError for a mode that is no boolean, or if `body` returns a Promise.
 * @example
 * ```ts
 * const w = torch.ones(3, { requiresGrad: true });
 * torch.setGradEnabled(false, () => w.mul(2).requiresGrad); // false
 * ```
 */
export function setGradEnabled(mode: boolean): ModeGuard;
export function setGradEnabled<T>(mode: boolean, body: () => T): T;
export function setGradEnabled(mode: boolean, body?: () => unknown): unknown {
  checkMode('setGradEnabled', mode);
  const enter = gradMode(mode);
  if (body === undefined) return enterMode('setGradEnabled', enter, /* persistent */ true);
  return runInMode('setGradEnabled', enter, body);
}

/** Whether autograd records at the moment; `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return native.gradMode();
}

/**
 * Runs `body` in inference mode, or until the end of the block with `using`;
 * `torch.inference_mode`.
 *
 * As {@link noGrad}, and tensors made in it can never take part in a graph (`clone()` them outside to
 * get tensors that can): no views are tracked and no versions counted, so operators cost less.
 * `mode` false leaves inference mode for the time being, and enables gradients.
 *
 * @throws TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * const w = torch.ones(3, { requiresGrad: true });
 * const y = torch.inferenceMode(() => w.mul(2));
 * y.requiresGrad; // false
 * y.isInference(); // true
 * ```
 */
export function inferenceMode(mode?: boolean): ModeGuard;
export function inferenceMode<T>(body: () => T): T;
export function inferenceMode<T>(mode: boolean, body: () => T): T;
export function inferenceMode(first: boolean | (() => unknown) = true, second?: () => unknown): unknown {
  const [mode, body] = typeof first === 'function' ? [true, first] : [first, second];
  checkMode('inferenceMode', mode);
  const enter = (): (() => void) => {
    const number = native.enterInferenceMode(mode);
    return () => {
      native.exitInferenceMode(number);
    };
  };
  return body === undefined ? enterMode('inferenceMode', enter) : runInMode('inferenceMode', enter, body);
}

/** Whether inference mode is on; `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  return native.isInferenceMode();
}
