import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readEntries, readText, unzip } from '../../scripts/setup/zip.mjs';
import { temporaryFolder } from '../support/setup/folder';
import { type ZipEntry, makeZip } from '../support/setup/zip-writer';

function zipFile(
  entries: ZipEntry[],
  options?: Parameters<typeof makeZip>[1],
  change = (bytes: Buffer) => bytes,
): string {
  const file = path.join(temporaryFolder(), 'test.zip');
  fs.writeFileSync(file, change(makeZip(entries, options)));
  return file;
}

const large = crypto.randomBytes(3 << 20);
const contents: ZipEntry[] = [
  { name: 'a/', data: '', stored: true },
  { name: 'a/plain.txt', data: 'plain' },
  { name: 'a/stored.txt', data: 'stored', stored: true },
  { name: 'a/empty', data: '' },
  { name: 'b/large.bin', data: large },
  { name: 'b/large-stored.bin', data: large, stored: true },
  { name: 'b/tool', data: '#!/bin/sh', mode: 0o100755 },
];

describe.each([
  ['plain', {}],
  ['zip64', { zip64: true }],
  ['with a comment', { comment: 'as some tools add' }],
])('a %s zip file', (_name, options) => {
  test('unpacks to the files that were packed', async () => {
    const output = temporaryFolder();
    const { files } = await unzip(zipFile(contents, options), output);
    expect(files).toBe(contents.length);
    expect(fs.readFileSync(path.join(output, 'a/plain.txt'), 'utf8')).toBe('plain');
    expect(fs.readFileSync(path.join(output, 'a/stored.txt'), 'utf8')).toBe('stored');
    expect(fs.readFileSync(path.join(output, 'a/empty'))).toHaveLength(0);
    expect(fs.readFileSync(path.join(output, 'b/large.bin')).equals(large)).toBe(true);
    expect(fs.readFileSync(path.join(output, 'b/large-stored.bin')).equals(large)).toBe(true);
    expect(fs.statSync(path.join(output, 'b/tool')).mode & 0o111).not.toBe(0);
    expect(fs.statSync(path.join(output, 'a/plain.txt')).mode & 0o111).toBe(0);
  });
});

test('only chosen entries are unpacked, to the paths chosen for them, with progress', async () => {
  const output = temporaryFolder();
  const seen: number[] = [];
  await unzip(zipFile(contents), output, {
    place: (name: string) => (name.startsWith('b/') ? name.replace('b/', 'c/') : null),
    onProgress: (done: number, total: number) => seen.push(done / total),
  });
  expect(fs.readdirSync(output)).toEqual(['c']);
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('one entry is read as text', async () => {
  const file = zipFile(contents);
  const entry = (await readEntries(file)).find(({ name }) => name === 'a/plain.txt')!;
  expect(await readText(file, entry)).toBe('plain');
});

const flip = (packed: Buffer) => {
  packed[packed.length >> 1]! ^= 0xff;
  return packed;
};

test.each<[string, ZipEntry, RegExp]>([
  ['a wrong checksum', { name: 'x', data: 'text', crc: 1 }, /checksum of 'x' is wrong/],
  ['a wrong checksum of a large entry', { name: 'x', data: large, crc: 1 }, /checksum of 'x' is wrong/],
  ['damaged stored bytes', { name: 'x', data: large, stored: true, damage: flip }, /checksum of 'x' is wrong/],
  [
    'bytes that cannot be inflated',
    { name: 'x', data: 'text', damage: () => Buffer.from([0xff, 0xff]) },
    /cannot be inflated/,
  ],
  ['an entry outside the folder', { name: '../x', data: 'text' }, /outside its folder: '\.\.\/x'/],
  ['an absolute path', { name: '/x', data: 'text' }, /outside its folder/],
  ['a symbolic link', { name: 'x', data: '/etc/passwd', mode: 0o120777 }, /symbolic link/],
  ['an encrypted entry', { name: 'x', data: 'text', encrypted: true }, /encrypted/],
])('%s is refused', async (_name, entry, message) => {
  await expect(unzip(zipFile([entry]), temporaryFolder())).rejects.toThrow(message);
});

test.each([0.2, 0.6, 0.99])('a file cut at %f of its length is refused', async (part) => {
  const file = zipFile(contents, {}, (bytes) => bytes.subarray(0, Math.floor(bytes.length * part)));
  await expect(unzip(file, temporaryFolder())).rejects.toThrow(/no zip file|truncated|damaged/);
});

test('a file that is not a zip file is refused', async () => {
  const file = path.join(temporaryFolder(), 'page.zip');
  fs.writeFileSync(file, '<html>sign in first</html>');
  await expect(unzip(file, temporaryFolder())).rejects.toThrow(/not a zip file/);
});

describe('a hostile zip file', () => {
  const refuse = async (file: string, folder = temporaryFolder()): Promise<string> => {
    const error = await unzip(file, folder).catch((thrown: unknown) => thrown);
    expect((error as Error).constructor.name).toBe('ZipError');
    return (error as Error).message;
  };
  // Changes the sizes in the directory: the field at `at` of each entry.
  const directoryField = (at: number, value: number) => (bytes: Buffer) => {
    for (let i = bytes.indexOf('PK\x01\x02'); i >= 0; i = bytes.indexOf('PK\x01\x02', i + 1))
      bytes.writeUInt32LE(value, i + at);
    return bytes;
  };

  test('that inflates beyond its promise is refused before it fills the disk', async () => {
    const folder = temporaryFolder();
    const file = zipFile([{ name: 'a', data: Buffer.alloc(100 << 20) }], {}, directoryField(24, 2 << 20));
    expect(await refuse(file, folder)).toMatch(/'a' has more than its 2097152 bytes/);
    expect(fs.statSync(path.join(folder, 'a')).size).toBeLessThanOrEqual(2 << 20);
  });

  test('that promises more than its bytes can hold is refused before anything is written', async () => {
    const folder = temporaryFolder();
    const file = zipFile([{ name: 'a', data: 'text' }], {}, directoryField(24, 1 << 30));
    expect(await refuse(file, folder)).toMatch(/'a' cannot have 1073741824 bytes in \d+ packed ones/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test.each([true, false])('with an entry of zero packed bytes (stored: %s) is refused', async (stored) => {
    const file = zipFile([{ name: 'a', data: large, stored }], {}, directoryField(20, 0));
    expect(await refuse(file)).toMatch(/'a' cannot have 3145728 bytes in 0 packed ones/);
  });

  test('whose entries share one body is refused', async () => {
    const one = { name: 'a', data: crypto.randomBytes(1000) };
    const file = zipFile([one, { ...one, name: 'b' }], {}, directoryField(42, 0));
    expect(await refuse(file)).toMatch(/'a' and 'b' overlap/);
  });

  test('with a NUL character in a name is refused', async () => {
    expect(await refuse(zipFile([{ name: 'a\0b', data: 'text' }]))).toMatch(/NUL character/);
  });
});
