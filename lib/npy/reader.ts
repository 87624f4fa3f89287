/**
 * Reads an `.npy` file a few rows at a time: memory is bounded by the number of rows that are read, not by
 * the size of the file.
 */

import fs from 'node:fs';

import { ValueError } from '../errors';
import { itemsizeOf } from '../files/element-layout';
import { messageOf } from '../files/failure';
import type { RowReader } from '../jobs/rows';
import { type NpyData, type NpyDtype, allocateBytes, toNativeBytes, viewBytes } from './dtypes';
import { type ParsedNpyHeader, elementCount, readHeader } from './header';

/** The size of one read call; a system call cannot return more than 2 GiB. */
const MAX_READ = 64 * 1024 * 1024;

/**
 * The block size for files in Fortran order. The elements of a row are far apart there, so that a few rows
 * cost as many disk accesses as thousands.
 */
const FORTRAN_BLOCK = 8 * 1024 * 1024;

interface RowBlock {
  readonly start: number;
  readonly count: number;
  readonly bytes: Buffer;
}

/**
 * An open `.npy` file.
 *
 * ```ts
 * using reader = torch.npy.NpyReader.open('x.npy');
 * for (let row = 0; row < reader.rows; row += 1000) {
 *   const values = reader.readRows(row, Math.min(1000, reader.rows - row));
 * }
 * ```
 *
 * Format versions 1.0 to 3.0, either byte order, C and Fortran order. Bytes after the array are
 * ignored, as `numpy.load` does.
 */
export class NpyReader implements RowReader {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  /** Whether the first index varies fastest in the file. */
  readonly fortranOrder: boolean;

  private readonly swapped: boolean;
  private block: RowBlock | undefined;

