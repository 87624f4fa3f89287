// Creates small zip files, including unusual ones.

import zlib from 'node:zlib';

export interface ZipEntry {
  name: string;
  data: Buffer | string;
  stored?: boolean;
  mode?: number;
  encrypted?: boolean;
  /** Replaces the right checksum. */
  crc?: number;
  /** Changes the packed bytes after the checksum was taken. */
  damage?: (packed: Buffer) => Buffer;
}

/** With `zip64`, every size and offset is written in the 64-bit fields. */
export function makeZip(entries: ZipEntry[], { zip64 = false, comment = '' } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const data = Buffer.from(entry.data as string);
    const deflated = entry.stored ? data : zlib.deflateRawSync(data);
    const packed = entry.damage ? entry.damage(Buffer.from(deflated)) : deflated;
    const name = Buffer.from(entry.name);
    const fixed = Buffer.alloc(22);
    fixed.writeUInt16LE(entry.encrypted ? 1 : 0, 0);
    fixed.writeUInt16LE(entry.stored ? 0 : 8, 2);
    fixed.writeUInt32LE(entry.crc ?? zlib.crc32(data), 8);
    fixed.writeUInt32LE(zip64 ? 0xffffffff : packed.length, 12);
    fixed.writeUInt32LE(zip64 ? 0xffffffff : data.length, 16);
    fixed.writeUInt16LE(name.length, 20);
    // The local header has an extra field of another length than the directory's, as real files do.
    const localExtra = Buffer.from([0xfe, 0xca, 2, 0, 1, 2]);
    const local = Buffer.concat([
      signature(0x04034b50),
      uint16(20),
      fixed,
      uint16(localExtra.length),
      name,
      localExtra,
      packed,
    ]);
    locals.push(local);
    const extra = zip64
      ? Buffer.concat([uint16(1), uint16(24), uint64(data.length), uint64(packed.length), uint64(offset)])
      : Buffer.alloc(0);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(zip64 ? 0xffffffff : offset, 10);
    directory.push(
      Buffer.concat([signature(0x02014b50), uint16(0x31e), uint16(20), fixed, uint16(extra.length), rest, name, extra]),
    );
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const parts = [...locals, central];
  if (zip64) {
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(44n, 4);
    record.writeBigUInt64LE(BigInt(entries.length), 24);
    record.writeBigUInt64LE(BigInt(entries.length), 32);
    record.writeBigUInt64LE(BigInt(central.length), 40);
    record.writeBigUInt64LE(BigInt(offset), 48);
    parts.push(
      record,
      signature(0x07064b50),
      Buffer.alloc(4),
      uint64(offset + central.length),
      Buffer.from([1, 0, 0, 0]),
    );
  }
  const end = Buffer.alloc(18);
  const count = zip64 ? 0xffff : entries.length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(zip64 ? 0xffffffff : central.length, 8);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([...parts, signature(0x06054b50), end, Buffer.from(comment)]);
}

function signature(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}
