import fs from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';

import * as torch from '../../lib';
import { ZipWriter } from '../../lib/zip/writer';
import { makeFolder } from '../support/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

/** The bytes of an archive of x = [1, 2] and y = zeros, after a change. */
function changed(change: (bytes: Buffer, directory: number) => Buffer | undefined, compress = false): string {
  torch.npz.save(at('x.npz'), { x: torch.tensor([1, 2]), y: torch.zeros(1000) }, { compress });
  const bytes = fs.readFileSync(at('x.npz'));
  const directory = bytes.readUInt32LE(bytes.length - 6);
  fs.writeFileSync(at('x.npz'), change(bytes, directory) ?? bytes);
  return at('x.npz');
}

const write16 = (offset: number, value: number) => (bytes: Buffer, directory: number) =>
  void bytes.writeUInt16LE(value, directory + offset);
const write32 = (offset: number, value: number) => (bytes: Buffer, directory: number) =>
  void bytes.writeUInt32LE(value, directory + offset);

describe('a malformed archive is refused with its name and the place', () => {
  test.each<[string, () => string, RegExp]>([
    ['empty', () => changed(() => Buffer.alloc(0)), /it is not a ZIP file, or it is truncated.*starts with nothing/],
    ['truncated', () => changed((bytes) => bytes.subarray(0, -1)), /it has no end record/],
    ['not a ZIP file', () => changed(() => Buffer.alloc(100)), /starts with 00000000/],
    ['encrypted', () => changed(write16(8, 1)), /entry 'x\.npy' is encrypted/],
    ['another method', () => changed(write16(10, 12)), /entry 'x\.npy' has compression method 12/],
    ['another part', () => changed(write16(34, 1)), /entry 'x\.npy' is in another part/],
    ['a wrong checksum', () => changed(write32(16, 1)), /entry 'x\.npy': its bytes have the checksum .*says 00000001/],
    ['a damaged value', () => changed((bytes) => void (bytes[190] ^= 1)), /entry 'x\.npy': its bytes have the checksum/],
    ['unequal sizes', () => changed(write32(24, 1)), /entry 'x\.npy' is not compressed, but has 136 bytes/],
    ['an entry beyond the end', () => changed(write32(42, 1 << 30)), /entry 'x\.npy' starts at byte 1073741824/],
    ['an entry elsewhere', () => changed(write32(42, 1)), /entry 'x\.npy' has no header of that name at byte 1/],
    ['no ZIP64 field', () => changed(write32(24, 0xffffffff)), /entry 'x\.npy' has no ZIP64 field/],
    ['no directory entry', () => changed(write32(0, 0)), /the directory, at byte \d+: there is no entry/],
    ['a name too long', () => changed(write16(28, 60000)), /it ends inside an entry/],
    ['a second name', () => changed((bytes, at) => void bytes.write('x.npy', bytes.indexOf('y.npy', at))), /a second entry 'x\.npy'/],
    ['a name that is not UTF-8', () => changed((bytes, at) => void (bytes[at + 46] = 0xff)), /is not UTF-8/],
    ['a wrong count', () => changed((bytes) => void bytes.writeUInt32LE(0x10001, bytes.length - 14)), /has 1 entries in \d+ of/],
    ['a directory beyond the end', () => changed((bytes) => void bytes.writeUInt32LE(0x7fffffff, bytes.length - 6)), /the directory of the ZIP file/],
    ['an impossible size', () => changed(write32(24, 1 << 30), true), /entry 'x\.npy' claims to expand from \d+ to 1073741824/],
    ['a larger size', () => changed(write32(24, 200), true), /entry 'x\.npy': it expands to 136 bytes; the directory says 200/],
    ['a smaller size', () => changed(write32(24, 100), true), /entry 'x\.npy': it cannot be decompressed into 100 bytes|expands to 101/],
  ])('%s', (_, make, message) => {
    const file = make();
    expect(() => torch.npz.load(file)).toThrow(torch.ValueError);
    expect(() => torch.npz.load(file)).toThrow(message);
    expect(() => torch.npz.load(file)).toThrow(file);
  }); // prettier-ignore

  test('entries that overlap: a header inside the values of another', () => {
    const header = Buffer.alloc(64, ' ');
    const inner = Buffer.alloc(35);
    inner.writeUInt32LE(0x04034b50, 0);
    inner.writeUInt16LE(5, 26);
    inner.write('y.npy', 30);
    {
      using writer = ZipWriter.create(at('o.npz'), { alignment: 1 });
      writer.add('x.npy', [Buffer.concat([header, inner, Buffer.alloc(64)])]);
      writer.add('y.npy', [Buffer.alloc(10)]);
      writer.finish();
    }
    const bytes = fs.readFileSync(at('o.npz'));
    const directory = bytes.readUInt32LE(bytes.length - 6);
    bytes.writeUInt32LE(bytes.indexOf(inner), bytes.indexOf('y.npy', directory) - 4);
    fs.writeFileSync(at('o.npz'), bytes);
    expect(() => torch.npz.load(at('o.npz'))).toThrow(/entries 'x\.npy' and 'y\.npy' overlap at byte \d+/);
  });

  test('an entry that is not an array, and an array that does not fill its entry', () => {
    torch.npy.save(at('x.npy'), torch.ones(2));
    for (const [name, bytes, message] of [
      ['a.txt', Buffer.alloc(3), /entry 'a\.txt' is not an array: its name does not end in \.npy/],
      ['a.npy', Buffer.alloc(3), /entry 'a\.npy': this is not an \.npy file/],
      ['a.npy', Buffer.concat([fs.readFileSync(at('x.npy')), Buffer.alloc(3)]), /the array ends at byte 136 of 139/],
    ] as const) {
      using writer = ZipWriter.create(at('a.npz'), { alignment: 64 });
      writer.add(name, [bytes]);
      writer.finish();
      expect(() => torch.npz.load(at('a.npz'))).toThrow(message);
    }
  });
});

