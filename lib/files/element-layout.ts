/** How files store the elements of a dtype. */

import { endianness } from 'node:os';
import type { Dtype } from '../dtype';

interface ElementLayout {
  /** Bytes per element. */
  readonly itemsize: number;
  /** Bytes that are reversed between byte orders: half an element for complex numbers. */
  readonly unit: 1 | 2 | 4 | 8;
}

const layout = (itemsize: number, unit = itemsize): ElementLayout => ({
  itemsize,
  unit: unit as ElementLayout['unit'],
});

const LAYOUTS: Readonly<Record<Dtype, ElementLayout>> = {
  bool: layout(1),
  uint8: layout(1),
  int8: layout(1),
  int16: layout(2),
  int32: layout(4),
  int64: layout(8),
  uint16: layout(2),
  uint32: layout(4),
  uint64: layout(8),
  float8_e4m3fn: layout(1),
  float8_e4m3fnuz: layout(1),
  float8_e5m2: layout(1),
  float8_e5m2fnuz: layout(1),
  float8_e8m0fnu: layout(1),
  float16: layout(2),
  bfloat16: layout(2),
  float32: layout(4),
  float64: layout(8),
  complex32: layout(4, 2),
  complex64: layout(8, 4),
  complex128: layout(16, 8),
};

/** Bytes per element. */
export function itemsizeOf(dtype: Dtype): number {
  return LAYOUTS[dtype].itemsize;
}

/** Bytes that are reversed between byte orders: half an element for complex numbers. */
export function unitOf(dtype: Dtype): 1 | 2 | 4 | 8 {
  return LAYOUTS[dtype].unit;
}

/** Whether this machine stores the lowest byte first. */
export const IS_LITTLE_ENDIAN = endianness() === 'LE';
