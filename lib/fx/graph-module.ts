/** `torch.fx.GraphModule`: a graph that can be called. */

import type { GraphData, GraphArgument } from '../native';
import type { Tensor } from '../tensor';
import type { OutputTemplate } from '../compile/capture';
import { rebuildOutput, tensorsOf } from '../compile/capture';
import { argumentCheck } from './argument-check';
import { codeOf } from './code';
import { dotOf, svgOf } from './drawing';
import { Graph, Node } from './graph';
import type { Argument } from './graph';
import { interpret } from './interpreter';

/** A recorded function: {@link makeFx} returns it. Call it as the function; what it runs is its graph. */
export interface GraphModule<A extends unknown[] = unknown[], R = unknown> {
  (...args: A): R;
  /** The nodes. Changes take effect in the next call. */
  readonly graph: Graph;
  /** The tensors that the function used from outside, and constants, by the targets of the `getAttr` nodes. */
  readonly tensors: Map<string, Tensor>;
  /** The graph as a module in TypeScript, which can be run. */
  readonly code: string;
  /** The graph as data: nodes with name, op, target, arguments, shape and dtype. */
  toJSON(): unknown;
  /** The graph in the DOT language of Graphviz. */
  toDot(): string;
  /** The graph as an SVG picture. */
  toSvg(): string;
  /** The nodes, one a line. */
  toString(): string;
}

/** Builds the nodes of a recorded graph. */
export function graphOf(data: GraphData): { graph: Graph; tensors: Map<string, Tensor>; results: Argument[] } {
  const graph = new Graph();
  const tensors = new Map<string, Tensor>();
  const nodes = new Map<number, Argument>();
  data.inputs.forEach((id, i) => nodes.set(id, describe(graph.placeholder(`x${i}`), data, id)));
  const valueOf = (id: number): Argument => {
    const known = nodes.get(id);
    if (known !== undefined) return known;
    const value = data.values[id];
    if (value.number !== undefined) return value.number;
    const name = `${value.kind}${tensors.size}`;
    tensors.set(name, value.tensor!);
    const node = describe(graph.getAttr(name), data, id);
    nodes.set(id, node);
    return node;
  };
  const argument = (given: GraphArgument): Argument => {
    if (Array.isArray(given)) return (given as readonly GraphArgument[]).map(argument);
    if (typeof given === 'object' && given !== null && 'value' in given) return valueOf(given.value);
    return given as Argument;
  };
  for (const { name, overload, args, kwargs, results } of data.nodes) {
    const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, argument(value)]));
    const node = graph.callFunction(`aten.${name}.${overload}`, args.map(argument), named);
    if (results.length === 1) {
      nodes.set(results[0], describe(node, data, results[0]));
    } else {
      results.forEach((id, i) => {
        if (id >= 0) nodes.set(id, describe(graph.callFunction('getitem', [node, i]), data, id));
      });
    }
  }
  return { graph, tensors, results: data.outputs.map(valueOf) };
}

function describe(node: Node, data: GraphData, id: number): Node {
  const { shape, dtype, strides, device } = data.values[id];
  node.meta = { shape, dtype, strides, device };
  return node;
}

function jsonOf(argument: Argument): unknown {
  if (argument instanceof Node) return { node: argument.name };
  if (Array.isArray(argument)) return (argument as readonly Argument[]).map(jsonOf);
  return typeof argument === 'bigint' ? String(argument) : argument;
}

/**
 * @param template - How the results of the graph make up the result of the function.
 * @param recorded - The arguments of the recorded call.
 */
export function graphModule(data: GraphData, template: OutputTemplate, recorded: readonly unknown[]): GraphModule {
  const { graph, tensors, results } = graphOf(data);
  graph.output(results);
  const check = argumentCheck(graph, recorded);
  const module = (...args: unknown[]): unknown => {
    graph.lint();
    const inputs = tensorsOf(args);
    check(args, inputs);
    const computed = interpret(graph, inputs, tensors) as unknown[];
    return rebuildOutput(
      template,
      template.sources.map((source) => (source < 0 ? inputs[-1 - source] : computed[source])),
    );
  };
  return Object.defineProperties(Object.assign(module, { graph, tensors }), {
    code: { get: () => codeOf(graph), enumerable: true },
    toJSON: {
      value: () => ({
        nodes: graph.nodes.map((node) => ({
          name: node.name,
          op: node.op,
          target: typeof node.target === 'string' ? node.target : node.target.name,
          args: node.args.map(jsonOf),
          kwargs: Object.fromEntries(Object.entries(node.kwargs).map(([key, value]) => [key, jsonOf(value)])),
          ...node.meta,
        })),
      }),
    },
    toDot: { value: () => dotOf(graph) },
    toSvg: { value: () => svgOf(graph) },
    toString: { value: () => graph.toString() },
  }) as unknown as GraphModule;
}
