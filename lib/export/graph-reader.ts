/** Reads the graph of a program: its nodes in order, each with arguments that were computed before. */

import type { Dtype } from '../dtype';
import { at } from '../files/failure';
import type { JsonValue } from '../files/json-text';
import { type Argument, Graph, type Node, type NodeMeta } from '../fx/graph';
import { type ArgumentType, type Scope, readArgument } from './arguments';
import { type CallShape, type HigherOrder, higherOrderOperator } from './control-flow';
import { readDevice, readDtype } from './enumerations';
import type { JsonReader } from './json-reader';
import { levelFunction } from './levels';
import { type NamedArgument, bindArguments, findSchema } from './operator-schema';
import { type SymbolicSize, readSize } from './sizes';
import { symbolicFunction } from './symbolic';

/** More nested than any model: every level is a graph in a graph. */
const MAX_NESTING = 20;

/** What is known of a tensor. */
export interface TensorMeta {
  readonly sizes: readonly SymbolicSize[];
  readonly dtype: Dtype;
}

/** What a file says of a value of the graph: its type, and how it is stored. */
export interface StoredValue {
  readonly type: ArgumentType;
  readonly json?: JsonValue | undefined;
}

/** What a node of a call without a schema does not have: the types of its arguments, and what does not change results. */
export interface StoredCall {
  readonly types: readonly ArgumentType[];
  readonly ignored: readonly JsonValue[];
  /** Whether its only result is not in a list. */
  readonly isSingle: JsonValue;
}

/** A graph, and the graphs among the arguments of its nodes. */
export interface ProgramGraph {
  readonly graph: Graph;
  /** The nodes of the inputs; null for those that are constants. */
  readonly inputs: readonly (Node | null)[];
  /** The names of the inputs in the file. */
  readonly names: readonly (string | null)[];
  /** The outputs: nodes and constants. */
  readonly outputs: readonly Argument[];
  /** By the names of their nodes. */
  readonly subgraphs: ReadonlyMap<string, ProgramGraph>;
  /** By the names of the tensors. */
  readonly tensors: ReadonlyMap<string, TensorMeta>;
  /** Symbolic inputs by name. */
  readonly numbers: ReadonlyMap<string, SymbolicSize>;
  /** What writing the program needs beside its nodes. */
  readonly values: ReadonlyMap<Node, StoredValue>;
  readonly calls: ReadonlyMap<Node, StoredCall>;
  /** Whether the only result of a nested graph is not in a list. */
  readonly isSingle: boolean;
}

/** How values are stored, by type and name. */
type StoredMetas = ReadonlyMap<ArgumentType, ReadonlyMap<string, JsonReader>>;

interface Known {
  readonly node: Node;
  readonly type: ArgumentType;
}

/** The types of outputs and inputs that have a name. */
const NAMED: Readonly<Record<string, { type: ArgumentType; field: string }>> = {
  as_tensor: { type: 'Tensor', field: 'name' },
  as_sym_int: { type: 'int', field: 'as_name' },
  as_sym_float: { type: 'float', field: 'as_name' },
  as_sym_bool: { type: 'bool', field: 'as_name' },
};

/** Operators of libtorch, and higher-order ones. */
const OPERATOR = /^torch\.ops\.(\w+)\.(\w+)(?:\.(\w+))?$/;

interface Call {
  readonly target: string;
  readonly args: Argument[];
  readonly kwargs: Record<string, Argument>;
  readonly results: readonly string[] | null;
  readonly stored?: StoredCall;
}

function fitsResult(kind: string, type: string): boolean {
  if (type === 'Tensor') return kind === 'as_tensor' || kind === 'as_none';
  return type === 'Tensor[]' ? kind === 'as_tensors' : kind.startsWith('as_sym_');
}

const CONSTANTS = ['as_none', 'as_int', 'as_float', 'as_bool', 'as_string'];

class GraphReader implements Scope {
  private readonly graph = new Graph();
  private readonly known = new Map<string, Known>();
  private readonly subgraphs = new Map<string, ProgramGraph>();
  private readonly values = new Map<Node, StoredValue>();
  private readonly calls = new Map<Node, StoredCall>();

  constructor(
    private readonly tensors: ReadonlyMap<string, TensorMeta>,
    private readonly stored: StoredMetas,
    private readonly depth: number,
  ) {}

  find(reader: JsonReader, type: ArgumentType): Node {
    const name = reader.string();
    const found = this.known.get(name);
    if (found === undefined) reader.refuse(`is '${name.slice(0, 80)}', which no node before it computes`);
    if (found.type !== type) reader.refuse(`is '${name}' of type ${found.type}; expected ${type}`);
    return found.node;
  }

