/** Grad modes: whether autograd records operations. */

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
 * Disables recording by autograd while `body` runs or, with `using`, until the end of the block; `torch.no_grad`.
 * Forward-mode tangents are still propagated, as in PyTorch.
 *
 * The mode covers synchronous code. With `using` in an async function it ends at the first `await`, when the caller's
 * synchronous code is done, and leaving the block is then an error. Enter it again after each `await`, or use the
 * function form, which rejects an async body.
 *
 * @throws TypeError if `body` returns a Promise: other code would run in the mode.
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
 * Enables recording by autograd while `body` runs or, with `using`, until the end of the block; `torch.enable_grad`.
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
 * Sets whether autograd records, permanently or while `body` runs; `torch.set_grad_enabled`.
 *
 * Without `body` the setting applies to this thread from now on; with `using` until the end of the block, which must
 * be synchronous.
 *
 * @throws TypeError if the mode is not a boolean, or if `body` returns a Promise.
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

/** Whether autograd is recording; `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return native.gradMode();
}

/**
 * Runs `body` in inference mode; with `using` the mode lasts until the end of the block; `torch.inference_mode`.
 *
 * Like {@link noGrad}, but tensors created in it can never be part of a graph (`clone()` them outside to get tensors
 * that can). Views are not tracked and versions not counted, so operators cost less. With `mode` false, inference mode
 * is left temporarily and gradients are enabled.
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
