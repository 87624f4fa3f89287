/** Reads the entries of a ZIP file: stored or deflated, also with ZIP64. */

import { crc32, inflateRawSync } from 'node:zlib';

import { ValueError } from '../errors';
import { BinaryFile } from '../files/binary-file';
import { at, messageOf, readingFile } from '../files/failure';
import { piecesOf } from '../files/tensor-bytes';
import type { Tensor } from '../tensor';
import { type ZipEntry, readDirectory } from './directory';

export type { ZipEntry } from './directory';

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
   * The bytes of an entry, decompressed.
   *
   * @throws ValueError if they do not have the size or the checksum that the directory gives.
   */
  read(entry: ZipEntry): Buffer {
    return at(`entry '${entry.name}'`, () => {
      const stored = this.file.read(entry.start, entry.storedSize);
      const bytes = entry.isDeflated ? inflate(stored, entry.size) : stored;
      checkCrc(entry, crc32(bytes));
      return bytes;
    });
  }

  /**
   * The bytes of a stored entry as a uint8 tensor. With `mmap` they are read when they are used, and their checksum is
   * not compared.
   *
   * @throws ValueError if the entry is compressed or has another checksum.
   */
  tensor(entry: ZipEntry, options: { mmap: boolean; checksCrc: boolean }): Tensor {
    return at(`entry '${entry.name}'`, () => {
      if (entry.isDeflated) throw new ValueError('it is compressed; expected a stored entry');
      const bytes = this.file.tensor(entry.start, entry.size, options);
      if (options.checksCrc && !options.mmap) {
        let crc = 0;
        for (const piece of piecesOf(bytes)) crc = crc32(piece, crc);
        checkCrc(entry, crc);
      }
      return bytes;
    });
  }

  /** Closes the file. */
  close(): void {
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function inflate(stored: Buffer, size: number): Buffer {
  let bytes: Buffer;
  try {
    // One chunk of the whole size, and one byte more to notice that there is more: no second copy is made.
    bytes = inflateRawSync(stored, { chunkSize: Math.max(64, size + 1), maxOutputLength: size + 1 });
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
