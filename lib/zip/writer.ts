/** Writes a ZIP file, entry by entry. The file appears under its name when it is complete. */

import { promisify } from 'node:util';
import { crc32, deflateRaw, deflateRawSync } from 'node:zlib';

import { ValueError } from '../errors';
import { AtomicFile } from '../files/atomic-file';
import { type Steps, runNow, step } from '../files/steps';
import { checksumOf, copyTo } from '../files/tensor-bytes';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { entryText } from './directory';
import * as zip from './layout';

/** The extra field that only fills space; PyTorch uses this one too. */
const PADDING_EXTRA = 0x4246;

/** The version of the format that a reader needs: 4.5 for ZIP64, else 2.0. */
const [VERSION_ZIP64, VERSION] = [45, 20];

/** 1 January 1980, so that the same content gives the same file. */
const DATE = 0x21;

const deflateRawLater = promisify<Buffer, Buffer>(deflateRaw);

/** Bytes, or a flat uint8 tensor. */
type Part = Uint8Array | Tensor;

interface Written {
  name: Buffer;
  method: number;
  crc: number;
  size: number;
  storedSize: number;
  offset: number;
}

/** A ZIP file that is being written. */
export class ZipWriter implements Disposable {
  private readonly written: Written[] = [];
  private position = 0;

  private constructor(
    private readonly file: AtomicFile,
    /** The bytes of a stored entry start at a multiple of this. */
    private readonly alignment: number,
    /** Whether to use ZIP64 for every entry, for tests. */
    private readonly forcesZip64: boolean,
  ) {}

  /**
   * Creates the temporary file.
   *
   * @throws ValueError if `path` names something other than a regular file; the operating system's error if its
   * directory cannot be written to.
   */
  static create(
    path: string,
    { alignment, forcesZip64 = false }: { alignment: number; forcesZip64?: boolean },
  ): ZipWriter {
    return new ZipWriter(AtomicFile.create(path), alignment, forcesZip64);
  }

  /** Adds an entry of the given parts. */
  add(name: string, parts: readonly Part[], options: { deflates?: boolean } = {}): void {
    runNow(this.adding(name, parts, options));
  }

  /** {@link add} in steps. */
  *adding(name: string, parts: readonly Part[], { deflates = false } = {}): Steps<void> {
    const size = parts.reduce((sum, part) => sum + sizeOf(part), 0);
    let crc = 0;
    for (const part of parts) crc = native.isTensor(part) ? yield* checksumOf(part, crc) : crc32(part, crc);
    if (!deflates) return yield* this.write(name, zip.STORED, size, size, crc, parts);
    const bytes = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (const part of parts) {
      const place = bytes.subarray(end, (end += sizeOf(part)));
      if (native.isTensor(part)) yield* copyTo(place, part, 0);
      else place.set(part);
    }
    const compressed = yield* step(
      () => deflateRawSync(bytes),
      () => deflateRawLater(bytes),
    );
    yield* this.write(name, zip.DEFLATED, size, compressed.length, crc, [compressed]);
  }

  /** Writes the directory and gives the file its name. */
  finish(): void {
    runNow(this.finishing());
  }

  /** {@link finish} in steps. */
  *finishing(): Steps<void> {
    const directory = Buffer.concat(this.written.map((entry) => this.centralHeader(entry)));
    yield* this.file.write(this.position, Buffer.concat([directory, this.endRecords(directory.length)]));
    yield* this.file.committing();
  }

  /** Removes the temporary file. No effect after {@link finish} or a second time. */
  abort(): void {
    this.file.abort();
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  private *write(
    name: string,
    method: number,
    size: number,
    storedSize: number,
    crc: number,
    parts: readonly Part[],
  ): Steps<void> {
    const entry = { name: Buffer.from(name), method, crc, size, storedSize, offset: this.position };
    if (entry.name.length > zip.MAX_16) {
      throw new ValueError(
        `${entryText(name)}: the name takes ${entry.name.length} bytes; a ZIP file allows ${zip.MAX_16}`,
      );
    }
    const header = this.localHeader(entry);
    yield* this.file.write(this.position, header);
    let end = this.position + header.length;
    for (const part of parts) {
      if (native.isTensor(part)) yield* this.file.writeTensor(end, part);
      else yield* this.file.write(end, part);
      end += sizeOf(part);
    }
    this.position = end;
    this.written.push(entry);
  }

  private needsZip64(...values: number[]): boolean {
    return this.forcesZip64 || values.some((value) => value >= zip.MAX_32);
  }

  private localHeader(entry: Written): Buffer {
    const { name, size, storedSize } = entry;
    const large = this.needsZip64(size, storedSize);
    const sizes = large ? zip64Extra([size, storedSize]) : Buffer.alloc(0);
    const unaligned = this.position + zip.LOCAL_HEADER.size + name.length + sizes.length;
    const extra = Buffer.concat([sizes, this.padding(unaligned, entry.method)]);
    const header = Buffer.alloc(zip.LOCAL_HEADER.size);
    header.writeUInt32LE(zip.LOCAL_HEADER.signature, 0);
    header.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 4);
    writeCommon(header, 6, entry, large);
    header.writeUInt16LE(name.length, 26);
    header.writeUInt16LE(extra.length, 28);
    return Buffer.concat([header, name, extra]);
  }

