/** The limits of dtypes, `torch.finfo` and `torch.iinfo`, and the names of types, `torch.typename`. */

import { isDtype } from './dtype';
import type { Dtype } from './dtype';
import { ValueError } from './errors';
import { native } from './native';
import { getDefaultDtype } from './runtime';
import type { Tensor } from './tensor';

/** The limits of a floating-point dtype. */
export interface FloatInfo {
  readonly dtype: Dtype;
  readonly bits: number;
  /** The distance from 1 to the next larger number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive normal number. */
  readonly smallestNormal: number;
  /** The same as `smallestNormal`. */
  readonly tiny: number;
  /** The decimal resolution: 10 to the power of minus the number of exact digits. */
  readonly resolution: number;
}

/** The limits of an integer dtype; bigints for values that a number cannot represent exactly. */
export interface IntegerInfo {
  readonly dtype: Dtype;
  readonly bits: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
}

function floatInfo(dtype: Dtype, bits: number, mantissa: number, exponent: number, resolution: number): FloatInfo {
  const max = (2 - 2 ** -mantissa) * 2 ** exponent;
  const smallestNormal = 2 ** (1 - exponent);
  return { dtype, bits, eps: 2 ** -mantissa, max, min: -max, smallestNormal, tiny: smallestNormal, resolution };
}

/** Formats of eight bits differ in how they use their largest exponent, so each limit is given. */
function float8Info(dtype: Dtype, eps: number, max: number, smallestNormal: number, min = -max): FloatInfo {
  return { dtype, bits: 8, eps, max, min, smallestNormal, tiny: smallestNormal, resolution: 1 };
}

const HALF = floatInfo('float16', 16, 10, 15, 1e-3);
const SINGLE = floatInfo('float32', 32, 23, 127, 1e-6);
const DOUBLE = floatInfo('float64', 64, 52, 1023, 1e-15);
const FLOATS: Partial<Record<Dtype, FloatInfo>> = {
  float8_e4m3fn: float8Info('float8_e4m3fn', 0.125, 448, 2 ** -6),
  float8_e4m3fnuz: float8Info('float8_e4m3fnuz', 0.125, 240, 2 ** -7),
  float8_e5m2: float8Info('float8_e5m2', 0.25, 57344, 2 ** -14),
  float8_e5m2fnuz: float8Info('float8_e5m2fnuz', 0.125, 57344, 2 ** -15),
  float8_e8m0fnu: float8Info('float8_e8m0fnu', 1, 2 ** 127, 2 ** -127, 2 ** -127),
  float16: HALF,
  bfloat16: floatInfo('bfloat16', 16, 7, 127, 1e-2),
  float32: SINGLE,
  float64: DOUBLE,
  complex32: HALF,
  complex64: SINGLE,
  complex128: DOUBLE,
};

const INTEGERS: Partial<Record<Dtype, IntegerInfo>> = {
  uint8: { dtype: 'uint8', bits: 8, min: 0, max: 2 ** 8 - 1 },
  int8: { dtype: 'int8', bits: 8, min: -(2 ** 7), max: 2 ** 7 - 1 },
  int16: { dtype: 'int16', bits: 16, min: -(2 ** 15), max: 2 ** 15 - 1 },
  int32: { dtype: 'int32', bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 },
  int64: { dtype: 'int64', bits: 64, min: -(2n ** 63n), max: 2n ** 63n - 1n },
  uint16: { dtype: 'uint16', bits: 16, min: 0, max: 2 ** 16 - 1 },
  uint32: { dtype: 'uint32', bits: 32, min: 0, max: 2 ** 32 - 1 },
  uint64: { dtype: 'uint64', bits: 64, min: 0, max: 2n ** 64n - 1n },
};

/**
 * The limits of a floating-point dtype, as `torch.finfo`; for a complex dtype, those of its parts.
 *
 * @param dtype - By default the default dtype.
 * @throws TypeError for any other dtype.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.finfo('float32').eps; // 1.1920928955078125e-7
 * ```
 */
export function finfo(dtype: Dtype = getDefaultDtype()): FloatInfo {
  if (Object.hasOwn(FLOATS, dtype)) return FLOATS[dtype]!;
  throw new TypeError(
    `torch.finfo() requires a floating point input type. Use torch.iinfo to handle '${String(dtype)}'`,
  );
}

/**
 * The limits of an integer dtype, as `torch.iinfo`.
 *
 * @throws TypeError for any other dtype.
 */
export function iinfo(dtype: Dtype): IntegerInfo {
  if (Object.hasOwn(INTEGERS, dtype)) return INTEGERS[dtype]!;
  if (dtype === 'bool') throw new TypeError('torch.bool is not supported by torch.iinfo');
  throw new TypeError(`torch.iinfo() requires an integer input type. Use torch.finfo to handle '${String(dtype)}'`);
}

const SCALAR_TYPES: Record<Dtype, string> = {
  bool: 'Bool',
  uint8: 'Byte',
  int8: 'Char',
  int16: 'Short',
  int32: 'Int',
  int64: 'Long',
  uint16: 'UInt16',
  uint32: 'UInt32',
  uint64: 'UInt64',
  float8_e4m3fn: 'Float8_e4m3fn',
  float8_e4m3fnuz: 'Float8_e4m3fnuz',
  float8_e5m2: 'Float8_e5m2',
  float8_e5m2fnuz: 'Float8_e5m2fnuz',
  float8_e8m0fnu: 'Float8_e8m0fnu',
  float16: 'Half',
  bfloat16: 'BFloat16',
  float32: 'Float',
  float64: 'Double',
  complex32: 'ComplexHalf',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
};

/** libtorch's name of a dtype: `'Float'` for float32. */
export function scalarTypeName(dtype: Dtype): string {
  return SCALAR_TYPES[dtype];
}

/** The name of a tensor's type: `'torch.FloatTensor'`, `'torch.cuda.sparse.LongTensor'`. */
export function tensorTypeName(tensor: Tensor): string {
  const { type } = tensor.device;
  const backend = type === 'cpu' ? [] : [type];
  if (tensor.layout.startsWith('sparse')) backend.push('sparse');
  return ['torch', ...backend, `${SCALAR_TYPES[tensor.dtype]}Tensor`].join('.');
}

/**
 * The dtype and device type that a type name stands for. The layout in a name is ignored, as in PyTorch.
 *
 * @throws ValueError for a string that is neither a dtype nor a type name.
 */
export function parseTypeName(name: string): { dtype: Dtype; device: string | null } {
  if (isDtype(name)) return { dtype: name, device: null };
  const match = /^torch\.(?:(cuda|meta)\.)?(?:sparse\.)?(\w+)Tensor$/.exec(name);
  const found = match && Object.entries(SCALAR_TYPES).find(([, scalarType]) => scalarType === match[2]);
  if (!match || !found) throw new ValueError(`invalid type: '${name}'`);
  return { dtype: found[0] as Dtype, device: match[1] ?? 'cpu' };
}

/**
 * The name of a value's type; `torch.typename`. A tensor gives the name of PyTorch's tensor type, a class or
 * function its own name, any other value the name of its constructor or its `typeof`.
 *
 * @example
 * ```ts
 * torch.typename(torch.tensor([1n])); // 'torch.LongTensor'
 * torch.typename(new Map()); // 'Map'
 * ```
 */
export function typename(value: unknown): string {
  if (native.isTensor(value)) return tensorTypeName(value);
  if (typeof value === 'function') return value.name;
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return (value as { constructor?: { name?: string } }).constructor?.name ?? 'object';
}