test('an archive that expands to more than the limit is refused before it is decompressed', () => {
  torch.npz.save(at('z.npz'), { zeros: torch.zeros(20_000_000), x: torch.ones(2) }, { compress: true });
  expect(() => torch.npz.load(at('z.npz'))).toThrow(
    /z\.npz: its compressed arrays expand to 80000264 bytes, more than the limit of 67108864; if you trust the file, pass/,
  );
  expect(torch.npz.load(at('z.npz'), { names: ['x'] }).x.toArray()).toEqual([1, 1]);
  expect(torch.npz.load(at('z.npz'), { maxExpandedBytes: 80_000_264 }).zeros.shape).toEqual([20_000_000]);
  // Without compression there is nothing to expand.
  torch.npz.save(at('z.npz'), { zeros: torch.zeros(20_000_000) });
  expect(torch.npz.load(at('z.npz'), { maxExpandedBytes: 0 }).zeros.shape).toEqual([20_000_000]);
});

test('bad arguments', () => {
  expect(() => torch.npz.load(at('absent.npz'))).toThrow(/ENOENT/);
  torch.npz.save(at('a.npz'), { a: torch.ones(1) });
  expect(() => torch.npz.load(at('a.npz'), { names: ['a', 'b'] })).toThrow(/it has no array 'b'/);
  expect(() => torch.npz.load(at('a.npz'), { name: 'a' } as never)).toThrow(/unknown option 'name'/);
  expect(() => torch.npz.save(at('a.npz'), [torch.ones(1)] as never)).toThrow(
    /must be an object of tensors, not array/,
  );
  expect(() => torch.npz.save(at('a.npz'), { a: 1 } as never)).toThrow(/array 'a' must be a Tensor, not number/);
  expect(() => torch.npz.save(at('a.npz'), { a: torch.ones(1, { dtype: 'bfloat16' }) })).toThrow(
    /NumPy has no counterpart of bfloat16, the dtype of array 'a'/,
  );
  expect(Object.keys(torch.npz.load(at('a.npz')))).toEqual(['a']);
});

test('a stream that does not end is refused', () => {
  using writer = ZipWriter.create(at('s.npz'), { alignment: 64 });
  writer.add('a.npy', [Buffer.from(deflateRawSync(Buffer.alloc(500)).subarray(0, 3))]);
  writer.finish();
  const bytes = fs.readFileSync(at('s.npz'));
  const directory = bytes.readUInt32LE(bytes.length - 6);
  bytes.writeUInt16LE(8, directory + 10);
  bytes.writeUInt32LE(500, directory + 24);
  fs.writeFileSync(at('s.npz'), bytes);
  expect(() => torch.npz.load(at('s.npz'))).toThrow(/entry 'a\.npy': it cannot be decompressed into 500 bytes/);
});
