/**
 * The directory of a ZIP file: which entries it has, and where their bytes are. It trusts nothing: every entry must lie
 * inside the file, none may overlap another, and no name may occur twice.
 */

import { shortened } from '../describe';
import { ValueError } from '../errors';
import type { BinaryFile } from '../files/binary-file';
import { decodeUtf8 } from '../files/utf8';
import * as zip from './layout';

/** An entry of a ZIP file. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  /** The number of bytes after decompression. */
  readonly size: number;
  /** The number of bytes in the file. */
  readonly storedSize: number;
  readonly crc32: number;
  /** Where the bytes start in the file. */
  readonly start: number;
}

/** An entry in messages: `entry 'data.pkl'`. */
export function entryText(name: string): string {
  return `entry '${shortened(name)}'`;
}

/** A comment of the file, the only thing that may follow the end record, has at most this length. */
const MAX_COMMENT = 0xffff;

/** What deflate can gain at most: 258 bytes for two bits. */
const MAX_RATIO = 1032;

/** More than any checkpoint has. Bounds the memory that a directory takes. */
const MAX_ENTRIES = 1 << 20;

interface End {
  count: number;
  size: number;
  offset: number;
  /** Where the directory must end. */
  limit: number;
}

interface CentralEntry {
  name: string;
  nameBytes: Buffer;
  method: number;
  size: number;
  storedSize: number;
  crc32: number;
  /** Where the local header starts. */
  offset: number;
}

/**
 * Reads the directory.
 *
 * @throws ValueError if the file is not a ZIP file or is malformed.
 */
export function readDirectory(file: BinaryFile): Map<string, ZipEntry> {
  const end = readEnd(file);
  const entries = parseCentralDirectory(file.read(end.offset, end.size), end);
  const result = new Map<string, ZipEntry>();
  let previous: { name: string; end: number } = { name: '', end: 0 };
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset < previous.end) {
      refuse(`entries '${shortened(previous.name)}' and '${shortened(entry.name)}' overlap at byte ${entry.offset}`);
    }
    const start = readLocalHeader(file, entry, end.offset);
    previous = { name: entry.name, end: start + entry.storedSize };
    const { name, method, size, storedSize, crc32 } = entry;
    result.set(name, { name, isDeflated: method === zip.DEFLATED, size, storedSize, crc32, start });
  }
  // In the order of the directory.
  return new Map(entries.map(({ name }) => [name, result.get(name) as ZipEntry]));
}

function readEnd(file: BinaryFile): End {
  const tail = Math.min(file.size, zip.END.size + MAX_COMMENT);
  const bytes = file.read(file.size - tail, tail);
  for (let at = tail - zip.END.size; at >= 0; at--) {
    if (bytes.readUInt32LE(at) !== zip.END.signature || at + zip.END.size + bytes.readUInt16LE(at + 20) !== tail)
      continue;
    const position = file.size - tail + at;
    const found = readZip64End(file, position) ?? {
      disks: [bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)],
      counts: [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)],
      size: bytes.readUInt32LE(at + 12),
      offset: bytes.readUInt32LE(at + 16),
      limit: position,
    };
    const { disks, counts, size, offset, limit } = found;
    if (disks.some((disk) => disk !== 0) || counts[0] !== counts[1]) refuse('it is one part of several ZIP files');
    if (offset + size > limit) {
      refuse(`the directory of the ZIP file (bytes ${offset} to ${offset + size}) does not end before byte ${limit}`);
    }
    if (counts[0] > MAX_ENTRIES) refuse(`it has ${counts[0]} entries; the limit is ${MAX_ENTRIES}`);
    if (size > counts[0] * (zip.CENTRAL_HEADER.size + 3 * zip.MAX_16)) refuse(`the directory takes ${size} bytes`);
    return { count: counts[0], size, offset, limit };
  }
  const start = file.read(0, Math.min(4, file.size)).toString('hex');
  return refuse(
    `it is not a ZIP file, or it is truncated: it has no end record (it starts with ${start || 'nothing'})`,
  );
}

function readZip64End(file: BinaryFile, endPosition: number) {
  const locatorPosition = endPosition - zip.ZIP64_LOCATOR.size;
  if (locatorPosition < 0) return null;
  const locator = file.read(locatorPosition, zip.ZIP64_LOCATOR.size);
  if (locator.readUInt32LE(0) !== zip.ZIP64_LOCATOR.signature) return null;
  const position = readSize(locator, 8, 'the position of the ZIP64 record');
  if (position + zip.ZIP64_END.size > locatorPosition) refuse(`the ZIP64 record lies at byte ${position}`);
  const record = file.read(position, zip.ZIP64_END.size);
  if (record.readUInt32LE(0) !== zip.ZIP64_END.signature) refuse(`there is no ZIP64 record at byte ${position}`);
  return {
    disks: [locator.readUInt32LE(4), record.readUInt32LE(16), record.readUInt32LE(20)],
    counts: [24, 32].map((field) => readSize(record, field, 'the number of entries in the ZIP64 record')),
    size: readSize(record, 40, 'the size of the directory'),
    offset: readSize(record, 48, 'the position of the directory'),
    limit: position,
  };
}

