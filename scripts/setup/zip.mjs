// Reads zip files (a Python wheel is one): zip64, entries of any size, verified checksums.

import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { codeOf, messageOf } from './failure.mjs';

const signature = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 };
const endSize = 22;
const localHeaderSize = 30;
const none16 = 0xffff;
const none32 = 0xffffffff;
/** Deflate packs at most this many bytes into one. */
const deflateLimit = 1032;
/** Entries up to this size are inflated in one call, which is faster for thousands of headers. */
const wholeLimit = 1 << 20;

export class ZipError extends Error {}

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {number} method 0 stored, 8 deflated
 * @property {number} crc
 * @property {number} packed compressed size
 * @property {number} size uncompressed size
 * @property {number} offset of its local header
 * @property {number} mode POSIX mode, 0 if unknown
 * @property {boolean} encrypted
 */

/**
 * @param {string} file
 * @returns {Promise<Entry[]>}
 */
export async function readEntries(file) {
  const handle = await fsp.open(file);
  try {
    const { size: fileSize } = await handle.stat();
    const { count, offset, size } = await readEnd(handle, fileSize, file);
    if (offset + size > fileSize) throw new ZipError(`${file} is truncated`);
    return parseDirectory(await readAt(handle, offset, size, file), count, file);
  } finally {
    await handle.close();
  }
}

/**
 * Unpacks the entries for which `place` returns a relative path; null skips an entry.
 *
 * @param {string} file
 * @param {string} folder
 * @param {{ place?: (name: string) => string | null, onProgress?: (done: number, total: number) => void }} [options]
 */
export async function unzip(file, folder, { place = (name) => name, onProgress } = {}) {
  const chosen = [];
  const entries = await readEntries(file);
  checkBodies(file, entries);
  for (const entry of entries) {
    const target = place(entry.name);
    if (target === null) continue;
    if (target.includes('\0')) throw new ZipError(`${file} is damaged: an entry has a name with a NUL character`);
    const output = path.resolve(folder, target);
    if (output !== path.resolve(folder) && !output.startsWith(path.resolve(folder) + path.sep)) {
      throw new ZipError(`${file} has an entry outside its folder: '${entry.name}'`);
    }
    chosen.push({ entry, output });
  }
  const total = chosen.reduce((sum, { entry }) => sum + entry.size, 0);
  let done = 0;
  const made = new Set();
  const handle = await fsp.open(file);
  try {
    for (const { entry, output } of chosen) {
      if (entry.name.endsWith('/')) {
        await fsp.mkdir(output, { recursive: true });
        continue;
      }
      const parent = path.dirname(output);
      if (!made.has(parent)) {
        await fsp.mkdir(parent, { recursive: true });
        made.add(parent);
      }
      const before = done;
      await extract(handle, file, entry, output, (bytes) => onProgress?.(before + bytes, total));
      done += entry.size;
      onProgress?.(done, total);
    }
  } finally {
    await handle.close();
  }
  return { files: chosen.length, bytes: total };
}

/**
 * A small archive can promise to fill any disk: by entries that share one body, or by sizes that no body can hold.
 *
 * @param {string} file @param {Entry[]} entries
 */
function checkBodies(file, entries) {
  const inOrder = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of inOrder.entries()) {
    const { name, method, packed, size, offset, encrypted } = entry;
    const next = inOrder[i + 1];
    if (next !== undefined && offset + localHeaderSize + packed > next.offset)
      throw new ZipError(`${file} is damaged: '${name}' and '${next.name}' overlap`);
    const holds = method === 0 ? size === packed : size <= packed * deflateLimit;
    if (!holds && !encrypted)
      throw new ZipError(`${file} is damaged: '${name}' cannot have ${size} bytes in ${packed} packed ones`);
  }
}

/** The text of one entry. @param {string} file @param {Entry} entry */
export async function readText(file, entry) {
  const handle = await fsp.open(file);
  try {
    return (await inflateWhole(handle, file, entry)).toString('utf8');
  } finally {
    await handle.close();
  }
}

/** @param {fsp.FileHandle} handle @param {string} file @param {Entry} entry @param {string} output @param {(bytes: number) => void} onBytes */
async function extract(handle, file, entry, output, onBytes) {
  if ((entry.mode & 0o170000) === 0o120000)
    throw new ZipError(`${file} has a symbolic link, which is not supported: '${entry.name}'`);
  const mode = 0o644 | (entry.mode & 0o111);
  if (entry.size <= wholeLimit && entry.packed <= wholeLimit) {
    await fsp.writeFile(output, await inflateWhole(handle, file, entry), { mode });
    return;
  }
  const start = await dataOffset(handle, file, entry);
  let crc = 0;
  let size = 0;
  const check = new Transform({
    transform(chunk, _encoding, next) {
      crc = zlib.crc32(chunk, crc);
      size += chunk.length;
      // Stops a hostile entry before it fills the disk.
      if (size > entry.size) {
        next(new ZipError(`${file} is damaged: '${entry.name}' has more than its ${entry.size} bytes`));
        return;
      }
      onBytes(size);
      next(null, chunk);
    },
  });
  const source = fs.createReadStream(file, { start, end: start + entry.packed - 1, highWaterMark: 1 << 20 });
  const sink = fs.createWriteStream(output, { mode });
  try {
    if (entry.method === 0) await pipeline(source, check, sink);
    else await pipeline(source, zlib.createInflateRaw({ chunkSize: 1 << 20 }), check, sink);
  } catch (error) {
    throw damaged(error, file, entry);
  }
  verify(file, entry, crc, size);
}