  private constructor(
    /** The path, as it was given. */
    readonly path: string,
    private descriptor: number,
    private readonly dataStart: number,
    header: ParsedNpyHeader,
  ) {
    this.dtype = header.dtype;
    this.shape = header.shape;
    this.fortranOrder = header.fortranOrder;
    this.swapped = header.swapped;
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws ValueError if the file is not an `.npy` file, is truncated, or has a dtype that PyTorch lacks;
   * the operating system's error if it cannot be opened.
   */
  static open(path: string): NpyReader {
    const descriptor = fs.openSync(path, 'r');
    try {
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile()) throw new ValueError('it is not a regular file');
      const header = readHeader((position, length) => readUpTo(descriptor, position, length), stat.size);
      return new NpyReader(path, descriptor, header.dataStart, header);
    } catch (error) {
      fs.closeSync(descriptor);
      throw new ValueError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The size of the first dimension; 1 for a 0-d array. */
  get rows(): number {
    return this.shape[0] ?? 1;
  }

  /** The shape of one row: all dimensions but the first. */
  get rowShape(): readonly number[] {
    return this.shape.slice(1);
  }

  /** The size of one row in bytes. */
  get rowBytes(): number {
    return elementCount(this.rowShape) * itemsizeOf(this.dtype);
  }

  /**
   * Reads `count` rows from row `start` on, as a typed array in C order and in this machine's byte order.
   *
   * @param scratch - Memory to read into: at least as large as the rows, at a multiple of 16 bytes of its ArrayBuffer.
   * The result may lie in it, and is then valid until the next read. Without it each read allocates, and
   * only the garbage collector frees.
   * @throws RangeError for rows that the file does not have, or a `scratch` that is too small; ValueError if
   * the file was truncated after it was opened.
   */
  readRows(start: number, count: number, scratch?: Uint8Array): NpyData {
    if (!Number.isInteger(start) || !Number.isInteger(count) || start < 0 || count < 0 || start + count > this.rows) {
      throw new RangeError(`cannot read ${count} rows from row ${start} on; ${this.path} has ${this.rows} rows`);
    }
    if (scratch !== undefined && (scratch.byteOffset % 16 !== 0 || scratch.byteLength < count * this.rowBytes)) {
      throw new RangeError(
        `argument 'scratch' has ${scratch.byteLength} bytes from offset ${scratch.byteOffset}; expected at least ` +
          `${count * this.rowBytes} bytes from a multiple of 16`,
      );
    }
    const width = elementCount(this.rowShape);
    const scattered = this.fortranOrder && width > 1;
    const bytes = scattered ? this.readScattered(start, count) : this.readAdjacent(start, count, scratch);
    return viewBytes(bytes, this.dtype);
  }

  /** Closes the file. No effect a second time. */
  close(): void {
    if (this.descriptor < 0) return;
    fs.closeSync(this.descriptor);
    this.descriptor = -1;
    this.block = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private readBytes(offset: number, length: number, scratch?: Uint8Array): Buffer {
    if (this.descriptor < 0) throw new ValueError(`cannot read ${this.path}: it was closed`);
    const bytes = readUpTo(this.descriptor, this.dataStart + offset, length, scratch);
    if (bytes.length < length) {
      throw new ValueError(`cannot read ${this.path}: it was truncated while it was being read`);
    }
    toNativeBytes(bytes, this.dtype, this.swapped);
    return bytes;
  }

  private readAdjacent(start: number, count: number, scratch?: Uint8Array): Buffer {
    const { rowBytes } = this;
    return this.readBytes(start * rowBytes, count * rowBytes, scratch);
  }

  /** Reads rows of a file in Fortran order from a block that is read ahead. */
  private readScattered(start: number, count: number): Buffer {
    const { rowBytes } = this;
    let block = this.block;
    if (!block || start < block.start || start + count > block.start + block.count) {
      const ahead = Math.max(count, Math.floor(FORTRAN_BLOCK / rowBytes));
      const rows = Math.min(ahead, this.rows - start);
      block = { start, count: rows, bytes: this.readBlock(start, rows) };
      this.block = block;
    }
    const first = (start - block.start) * rowBytes;
    return block.bytes.subarray(first, first + count * rowBytes);
  }

  private readBlock(start: number, count: number): Buffer {
    const itemsize = itemsizeOf(this.dtype);
    const shape = this.rowShape;
    const width = elementCount(shape);
    const block = allocateBytes(count * width * itemsize);
    const index = shape.map(() => 0);
    for (let column = 0; column < width; column++) {
      const position = index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);
      const piece = this.readBytes((column * this.rows + start) * itemsize, count * itemsize);
      scatter(piece, block, position, width, itemsize);
      advance(index, shape);
    }
    return block;
  }
}

/** Advances to the next index, the first one fastest. */
function advance(index: number[], shape: readonly number[]): void {
  for (let axis = 0; axis < index.length; axis++) {
    const next = index[axis] + 1;
    index[axis] = next < shape[axis] ? next : 0;
    if (next < shape[axis]) return;
  }
}

/** Copies the elements of `piece` into `block`, `stride` elements apart, the first one to `position`. */
function scatter(piece: Buffer, block: Buffer, position: number, stride: number, itemsize: number): void {
  // As unsigned integers: a copy as floating-point numbers may change NaNs.
  const Unit = itemsize === 1 ? Uint8Array : itemsize === 2 ? Uint16Array : Uint32Array;
  const lanes = Math.max(1, itemsize / 4);
  const size = itemsize / lanes;
  const from = new Unit(piece.buffer as ArrayBuffer, piece.byteOffset, piece.length / size);
  const to = new Unit(block.buffer as ArrayBuffer, block.byteOffset, block.length / size);
  for (let lane = 0; lane < lanes; lane++) {
    let target = position * lanes + lane;
    for (let source = lane; source < from.length; source += lanes) {
      to[target] = from[source];
      target += stride * lanes;
    }
  }
}

/** Reads `length` bytes, or fewer at the end of the file. */
function readUpTo(descriptor: number, position: number, length: number, scratch?: Uint8Array): Buffer {
  const bytes = scratch === undefined ? allocateBytes(length) : Buffer.from(scratch.buffer, scratch.byteOffset, length);
  let done = 0;
  while (done < length) {
    const part = Math.min(MAX_READ, length - done);
    const read = fs.readSync(descriptor, bytes, done, part, position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}
