/**
 * Writes an `.npy` file piece by piece. The file appears under its name only when it is complete:
 * until then it is a temporary file in the same directory.
 */

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { ValueError } from '../errors';
import type { NpyDtype } from './dtypes';
import { byteLength, formatHeader } from './header';

/** One write call; a system call cannot take more than 2 GiB. */
const MAX_WRITE = 64 * 1024 * 1024;

/** What {@link NpyWriter.create} needs to know: the dtype and shape of the whole array. */
export interface NpyWriterOptions {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
}

/**
 * An `.npy` file that is being written, in C order.
 *
 * ```ts
 * using writer = torch.npy.NpyWriter.create('y.npy', { dtype: 'float32', shape: [4, 2] });
 * writer.write(Float32Array.of(1, 2, 3, 4));
 * writer.write(Float32Array.of(5, 6, 7, 8));
 * writer.finish(); // without it nothing is left behind
 * ```
 */
export class NpyWriter implements Disposable {
  private written = 0;

  private constructor(
    /** Where the file will stand. */
    readonly path: string,
    /** Where it stands until {@link finish}. */
    readonly temporaryPath: string,
    private descriptor: number,
    private readonly expected: number,
  ) {}

  /**
   * Begins a file.
   *
   * @throws ValueError when `path` names something that is not a regular file; the operating
   * system's error when its directory cannot be written to.
   */
  static create(path: string, { dtype, shape }: NpyWriterOptions): NpyWriter {
    const target = resolveTarget(path);
    const name = `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    const temporaryPath = join(dirname(target), name);
    const header = formatHeader({ dtype, fortranOrder: false, shape });
    const expected = byteLength({ dtype, shape });
    const writer = new NpyWriter(target, temporaryPath, fs.openSync(temporaryPath, 'wx'), expected);
    try {
      writer.writeAll(header);
    } catch (error) {
      writer.abort();
      throw error;
    }
    return writer;
  }

  /**
   * Appends values, in this machine's byte order.
   *
   * @throws ValueError when there are more than the shape has room for.
   */
  write(values: ArrayBufferView): void {
    this.written += values.byteLength;
    if (this.written > this.expected) {
      throw new ValueError(`${this.path} takes ${this.expected} bytes of values; ${this.written} were written`);
    }
    this.writeAll(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }

  /**
   * Makes sure that the values are on the disk and gives the file its name, replacing a file of
   * that name in one step.
   *
   * @throws ValueError when values are missing.
   */
  finish(): void {
    if (this.written !== this.expected) {
      throw new ValueError(`${this.path} takes ${this.expected} bytes of values; ${this.written} were written`);
    }
    try {
      fs.fsyncSync(this.descriptor);
      this.closeDescriptor();
      fs.renameSync(this.temporaryPath, this.path);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Gives up: removes the temporary file. Harmless after {@link finish} and when called twice. */
  abort(): void {
    if (this.descriptor >= 0) this.closeDescriptor();
    fs.rmSync(this.temporaryPath, { force: true });
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  private closeDescriptor(): void {
    const descriptor = this.descriptor;
    this.descriptor = -1;
    fs.closeSync(descriptor);
  }

  private writeAll(bytes: Uint8Array): void {
    if (this.descriptor < 0) throw new ValueError(`${this.path} was already closed`);
    let done = 0;
    while (done < bytes.byteLength) {
      const part = Math.min(MAX_WRITE, bytes.byteLength - done);
      done += fs.writeSync(this.descriptor, bytes, done, part);
    }
  }
}

/**
 * Follows symbolic links, which a rename would replace by a file, and refuses what a rename would
 * destroy (`/dev/null`, say).
 */
function resolveTarget(path: string): string {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat) return path;
  if (!stat.isFile()) throw new ValueError(`cannot write ${path}: it is not a regular file`);
  return fs.realpathSync(path);
}