/** @param {fsp.FileHandle} handle @param {string} file @param {Entry} entry */
async function inflateWhole(handle, file, entry) {
  const packed = await readAt(handle, await dataOffset(handle, file, entry), entry.packed, file);
  let data = packed;
  try {
    // The limit stops a damaged or hostile entry from filling the memory.
    if (entry.method === 8) data = zlib.inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) });
  } catch (error) {
    throw damaged(error, file, entry);
  }
  verify(file, entry, zlib.crc32(data), data.length);
  return data;
}

/** @param {string} file @param {Entry} entry @param {number} crc @param {number} size */
function verify(file, entry, crc, size) {
  if (size !== entry.size)
    throw new ZipError(`${file} is damaged: '${entry.name}' has ${size} bytes in place of ${entry.size}`);
  if (crc >>> 0 !== entry.crc) throw new ZipError(`${file} is damaged: the checksum of '${entry.name}' is wrong`);
}

/** Turns zlib's errors into ours; returns errors of the file system (no space) unchanged. @param {unknown} error @param {string} file @param {Entry} entry */
function damaged(error, file, entry) {
  const code = codeOf(error) ?? '';
  if (!code.startsWith('Z_') && code !== 'ERR_BUFFER_TOO_LARGE') return error;
  return new ZipError(`${file} is damaged: '${entry.name}' cannot be inflated (${messageOf(error)})`, { cause: error });
}

/** Where an entry's data begins: its local header and the directory may have different extra fields. @param {fsp.FileHandle} handle @param {string} file @param {Entry} entry */
async function dataOffset(handle, file, entry) {
  if (entry.encrypted) throw new ZipError(`${file} has an encrypted entry: '${entry.name}'`);
  if (entry.method !== 0 && entry.method !== 8)
    throw new ZipError(`${file} has an entry with compression method ${entry.method}: '${entry.name}'`);
  const header = await readAt(handle, entry.offset, localHeaderSize, file);
  if (header.readUInt32LE(0) !== signature.local)
    throw new ZipError(`${file} is damaged: there is no entry at the offset of '${entry.name}'`);
  return entry.offset + localHeaderSize + header.readUInt16LE(26) + header.readUInt16LE(28);
}

/** @param {fsp.FileHandle} handle @param {number} fileSize @param {string} file */
async function readEnd(handle, fileSize, file) {
  const length = Math.min(fileSize, endSize + none16);
  const tail = await readAt(handle, fileSize - length, length, file);
  let at = length - endSize;
  while (at >= 0 && !(tail.readUInt32LE(at) === signature.end && at + endSize + tail.readUInt16LE(at + 20) === length))
    at--;
  if (at < 0) throw new ZipError(`${file} is not a zip file, or it is truncated`);
  const end = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  if (end.count !== none16 && end.size !== none32 && end.offset !== none32) return end;
  const locatorAt = fileSize - length + at - 20;
  if (locatorAt < 0) throw new ZipError(`${file} is damaged: its zip64 directory is missing`);
  const locator = await readAt(handle, locatorAt, 20, file);
  if (locator.readUInt32LE(0) !== signature.locator64) return end;
  const record = await readAt(handle, safe(locator.readBigUInt64LE(8), file), 56, file);
  if (record.readUInt32LE(0) !== signature.end64)
    throw new ZipError(`${file} is damaged: its zip64 directory is missing`);
  return {
    count: safe(record.readBigUInt64LE(32), file),
    size: safe(record.readBigUInt64LE(40), file),
    offset: safe(record.readBigUInt64LE(48), file),
  };
}

/** @param {Buffer} directory @param {number} count @param {string} file @returns {Entry[]} */
function parseDirectory(directory, count, file) {
  const entries = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== signature.central)
      throw new ZipError(`${file} has a damaged directory`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    const extraAt = at + 46 + nameLength;
    const entry = {
      name: directory.toString('utf8', at + 46, extraAt),
      encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      mode: directory.readUInt32LE(at + 38) >>> 16,
      offset: directory.readUInt32LE(at + 42),
    };
    applyZip64(entry, directory.subarray(extraAt, extraAt + extraLength), file);
    entries.push(entry);
    at = extraAt + extraLength + commentLength;
  }
  return entries;
}

/** The extra field holds, in this order, only the values that are all ones in the entry. @param {Entry} entry @param {Buffer} extra @param {string} file */
function applyZip64(entry, extra, file) {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    for (const field of /** @type {const} */ (['size', 'packed', 'offset'])) {
      if (entry[field] !== none32) continue;
      if (next + 8 > extra.length) throw new ZipError(`${file} has a damaged directory`);
      entry[field] = safe(extra.readBigUInt64LE(next), file);
      next += 8;
    }
    return;
  }
}

/** @param {bigint} value @param {string} file */
function safe(value, file) {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ZipError(`${file} has a damaged directory`);
  return Number(value);
}

/** @param {fsp.FileHandle} handle @param {number} offset @param {number} length @param {string} file */
async function readAt(handle, offset, length, file) {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) throw new ZipError(`${file} is truncated`);
    done += bytesRead;
  }
  return buffer;
}
