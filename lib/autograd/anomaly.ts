/** Anomaly detection: `torch.autograd.detect_anomaly` and `set_detect_anomaly`. */

import { checkOptions } from '../arguments';
import { describeType } from '../describe';
import { native } from '../native';
import { enterMode, runInMode } from './guard';
import type { ModeGuard } from './guard';

/** The options of {@link detectAnomaly}. */
export interface DetectAnomalyOptions {
  /** Whether a gradient that is NaN is an error; true by default. */
  checkNan?: boolean;
}

/** The stack of the call of an operator: that of the caller, without this function. */
function stack(): string {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Math.max(limit, 50);
  Error.captureStackTrace(holder, stack);
  Error.stackTraceLimit = limit;
  return (holder.stack ?? '').split('\n').slice(1).join('\n');
}

function set(enabled: boolean, checkNan: boolean): void {
  native.setAnomalyMode(enabled, checkNan, stack);
}

function checkNanOf(api: string, options: DetectAnomalyOptions): boolean {
  checkOptions(api, options, ['checkNan']);
  const { checkNan = true } = options;
  if (typeof checkNan !== 'boolean') {
    throw new TypeError(`${api}(): argument 'checkNan' must be a boolean, not ${describeType(checkNan)}`);
  }
  return checkNan;
}

/** Enters the mode, and returns what restores the mode before it. */
function enter(enabled: boolean, checkNan: boolean): () => () => void {
  return () => {
    const [before, checkedNan] = native.anomalyMode();
    set(enabled, checkNan);
    return () => {
      set(before, checkedNan);
    };
  };
}

/**
 * Detects errors of backward while `body` runs or, with `using`, until the end of the block;
 * `torch.autograd.detect_anomaly`. Run the forward pass in it: each node of the graph then stores the stack of the call
 * that made it, and an error of backward shows the name of the node and that stack. A gradient that is NaN is such an
 * error, unless `checkNan` is false. With `node --enable-source-maps` the stack names the lines of the TypeScript
 * source.
 *
 * The mode slows every operator down and is meant for debugging. It applies to all threads.
 *
 * @throws TypeError if `body` returns a Promise. Backward throws the RuntimeError with the stack; an error that a hook
 * or a custom function throws reaches the caller unchanged, and the stack is emitted as a warning.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([0, 1], { requiresGrad: true });
 * try {
 *   torch.autograd.detectAnomaly(() => x.sqrt().mul(0).sum().backward());
 * } catch (error) {
 *   (error as Error).message; // Function 'SqrtBackward0' returned nan values in its 0th output. ... at <file>:<line>
 * }
 * ```
 */
export function detectAnomaly(options?: DetectAnomalyOptions): ModeGuard;
export function detectAnomaly<T>(body: () => T): T;
export function detectAnomaly<T>(options: DetectAnomalyOptions, body: () => T): T;
export function detectAnomaly(first: DetectAnomalyOptions | (() => unknown) = {}, second?: () => unknown): unknown {
  const [options, body] = typeof first === 'function' ? [{}, first] : [first, second];
  const mode = enter(true, checkNanOf('detectAnomaly', options));
  return body === undefined ? enterMode('detectAnomaly', mode) : runInMode('detectAnomaly', mode, body);
}

/**
 * Turns anomaly detection on or off, from now on or, with `using`, until the end of the block;
 * `torch.autograd.set_detect_anomaly`. See {@link detectAnomaly}.
 *
 * @throws TypeError if the mode is not a boolean.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.autograd.setDetectAnomaly(true);
 * torch.isAnomalyEnabled(); // true
 * torch.autograd.setDetectAnomaly(false);
 * ```
 */
export function setDetectAnomaly(mode: boolean, options: DetectAnomalyOptions = {}): ModeGuard {
  if (typeof mode !== 'boolean') {
    throw new TypeError(`setDetectAnomaly(): argument 'mode' must be a boolean, not ${describeType(mode)}`);
  }
  const checkNan = checkNanOf('setDetectAnomaly', options);
  return enterMode('setDetectAnomaly', enter(mode, checkNan), /* persistent */ true);
}

/**
 * Whether anomaly detection is on; `torch.is_anomaly_enabled`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.autograd.detectAnomaly(() => torch.isAnomalyEnabled()); // true
 * ```
 */
export function isAnomalyEnabled(): boolean {
  return native.anomalyMode()[0];
}

/** Whether anomaly detection treats a gradient that is NaN as an error; `torch.is_anomaly_check_nan_enabled`. */
export function isAnomalyCheckNanEnabled(): boolean {
  return native.anomalyMode()[1];
}
