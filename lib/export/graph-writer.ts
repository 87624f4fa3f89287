/** The graph of a program as JSON: what graph-reader.ts reads. */

import { ValueError } from '../errors';
import { at } from '../files/failure';
import type { JsonValue } from '../files/json-text';
import { type Argument, type Node, targetText } from '../fx/graph';
import { native } from '../native';
import { type Names, argumentJson, constantJson } from './argument-writer';
import type { ArgumentType } from './arguments';
import { higherOrderOperator } from './control-flow';
import type { ProgramGraph } from './graph-reader';
import type { Constant } from './signature';
import { tensorMetaJson } from './tensor-meta';

/** How the schema counts kinds of arguments. */
const [POSITIONAL, KEYWORD] = [1, 2];

const isItem = (node: Node): boolean => node.op === 'callFunction' && node.target === 'getitem';

/** The nodes that take an item out of the results of a node, by position. */
function itemsOf(node: Node): Node[] {
  const items: Node[] = [];
  for (const user of node.users) if (isItem(user) && user.args[0] === node) items[user.args[1] as number] ??= user;
  return items;
}

class GraphWriter implements Names {
  /** What is stored of the values, by type and name. */
  private readonly stored = new Map<ArgumentType, Record<string, JsonValue>>(
    (['Tensor', 'int', 'float', 'bool'] as const).map((type) => [type, {}]),
  );

  constructor(private readonly program: ProgramGraph) {}

  typeOf(node: Node): ArgumentType {
    if (node.op === 'getAttr') return 'graph';
    return this.program.values.get(node)?.type ?? 'Tensor';
  }

  graphOf(node: Node): JsonValue {
    const body = this.program.subgraphs.get(node.name);
    if (body === undefined) throw new ValueError(`there is no graph '${node.name}'`);
    return graphJson(body);
  }

  write(constants: readonly (Constant | undefined)[]): JsonValue {
    const { graph, inputs, isSingle } = this.program;
    graph.lint();
    const inputsJson = inputs.map((node, i) => {
      if (node !== null) return this.define(node);
      if (constants[i] === undefined) throw new ValueError(`the input ${i} of a nested graph is a constant`);
      return constantJson(constants[i]);
    });
    const calls = graph.nodes.filter((node) => node.op === 'callFunction' && !isItem(node));
    const nodes = calls.map((node) =>
      at(`the node '${node.name}' (${targetText(node.target)})`, () => this.node(node)),
    );
    const outputs = outputsOf(this.program).map((output) => argumentJson(output, this));
    const stored = (type: ArgumentType): JsonValue => this.stored.get(type)!;
    return {
      inputs: inputsJson,
      outputs,
      nodes,
      tensor_values: stored('Tensor'),
      sym_int_values: stored('int'),
      sym_bool_values: stored('bool'),
      is_single_tensor_return: isSingle,
      custom_obj_values: {},
      sym_float_values: stored('float'),
    };
  }

  /** Stores what is known of a value, and returns its name. */
  private define(node: Node): JsonValue {
    const type = this.typeOf(node);
    const { shape, dtype, strides, device } = node.meta;
    let meta = this.program.values.get(node)?.json;
    if (meta === undefined && type === 'Tensor') {
      if (shape === undefined || dtype === undefined || strides === undefined) {
        throw new ValueError(`the value '${node.name}' needs a meta with shape, strides and dtype`);
      }
      meta = tensorMetaJson({ shape: shape as number[], dtype, strides, device: device ?? 'cpu' });
    }
    if (meta !== undefined) this.stored.get(type)![node.name] = meta;
    return argumentJson(node, this);
  }

  private node(node: Node): JsonValue {
    const { target } = node;
    if (typeof target !== 'string')
      throw new ValueError('it calls a function of JavaScript, which Python does not have');
    const hop = higherOrderOperator(target);
    const [namespace, name, overload = 'default'] = target.split('.');
    if (hop !== undefined) return this.call(node, `torch.ops.${target}`, this.unnamed(node), this.list(node));
    if (namespace !== 'aten') return this.call(node, target, this.unnamed(node), [this.one(node)]);
    const schema = native.operatorSchema(overload === 'default' ? name : `${name}.${overload}`);
    if (schema === null) throw new ValueError('it is not an operator of PyTorch');
    const inputs: JsonValue[] = [];
    let kind = POSITIONAL;
    schema.parameters.forEach((parameter, i) => {
      const value = parameter.keywordOnly ? node.kwargs[parameter.option] : node.args[i];
      // Python takes positional arguments in a row.
      if (value === undefined || parameter.keywordOnly) kind = KEYWORD;
      if (value === undefined) return;
      const arg = at(`the argument '${parameter.name}'`, () => argumentJson(value, this, parameter.type));
      inputs.push({ name: parameter.name, arg, kind });
    });
    const isOne = schema.results.length === 1 && schema.results[0] !== 'Tensor[]';
    const items = itemsOf(node);
    const outputs = schema.results.map((type, i) => {
      if (isOne) return this.define(node);
      if (type !== 'Tensor[]') return this.orNone(items[i]);
      const list = schema.results.length === 1 ? items : items[i] === undefined ? [] : itemsOf(items[i]);
      return this.tensors(list);
    });
    return this.call(node, `torch.ops.${namespace}.${name}.${overload}`, inputs, outputs);
  }

  private call(node: Node, target: string, inputs: JsonValue, outputs: JsonValue): JsonValue {
    const { isSingle = null } = this.program.calls.get(node) ?? {};
    return { target, inputs, outputs, metadata: {}, is_hop_single_tensor_return: isSingle, name: node.name };
  }

  /** The arguments of a function without a schema. */
  private unnamed(node: Node): JsonValue {
    const { types = [], ignored = [] } = this.program.calls.get(node) ?? {};
    const inputs = node.args.map((arg, i) => {
      return { name: '', arg: argumentJson(arg, this, types[i]), kind: POSITIONAL };
    });
    return [...inputs, ...ignored];
  }

  /** The results of a higher-order operator. */
  private list(node: Node): JsonValue[] {
    return Array.from(itemsOf(node), (item) => this.orNone(item));
  }

  /** The result of a function of numbers, or of one that only has an effect. */
  private one(node: Node): JsonValue {
    return this.program.values.has(node) ? this.define(node) : { as_none: true };
  }

  private orNone(item: Node | undefined): JsonValue {
    return item === undefined ? { as_none: true } : this.define(item);
  }

  /** A list of results. Nobody uses those that are not in the graph; they are like their neighbours. */
  private tensors(items: readonly (Node | undefined)[]): JsonValue {
    const names = Array.from(items, (item, i) => {
      if (item !== undefined) {
        this.define(item);
        return { name: item.name };
      }
      const neighbour = items.find((other) => other !== undefined)!;
      this.define(neighbour);
      const name = `${neighbour.name}_unused_${i}`;
      const tensors = this.stored.get('Tensor')!;
      tensors[name] = tensors[neighbour.name];
      return { name };
    });
    return { as_tensors: names };
  }
}

/** What a graph returns. */
export function outputsOf({ graph }: ProgramGraph): readonly Argument[] {
  return graph.nodes.at(-1)!.args[0] as readonly Argument[];
}

/** @param constants - The inputs that are constants, by position. */
export function graphJson(program: ProgramGraph, constants: readonly (Constant | undefined)[] = []): JsonValue {
  return new GraphWriter(program).write(constants);
}

/** How the signature names a value of a graph. */
export function valueJson(program: ProgramGraph, value: Argument): JsonValue {
  return argumentJson(value, new GraphWriter(program));
}
