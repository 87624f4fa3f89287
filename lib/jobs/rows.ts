/**
 * Arrays as rows: the interfaces between jobs and file formats. A row is one index of the first
 * dimension. All rows have one shape and one dtype, and are read and written in any order.
 */

import type { Dtype } from '../dtype';

/** The type of one row. */
export interface RowType {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

interface RowArray extends Disposable {
  /** The file, as messages name it. */
  readonly path: string;
  /** The dtype of the values. */
  readonly dtype: Dtype;
  /** The number of rows. */
  readonly rows: number;
  /** The shape of one row. */
  readonly rowShape: readonly number[];
  /** The size of one row in bytes, as in the memory of a tensor. */
  readonly rowBytes: number;
}

/** An array to read from. */
export interface RowReader extends RowArray {
  /**
   * Reads `count` rows from row `start` on, in C order and in this machine's byte order.
   *
   * @param scratch Memory for the values: at least `count * rowBytes` bytes, at a multiple of 16
   * bytes of its ArrayBuffer. The result may lie in it, and is then valid until the next read.
   */
  readRows(start: number, count: number, scratch?: Uint8Array): ArrayBufferView;
}

/** An array to write to. Its file appears when {@link finish} is called, complete. */
export interface RowWriter extends RowArray {
  /** Writes whole rows from row `start` on, in C order and in this machine's byte order. */
  writeRows(start: number, values: ArrayBufferView): void;
  /** Puts the file in its place; an error if rows are missing. */
  finish(): void;
  /** Discards what was written. No effect after {@link finish}. */
  abort(): void;
}
