/** Writes an `.npy` file piece by piece. The file appears under its name when it is complete. */

import { ValueError } from '../errors';
import { itemsizeOf } from '../files/element-layout';
import type { RowWriter } from '../jobs/rows';
import { AtomicFile } from '../files/atomic-file';
import { Coverage } from './coverage';
import { type NpyDtype } from './dtypes';
import { byteLength, elementCount, formatHeader } from './header';

/** The dtype and the shape of the whole array. */
export interface NpyWriterOptions {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
}

/**
 * An `.npy` file that is being written, in C order.
 *
 * ```ts
 * using writer = torch.npy.NpyWriter.create('y.npy', { dtype: 'float32', shape: [4, 2] });
 * writer.write(Float32Array.of(1, 2, 3, 4)); // the first two rows
 * writer.writeRows(3, Float32Array.of(7, 8)); // the last one
 * writer.writeRows(2, Float32Array.of(5, 6));
 * writer.finish(); // without it no file is left behind
 * ```
 */
export class NpyWriter implements RowWriter {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];

  private readonly size: number;
  private readonly coverage = new Coverage();
  /** Where {@link write} continues, in bytes from the start of the values. */
  private position = 0;

  private constructor(
    private readonly file: AtomicFile,
    private readonly dataStart: number,
    { dtype, shape }: NpyWriterOptions,
  ) {
    this.dtype = dtype;
    this.shape = [...shape];
    this.size = byteLength({ dtype, shape });
  }

  /**
   * Creates a temporary file in the directory of `path`, and removes those that killed processes left
   * behind there for the same path.
   *
   * @throws ValueError if `path` names something other than a regular file, or the array is too large;
   * the operating system's error if the directory cannot be written to.
   */
  static create(path: string, options: NpyWriterOptions): NpyWriter {
    byteLength(options);
    const header = formatHeader({ ...options, fortranOrder: false });
    const file = AtomicFile.create(path);
    try {
      file.writeAt(0, header);
    } catch (error) {
      file.abort();
      throw error;
    }
    return new NpyWriter(file, header.length, options);
  }

  /** The path of the finished file, after symbolic links. */
  get path(): string {
    return this.file.path;
  }

  /** The path of the temporary file. */
  get temporaryPath(): string {
    return this.file.temporaryPath;
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
   * Writes values after those of the last call, in this machine's byte order.
   *
   * @throws ValueError if the array has no room for them.
   */
  write(values: ArrayBufferView): void {
    this.writeValues(this.position, values);
  }

  /**
   * Writes whole rows from row `start` on, in any order of calls. {@link write} continues after them.
   *
   * @throws RangeError if `start` is not a row of the array; ValueError if the values are not whole
   * rows, or more than the array has room for.
   */
  writeRows(start: number, values: ArrayBufferView): void {
    const { rows, rowBytes } = this;
    if (!Number.isInteger(start) || start < 0 || start > rows) {
      throw new RangeError(`cannot write from row ${start} on; ${this.path} has ${rows} rows`);
    }
    if (rowBytes === 0 ? values.byteLength > 0 : values.byteLength % rowBytes > 0) {
      throw new ValueError(`a row of ${this.path} takes ${rowBytes} bytes; got ${values.byteLength} bytes`);
    }
    this.writeValues(start * rowBytes, values);
  }

  /**
   * Flushes the values to the disk and gives the file its name. A file of that name is replaced
   * atomically.
   *
   * @throws ValueError if values are missing.
   */
  finish(): void {
    const written = this.coverage.size;
    if (written !== this.size) {
      throw new ValueError(`${this.path} takes ${this.size} bytes of values; ${written} were written`);
    }
    this.file.commit();
  }

  /** Removes the temporary file. No effect after {@link finish} or a second time. */
  abort(): void {
    this.file.abort();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  private writeValues(position: number, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    const end = position + byteLength;
    if (end > this.size) {
      throw new ValueError(`${this.path} takes ${this.size} bytes of values; got values up to byte ${end}`);
    }
    this.file.writeAt(this.dataStart + position, Buffer.from(buffer, byteOffset, byteLength));
    this.coverage.add(position, end);
    this.position = end;
  }
}
