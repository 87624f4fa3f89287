/** The graph of `torch.fx`: nodes in the order of their execution, linked by their arguments. */

import { textOf } from '../describe';
import type { Device } from '../device';
import type { Dtype } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import type { Float } from '../float';
import type { AnyFunction, ComplexLike } from '../types';

/** What a node does, as in `torch.fx.Node.op`. */
export type NodeOp = 'placeholder' | 'getAttr' | 'callFunction' | 'output';

/** An argument of a node: another node, a constant, or a list of them. */
export type Argument =
  Node | number | bigint | boolean | string | null | undefined | ComplexLike | Float | Device | readonly Argument[];

/** What is known of the tensor that a node computes, as `node.meta['tensor_meta']` of `torch.fx`. */
export interface NodeMeta {
  /** A size that is not known is an expression, as text. */
  shape?: readonly (number | string)[];
  dtype?: Dtype;
  strides?: readonly number[];
  device?: string;
}

/** An operator, by name such as `'aten.mul.Tensor'`, or any function of tensors; the name of a tensor for `getAttr`. */
export type Target = string | AnyFunction;

/** One step of a graph; `torch.fx.Node`. */
export class Node {
  /** The nodes that use this one. */
  readonly users = new Set<Node>();
  meta: NodeMeta = {};
  #args: readonly Argument[] = [];
  #kwargs: Readonly<Record<string, Argument>> = {};

