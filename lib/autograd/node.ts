/** Nodes of the graph, `Tensor.grad_fn`, and hooks on them. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { refusePromise } from '../synchronous';
import { Tensor } from '../tensor';
import { hookList } from './hooks';
import type { HookList, RemovableHandle } from './hooks';

/** Gets the results of a node and its incoming gradients, and may return other results. */
export type NodeHook = (
  gradInputs: (Tensor | null)[],
  gradOutputs: (Tensor | null)[],
) => Tensor | null | readonly (Tensor | null)[] | undefined | void;

/** Gets the incoming gradients of a node, and may return replacements. */
export type NodePrehook = (
  gradOutputs: (Tensor | null)[],
) => Tensor | null | readonly (Tensor | null)[] | undefined | void;

/**
 * A node of the autograd graph; `torch.autograd.graph.Node`. It keeps the graph behind it alive. Each read of `gradFn`
 * creates a new object for the same node: compare them with {@link GraphNode.equals}.
 */
export class GraphNode {
  readonly #handle: unknown;

  /** @internal Nodes come from `Tensor.gradFn`. */
  constructor(handle: unknown) {
    native.nodeIdentity(handle); // throws for anything other than a node
    this.#handle = handle;
  }

  /**
   * The name of the node, such as `SinBackward0` or `torch::autograd::AccumulateGrad`; `Node.name()`.
   *
   * @example
   * ```ts
   * const x = torch.ones(2, { requiresGrad: true });
   * x.sin().gradFn?.name(); // SinBackward0
   * ```
   */
  name(): string {
    return native.nodeName(this.#handle);
  }

  /**
   * The nodes that receive the gradients, each with the index of its output; the node is null for an input that does
   * not require a gradient; `Node.next_functions`.
   */
  get nextFunctions(): [node: GraphNode | null, index: number][] {
    return native.nodeEdges(this.#handle).map(([node, index]) => [toNode(node), index]);
  }

  /**
   * The tensors that the node has saved for backward, each once, in the order of the operator's formula; for a custom
   * function those of `saveForBackward`; `Node.saved_tensors`, and PyTorch's `_saved_self`, `_saved_result` and their
   * like.
   *
   * @throws RuntimeError if the graph was freed, or one of them was changed in place.
   * @example
   * ```ts
   * const x = torch.tensor([1, 2], { requiresGrad: true });
   * x.sin().gradFn?.savedTensors[0].toArray(); // [1, 2]
   * ```
   */
  get savedTensors(): Tensor[] {
    return native.nodeSavedTensors(this.#handle);
  }

  /** The leaf into whose `.grad` the node accumulates; null for any other node; `AccumulateGrad.variable`. */
  get variable(): Tensor | null {
    return native.nodeVariable(this.#handle);
  }

  /** Whether both objects are the same node of the graph; Python's `is`. */
  equals(other: GraphNode | null): boolean {
    if (!(other instanceof GraphNode)) return false;
    return native.nodeIdentity(this.#handle) === native.nodeIdentity(other.#handle);
  }

  /** The position of the node in the order of creation on this thread; `Node._sequence_nr()`. */
  _sequenceNr(): number {
    return native.nodeSequence(this.#handle);
  }

  /**
   * Calls `hook` after each run of the node with its results and its incoming gradients. A value that the hook returns
   * replaces the results; `Node.register_hook`.
   *
   * @throws TypeError if `hook` is not a function. An error in the hook reaches the caller of the engine unchanged; a
   * result of the wrong length or shape is a RuntimeError there.
   * @example
   * ```ts
   * const x = torch.ones(2, { requiresGrad: true });
   * const y = x.mul(3);
   * y.gradFn!.registerHook((gradInputs) => gradInputs.map((g) => g && g.mul(2)));
   * torch.autograd.grad(y.sum(), x)[0].toArray(); // [6, 6]
   * ```
   */
  registerHook(hook: NodeHook): RemovableHandle {
    checkFunction('registerHook', hook, 'hook');
    return hookList<NodeHook>(native.nodeHooks(this.#handle), callHooks, (callback) => {
      native.setNodeHooks(this.#handle, callback);
    }).add(hook);
  }

  /**
   * Calls `hook` before each run of the node with its incoming gradients. A value that the hook returns replaces them;
   * `Node.register_prehook`.
   *
   * @throws TypeError if `hook` is not a function.
   * @example
   * ```ts
   * const x = torch.ones(2, { requiresGrad: true });
   * const y = x.mul(3);
   * y.gradFn!.registerPrehook(([g]) => g!.mul(10));
   * torch.autograd.grad(y.sum(), x)[0].toArray(); // [30, 30]
   * ```
   */
  registerPrehook(hook: NodePrehook): RemovableHandle {
    checkFunction('registerPrehook', hook, 'hook');
    return hookList<NodePrehook>(native.nodePrehooks(this.#handle), callPrehooks, (callback) => {
      native.setNodePrehooks(this.#handle, callback);
    }).add(hook);
  }

  /** The last part of the name, in angle brackets, as PyTorch prints it inside a tensor. */
  toString(): string {
    return `<${this.name().split('::').at(-1) as string}>`;
  }
}

type Gradients = (Tensor | null)[];

function checkedGradients(result: unknown, gradients: Gradients): Gradients {
  if (result === undefined || result === null) return gradients;
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  for (const value of list) {
    if (value === null || native.isTensor(value)) continue;
    refusePromise(value, 'the hook of a node');
    throw new TypeError(`expected Variable, but hook returned '${describeType(value)}'`);
  }
  if (list.length !== gradients.length) {
    throw new RuntimeError(
      `hook has returned an incorrect number of values (got ${list.length}, expected ${gradients.length})`,
    );
  }
  gradients.forEach((gradient, i) => {
    native.checkHookResult(gradient, list[i] as Tensor | null);
  });
  return list as Gradients;
}

/** Calls the hooks one after the other, each with the results of the one before. */
function runNodeHooks<T>(list: HookList<T>, gradients: Gradients, call: (hook: T, current: Gradients) => unknown) {
  return list.snapshot().reduce((current, hook) => checkedGradients(call(hook, current), current), gradients);
}

// Made outside of the methods, because functions that are made in one call share what they capture: the callback of a node
// must not refer to the object of the node, which keeps the node.
const callHooks = (list: HookList<NodeHook>) => (results: Gradients, gradOutputs: Gradients) =>
  runNodeHooks(list, results, (hook, current) => hook([...current], [...gradOutputs]));

const callPrehooks = (list: HookList<NodePrehook>) => (gradOutputs: Gradients) =>
  runNodeHooks(list, gradOutputs, (hook, current) => hook([...current]));

function toNode(handle: unknown): GraphNode | null {
  return handle === null ? null : new GraphNode(handle);
}

declare module '../tensor' {
  interface Tensor {
    /** The node of the graph that computed this tensor; null for a leaf; `Tensor.grad_fn`. */
    readonly gradFn: GraphNode | null;
  }
}

Object.defineProperty(Tensor.prototype, 'gradFn', {
  get(this: Tensor): GraphNode | null {
    return toNode(native.nodeOf(this));
  },
  configurable: true,
});