  /** An extra field after which the bytes are aligned. It takes at least four bytes itself. */
  private padding(position: number, method: number): Buffer {
    if (method !== zip.STORED || position % this.alignment === 0) return Buffer.alloc(0);
    const length = 4 + ((2 * this.alignment - ((position + 4) % this.alignment)) % this.alignment);
    const field = Buffer.alloc(length);
    field.writeUInt16LE(PADDING_EXTRA, 0);
    field.writeUInt16LE(length - 4, 2);
    return field;
  }

  private centralHeader(entry: Written): Buffer {
    const { name, size, storedSize, offset } = entry;
    const large = this.needsZip64(size, storedSize, offset);
    const extra = large ? zip64Extra([size, storedSize, offset]) : Buffer.alloc(0);
    const header = Buffer.alloc(zip.CENTRAL_HEADER.size);
    header.writeUInt32LE(zip.CENTRAL_HEADER.signature, 0);
    header.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 4);
    header.writeUInt16LE(large ? VERSION_ZIP64 : VERSION, 6);
    writeCommon(header, 8, entry, large);
    header.writeUInt16LE(name.length, 28);
    header.writeUInt16LE(extra.length, 30);
    header.writeUInt32LE(large ? zip.MAX_32 : offset, 42);
    return Buffer.concat([header, name, extra]);
  }

  private endRecords(directorySize: number): Buffer {
    const { position, written } = this;
    const large = this.needsZip64(position, directorySize) || written.length >= zip.MAX_16;
    const end = Buffer.alloc(zip.END.size);
    end.writeUInt32LE(zip.END.signature, 0);
    end.writeUInt16LE(large ? zip.MAX_16 : written.length, 8);
    end.writeUInt16LE(large ? zip.MAX_16 : written.length, 10);
    end.writeUInt32LE(large ? zip.MAX_32 : directorySize, 12);
    end.writeUInt32LE(large ? zip.MAX_32 : position, 16);
    return large ? Buffer.concat([zip64End(written.length, directorySize, position), end]) : end;
  }
}

const sizeOf = (part: Part): number => (native.isTensor(part) ? part.numel() : part.byteLength);

/** The fields that the headers of an entry share: flags, method, time, checksum and sizes. */
function writeCommon(
  header: Buffer,
  at: number,
  { name, method, crc, size, storedSize }: Written,
  large: boolean,
): void {
  // A name of ASCII characters needs no flag, and PyTorch's reader has none.
  const isAscii = name.every((byte) => byte < 0x80);
  header.writeUInt16LE(isAscii ? 0 : zip.FLAG_UTF8, at);
  header.writeUInt16LE(method, at + 2);
  header.writeUInt16LE(DATE, at + 6);
  header.writeUInt32LE(crc, at + 8);
  header.writeUInt32LE(large ? zip.MAX_32 : storedSize, at + 12);
  header.writeUInt32LE(large ? zip.MAX_32 : size, at + 16);
}

function zip64Extra(values: number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(zip.ZIP64_EXTRA, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, i) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return extra;
}

/** The ZIP64 end record and its locator. */
function zip64End(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(zip.ZIP64_END.size);
  record.writeUInt32LE(zip.ZIP64_END.signature, 0);
  record.writeBigUInt64LE(BigInt(zip.ZIP64_END.size - 12), 4);
  record.writeUInt16LE(VERSION_ZIP64, 12);
  record.writeUInt16LE(VERSION_ZIP64, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(zip.ZIP64_LOCATOR.size);
  locator.writeUInt32LE(zip.ZIP64_LOCATOR.signature, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}
