/** The dtypes that `.npy` files and tensors have in common, and their memory layout. */

import { ValueError } from '../errors';
import { IS_LITTLE_ENDIAN, itemsizeOf, unitOf } from '../files/element-layout';

/** The dtypes that an `.npy` file can hold: all but bfloat16 and complex32. */
export type NpyDtype =
  | 'bool'
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'complex64'
  | 'complex128';

/**
 * The typed array for the values of a dtype, as `tensor.data()` returns it: `BigInt64Array` for int64,
 * `Uint16Array` with the bits for float16, interleaved real and imaginary parts for complex dtypes,
 * `Uint8Array` of 0 and 1 for bool.
 */
export type NpyData =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface DtypeLayout {
  /** NumPy's type code: kind and bytes per element. */
  readonly code: string;
  readonly view: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => NpyData;
}

const LAYOUTS: Readonly<Record<NpyDtype, DtypeLayout>> = {
  bool: { code: 'b1', view: Uint8Array },
  uint8: { code: 'u1', view: Uint8Array },
  int8: { code: 'i1', view: Int8Array },
  int16: { code: 'i2', view: Int16Array },
  int32: { code: 'i4', view: Int32Array },
  int64: { code: 'i8', view: BigInt64Array },
  uint16: { code: 'u2', view: Uint16Array },
  uint32: { code: 'u4', view: Uint32Array },
  uint64: { code: 'u8', view: BigUint64Array },
  float16: { code: 'f2', view: Uint16Array },
  float32: { code: 'f4', view: Float32Array },
  float64: { code: 'f8', view: Float64Array },
  complex64: { code: 'c8', view: Float32Array },
  complex128: { code: 'c16', view: Float64Array },
};

const NATIVE_ORDER = IS_LITTLE_ENDIAN ? '<' : '>';

const REFUSED_KINDS: Readonly<Record<string, string>> = {
  O: 'Python objects (pickled), which would be unsafe to read',
  S: 'byte strings',
  a: 'byte strings',
  U: 'strings',
  V: 'raw bytes',
  M: 'dates',
  m: 'time differences',
  f: 'floating-point numbers of a size that PyTorch does not support',
  c: 'complex numbers of a size that PyTorch does not support',
};

const SUPPORTED = Object.keys(LAYOUTS).join(', ');

/** Whether `name` is a dtype that `.npy` files can hold. */
export function isNpyDtype(name: string): name is NpyDtype {
  return Object.hasOwn(LAYOUTS, name);
}

/** NumPy's descriptor of a dtype in this machine's byte order, such as `<f4`. */
export function formatDescr(dtype: NpyDtype): string {
  return (itemsizeOf(dtype) === 1 ? '|' : NATIVE_ORDER) + LAYOUTS[dtype].code;
}

/**
 * Parses NumPy's descriptor of a dtype, such as `>i2`.
 *
 * @returns the dtype, and whether the byte order of the file differs from that of this machine
 * @throws ValueError for a dtype that PyTorch lacks (objects, strings, dates, ...).
 */
export function parseDescr(descr: string): { dtype: NpyDtype; swapped: boolean } {
  const match = /^([<>|=]?)([A-Za-z?])(\d*)/.exec(descr);
  const [, order = '', kind = '', size = ''] = match ?? [];
  const complete = match?.[0].length === descr.length;
  for (const [name, layout] of Object.entries(LAYOUTS)) {
    if (complete && layout.code === kind + size) {
      const foreign = (order === '<' || order === '>') && order !== NATIVE_ORDER;
      return { dtype: name as NpyDtype, swapped: foreign && unitOf(name as NpyDtype) > 1 };
    }
  }
  const held = REFUSED_KINDS[kind];
  throw new ValueError(
    `the dtype '${descr}' ${held === undefined ? 'is unknown' : `means ${held}`}. ` +
      `The only supported types are: ${SUPPORTED}`,
  );
}

/** Converts the bytes of a file to those of memory, in place. */
export function toNativeBytes(bytes: Buffer, dtype: NpyDtype, swapped: boolean): void {
  if (dtype === 'bool') {
    // In NumPy every byte but 0 is True; a bool tensor must hold 0 or 1.
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) bytes[i] = 1;
  }
  if (!swapped) return;
  const unit = unitOf(dtype);
  if (unit === 2) bytes.swap16();
  else if (unit === 4) bytes.swap32();
  else if (unit === 8) bytes.swap64();
}

/** A typed array over `bytes`, which must start at a multiple of the element size. No copy. */
export function viewBytes(bytes: Uint8Array, dtype: NpyDtype): NpyData {
  return new LAYOUTS[dtype].view(bytes.buffer, bytes.byteOffset, bytes.byteLength / unitOf(dtype));
}

/** Zeroed memory, aligned for every dtype. */
export function allocateBytes(bytes: number): Buffer {
  // Buffer.alloc may return a slice of a shared pool, at any offset.
  return Buffer.from(new ArrayBuffer(bytes));
}