  addGraph(reader: JsonReader): Node {
    const node = this.graph.getAttr(reader.field('name').string());
    this.subgraphs.set(node.name, readGraph(reader.field('graph'), this.depth + 1));
    return node;
  }

  read(root: JsonReader): ProgramGraph {
    const named = root
      .field('inputs')
      .items()
      .map((input) => this.input(input));
    const [inputs, names] = [named.map(({ node }) => node), named.map(({ name }) => name)];
    for (const node of root.field('nodes').items()) this.node(node);
    const outputs = root
      .field('outputs')
      .items()
      .map((output) => readArgument(output, this).value);
    this.graph.output(outputs);
    const numbers = new Map(
      (root.optional('sym_int_values')?.entries() ?? []).map(([name, value]) => [name, readSize(value)] as const),
    );
    const { graph, subgraphs, tensors, values, calls } = this;
    const isSingle = root.optional('is_single_tensor_return')?.boolean() ?? false;
    return { graph, inputs, names, outputs, subgraphs, tensors, numbers, values, calls, isSingle };
  }

  private input(reader: JsonReader): { node: Node | null; name: string | null } {
    const [kind, value] = reader.union();
    if (CONSTANTS.includes(kind)) {
      this.graph.placeholder('constant');
      return { node: null, name: null };
    }
    const named = Object.hasOwn(NAMED, kind)
      ? NAMED[kind]
      : reader.refuse(`is an input of the kind ${kind}, which is not supported`);
    const name = value.field(named.field);
    return { node: this.define(name, this.graph.placeholder(name.string()), named.type), name: name.string() };
  }

  /** Gives a node a name that later nodes may use. */
  private define(reader: JsonReader, node: Node, type: ArgumentType): Node {
    const name = reader.string();
    if (this.known.has(name)) reader.refuse(`is '${name.slice(0, 80)}', a name that another node has`);
    this.known.set(name, { node, type });
    const meta = this.tensors.get(name);
    if (meta !== undefined) node.meta = metaOf(meta);
    this.values.set(node, { type, json: this.stored.get(type)?.get(name)?.json });
    return node;
  }

  private node(reader: JsonReader): void {
    const text = reader.field('target').string();
    // The error says which operator of which node.
    at(`${reader.place} (${text.slice(0, 120)})`, () => {
      const name = reader.optional('name')?.string();
      const outputs = reader.field('outputs');
      const { target, args, kwargs, results, stored } = this.call(reader, text, outputs.items().length);
      const node = this.graph.callFunction(target, args, kwargs, name);
      if (stored !== undefined) this.calls.set(node, stored);
      this.results(node, outputs, results);
    });
  }

  /** A call as it is executed. Its results are null for a list of any values. */
  private call(reader: JsonReader, text: string, outputs: number): Call {
    const target = reader.field('target');
    const [, namespace, name, overload = 'default'] = OPERATOR.exec(text) ?? [];
    if (namespace === 'higher_order') {
      const operator = higherOrderOperator(`higher_order.${name}`);
      if (operator === undefined) return target.refuse(`is the higher-order operator ${name}, which is not supported`);
      return {
        target: `higher_order.${name}`,
        ...this.higherOrder(reader, operator, outputs),
        kwargs: {},
        results: null,
      };
    }
    const inputs = reader.field('inputs').items().map((input): NamedArgument => ({
      ...readArgument(input.field('arg'), this),
      name: input.field('name').string(),
      reader: input,
    })); // prettier-ignore
    if (namespace === 'aten') {
      const schema = findSchema(target, name, overload);
      return { target: `aten.${name}.${overload}`, ...bindArguments(schema, inputs, reader), results: schema.results };
    }
    const level = levelFunction(text);
    const f = symbolicFunction(text);
    const count = level?.count ?? f?.length;
    if (count === undefined) return target.refuse('is not an operator that exists here');
    // A function of any number of arguments has the length 0.
    if (count !== inputs.length && (level !== undefined || count > 0)) {
      reader.refuse(`has ${inputs.length} arguments; expected ${count}`);
    }
    const results = level === undefined ? ['Scalar'] : ['Tensor'];
    return { target: text, args: inputs.map((input) => input.value), kwargs: {}, results };
  }

