/** The arguments of calls in a program. */

import { Complex } from '../complex';
import { Float } from '../float';
import type { Argument, Node } from '../fx/graph';
import { readDevice, readDtype, readLayout, readMemoryFormat } from './enumerations';
import type { JsonReader } from './json-reader';

/** What an argument is, in the words of operator schemas. */
export type ArgumentType =
  | 'null'
  | 'Tensor'
  | 'Tensor[]'
  | 'Tensor?[]'
  | 'int'
  | 'int[]'
  | 'float'
  | 'float[]'
  | 'bool'
  | 'bool[]'
  | 'complex'
  | 'string'
  | 'string[]'
  | 'Dtype'
  | 'Layout'
  | 'MemoryFormat'
  | 'Device'
  | 'graph';

export interface TypedArgument {
  readonly value: Argument;
  readonly type: ArgumentType;
}

/** The values that a call may use. */
export interface Scope {
  /** The node of a name. Refuses unknown names, and values of another type. */
  find(reader: JsonReader, type: ArgumentType): Node;
  /** The node of a nested graph. */
  addGraph(reader: JsonReader): Node;
}

/** An argument that is a name or a number. */
function readSymbolic(reader: JsonReader, scope: Scope, type: 'int' | 'float' | 'bool'): Argument {
  const [kind, value] = reader.union();
  if (kind === 'as_name') return scope.find(value, type);
  if (kind !== `as_${type}`) reader.fail(`a name or a value of type ${type}`);
  return readConstant(value, type);
}

function readConstant(value: JsonReader, type: 'int' | 'float' | 'bool'): Argument {
  if (type === 'bool') return value.boolean();
  return type === 'int' ? value.int64() : new Float(value.float());
}

const readTensor = (reader: JsonReader, scope: Scope): Node => scope.find(reader.field('name'), 'Tensor');

function readOptionalTensor(reader: JsonReader, scope: Scope): Node | null {
  const [kind, value] = reader.union();
  if (kind === 'as_none') return null;
  return kind === 'as_tensor' ? readTensor(value, scope) : reader.fail('a tensor or none');
}

type Read = (value: JsonReader, scope: Scope) => TypedArgument;

/** A reader of one value. */
const one =
  (type: ArgumentType, read: (value: JsonReader, scope: Scope) => Argument): Read =>
  (value, scope) => ({ value: read(value, scope), type });

/** A reader of a list. */
const many =
  (type: ArgumentType, read: (value: JsonReader, scope: Scope) => Argument): Read =>
  (value, scope) => ({ value: value.items().map((item) => read(item, scope)), type });

/** How each alternative of `Argument` (torch/_export/serde/schema.py) is read. */
const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['as_none', one('null', () => null)],
  ['as_tensor', one('Tensor', readTensor)],
  ['as_tensors', many('Tensor[]', readTensor)],
  ['as_optional_tensor', (value, scope) => {
    const tensor = readOptionalTensor(value, scope);
    return { value: tensor, type: tensor === null ? 'null' : 'Tensor' };
  }],
  ['as_optional_tensors', many('Tensor?[]', readOptionalTensor)],
  ['as_int', one('int', (value) => readConstant(value, 'int'))],
  ['as_ints', many('int[]', (value) => readConstant(value, 'int'))],
  ['as_sym_int', one('int', (value, scope) => readSymbolic(value, scope, 'int'))],
  ['as_sym_ints', many('int[]', (value, scope) => readSymbolic(value, scope, 'int'))],
  ['as_float', one('float', (value) => readConstant(value, 'float'))],
  ['as_floats', many('float[]', (value) => readConstant(value, 'float'))],
  ['as_sym_float', one('float', (value, scope) => readSymbolic(value, scope, 'float'))],
  ['as_sym_floats', many('float[]', (value, scope) => readSymbolic(value, scope, 'float'))],
  ['as_bool', one('bool', (value) => readConstant(value, 'bool'))],
  ['as_bools', many('bool[]', (value) => readConstant(value, 'bool'))],
  ['as_sym_bool', one('bool', (value, scope) => readSymbolic(value, scope, 'bool'))],
  ['as_sym_bools', many('bool[]', (value, scope) => readSymbolic(value, scope, 'bool'))],
  ['as_complex', one('complex', (value) => new Complex(value.field('real').float(), value.field('imag').float()))],
  ['as_string', one('string', (value) => value.string())],
  ['as_strings', many('string[]', (value) => value.string())],
  ['as_scalar_type', one('Dtype', readDtype)],
  ['as_layout', one('Layout', readLayout)],
  ['as_memory_format', one('MemoryFormat', readMemoryFormat)],
  ['as_device', one('Device', readDevice)],
  ['as_graph', one('graph', (value, scope) => scope.addGraph(value))],
]); // prettier-ignore

/** Reads an argument of a call. */
export function readArgument(reader: JsonReader, scope: Scope): TypedArgument {
  const [kind, value] = reader.union();
  const read = READERS.get(kind);
  if (read !== undefined) return read(value, scope);
  if (kind === 'as_custom_obj') {
    return value.refuse(`is an object of the class ${value.field('class_fqn').string()}, which does not exist here`);
  }
  return reader.refuse(`is an argument of the kind ${kind}, which is not supported`);
}