function parseCentralDirectory(bytes: Buffer, { count, offset }: End): CentralEntry[] {
  const entries: CentralEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  while (at < bytes.length && entries.length < count) {
    const place = `the directory, at byte ${offset + at}`;
    const fits = (size: number): void => void (at + size > bytes.length && refuse(`${place}: it ends inside an entry`));
    fits(zip.CENTRAL_HEADER.size);
    if (bytes.readUInt32LE(at) !== zip.CENTRAL_HEADER.signature) refuse(`${place}: there is no entry`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const nameStart = at + zip.CENTRAL_HEADER.size;
    fits(zip.CENTRAL_HEADER.size + nameLength + extraLength + commentLength);
    const nameBytes = bytes.subarray(nameStart, nameStart + nameLength);
    const extra = bytes.subarray(nameStart + nameLength, nameStart + nameLength + extraLength);
    const entry = parseCentralEntry(bytes.subarray(at, nameStart), nameBytes, extra, place);
    if (names.has(entry.name)) refuse(`${place}: a second ${entryText(entry.name)}`);
    names.add(entry.name);
    entries.push(entry);
    at = nameStart + nameLength + extraLength + commentLength;
  }
  if (entries.length < count || at < bytes.length) {
    refuse(
      `the directory has ${entries.length} entries in ${at} of ${bytes.length} bytes; the end record says ${count}`,
    );
  }
  return entries;
}

function parseCentralEntry(header: Buffer, nameBytes: Buffer, extra: Buffer, place: string): CentralEntry {
  const name = decodeName(nameBytes, place);
  const flags = header.readUInt16LE(8);
  if ((flags & (zip.FLAG_ENCRYPTED | zip.FLAG_STRONG_ENCRYPTION)) !== 0) refuse(`${entryText(name)} is encrypted`);
  const method = header.readUInt16LE(10);
  if (method !== zip.STORED && method !== zip.DEFLATED) {
    refuse(`${entryText(name)} has compression method ${method}; expected 0 (stored) or 8 (deflate)`);
  }
  const disk = header.readUInt16LE(34);
  if (disk !== 0 && disk !== zip.MAX_16) refuse(`${entryText(name)} is in another part of several ZIP files`);
  const fields = [header.readUInt32LE(24), header.readUInt32LE(20), header.readUInt32LE(42)];
  const [size, storedSize, offset] = withZip64(fields, extra, name);
  if (method === zip.STORED && size !== storedSize) {
    refuse(`${entryText(name)} is not compressed, but has ${storedSize} bytes in the file and ${size} outside`);
  }
  if (size > storedSize * MAX_RATIO) refuse(`${entryText(name)} claims to expand from ${storedSize} to ${size} bytes`);
  return { name, nameBytes, method, size, storedSize, crc32: header.readUInt32LE(16), offset };
}

/** Replaces the fields that are too small for their values by those of the ZIP64 extra field. */
function withZip64(fields: number[], extra: Buffer, name: string): number[] {
  if (!fields.includes(zip.MAX_32)) return fields;
  const data = findExtra(extra, name);
  let at = 0;
  return fields.map((field) => {
    if (field !== zip.MAX_32) return field;
    if (at + 8 > data.length) refuse(`${entryText(name)}: its ZIP64 field is too short`);
    at += 8;
    return readSize(data, at - 8, `a size of ${entryText(name)}`);
  });
}

function findExtra(extra: Buffer, name: string): Buffer {
  let at = 0;
  while (at + 4 <= extra.length) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    if (extra.readUInt16LE(at) === zip.ZIP64_EXTRA) return extra.subarray(at + 4, end);
    at = end;
  }
  return refuse(`${entryText(name)} has no ZIP64 field`);
}

/** Checks the header in front of an entry's bytes and returns where they start. */
function readLocalHeader(file: BinaryFile, entry: CentralEntry, limit: number): number {
  const { name, nameBytes, offset, storedSize } = entry;
  const nameStart = offset + zip.LOCAL_HEADER.size;
  if (nameStart + nameBytes.length > limit) refuse(`${entryText(name)} starts at byte ${offset}, behind the entries`);
  const header = file.read(offset, zip.LOCAL_HEADER.size + nameBytes.length);
  const isHeader = header.readUInt32LE(0) === zip.LOCAL_HEADER.signature;
  if (!isHeader || header.readUInt16LE(26) !== nameBytes.length || !header.subarray(30).equals(nameBytes)) {
    refuse(`${entryText(name)} has no header of that name at byte ${offset}`);
  }
  const start = nameStart + nameBytes.length + header.readUInt16LE(28);
  if (start + storedSize > limit) {
    refuse(`${entryText(name)} (bytes ${start} to ${start + storedSize}) does not end before byte ${limit}`);
  }
  return start;
}

/** Old tools do not mark names as UTF-8. */
function decodeName(bytes: Buffer, place: string): string {
  return decodeUtf8(bytes, `${place}: the name of the entry`);
}

function readSize(bytes: Buffer, at: number, what: string): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`${what} is ${value}`);
  return Number(value);
}

function refuse(message: string): never {
  throw new ValueError(message);
}