  private higherOrder(reader: JsonReader, operator: HigherOrder, outputs: number): Pick<Call, 'args' | 'stored'> {
    if (this.depth > MAX_NESTING) reader.refuse('is nested too deeply');
    const { types, ignored = [] } = operator;
    const isPositional = (input: JsonReader): boolean => input.field('name').string() === '';
    const all = reader.field('inputs').items();
    const [given, named] = [all.filter(isPositional), all.filter((input) => !isPositional(input))];
    for (const input of named) {
      const name = input.field('name').string();
      if (!ignored.includes(name)) input.refuse(`gives an argument '${name}', which is not supported`);
    }
    const inputs = given.map((input) => readArgument(input.field('arg'), this));
    const isOpen = types.at(-1) === '...';
    const count = isOpen ? types.length - 1 : types.length;
    if (inputs.length < count || (!isOpen && inputs.length > count)) {
      reader.refuse(`has ${inputs.length} arguments; expected ${count}`);
    }
    inputs.forEach(({ type }, i) => {
      const expected = i < count ? types[i] : 'any';
      const fits = expected === 'any' || expected === type || (expected === 'list' && /\]$/.test(type));
      if (!fits) reader.refuse(`has an argument of type ${type} at position ${i}; expected ${expected}`);
    });
    const shapes = inputs.map(({ value, type }): CallShape => {
      if (Array.isArray(value)) return value.length;
      if (type !== 'graph') return null;
      const body = this.subgraphs.get((value as Node).name)!;
      return { inputs: body.inputs.length, outputs: body.outputs.length };
    });
    const wrong = operator.check(shapes, outputs);
    if (wrong !== null) reader.refuse(`is wrong: ${wrong}`);
    const isSingle = reader.optional('is_hop_single_tensor_return')?.boolean() ?? null;
    const stored = { types: inputs.map(({ type }) => type), ignored: named.map(({ json }) => json), isSingle };
    return { args: inputs.map(({ value }) => value), stored };
  }

  /** Names the results of a call: the node itself, or what `getitem` takes out of it. */
  private results(node: Node, reader: JsonReader, expected: readonly string[] | null): void {
    const outputs = reader.items();
    if (expected !== null && outputs.length !== expected.length) {
      // An operator without results may list one result of the kind `as_none`.
      const isNothing = expected.length === 0 && outputs.length === 1 && outputs[0].union()[0] === 'as_none';
      if (!isNothing) reader.refuse(`has ${outputs.length} results; expected ${expected.length}`);
    }
    const isOne = expected !== null && outputs.length === 1;
    outputs.forEach((output, i) => {
      const [kind, value] = output.union();
      const type = expected?.[i];
      if (type !== undefined && !fitsResult(kind, type)) output.refuse(`is of the kind ${kind}; expected ${type}`);
      if (kind === 'as_none') return;
      if (kind === 'as_tensors') {
        const list = isOne ? node : this.graph.callFunction('getitem', [node, i]);
        value.items().forEach((tensor, j) => this.item(list, j, tensor.field('name'), 'Tensor'));
      } else {
        const named = Object.hasOwn(NAMED, kind) ? NAMED[kind] : output.fail('a result with a name');
        const name = value.field(named.field);
        if (isOne) this.define(name, node, named.type);
        else this.item(node, i, name, named.type);
      }
    });
  }

  /** A node for an item of a list of results. */
  private item(list: Node, i: number, name: JsonReader, type: ArgumentType): void {
    this.define(name, this.graph.callFunction('getitem', [list, i], {}, name.string()), type);
  }
}

function metaOf({ sizes, dtype }: TensorMeta): NodeMeta {
  return { shape: sizes.map((size) => (typeof size === 'number' ? size : size.text)), dtype };
}

function readTensorMeta(reader: JsonReader): TensorMeta {
  readDevice(reader.field('device'));
  return { sizes: reader.field('sizes').items().map(readSize), dtype: readDtype(reader.field('dtype')) };
}

/** Reads a graph, with those inside of it. */
export function readGraph(root: JsonReader, depth = 0): ProgramGraph {
  const tensors = new Map(
    root.field('tensor_values').entries().map(([name, meta]) => [name, readTensorMeta(meta)] as const),
  ); // prettier-ignore
  const stored = (name: string): Map<string, JsonReader> => new Map(root.optional(name)?.entries() ?? []);
  const metas: StoredMetas = new Map([
    ['Tensor', stored('tensor_values')],
    ['int', stored('sym_int_values')],
    ['float', stored('sym_float_values')],
    ['bool', stored('sym_bool_values')],
  ]);
  return new GraphReader(tensors, metas, depth).read(root);
}
