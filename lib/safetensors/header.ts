/** The header of a `.safetensors` file: a length, and JSON with the dtype, shape and position of each tensor. */

import { nameText } from '../describe';
import type { Dtype } from '../dtype';
import { ValueError } from '../errors';
import { at } from '../files/failure';
import { byteLengthOf } from '../files/tensor-bytes';
import { JsonCursor } from '../files/json';
import { decodeUtf8 } from '../files/utf8';

/** What a header says about a tensor. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** The first byte of the values and the byte after them, from the end of the header on. */
  readonly range: readonly [start: number, end: number];
}

/** A parsed header. */
export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** The number of bytes of the length in front of the header. */
export const PREFIX_LENGTH = 8;

/** The limit of the reference implementation. */
export const MAX_HEADER_LENGTH = 100_000_000;

/** The limit of PyTorch. */
const MAX_DIMENSIONS = 64;

const METADATA = '__metadata__';

// In the order of the reference implementation, which sorts tensors by it.
const CODES: Partial<Record<Dtype, string>> = {
  bool: 'BOOL',
  uint8: 'U8',
  int8: 'I8',
  float8_e5m2: 'F8_E5M2',
  float8_e4m3fn: 'F8_E4M3',
  float8_e8m0fnu: 'F8_E8M0',
  float8_e4m3fnuz: 'F8_E4M3FNUZ',
  float8_e5m2fnuz: 'F8_E5M2FNUZ',
  int16: 'I16',
  uint16: 'U16',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  uint32: 'U32',
  float32: 'F32',
  complex64: 'C64',
  float64: 'F64',
  int64: 'I64',
  uint64: 'U64',
};

const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as Dtype]));

/** Whether the format has this dtype. */
export function isStorable(dtype: Dtype): boolean {
  return Object.hasOwn(CODES, dtype);
}

/**
 * Parses the JSON of a header.
 *
 * @param dataLength the number of bytes after the header
 * @throws ValueError with the place if it is malformed, or if the ranges of the tensors do not cover these bytes once.
 */
export function parseHeader(bytes: Buffer, dataLength: number): Header {
  if (bytes[0] !== 0x7b) throw new ValueError("the header does not start with '{'");
  const metadata: [string, string][] = [];
  const tensors = new Map<string, TensorInfo>();
  at('the header', () => {
    const cursor = new JsonCursor(decodeUtf8(bytes, 'it'));
    cursor.object((name) => {
      if (name === METADATA) cursor.object((key) => void metadata.push([key, cursor.string()]));
      else
        tensors.set(
          name,
          at(`tensor ${nameText(name)}`, () => parseTensor(cursor)),
        );
    });
    cursor.end();
  });
  checkRanges(tensors, dataLength);
  return { metadata: Object.fromEntries(metadata), tensors };
}

function parseTensor(cursor: JsonCursor): TensorInfo {
  const found: { code?: string; shape?: number[]; range?: number[] } = {};
  cursor.object((key) => {
    if (key === 'dtype') found.code = cursor.string();
    else if (key === 'shape') found.shape = cursor.integers(MAX_DIMENSIONS);
    else if (key === 'data_offsets') found.range = cursor.integers(2);
    else cursor.fail(`dtype, shape or data_offsets as the key, not ${nameText(key)},`);
  });
  const { code, shape, range } = found;
  if (code === undefined || shape === undefined || range?.length !== 2) {
    throw new ValueError('it needs dtype, shape and two data_offsets');
  }
  const dtype = DTYPES.get(code);
  if (dtype === undefined) throw new ValueError(`the dtype ${nameText(code)} has no counterpart in PyTorch`);
  const [start, end] = range;
  const expected = byteLengthOf(dtype, shape);
  if (end - start !== expected) {
    throw new ValueError(
      `${dtype} values of shape [${shape.join(', ')}] take ${expected} bytes, but data_offsets are [${start}, ${end}]`,
    );
  }
  return { dtype, shape, range: [start, end] };
}

/** As in the reference implementation: no range overlaps another, and no byte is left. */
function checkRanges(tensors: ReadonlyMap<string, TensorInfo>, dataLength: number): void {
  let [position, previous] = [0, 'the start'];
  const sorted = [...tensors].sort(([, a], [, b]) => a.range[0] - b.range[0] || a.range[1] - b.range[1]);
  for (const [name, { range }] of sorted) {
    if (range[0] !== position) {
      const how = range[0] < position ? 'overlaps' : 'leaves a hole after';
      throw new ValueError(
        `tensor ${nameText(name)} ${how} ${previous}: it starts at byte ${range[0]} of the values, not ${position}`,
      );
    }
    [position, previous] = [range[1], `tensor ${nameText(name)}`];
  }
  if (position !== dataLength) {
    throw new ValueError(`the tensors take ${position} bytes, but ${dataLength} follow the header`);
  }
}

/** A header with its length, and the names of the tensors in the order of their values. */
export function formatHeader(
  tensors: ReadonlyMap<string, { dtype: Dtype; shape: readonly number[] }>,
  metadata: Readonly<Record<string, string>>,
): { bytes: Buffer; names: string[] } {
  const order = Object.keys(CODES);
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      order.indexOf(b.dtype) - order.indexOf(a.dtype) || Buffer.compare(Buffer.from(nameA), Buffer.from(nameB)),
  );
  let position = 0;
  const entries = sorted.map(([name, { dtype, shape }]) => {
    const start = position;
    position += byteLengthOf(dtype, shape);
    const info = { dtype: CODES[dtype], shape, data_offsets: [start, position] };
    return `${JSON.stringify(name)}:${JSON.stringify(info)}`;
  });
  if (Object.keys(metadata).length > 0) entries.unshift(`"${METADATA}":${JSON.stringify(metadata)}`);
  const text = Buffer.from(`{${entries.join(',')}}`);
  // Spaces up to a multiple of eight, so that the values are aligned.
  const length = Math.ceil(text.length / PREFIX_LENGTH) * PREFIX_LENGTH;
  if (length > MAX_HEADER_LENGTH) {
    throw new ValueError(
      `safetensors.saveFile(): the header, which has the names and shapes, takes ${length} bytes; the format allows ${MAX_HEADER_LENGTH}`,
    );
  }
  const bytes = Buffer.alloc(PREFIX_LENGTH + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  text.copy(bytes, PREFIX_LENGTH);
  return { bytes, names: sorted.map(([name]) => name) };
}
