/** Linux libraries (ELF, 64 bits, little-endian): whether a file is complete, and which libraries it loads. */

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import * as path from 'node:path';

/** A library whose end is missing. */
export interface Truncated {
  readonly file: string;
  readonly missing: number;
}

interface Library {
  /** How many bytes the file lacks at its end. */
  readonly missing: number;
  /** The names of the libraries that it loads; empty if the file is truncated. */
  readonly needed: readonly string[];
  /** The folders in which they are searched for. */
  readonly folders: readonly string[];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const FILE_HEADER = 64;
const SEGMENT_HEADER = 56;
const LOADED = 1;
const DYNAMIC = 2;
const LONGEST_NAME = 4096;
/** Tags of the dynamic section. */
const [NEEDED, STRINGS, RPATH, RUNPATH] = [1, 5, 15, 29] as const;

/**
 * The first truncated file among a library and those of its own that it loads, directly or not. The loader maps a
 * truncated library without complaint, and reading the missing part ends the process (SIGBUS).
 */
export function findTruncated(file: string): Truncated | null {
  const overriding = (process.env.LD_LIBRARY_PATH ?? '').split(/[:;]/).filter((folder) => folder !== '');
  const files = [file];
  const seen = new Set<string>();
  for (let next = files.pop(); next !== undefined; next = files.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const library = readLibrary(next);
    if (library === null) continue;
    if (library.missing > 0) return { file: next, missing: library.missing };
    const folders = [...overriding, ...library.folders];
    for (const name of library.needed) {
      const found = folders.map((folder) => path.join(folder, name)).find(isFile);
      if (found !== undefined) files.push(found);
    }
  }
  return null;
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() === true;

/** Null for a file of another kind. */
function readLibrary(file: string): Library | null {
  const descriptor = openSync(file, 'r');
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
    };
    const header = read(0, FILE_HEADER);
    if (header.length < FILE_HEADER || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return null;
    const segmentTable = Number(header.readBigUInt64LE(32));
    const segmentBytes = header.readUInt16LE(56) * SEGMENT_HEADER;
    const sectionEnd = Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
    const segments = parseSegments(read(segmentTable, segmentBytes));
    const ends = [segmentTable + segmentBytes, sectionEnd, ...segments.map(({ offset, size }) => offset + size)];
    const missing = Math.max(0, Math.max(...ends) - fstatSync(descriptor).size);
    if (missing > 0) return { missing, needed: [], folders: [] };
    return { missing, ...readDynamicSection(file, segments, read) };
  } finally {
    closeSync(descriptor);
  }
}

function parseSegments(table: Buffer): Segment[] {
  const segments: Segment[] = [];
  for (let at = 0; at + SEGMENT_HEADER <= table.length; at += SEGMENT_HEADER) {
    const word = (position: number): number => Number(table.readBigUInt64LE(at + position));
    segments.push({ type: table.readUInt32LE(at), offset: word(8), address: word(16), size: word(32) });
  }
  return segments;
}

function readDynamicSection(
  file: string,
  segments: readonly Segment[],
  read: (position: number, length: number) => Buffer,
): Pick<Library, 'needed' | 'folders'> {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  const table = dynamic === undefined ? Buffer.alloc(0) : read(dynamic.offset, dynamic.size);
  const values = (wanted: number): number[] => {
    const found: number[] = [];
    for (let at = 0; at + 16 <= table.length; at += 16) {
      if (Number(table.readBigUInt64LE(at)) === wanted) found.push(Number(table.readBigUInt64LE(at + 8)));
    }
    return found;
  };
  const [strings = 0] = values(STRINGS);
  const text = segments.find(
    ({ type, address, size }) => type === LOADED && address <= strings && strings < address + size,
  );
  if (text === undefined) return { needed: [], folders: [] };
  const textAt = (offset: number): string => {
    const bytes = read(text.offset + strings - text.address + offset, LONGEST_NAME);
    return bytes.toString('utf8', 0, Math.max(0, bytes.indexOf(0)));
  };
  const origin = path.dirname(file);
  const folders = [...values(RPATH), ...values(RUNPATH)].flatMap((offset) => textAt(offset).split(':'));
  return {
    needed: values(NEEDED).map(textAt),
    folders: folders.map((folder) => folder.replace(/\$ORIGIN|\$\{ORIGIN\}/, () => origin)),
  };
}
