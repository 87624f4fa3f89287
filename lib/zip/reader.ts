/** Reads the entries of a ZIP file: stored or deflated, also with ZIP64. */

import { promisify } from 'node:util';
import { type ZlibOptions, inflateRaw, inflateRawSync } from 'node:zlib';

import { ValueError } from '../errors';
import { BinaryFile } from '../files/binary-file';
import { at, messageOf, readingFile, stepsAt } from '../files/failure';
import { type Steps, step } from '../files/steps';
import { checksumOf, tensorOfBytes } from '../files/tensor-bytes';
import type { Tensor } from '../tensor';
import { type ZipEntry, entryText, readDirectory } from './directory';

export { type ZipEntry, entryText } from './directory';

/** An open ZIP file. */
export class ZipReader implements Disposable {
  private constructor(
    readonly file: BinaryFile,
    /** The entries by name, in the order of the directory. */
    readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /**
   * Opens a file and reads its directory.
   *
   * @throws ValueError if it is not a ZIP file or is malformed; the operating system's error if it cannot be opened.
   */
  static open(path: string): ZipReader {
    const file = BinaryFile.open(path);
    try {
      return new ZipReader(
        file,
        readingFile(path, () => readDirectory(file)),
      );
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * The bytes of an entry as a uint8 tensor, decompressed, in steps.
   *
   * @throws ValueError if they do not have the size or the checksum that the directory gives.
   */
  read(entry: ZipEntry): Steps<Tensor> {
    return stepsAt(entryText(entry.name), this.reading(entry));
  }

  private *reading(entry: ZipEntry): Steps<Tensor> {
    const { start, size, storedSize } = entry;
    const bytes = entry.isDeflated
      ? yield* tensorOfBytes(yield* inflate(yield* this.file.reading(start, storedSize), size))
      : yield* this.file.readingTensor(start, size);
    checkCrc(entry, yield* checksumOf(bytes));
    return bytes;
  }

  /**
   * The bytes of a stored entry as a uint8 tensor; its checksum is not compared. With `mmap` they are read when they are
   * used.
   *
   * @throws ValueError if the entry is compressed.
   */
  tensor(entry: ZipEntry, options: { mmap: boolean }): Tensor {
    return at(entryText(entry.name), () => {
      if (entry.isDeflated) throw new ValueError('it is compressed; expected a stored entry');
      return this.file.tensor(entry.start, entry.size, options);
    });
  }

  /** {@link tensor} of a stored entry without `mmap`, in steps. */
  readingTensor(entry: ZipEntry): Steps<Tensor> {
    return stepsAt(entryText(entry.name), this.file.readingTensor(entry.start, entry.size));
  }

  /** Closes the file. */
  close(): void {
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const inflateRawLater = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

function* inflate(stored: Buffer, size: number): Steps<Buffer> {
  let bytes: Buffer;
  try {
    // One chunk of the whole size, and one byte more to notice that there is more: no second copy is made.
    const options = { chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1 };
    bytes = yield* step(
      () => inflateRawSync(stored, options),
      () => inflateRawLater(stored, options),
    );
  } catch (error) {
    throw new ValueError(`it cannot be decompressed into ${size} bytes: ${messageOf(error)}`, { cause: error });
  }
  if (bytes.length !== size) throw new ValueError(`it expands to ${bytes.length} bytes; the directory says ${size}`);
  return bytes;
}

function checkCrc(entry: ZipEntry, found: number): void {
  if (found === entry.crc32) return;
  const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
  throw new ValueError(`its bytes have the checksum ${hex(found)}; the directory says ${hex(entry.crc32)}`);
}
