/** `torch.fx.GraphModule`: a graph that can be called. */

import { Float } from '../float';
import type { GraphData } from '../native';
import type { Tensor } from '../tensor';
import type { OutputTemplate } from '../compile/capture';
import { rebuildOutput, tensorsOf } from '../compile/capture';
import { argumentCheck } from './argument-check';
import { codeOf } from './code';
import { dotOf, svgOf } from './drawing';
import { Graph, Node } from './graph';
import type { Argument } from './graph';
import { interpret } from './interpreter';
import { addRecordedNodes } from './recorded-nodes';

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
  const inputs = data.inputs.map((id, i) => [id, graph.placeholder(`x${i}`)] as const);
  const valueOf = addRecordedNodes(graph, data, new Map(inputs), ({ kind, tensor }) => {
    const name = `${kind}${tensors.size}`;
    tensors.set(name, tensor!);
    return graph.getAttr(name);
  });
  return { graph, tensors, results: data.outputs.map(valueOf) };
}

function jsonOf(argument: Argument): unknown {
  if (argument instanceof Node) return { node: argument.name };
  if (Array.isArray(argument)) return (argument as readonly Argument[]).map(jsonOf);
  if (argument instanceof Float) return argument.float;
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
