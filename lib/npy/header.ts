/**
 * The header of an `.npy` file: magic string, version, length, and a Python dict with dtype, memory
 * order and shape. Functions over bytes; the caller reads them.
 *
 * Reads versions 1.0 (two-byte length), 2.0 (four-byte length) and 3.0 (UTF-8). Writes 1.0, with the
 * same bytes as `numpy.save`.
 */

import { ValueError } from '../errors';
import { byteLengthOf } from '../files/tensor-bytes';
import { product } from '../shapes';
import { type NpyDtype, formatDescr, parseDescr } from './dtypes';
import { type PythonLiteral, PythonTuple, parsePythonLiteral } from './literal';

/** The content of a header. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  /** Whether the first index varies fastest in the file. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** A parsed header. */
export interface ParsedNpyHeader extends NpyHeader {
  /** Whether the byte order of the file differs from that of this machine. */
  readonly swapped: boolean;
}

/** The position of the header's text in the file. */
export interface NpyPreamble {
  readonly version: 1 | 2 | 3;
  readonly textStart: number;
  readonly textLength: number;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');

/** The most bytes that {@link parsePreamble} needs. */
const PREAMBLE_LENGTH = 12;

/** NumPy's default limit is 10,000 characters. */
const MAX_TEXT_LENGTH = 1 << 20;

/** The limit of PyTorch and of NumPy. */
const MAX_DIMENSIONS = 64;

/** NumPy pads the growing dimension to this many digits, so that a header can be rewritten in place. */
const GROWTH_DIGITS = 21;

/** The data starts at a multiple of this many bytes. */
const ALIGNMENT = 64;

/** The number of bytes before the text in version 1.0. */
const SHORT_PREAMBLE = 10;

/**
 * Parses magic string, version and length, from the first bytes of a file.
 *
 * @throws ValueError if these are not the first bytes of an `.npy` file.
 */
export function parsePreamble(bytes: Uint8Array): NpyPreamble {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start.length < MAGIC.length + 4 || !start.subarray(0, MAGIC.length).equals(MAGIC)) {
    const found = start.length === 0 ? 'it is empty' : `it starts with ${start.subarray(0, 6).toString('hex')}`;
    throw new ValueError(`this is not an .npy file: ${found}, not with "\\x93NUMPY"`);
  }
  const version = start.readUInt8(6);
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new ValueError(`.npy format version ${version}.${start.readUInt8(7)} is unknown; expected 1.0, 2.0 or 3.0`);
  }
  const textStart = version === 1 ? SHORT_PREAMBLE : PREAMBLE_LENGTH;
  if (start.length < textStart) throw new ValueError('the file ends inside its header');
  const textLength = version === 1 ? start.readUInt16LE(8) : start.readUInt32LE(8);
  if (textLength > MAX_TEXT_LENGTH) {
    throw new ValueError(`the header has a length of ${textLength} bytes; the limit is ${MAX_TEXT_LENGTH}`);
  }
  return { version, textStart, textLength };
}

function describeLiteral(value: PythonLiteral | undefined): string {
  if (value === undefined) return 'nothing';
  if (value instanceof PythonTuple) return `(${value.items.map(describeLiteral).join(', ')})`;
  if (Array.isArray(value)) return `[${value.map(describeLiteral).join(', ')}]`;
  if (value instanceof Map) return 'a dict';
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function parseShape(value: PythonLiteral | undefined): number[] {
  if (!(value instanceof PythonTuple)) {
    throw new ValueError(`the shape in the header is ${describeLiteral(value)}, not a tuple`);
  }
  if (value.items.length > MAX_DIMENSIONS) {
    throw new ValueError(`the shape has ${value.items.length} dimensions; the limit is ${MAX_DIMENSIONS}`);
  }
  return value.items.map((size) => {
    if (typeof size !== 'bigint' || size < 0n) {
      throw new ValueError(`the shape ${describeLiteral(value)} holds ${describeLiteral(size)}`);
    }
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new ValueError(`the shape ${describeLiteral(value)} is too large`);
    }
    return Number(size);
  });
}

