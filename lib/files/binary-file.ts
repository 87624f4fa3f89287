/** A file that is read at given positions, into JavaScript or into the memory of tensors. */

import fs from 'node:fs';
import { promisify } from 'node:util';

import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { readingFile } from './failure';
import { type Steps, runNow, step } from './steps';

/** The size of one read call; a system call cannot return more than 2 GiB. */
const MAX_READ = 64 * 1024 * 1024;

/** The size of one asynchronous read into a tensor: a signal ends the read between two of them. */
const PIECE = 16 * 1024 * 1024;

const read = promisify(fs.read);

/** An open regular file. */
export class BinaryFile implements Disposable {
  private mapped: Tensor | undefined;

  private constructor(
    /** The path, as it was given. */
    readonly path: string,
    private descriptor: number,
    /** The size when the file was opened, in bytes. */
    readonly size: number,
  ) {}

  /**
   * Opens a file.
   *
   * @throws the operating system's error if it cannot be opened; ValueError if it is not a regular file.
   */
  static open(path: string): BinaryFile {
    const descriptor = fs.openSync(path, 'r');
    try {
      const stat = fs.fstatSync(descriptor);
      if (!stat.isFile()) readingFile(path, () => refuse('it is not a regular file'));
      return new BinaryFile(path, descriptor, stat.size);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  }

  /**
   * Reads bytes.
   *
   * @throws ValueError if the file ends before.
   */
  read(position: number, length: number): Buffer {
    return runNow(this.reading(position, length));
  }

  /** {@link read} in steps. */
  *reading(position: number, length: number): Steps<Buffer> {
    this.check(position, length);
    // Not a slice of Node's pool, so that a typed array over it is aligned.
    const bytes = Buffer.from(new ArrayBuffer(length));
    let done = 0;
    while (done < length) {
      const args = [bytes, done, Math.min(MAX_READ, length - done), position + done] as const;
      const count = yield* step(
        () => fs.readSync(this.descriptor, ...args),
        async () => (await read(this.descriptor, ...args)).bytesRead,
      );
      if (count === 0) refuse('it was truncated while it was being read');
      done += count;
    }
    return bytes;
  }

  /**
   * Reads bytes into a uint8 tensor. With `mmap` they are mapped: read when they are used, and kept from the
   * file if they are written to.
   *
   * @throws ValueError if the file ends before.
   */
  tensor(position: number, length: number, { mmap }: { mmap: boolean }): Tensor {
    if (!mmap || length === 0) return runNow(this.readingTensor(position, length));
    this.check(position, length);
    this.mapped ??= native.mapFileBytes(this.descriptor, this.size);
    return native.sliceBytes(this.mapped, position, length);
  }

  /** {@link tensor} without `mmap`, in steps. */
  *readingTensor(position: number, length: number): Steps<Tensor> {
    this.check(position, length);
    return yield* step(
      () => native.readFileBytes(this.descriptor, position, length),
      async (signal) => {
        const bytes = torchFunctions.empty([length], { dtype: 'uint8', device: 'cpu' });
        for (let done = 0; done < length; done += PIECE) {
          signal?.throwIfAborted();
          const part = Math.min(PIECE, length - done);
          await native.readFileInto(bytes, done, part, this.descriptor, position + done);
        }
        return bytes;
      },
    );
  }

  /** Closes the file. Mapped tensors stay valid. No effect a second time. */
  close(): void {
    this.mapped?.dispose();
    this.mapped = undefined;
    if (this.descriptor < 0) return;
    fs.closeSync(this.descriptor);
    this.descriptor = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private check(position: number, length: number): void {
    if (this.descriptor < 0) refuse('it was closed');
    if (position < 0 || length < 0 || position + length > this.size) {
      refuse(`bytes ${position} to ${position + length} lie outside of its ${this.size} bytes`);
    }
  }
}

function refuse(message: string): never {
  throw new ValueError(message);
}
