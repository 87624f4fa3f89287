/** The numbers that stand for dtypes, layouts and memory formats in a program, and devices: read and written. */

import { Device } from '../device';
import { type Dtype, isDtype } from '../dtype';
import { ValueError } from '../errors';
import type { Layout, MemoryFormat } from '../types';
import type { JsonValue } from '../files/json-text';
import type { JsonReader } from './json-reader';

const DTYPES: Readonly<Record<number, string>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float16',
  7: 'float32',
  8: 'float64',
  9: 'complex32',
  10: 'complex64',
  11: 'complex128',
  12: 'bool',
  13: 'bfloat16',
  28: 'uint16',
  29: 'float8_e4m3fn',
  30: 'float8_e5m2',
  31: 'float8_e4m3fnuz',
  32: 'float8_e5m2fnuz',
  33: 'float8_e8m0fnu',
  34: 'uint32',
  35: 'uint64',
};

const LAYOUTS: Readonly<Record<number, Layout>> = {
  1: 'sparse_coo',
  2: 'sparse_csr',
  3: 'sparse_csc',
  4: 'sparse_bsr',
  5: 'sparse_bsc',
  6: '_mkldnn',
  7: 'strided',
};

const MEMORY_FORMATS: Readonly<Record<number, MemoryFormat>> = {
  1: 'contiguous_format',
  2: 'channels_last',
  3: 'channels_last_3d',
  4: 'preserve_format',
};

function pick<T>(table: Readonly<Record<number, T>>, reader: JsonReader, what: string): T {
  const number = reader.integer();
  return Object.hasOwn(table, number) ? table[number] : reader.fail(`the number of a ${what}`);
}

export function readDtype(reader: JsonReader): Dtype {
  const name = pick(DTYPES, reader, 'dtype');
  return isDtype(name) ? name : reader.refuse(`is the dtype ${name}, which does not exist here`);
}

export const readLayout = (reader: JsonReader): Layout => pick(LAYOUTS, reader, 'layout');

export const readMemoryFormat = (reader: JsonReader): MemoryFormat => pick(MEMORY_FORMATS, reader, 'memory format');

export function readDevice(reader: JsonReader): Device {
  const type = reader.field('type').string();
  const index = reader.optional('index')?.integer();
  try {
    return index === undefined ? new Device(type) : new Device(type, index);
  } catch {
    return reader.refuse(`is not a device: ${JSON.stringify(type.slice(0, 40))}`);
  }
}

function numberOf(table: Readonly<Record<number, string>>, name: string, what: string): number {
  const found = Object.entries(table).find(([, other]) => other === name);
  if (found === undefined) throw new ValueError(`the ${what} ${name} cannot be written to a program`);
  return Number(found[0]);
}

export const dtypeNumber = (dtype: string): number => numberOf(DTYPES, dtype, 'dtype');

export const layoutNumber = (layout: string): number => numberOf(LAYOUTS, layout, 'layout');

export const memoryFormatNumber = (format: string): number => numberOf(MEMORY_FORMATS, format, 'memory format');

export const deviceJson = ({ type, index }: Device): JsonValue => ({ type, index });
