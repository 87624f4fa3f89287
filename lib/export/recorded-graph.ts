/** The graph of a program from a recording: every tensor that it does not compute is an input. */

import { Device } from '../device';
import type { Dtype } from '../dtype';
import { RuntimeError } from '../errors';
import { type Argument, Graph, Node } from '../fx/graph';
import { addRecordedNodes } from '../fx/recorded-nodes';
import { native } from '../native';
import type { GraphData, OperatorSchema } from '../native';
import type { ProgramGraph, StoredValue, TensorMeta } from './graph-reader';
import { addPortableArguments } from './portable-arguments';
import { type DenseMeta, tensorMetaJson } from './tensor-meta';

/** An input of the graph: a tensor, with the values that it is in the recording, or a constant. */
export interface Input {
  readonly name: string;
  readonly ids: readonly number[];
  readonly meta: DenseMeta | null;
}

/** Operators with names of Python's functions, which would hide these in the code that Python makes of the graph. */
const PYTHON_FUNCTIONS = new Set([
  ...['abs', 'all', 'any', 'bool', 'complex', 'divmod', 'filter', 'float', 'hash', 'int', 'len', 'list', 'map', 'max'],
  ...['min', 'pow', 'range', 'round', 'set', 'slice', 'sorted', 'sum', 'tuple', 'type', 'zip', 'device', 'inf', 'nan'],
]);

function schemaOf({ target }: Node): OperatorSchema | null {
  const [namespace, name, overload] = String(target).split('.');
  return namespace === 'aten' ? native.operatorSchema(overload === 'default' ? name : `${name}.${overload}`) : null;
}

/** The dtype of a tensor that stands for a number: the number then has no influence on the dtype of the result. */
function dtypeOfNumber(value: Argument, result: Dtype | undefined): Dtype {
  if (typeof value === 'boolean') return 'bool';
  const isInteger = typeof value === 'bigint' || Number.isInteger(value);
  if (result !== undefined && result !== 'bool' && (isInteger || /^(float|bfloat|complex)/.test(result))) return result;
  return isInteger ? 'int64' : 'float64';
}

/**
 * Makes the arguments of a call what they are in programs: devices have a type of their own, and where Python does not
 * take a number for a tensor, there is one.
 */
function adaptArguments(graph: Graph, node: Node): void {
  const schema = schemaOf(node);
  if (schema === null) return;
  const tensorOf = (value: Argument): Argument => {
    if (value instanceof Node || value === null || value === undefined) return value;
    const dtype = dtypeOfNumber(value, node.meta.dtype);
    const made = graph.insertBefore(node, () => graph.callFunction('aten.scalar_tensor.default', [value], { dtype }));
    made.meta = { shape: [], strides: [], dtype, device: 'cpu' };
    return made;
  };
  const adapt = (value: Argument, i: number): Argument => {
    const { type, numberAsTensor } = schema.parameters[i];
    if (type === 'Device' && typeof value === 'string') return new Device(value);
    if (!type.startsWith('Tensor') || numberAsTensor) return value;
    return Array.isArray(value) ? (value as readonly Argument[]).map(tensorOf) : tensorOf(value);
  };
  node.args = node.args.map(adapt);
  node.kwargs = Object.fromEntries(
    Object.entries(node.kwargs).map(([option, value]) => {
      return [
        option,
        adapt(
          value,
          schema.parameters.findIndex((parameter) => parameter.option === option),
        ),
      ];
    }),
  );
}

/** @param outputsOf - What the graph returns; gets what gives the node or the number of a value of the recording. */
export function recordedGraph(
  data: GraphData,
  inputs: readonly Input[],
  outputsOf: (valueOf: (id: number) => Argument) => readonly Argument[],
): ProgramGraph {
  const graph = new Graph(PYTHON_FUNCTIONS);
  const values = new Map<Node, StoredValue>();
  const tensors = new Map<string, TensorMeta>();
  const known = new Map<number, Node>();
  const nodes = inputs.map(({ name, ids, meta }) => {
    const node = graph.placeholder(name);
    if (meta === null) return null;
    const { dtype, shape, strides, device } = meta;
    node.meta = { shape, dtype, strides, device };
    values.set(node, { type: 'Tensor', json: tensorMetaJson(meta) });
    tensors.set(node.name, { sizes: shape, dtype });
    for (const id of ids) known.set(id, node);
    return node;
  });
  const valueOf = addRecordedNodes(graph, data, known, refuseOutside);
  for (const node of [...graph.nodes]) {
    if (node.op !== 'callFunction') continue;
    adaptArguments(graph, node);
    addPortableArguments(graph, node);
  }
  const outputs = outputsOf(valueOf);
  graph.output(outputs);
  const names = nodes.map((node) => node?.name ?? null);
  const nothing = { subgraphs: new Map(), numbers: new Map(), calls: new Map() };
  return { graph, inputs: nodes, names, outputs, tensors, values, isSingle: false, ...nothing };
}

function refuseOutside(): never {
  throw new RuntimeError('the recording has a tensor that is not an input of the program');
}
