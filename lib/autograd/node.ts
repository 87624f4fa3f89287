/** Nodes of the graph, `Tensor.grad_fn`, and hooks on them. */

import { checkFunction } from '../arguments';
import { describeType } from '../describe';
import { native } from '../native';
import { refusePromise } from '../synchronous';
import { Tensor } from '../tensor';
import { CallbackSite } from './callbacks';
import { removableHandle } from './hooks';
import type { RemovableHandle } from './hooks';

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
    return registerNodeHook('registerHook', this.#handle, hook);
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
    return registerNodeHook('registerPrehook', this.#handle, hook);
  }

  /** The last part of the name, in angle brackets, as PyTorch prints it inside a tensor. */
  toString(): string {
    return `<${this.name().split('::').at(-1) as string}>`;
  }
}

const site = new CallbackSite<NodeHook>((hook, first: (Tensor | null)[], second: (Tensor | null)[]) => {
  if (hook === undefined) return undefined;
  const result: unknown = hook(first, second);
  if (result === undefined || result === null) return undefined;
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  for (const value of list) {
    if (value === null || native.isTensor(value)) continue;
    refusePromise(value, 'the hook of a node');
    throw new TypeError(`expected Variable, but hook returned '${describeType(value)}'`);
  }
  return list;
});

function registerNodeHook(
  kind: 'registerHook' | 'registerPrehook',
  handle: unknown,
  hook: NodeHook | NodePrehook,
): RemovableHandle {
  checkFunction(kind, hook, 'hook');
  const number = site.add(hook);
  if (kind === 'registerHook') native.registerNodeHook(site.native, handle, number);
  else native.registerNodePrehook(site.native, handle, number);
  return removableHandle(site, number);
}

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