/**
 * Parses the dict in the header's text.
 *
 * @throws ValueError if the text is not such a dict, or names a dtype that PyTorch lacks.
 */
export function parseHeaderText(text: string): ParsedNpyHeader {
  let dict: PythonLiteral;
  try {
    dict = parsePythonLiteral(text);
  } catch (error) {
    throw new ValueError(`cannot parse the header: ${(error as Error).message}`);
  }
  if (!(dict instanceof Map)) {
    throw new ValueError(`the header is ${describeLiteral(dict)}, not a dictionary`);
  }
  const keys = [...dict.keys()].sort().join(', ');
  if (keys !== 'descr, fortran_order, shape') {
    throw new ValueError(`the header has the keys ${keys}; expected descr, fortran_order, shape`);
  }
  const descr = dict.get('descr');
  if (typeof descr !== 'string') {
    throw new ValueError(`the dtype ${describeLiteral(descr)} is structured; expected an array of plain numbers`);
  }
  const fortranOrder = dict.get('fortran_order');
  if (typeof fortranOrder !== 'boolean') {
    throw new ValueError(`fortran_order is ${describeLiteral(fortranOrder)}, not True or False`);
  }
  const { dtype, swapped } = parseDescr(descr);
  const shape = parseShape(dict.get('shape'));
  byteLength({ dtype, shape });
  return { dtype, swapped, fortranOrder, shape };
}

/**
 * Reads the header of a file of `size` bytes, and returns it with the position of the values.
 *
 * @throws ValueError if the header is malformed, or the values need more bytes than follow it.
 */
export function readHeader(
  read: (position: number, length: number) => Buffer,
  size: number,
): ParsedNpyHeader & { readonly dataStart: number } {
  const { version, textStart, textLength } = parsePreamble(read(0, Math.min(PREAMBLE_LENGTH, size)));
  const dataStart = textStart + textLength;
  if (dataStart > size) throw new ValueError('it ends inside its header');
  const header = parseHeaderText(read(textStart, textLength).toString(version === 3 ? 'utf8' : 'latin1'));
  const expected = byteLength(header);
  if (size - dataStart < expected) {
    throw new ValueError(
      `it is truncated: ${header.dtype} values of shape [${header.shape.join(', ')}] take ` +
        `${expected} bytes, but ${size - dataStart} follow the header`,
    );
  }
  return { ...header, dataStart };
}

/** The number of elements of an array of this shape. */
export function elementCount(shape: readonly number[]): number {
  // If one size is 0, the product of the others may overflow.
  return shape.includes(0) ? 0 : product(shape);
}

/** The number of bytes of an array; an error if it is not a safe integer. */
export function byteLength({ dtype, shape }: Pick<NpyHeader, 'dtype' | 'shape'>): number {
  return byteLengthOf(dtype, shape);
}

function formatTuple(sizes: readonly number[]): string {
  return sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`;
}

/**
 * The bytes before the data of an array, as `numpy.save` writes them. Version 1.0: its 65,535 bytes are
 * enough for the shape of any tensor.
 */
export function formatHeader({ dtype, fortranOrder, shape }: NpyHeader): Buffer {
  const order = fortranOrder ? 'True' : 'False';
  let text = `{'descr': '${formatDescr(dtype)}', 'fortran_order': ${order}, ` + `'shape': ${formatTuple(shape)}, }`;
  const growing = fortranOrder ? shape.at(-1) : shape[0];
  if (growing !== undefined) text += ' '.repeat(GROWTH_DIGITS - String(growing).length);
  const padding = ALIGNMENT - ((SHORT_PREAMBLE + text.length + 1) % ALIGNMENT);
  text += `${' '.repeat(padding)}\n`;
  const preamble = Buffer.alloc(SHORT_PREAMBLE);
  MAGIC.copy(preamble);
  preamble.writeUInt8(1, MAGIC.length);
  preamble.writeUInt16LE(text.length, SHORT_PREAMBLE - 2);
  return Buffer.concat([preamble, Buffer.from(text, 'latin1')]);
}
