/** `torch.autograd.forward_ad`: forward mode with explicit dual tensors. */

import { checkOptions } from '../arguments';
import { describeType } from '../describe';
import { isDifferentiable } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { isInJvp } from '../interpreter/levels';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { checkTensor } from '../tensor-arguments';
import { enterMode, runInMode } from './guard';
import type { ModeGuard } from './guard';

// libtorch has one dual level; -1 if this thread has not entered it.
let currentLevel = -1;

/** The options of the functions that take a level. */
export interface LevelOptions {
  /** The dual level; by default the current one. */
  level?: number | null;
}

/** `[primal, tangent]`, also as properties; the tangent is null if there is none. */
export type UnpackedDualTensor = [Tensor, Tensor | null] & { primal: Tensor; tangent: Tensor | null };

function levelOf(api: string, options: LevelOptions): number {
  checkOptions(api, options, ['level']);
  const level = options.level ?? currentLevel;
  if (!Number.isInteger(level)) {
    throw new TypeError(`${api}(): argument 'level' must be an integer, not ${describeType(level)}`);
  }
  return level;
}

/**
 * Enters the dual level and returns its number; `torch.autograd.forward_ad.enter_dual_level`. Prefer
 * {@link dualLevel}, which exits it even after an exception.
 *
 * @throws RuntimeError inside another dual level and inside `func.jvp`, because dual levels do not nest. `func.jvp`
 * and `func.jacfwd` nest within each other.
 */
export function enterDualLevel(): number {
  if (currentLevel >= 0 || isInJvp()) throw new RuntimeError('Nested forward mode AD is not supported at the moment');
  currentLevel = native.enterDualLevel();
  return currentLevel;
}

/**
 * Exits the dual level, which erases all its tangents; `torch.autograd.forward_ad.exit_dual_level`.
 *
 * @throws RuntimeError if it is not the level entered last, or no level was entered.
 */
export function exitDualLevel(options: LevelOptions = {}): void {
  const level = levelOf('exitDualLevel', options);
  if (level !== currentLevel || level < 0) {
    throw new RuntimeError(
      'Trying to exit a forward AD level that was not the last one that was created. This is not supported.',
    );
  }
  native.exitDualLevel(level);
  currentLevel = level - 1;
}

function enter(): () => void {
  const level = enterDualLevel();
  return () => {
    // It may have been exited explicitly.
    if (currentLevel === level) exitDualLevel({ level });
  };
}

/**
 * Runs `body` in the dual level, or until the end of the block with `using`;
 * `torch.autograd.forward_ad.dual_level`. Tangents are erased at the end: unpack them inside.
 *
 * @throws RuntimeError inside another level; TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;
 * const x = torch.tensor([1, 2]);
 * const tangent = dualLevel(() => unpackDual(makeDual(x, torch.ones(2)).pow(2)).tangent);
 * tangent?.toArray(); // [2, 4]
 * ```
 */
export function dualLevel(): ModeGuard;
export function dualLevel<T>(body: () => T): T;
export function dualLevel(body?: () => unknown): unknown {
  return body === undefined ? enterMode('dualLevel', enter) : runInMode('dualLevel', enter, body);
}

function checkDifferentiable(name: string, tensor: unknown): void {
  checkTensor('makeDual', name, tensor);
  if (isDifferentiable(tensor.dtype)) return;
  const role = name === 'tensor' ? 'primal' : name;
  throw new ValueError(`Expected ${role} to be floating point or complex, but got: torch.${tensor.dtype}`);
}

/**
 * A tensor with a tangent, which operators propagate; `torch.autograd.forward_ad.make_dual`. The result is a view of
 * `tensor`. `tangent` has the same shape, and is not copied if its layout matches.
 *
 * @throws RuntimeError outside a dual level, for a tangent of another shape, and for tensors that already have a
 * tangent; ValueError for tensors that are not floating point or complex.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const fw = torch.autograd.forwardAd;
 * using level = fw.dualLevel();
 * const dual = fw.makeDual(torch.tensor(3), torch.tensor(1));
 * fw.unpackDual(dual.mul(dual)).tangent?.item(); // 6
 * ```
 */
export function makeDual(tensor: Tensor, tangent: Tensor, options: LevelOptions = {}): Tensor {
  const level = levelOf('makeDual', options);
  if (currentLevel < 0 || level < 0) {
    throw new RuntimeError(
      'Trying to create a dual Tensor for forward AD but no level exists, make sure to enterDualLevel() first.',
    );
  }
  checkDifferentiable('tensor', tensor);
  checkDifferentiable('tangent', tangent);
  return native.makeDual(tensor, tangent, level);
}

/**
 * The tensor without its tangent, and the tangent, null if there is none; `torch.autograd.forward_ad.unpack_dual`.
 * Outside a dual level no tensor has a tangent.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const { primal, tangent } = torch.autograd.forwardAd.unpackDual(torch.ones(2));
 * tangent; // null
 * ```
 */
export function unpackDual(tensor: Tensor, options: LevelOptions = {}): UnpackedDualTensor {
  const level = levelOf('unpackDual', options);
  checkTensor('unpackDual', 'tensor', tensor);
  const [primal, tangent] = level < 0 ? [tensor, null] : native.unpackDual(tensor, level);
  return Object.assign([primal, tangent] as [Tensor, Tensor | null], { primal, tangent });
}
