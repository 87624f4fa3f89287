/** Tensors that several threads use: see Note [Tokens] (native/core/shared_token.h). */

import { types } from 'node:util';
import { isPlainObject } from './arguments';
import { describeType } from './describe';
import { ValueError } from './errors';
import { native } from './native';
import * as pytree from './pytree';
import { heldTensors } from './scope';
import type { Compiled, SharedFunction } from './compile';
import type { SharedTensor, Tensor } from './tensor';
import type { AnyFunction } from './types';

type Leaf = string | number | bigint | boolean | symbol | null | undefined | ArrayBufferView | ArrayBufferLike;

/** A pytree with tokens in the place of its tensors and compiled functions. */
export type Shared<T> = T extends Tensor
  ? SharedTensor
  : T extends Compiled & AnyFunction
    ? SharedFunction<T>
    : T extends Leaf
      ? T
      : { [K in keyof T]: Shared<T[K]> };

/** A pytree with tensors in the place of its tokens. Of any type, as messages have it: any. */
export type Unshared<T> = 0 extends 1 & T
  ? any // eslint-disable-line @typescript-eslint/no-explicit-any -- the type of messages
  : T extends SharedTensor
    ? Tensor
    : T extends SharedFunction<infer F>
      ? F
      : T extends Leaf
        ? T
        : { [K in keyof T]: Unshared<T[K]> };

/** The method by which what is not a tensor makes its token. */
export const sharedForm = Symbol('sharedForm');

/** The bytes of the buffer of a token. */
export function tokenBytes(buffer: unknown): Uint8Array {
  if (types.isSharedArrayBuffer(buffer)) return new Uint8Array(buffer);
  throw new TypeError(
    `fromShared(): the token has ${describeType(buffer)} in the place of its memory. Tokens are sent by postMessage, workerData or structuredClone to threads of the same process, not as text`,
  );
}

function tensorOf({ sharedTensor }: SharedTensor): Tensor {
  const tensor = native.sharedTensor(tokenBytes(sharedTensor));
  if (tensor !== null) return tensor;
  throw new ValueError(
    'fromShared(): there is no tensor for this token. Tokens come from share(), and only from there',
  );
}

type Receiver = (token: never) => unknown;

// By the property that holds the buffer.
const receivers = new Map<string, Receiver>([['sharedTensor', tensorOf]]);

/** Says what makes a value of tokens with this property. */
export function receiveTokens(property: string, receive: Receiver): void {
  receivers.set(property, receive);
}

function receiverOf(value: unknown): Receiver | undefined {
  if (!isPlainObject(value)) return undefined;
  for (const [property, receive] of receivers) if (Object.hasOwn(value, property)) return receive;
  return undefined;
}

function held(leaf: unknown): boolean {
  const isObject = (typeof leaf === 'object' && leaf !== null) || typeof leaf === 'function';
  return isObject && heldTensors in leaf && !(sharedForm in leaf);
}

// Any other leaf is sent as it is.
function tokenOf(leaf: unknown): unknown {
  if (native.isTensor(leaf)) return leaf.share();
  return typeof leaf === 'function' && sharedForm in leaf ? (leaf[sharedForm] as () => unknown)() : leaf;
}

/**
 * A copy of a pytree with a token in the place of each tensor, as {@link Tensor.share} returns it, and of each compiled
 * function. `postMessage` and `workerData` carry it to other threads, where {@link fromShared} makes the same structure
 * of the same tensors. A tensor that occurs twice is one tensor there, too. Other leaves are sent as they are.
 *
 * Of a compiled function, what has been compiled so far is shared: for the signatures that it was called with. On
 * another thread it runs what was compiled, on the same tensors from outside; calls with other signatures, under
 * transforms, and with tensors that require a gradient are errors there, because the function itself cannot be sent.
 *
 * A module is sent as its state dict; see {@link fromShared}.
 *
 * @throws TypeError for a module in the pytree; RuntimeError for a tensor or a compiled function that cannot be shared.
 * @example
 * ```ts
 * const message = torch.share({ x: torch.tensor([1, 2]), rate: 0.1 });
 * const received = torch.fromShared(structuredClone(message)); // as `parentPort.once('message', ...)` receives it
 * received.x; // [1, 2]
 * received.rate; // 0.1
 *
 * const f = torch.compile((x: torch.Tensor) => x.sin().sum());
 * f(torch.zeros(2)); // compiles
 * const g = torch.fromShared(structuredClone(torch.share(f)));
 * g(torch.tensor([0, Math.PI / 2])); // 1
 * ```
 */
export function share<T>(tree: T): Shared<T> {
  const tokens = new Map<unknown, unknown>();
  return pytree.treeMap(tree, (leaf) => {
    if (held(leaf)) {
      throw new TypeError(
        `share(): a module (${describeType(leaf)}) cannot be shared as it is. Share module.stateDict(), and load it into a module of the other thread with loadStateDict(torch.fromShared(message), { assign: true })`,
      );
    }
    if (!tokens.has(leaf)) tokens.set(leaf, tokenOf(leaf));
    return tokens.get(leaf);
  }) as Shared<T>;
}

/**
 * The tensor of a token: a new tensor with the memory and the version counter of the one that was shared. A write
 * through one of them is seen through the other, and by autograd's check of saved tensors. For a pytree with tokens a
 * copy with their tensors.
 *
 * A token can be used on any thread of the process, any number of times, also if the thread that made it has ended. The
 * memory is freed when nothing has it any more: no tensor, no token, and no message on its way. A tensor that requires
 * a gradient does so here, too, with a gradient of its own.
 *
 * PyTorch: what `torch.multiprocessing` does with a tensor that a queue has carried.
 *
 * @throws TypeError for anything that is neither a token nor a pytree with tokens; ValueError for a forged token.
 * @example
 * ```ts
 * const x = torch.zeros(3);
 * const y = torch.fromShared(x.share());
 * y.fill_(1);
 * x; // [1, 1, 1]
 * x._version; // 1
 * // The weights of a module, in a module of the same class on another thread:
 * const [here, there] = [new torch.nn.Linear(2, 1), new torch.nn.Linear(2, 1)];
 * there.loadStateDict(torch.fromShared(torch.share(here.stateDict())), { assign: true });
 * torch.equal(here.weight, there.weight); // true
 * ```
 */
export function fromShared(token: SharedTensor): Tensor;
export function fromShared<T>(tree: T): Unshared<T>;
export function fromShared(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) {
    throw new TypeError(
      `fromShared(): argument 'token' must be a token from share(), or a pytree with tokens, not ${describeType(tree)}`,
    );
  }
  const values = new Map<unknown, unknown>();
  return pytree.treeMap(
    tree,
    (leaf) => {
      const receive = receiverOf(leaf);
      if (receive === undefined) return leaf;
      if (!values.has(leaf)) values.set(leaf, receive(leaf as never));
      return values.get(leaf);
    },
    (value) => receiverOf(value) !== undefined,
  );
}
