/** The nodes of a recorded graph. */

import { Float } from '../float';
import { native } from '../native';
import type { GraphArgument, GraphData, RecordedNumber } from '../native';
import { type Argument, type Graph, type Node } from './graph';

type Value = GraphData['values'][number];

const numberOf = (number: RecordedNumber): Argument =>
  typeof number === 'object' && 'float' in number ? new Float(number.float) : number;

/** Records in a node what is known of its value. */
function describe(node: Node, { shape, dtype, strides, device }: Value): Node {
  node.meta = { shape, dtype, strides, device };
  return node;
}

/** How the results of an operator make up its value: the types of its parts. */
function resultTypes(name: string, overload: string): readonly string[] {
  return native.operatorSchema(overload === 'default' ? name : `${name}.${overload}`)?.results ?? [];
}

/**
 * Appends the nodes of a recording to a graph.
 *
 * @param known - The nodes of values that the graph has already: those of the inputs. All others are added.
 * @param outside - Makes the node of a tensor that the function did not compute.
 * @returns What gives the node or the number of a value.
 */
export function addRecordedNodes(
  graph: Graph,
  data: GraphData,
  known: ReadonlyMap<number, Node>,
  outside: (value: Value, id: number) => Node,
): (id: number) => Argument {
  const nodes = new Map<number, Node>();
  const define = (id: number, node: Node): void => void nodes.set(id, describe(node, data.values[id]));
  known.forEach((node, id) => define(id, node));
  const valueOf = (id: number): Argument => {
    const node = nodes.get(id);
    if (node !== undefined) return node;
    const value = data.values[id];
    if (value.number !== undefined) return numberOf(value.number);
    define(id, outside(value, id));
    return nodes.get(id);
  };
  const argument = (given: GraphArgument): Argument => {
    if (Array.isArray(given)) return (given as readonly GraphArgument[]).map(argument);
    if (typeof given !== 'object' || given === null) return given as Argument;
    return 'value' in given ? valueOf(given.value) : numberOf(given as RecordedNumber);
  };
  for (const { name, overload, args, kwargs, results } of data.nodes) {
    const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, argument(value)]));
    const node = graph.callFunction(`aten.${name}.${overload}`, args.map(argument), named);
    const types = resultTypes(name, overload);
    if (types.length === 1 && types[0] === 'Tensor') {
      if (results[0] >= 0) define(results[0], node);
      continue;
    }
    const item = (list: Node, i: number, id: number): void => {
      if (id >= 0) define(id, graph.callFunction('getitem', [list, i]));
    };
    // A list takes as many of the results as the others leave.
    const size = results.length - types.length + 1;
    let next = 0;
    types.forEach((type, i) => {
      if (type !== 'Tensor[]') return item(node, i, results[next++]);
      const list = types.length === 1 ? node : graph.callFunction('getitem', [node, i]);
      for (let j = 0; j < size; j++) item(list, j, results[next++]);
    });
  }
  return (id) => (id < 0 ? null : valueOf(id));
}
