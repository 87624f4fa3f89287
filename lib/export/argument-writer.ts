/** The arguments of calls as a program stores them: what arguments.ts reads. */

import { describeType } from '../describe';
import { Device } from '../device';
import { ValueError } from '../errors';
import type { JsonValue } from '../files/json-text';
import { Float } from '../float';
import { type Argument, Node } from '../fx/graph';
import type { ArgumentType } from './arguments';
import { deviceJson, dtypeNumber, layoutNumber, memoryFormatNumber } from './enumerations';

/** The values that arguments name. */
export interface Names {
  typeOf(node: Node): ArgumentType;
  /** The nested graph of a node. */
  graphOf(node: Node): JsonValue;
}

type Items = readonly Argument[];

const isInteger = (value: Argument): boolean =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0));

const isTensor = (value: Argument, names: Names): boolean => value instanceof Node && names.typeOf(value) === 'Tensor';

const float = (value: Argument): Float => new Float(Number(value));

/** A node as the alternative of `Argument` that its type has. */
function nodeJson(node: Node, names: Names): JsonValue {
  const type = names.typeOf(node);
  if (type === 'Tensor') return { as_tensor: { name: node.name } };
  if (type === 'graph') return { as_graph: { name: node.name, graph: names.graphOf(node) } };
  return { [`as_sym_${type}`]: { as_name: node.name } };
}

/** A number, boolean, string or null. */
export function constantJson(value: Argument): JsonValue {
  if (value === null || value === undefined) return { as_none: true };
  if (typeof value === 'boolean') return { as_bool: value };
  if (typeof value === 'string') return { as_string: value };
  if (isInteger(value)) return { as_int: value as number };
  if (typeof value === 'number' || value instanceof Float) return { as_float: float(value) };
  if (typeof value === 'object' && 're' in value) {
    return { as_complex: { real: new Float(value.re), imag: new Float(value.im) } };
  }
  throw new ValueError(`${describeType(value)} cannot be written to a program`);
}

const tensors = (items: Items): JsonValue => ({ as_tensors: items.map((item) => ({ name: (item as Node).name })) });

function optionalTensors(items: Items): JsonValue {
  const optional = items.map((item): JsonValue => {
    return item instanceof Node ? { as_tensor: { name: item.name } } : { as_none: true };
  });
  return { as_optional_tensors: optional };
}

/** Numbers, some of which the program computes. */
function symbolic(items: Items, type: string): JsonValue {
  const constant = (item: Argument): JsonValue => (type === 'float' ? float(item) : (item as number));
  return {
    [`as_sym_${type}s`]: items.map((item) => {
      return item instanceof Node ? { as_name: item.name } : { [`as_${type}`]: constant(item) };
    }),
  };
}

function listJson(items: Items, names: Names, type: string | undefined): JsonValue {
  const nodes = items.filter((item) => item instanceof Node);
  if (items.length === 0) {
    const element = /^(int|float|bool|string)\[\]$/.exec(type ?? '')?.[1];
    return { [element === undefined ? 'as_tensors' : `as_${element}s`]: [] };
  }
  if (nodes.length > 0 || type?.startsWith('Tensor') === true) {
    const others = nodes.filter((node) => !isTensor(node, names));
    if (others.length > 0) return symbolic(items, names.typeOf(others[0]));
    return items.every((item) => isTensor(item, names)) ? tensors(items) : optionalTensors(items);
  }
  if (items.every((item) => typeof item === 'boolean')) return { as_bools: items };
  if (items.every((item) => typeof item === 'string')) return { as_strings: items };
  if (type !== 'float[]' && items.every(isInteger)) return { as_ints: items as readonly number[] };
  return { as_floats: items.map(float) };
}

/** An argument. `type` is that of its parameter, in the words of schemas; undefined if there is no schema. */
export function argumentJson(value: Argument, names: Names, type?: string): JsonValue {
  if (value instanceof Node) return nodeJson(value, names);
  if (value instanceof Device) return { as_device: deviceJson(value) };
  if (Array.isArray(value)) return listJson(value as Items, names, type);
  if (typeof value === 'string') {
    if (type === 'Dtype') return { as_scalar_type: dtypeNumber(value) };
    if (type === 'Layout') return { as_layout: layoutNumber(value) };
    if (type === 'MemoryFormat') return { as_memory_format: memoryFormatNumber(value) };
    if (type === 'Device') return { as_device: deviceJson(new Device(value)) };
  }
  if (type === 'float' && typeof value === 'number') return { as_float: float(value) };
  return constantJson(value);
}
