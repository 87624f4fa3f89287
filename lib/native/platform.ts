/** Facts about the platform that an addon is loaded on, and about the file of an addon. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

interface Report {
  header: { glibcVersionRuntime?: string };
  sharedObjects: string[];
}

/** The version of glibc; null on systems with another C library. */
export function glibcVersion(): string | null {
  return report().header.glibcVersionRuntime ?? null;
}

/** Such as `linux-x64-glibc` or `darwin-arm64`; part of the name of the prebuilt package. */
export function platformName(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  return `${name}-${glibcVersion() === null ? 'musl' : 'glibc'}`;
}

/** The files of the shared libraries in this process. */
export function loadedLibraries(): readonly string[] {
  return report().sharedObjects;
}

function report(): Report {
  const settings = process.report as { excludeNetwork?: boolean } & NodeJS.ProcessReport;
  const { excludeNetwork } = settings;
  // Without this, the report looks up the host name of every open connection.
  settings.excludeNetwork = true;
  try {
    return settings.getReport() as Report;
  } finally {
    settings.excludeNetwork = excludeNetwork;
  }
}

const ELF_HEADER = 64;
const PROGRAM_HEADER = 56;

/** How many bytes a 64-bit Linux library lacks at its end; 0 for a complete one and for files of another kind. */
export function missingBytes(file: string): number {
  const descriptor = openSync(file, 'r');
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
    };
    const { size } = fstatSync(descriptor);
    const header = read(0, ELF_HEADER);
    if (header.length < ELF_HEADER || header.toString('latin1', 0, 5) !== '\x7fELF\x02') return 0;
    const table = (at: number, entries: number): number => Number(header.readBigUInt64LE(at)) + entries;
    const segmentCount = header.readUInt16LE(56);
    const segments = read(table(32, 0), segmentCount * PROGRAM_HEADER);
    const ends = [
      table(32, segmentCount * PROGRAM_HEADER),
      table(40, header.readUInt16LE(58) * header.readUInt16LE(60)),
    ];
    for (let at = 0; at + PROGRAM_HEADER <= segments.length; at += PROGRAM_HEADER) {
      ends.push(Number(segments.readBigUInt64LE(at + 8) + segments.readBigUInt64LE(at + 32)));
    }
    return Math.max(0, Math.max(...ends) - size);
  } finally {
    closeSync(descriptor);
  }
}
