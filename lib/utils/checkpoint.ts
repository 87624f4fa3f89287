/** `torch.utils.checkpoint`: gradients by recomputation, with less memory. */

import { checkFunction, checkOptions, isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { flatten } from '../pytree';
import { getRngState, setRngState } from '../random';
import { sizeText } from '../shapes';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';

/** The recomputation saved other tensors than the forward pass; `torch.utils.checkpoint.CheckpointError`. */
export class CheckpointError extends RuntimeError {
  override name = 'CheckpointError';
}

/** The options of {@link checkpoint}. */
export interface CheckpointOptions {
  /** Whether the recomputation starts from the random state of the forward pass, so that dropout repeats; default true. */
  preserveRngState?: boolean;
  /** Whether shapes, dtypes and devices of the recomputed tensors are compared: `default`, or `none`. */
  determinismCheck?: 'default' | 'none';
}

const NAMES = ['preserveRngState', 'determinismCheck'] as const;

/** What the forward pass has saved, in its order: a description of each tensor. */
type Descriptions = string[];

const describeTensor = (tensor: Tensor): string =>
  `{shape: ${sizeText(tensor.shape)}, dtype: torch.${tensor.dtype}, device: ${String(tensor.device)}}`;

/** Runs `body` with `pack` for each tensor that a node of the top level saves. */
function packing<T>(pack: (tensor: Tensor) => () => Tensor, body: () => T): T {
  const count = native.pushSavedTensorHooks(pack, /* topLevelOnly */ true);
  try {
    return body();
  } finally {
    native.popSavedTensorHooks(count);
  }
}

function withGradMode<T>(enabled: boolean, body: () => T): T {
  const before = native.gradMode();
  native.setGradMode(enabled);
  try {
    return body();
  } finally {
    native.setGradMode(before);
  }
}

function withRngState<T>(state: Tensor | null, body: () => T): T {
  if (state === null) return body();
  const before = getRngState();
  setRngState(state);
  try {
    return body();
  } finally {
    setRngState(before);
  }
}

/** One call of a checkpointed function. The nodes of the graph hold it, by the functions that unpack saved tensors. */
class Frame {
  readonly #saved: Descriptions = [];
  /** The recomputed tensors that backward has not taken yet, by their number. */
  #recomputed = new Map<number, Tensor>();
  readonly #versions: { tensor: Tensor; version: number }[];

  constructor(
    readonly run: () => unknown,
    args: readonly unknown[],
    readonly rngState: Tensor | null,
    readonly compare: boolean,
  ) {
    this.#versions = flatten(args)
      .leaves.filter((leaf) => native.isTensor(leaf))
      .map((tensor) => ({ tensor, version: tensor._version }));
  }

  forward(): unknown {
    return packing((tensor) => {
      const number = this.#saved.push(this.compare ? describeTensor(tensor) : '') - 1;
      return () => this.#take(number);
    }, this.run);
  }

  #take(number: number): Tensor {
    if (!this.#recomputed.has(number)) this.#recompute();
    const tensor = this.#recomputed.get(number) as Tensor;
    this.#recomputed.delete(number);
    return tensor;
  }

  #recompute(): void {
    for (const { tensor, version } of this.#versions) {
      if (tensor._version === version) continue;
      throw new RuntimeError(
        `checkpoint(): an argument of shape ${sizeText(tensor.shape)} has been modified by an inplace operation since the forward pass: it is at version ${tensor._version}; expected version ${version} instead. The recomputation would give other values.`,
      );
    }
    const tensors: Tensor[] = [];
    packing(
      (tensor) => {
        tensors.push(tensor);
        return () => tensor;
      },
      () => withGradMode(true, () => withRngState(this.rngState, this.run)),
    );
    if (tensors.length !== this.#saved.length) {
      throw new CheckpointError(
        `torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of tensors saved during forward: ${this.#saved.length}\nNumber of tensors saved during recomputation: ${tensors.length}.`,
      );
    }
    const different = this.compare ? tensors.findIndex((tensor, i) => describeTensor(tensor) !== this.#saved[i]) : -1;
    if (different >= 0) {
      throw new CheckpointError(
        `torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\ntensor at position ${different}:\nsaved metadata: ${this.#saved[different]}\nrecomputed metadata: ${describeTensor(tensors[different])}`,
      );
    }
    this.#recomputed = new Map(tensors.entries());
  }
}

function readCheckpointOptions(options: CheckpointOptions): Required<CheckpointOptions> {
  const { preserveRngState = true, determinismCheck = 'default' } = checkOptions('checkpoint', options, NAMES);
  if (typeof preserveRngState !== 'boolean') {
    throw new TypeError(
      `checkpoint(): argument 'preserveRngState' must be a boolean, not ${describeType(preserveRngState)}`,
    );
  }
  if (determinismCheck !== 'default' && determinismCheck !== 'none') {
    throw new ValueError(`determinism_check should be one of ['default', 'none'] but got ${String(determinismCheck)}`);
  }
  return { preserveRngState, determinismCheck };
}

/** Whether the last argument is the options: a plain object with the names of options only. */
function isCheckpointOptions(value: unknown): value is CheckpointOptions {
  if (!isPlainObject(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => (NAMES as readonly string[]).includes(name));
}

/**
 * Calls `func` with the arguments, and keeps no tensor for backward that is made in it: backward calls `func` again and
 * takes them from there; `torch.utils.checkpoint.checkpoint` with `use_reentrant=False`. The derivatives are those of
 * `func`, also with respect to tensors that it captures.
 *
 * An object as the last argument that has no other keys than those of {@link CheckpointOptions} is the options. `func`
 * must be synchronous, must give the same values when it is called again, and must not have effects that matter. It can
 * be called inside transforms, which PyTorch refuses: there it saves memory at the innermost level that takes gradients.
 *
 * @throws RuntimeError in backward if an argument was changed in place; CheckpointError there if the recomputation saves
 * other tensors than the forward pass; TypeError if `func` returns a Promise.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const w = torch.ones(3, 3, { requiresGrad: true });
 * const block = (x: torch.Tensor) => x.matmul(w).sin().exp();
 * const y = torch.utils.checkpoint(block, torch.ones(3)); // keeps neither sin nor exp
 * y.sum().backward();
 * const g = torch.func.grad((x: torch.Tensor) => torch.utils.checkpoint(block, x).sum())(torch.ones(3));
 * ```
 */
export function checkpoint<A extends unknown[], R>(func: (...args: A) => R, ...args: A): R;
export function checkpoint<A extends unknown[], R>(
  func: (...args: A) => R,
  ...args: [...args: A, options: CheckpointOptions]
): R;
export function checkpoint(func: AnyFunction, ...rest: unknown[]): unknown {
  checkFunction('checkpoint', func);
  const last = rest.at(-1);
  const [args, given] = isCheckpointOptions(last) ? [rest.slice(0, -1), last] : [rest, {}];
  const { preserveRngState, determinismCheck } = readCheckpointOptions(given);
  const run = (): unknown => callSync('checkpoint', func, args);
  if (!native.gradMode()) return run();
  const rngState = preserveRngState ? getRngState() : null;
  return new Frame(run, args, rngState, determinismCheck === 'default').forward();
}