  /** @internal `Graph` creates nodes. */
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly op: NodeOp,
    public target: Target,
    args: readonly Argument[],
    kwargs: Readonly<Record<string, Argument>>,
  ) {
    this.setArguments(args, kwargs);
  }

  /** The positional arguments; assigning updates the users of the nodes among them. */
  get args(): readonly Argument[] {
    return this.#args;
  }

  set args(args: readonly Argument[]) {
    this.setArguments(args, this.#kwargs);
  }

  /** The keyword-only arguments. */
  get kwargs(): Readonly<Record<string, Argument>> {
    return this.#kwargs;
  }

  set kwargs(kwargs: Readonly<Record<string, Argument>>) {
    this.setArguments(this.#args, kwargs);
  }

  private setArguments(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): void {
    for (const node of this.inputs()) node.users.delete(this);
    this.#args = args;
    this.#kwargs = kwargs;
    for (const node of this.inputs()) node.users.add(this);
  }

  /** The nodes among the arguments, also those in lists; `torch.fx.Node.all_input_nodes`. */
  inputs(): Node[] {
    const found = new Set<Node>();
    const visit = (argument: Argument): void => {
      if (argument instanceof Node) found.add(argument);
      else if (Array.isArray(argument)) (argument as readonly Argument[]).forEach(visit);
    };
    this.#args.forEach(visit);
    Object.values(this.#kwargs).forEach(visit);
    return [...found];
  }

  /** Uses another node wherever this one is used; `torch.fx.Node.replace_all_uses_with`. Returns the changed nodes. */
  replaceAllUsesWith(replacement: Node): Node[] {
    const users = [...this.users];
    const replace = (argument: Argument): Argument => {
      if (argument === this) return replacement;
      return Array.isArray(argument) ? (argument as readonly Argument[]).map(replace) : argument;
    };
    for (const user of users) {
      user.setArguments(
        user.args.map(replace),
        Object.fromEntries(Object.entries(user.kwargs).map(([key, value]) => [key, replace(value)])),
      );
    }
    return users;
  }

  toString(): string {
    return `%${this.name}`;
  }
}

/** A sequence of nodes that ends with the output; `torch.fx.Graph`. */
export class Graph {
  #nodes: Node[] = [];
  readonly #names = new Set<string>();
  // Where new nodes go: before this node, or at the end.
  #insertPoint: Node | null = null;

  /** @param taken - Names that no node gets. */
  constructor(private readonly taken: ReadonlySet<string> = new Set()) {}

  /** The nodes, in the order of their execution. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** An argument of the function. */
  placeholder(name: string): Node {
    return this.createNode('placeholder', name, [], {}, name);
  }

  /** A tensor of the module. */
  getAttr(target: string): Node {
    return this.createNode('getAttr', target);
  }

  /**
   * A call of an operator or of any function.
   *
   * @example
   * ```ts
   * const module = torch.fx.makeFx((x: torch.Tensor) => x.sin())(torch.ones(2));
   * const sine = module.graph.nodes[1];
   * module.graph.insertAfter(sine, () => {
   *   const doubled = module.graph.callFunction('aten.mul.Tensor', [sine, 2]);
   *   sine.replaceAllUsesWith(doubled);
   *   doubled.args = [sine, 2];
   * });
   * module(torch.zeros(2)); // [0, 0]
   * ```
   */
  callFunction(
    target: Target,
    args: readonly Argument[] = [],
    kwargs: Readonly<Record<string, Argument>> = {},
    name?: string,
  ): Node {
    return this.createNode('callFunction', target, args, kwargs, name);
  }

  /** What the function returns: a node, or a list of nodes and constants. */
  output(result: Argument): Node {
    return this.createNode('output', 'output', [result], {}, 'output');
  }

  createNode(
    op: NodeOp,
    target: Target,
    args: readonly Argument[] = [],
    kwargs: Readonly<Record<string, Argument>> = {},
    name?: string,
  ): Node {
    const node = new Node(this, this.freeName(name ?? nameFor(target)), op, target, args, kwargs);
    const position = this.#insertPoint === null ? this.#nodes.length : this.#nodes.indexOf(this.#insertPoint);
    this.#nodes.splice(position, 0, node);
    return node;
  }

  /** Inserts the nodes that `build` creates before a node; `torch.fx.Graph.inserting_before`. */
  insertBefore<T>(node: Node, build: () => T): T {
    this.checkOwn(node);
    const outer = this.#insertPoint;
    this.#insertPoint = node;
    try {
      return build();
    } finally {
      this.#insertPoint = outer;
    }
  }

  /** Inserts the nodes that `build` creates after a node; `torch.fx.Graph.inserting_after`. */
  insertAfter<T>(node: Node, build: () => T): T {
    this.checkOwn(node);
    const next = this.#nodes[this.#nodes.indexOf(node) + 1];
    if (next === undefined) throw new ValueError('insertAfter(): nothing can follow the output');
    return this.insertBefore(next, build);
  }

  /** Removes a node; `torch.fx.Graph.erase_node`. Throws a RuntimeError while other nodes use it. */
  eraseNode(node: Node): void {
    this.checkOwn(node);
    if (node.users.size > 0) {
      throw new RuntimeError(`Tried to erase Node ${node.name} but it still had ${node.users.size} users in the graph`);
    }
    node.args = [];
    node.kwargs = {};
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    this.#names.delete(node.name);
  }

  /**
   * Removes nodes whose value nobody uses; `torch.fx.Graph.eliminate_dead_code`. Keeps writes in place and random
   * operators. Returns whether it removed any.
   */
  eliminateDeadCode(): boolean {
    const before = this.#nodes.length;
    for (const node of [...this.#nodes].reverse()) {
      if (node.op === 'output' || node.op === 'placeholder' || node.users.size > 0 || hasEffect(node)) continue;
      this.eraseNode(node);
    }
    return this.#nodes.length < before;
  }

  /** Throws a RuntimeError if a node is used before it is computed, or there is not one output at the end. */
  lint(): void {
    const known = new Set<Node>();
    this.#nodes.forEach((node, i) => {
      for (const input of node.inputs()) {
        if (!known.has(input)) {
          throw new RuntimeError(`Argument '${input.name}' of Node '${node.name}' was used before it has been defined`);
        }
      }
      known.add(node);
      if ((node.op === 'output') !== (i === this.#nodes.length - 1)) {
        throw new RuntimeError('a graph must have one output, at its end');
      }
    });
    if (this.#nodes.length === 0) throw new RuntimeError('a graph must have one output, at its end');
  }

  /** One line for each node, as `str(graph)` in Python. */
  toString(): string {
    const lines = this.#nodes.map((node) => {
      if (node.op === 'output') return `return ${argumentText(node.args[0])}`;
      const type = node.meta.shape === undefined ? '' : ` : ${node.meta.dtype}[${node.meta.shape.join(', ')}]`;
      const call = node.op === 'callFunction' ? `(${argumentsText(node)})` : '';
      return `%${node.name}${type} = ${node.op}[${targetText(node.target)}]${call}`;
    });
    return `graph():\n${lines.map((line) => `    ${line}\n`).join('')}`;
  }

  private checkOwn(node: Node): void {
    if (node.graph !== this || !this.#nodes.includes(node)) {
      throw new RuntimeError(`Node ${node.name} does not belong to this graph`);
    }
  }

  private freeName(wanted: string): string {
    let name = wanted;
    const isTaken = (): boolean => [this.#names, RESERVED, this.taken].some((names) => names.has(name));
    for (let i = 1; isTaken(); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }
}

// Words that the code of a graph cannot use as the name of a variable.
const RESERVED = new Set([
  'abstract', 'arguments', 'await', 'boolean', 'break', 'case', 'catch', 'class', 'const', 'continue', 'debugger',
  'default', 'delete', 'do', 'else', 'enum', 'eval', 'export', 'extends', 'false', 'finally', 'for', 'function', 'if',
  'implements', 'import', 'in', 'instanceof', 'interface', 'let', 'new', 'null', 'package', 'private', 'protected',
  'public', 'return', 'static', 'super', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while',
  'with', 'yield', 'torch', 'aten', 'tensors', 'graph',
]); // prettier-ignore

export function targetText(target: Target): string {
  return typeof target === 'string' ? target : target.name === '' ? 'function' : target.name;
}

function nameFor(target: Target): string {
  const parts = targetText(target).split('.');
  const name = (parts[0] === 'aten' ? parts[1] : parts[0]).replace(/[^A-Za-z0-9_$]/g, '_');
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

function hasEffect(node: Node): boolean {
  if (typeof node.target !== 'string') return node.op === 'callFunction';
  const name = node.target.split('.')[1] ?? '';
  return RANDOM.test(name) || (name.endsWith('_') && !name.startsWith('__')) || node.target.endsWith('.out');
}

const RANDOM = /^(rand|normal|bernoulli|dropout|native_dropout|multinomial|poisson|uniform|exponential|rrelu|binomial)/;

export function argumentText(argument: Argument): string {
  if (argument instanceof Node) return argument.toString();
  if (Array.isArray(argument)) return `[${(argument as readonly Argument[]).map(argumentText).join(', ')}]`;
  return textOf(argument);
}

function argumentsText(node: Node): string {
  const named = Object.entries(node.kwargs).map(([key, value]) => `${key}: ${argumentText(value)}`);
  return [...node.args.map(argumentText), ...named].join(', ');
}
