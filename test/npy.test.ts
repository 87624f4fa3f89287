import fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { Coverage } from '../lib/npy/coverage';
import { parsePythonLiteral, PythonTuple } from '../lib/npy/literal';
import { formatHeader, parseHeaderText, parsePreamble } from '../lib/npy/header';
import type { NpyDtype } from '../lib/npy/dtypes';
import { NpyReader } from '../lib/npy/reader';
import { NpyWriter } from '../lib/npy/writer';

// Made by NumPy, with test/npy/make_fixtures.py.
const fixtures = JSON.parse(fs.readFileSync(path.join(__dirname, 'npy', 'fixtures.json'), 'utf8')) as Record<
  string,
  string
>;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-npy-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  fs.rmSync(folder, { recursive: true, force: true });
});

function bytesOf(name: string): Buffer {
  return Buffer.from(fixtures[name], 'base64');
}

function fileWith(bytes: Uint8Array): string {
  const file = path.join(folder, 'x.npy');
  fs.writeFileSync(file, bytes);
  return file;
}

function fixture(name: string): string {
  return fileWith(bytesOf(name));
}

/** An .npy file with any text as its header. */
function withHeader(text: string, data = Buffer.alloc(0), version = 1): string {
  const preamble = Buffer.from('\x93NUMPY\x01\x00\x00\x00\x00\x00', 'latin1').subarray(0, version === 1 ? 10 : 12);
  preamble.writeUInt8(version, 6);
  if (version === 1) preamble.writeUInt16LE(Buffer.byteLength(text), 8);
  else preamble.writeUInt32LE(Buffer.byteLength(text), 8);
  return fileWith(Buffer.concat([preamble, Buffer.from(text), data]));
}

const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

describe('Python literals', () => {
  test.each<[string, unknown]>([
    ['{}', new Map()],
    ["{'a': 1, 'b': None,}", new Map<string, unknown>([['a', 1n], ['b', null]])], // prettier-ignore
    ['(1)', 1n],
    ['(1,)', new PythonTuple([1n])],
    ['()', new PythonTuple([])],
    ['( 3L , -4 )', new PythonTuple([3n, -4n])],
    ['[True, False]', [true, false]],
    [`"it's" `, "it's"],
    [String.raw`'\'\\'`, "'\\"],
    ["u'x'", 'x'],
  ])('%s', (text, value) => {
    expect(parsePythonLiteral(text)).toEqual(value);
  });

  test.each([
    '',
    '{',
    '{1: 2}',
    "{'a' 1}",
    "{'a': 1 'b': 2}",
    '(1 2)',
    '(,)',
    '[',
    "'abc",
    "'a\nb'",
    String.raw`'\x41'`,
    '1 + 1',
    '__import__("os").system("true")',
    'constructor',
    '1.5',
    '(1,) (2,)',
    '('.repeat(1000),
  ])('refuses %j', (text) => {
    expect(() => parsePythonLiteral(text)).toThrow(/expected|nested/);
  });
});

describe('reading what NumPy wrote', () => {
  const dtypes: [string, NpyDtype][] = [
    ['<?', 'bool'], ['>?', 'bool'], ['<i1', 'int8'], ['<u1', 'uint8'],
    ['<i2', 'int16'], ['>i2', 'int16'], ['<i4', 'int32'], ['>i4', 'int32'],
    ['<u2', 'uint16'], ['>u2', 'uint16'], ['<u4', 'uint32'], ['>u4', 'uint32'],
    ['<f4', 'float32'], ['>f4', 'float32'], ['<f8', 'float64'], ['>f8', 'float64'],
  ]; // prettier-ignore

  test.each(dtypes)('%s is %s', (name, dtype) => {
    using reader = NpyReader.open(fixture(name));
    expect(reader.dtype).toBe(dtype);
    expect(reader.shape).toEqual([4]);
    expect(reader.rowShape).toEqual([]);
    expect([...reader.readRows(0, 4)]).toEqual(dtype === 'bool' ? [0, 1, 1, 1] : [0, 1, 2, 100]);
    expect([...reader.readRows(2, 1)]).toEqual(dtype === 'bool' ? [1] : [2]);
    expect([...reader.readRows(4, 0)]).toEqual([]);
  });

  test.each<[string, NpyDtype]>([
    ['<i8', 'int64'],
    ['>i8', 'int64'],
    ['<u8', 'uint64'],
    ['>u8', 'uint64'],
  ])('%s is %s', (name, dtype) => {
    using reader = NpyReader.open(fixture(name));
    expect(reader.dtype).toBe(dtype);
    expect([...reader.readRows(0, 4)]).toEqual([0n, 1n, 2n, 100n]);
  });

  test.each<[string]>([['<f2'], ['>f2']])('%s gives the bits', (name) => {
    using reader = NpyReader.open(fixture(name));
    expect(reader.dtype).toBe('float16');
    expect([...reader.readRows(0, 4)]).toEqual([0, 0x3c00, 0x4000, 0x5640]);
  });

  test.each<[string, NpyDtype]>([
    ['<c8', 'complex64'],
    ['>c8', 'complex64'],
    ['<c16', 'complex128'],
    ['>c16', 'complex128'],
  ])('%s is %s, interleaved', (name, dtype) => {
    using reader = NpyReader.open(fixture(name));
    expect(reader.dtype).toBe(dtype);
    expect([...reader.readRows(1, 3)]).toEqual([1, 0, 2, 0, 100, 0]);
  });

  test.each<[string]>([['C'], ['F'], ['F i2']])('%s: rows in C order', (name) => {
    using reader = NpyReader.open(fixture(name));
    expect(reader.fortranOrder).toBe(name !== 'C');
    const all = Array.from({ length: 24 }, (_, i) => i);
    expect([...reader.readRows(0, 4)]).toEqual(all);
    for (let row = 3; row >= 0; row--) {
      expect([...reader.readRows(row, 1)]).toEqual(all.slice(6 * row, 6 * row + 6));
    }
    expect([...reader.readRows(1, 2)]).toEqual(all.slice(6, 18));
  });

  test('Fortran order, foreign byte order and complex numbers at once', () => {
    using reader = NpyReader.open(fixture('F >c16'));
    expect(reader.dtype).toBe('complex128');
    expect([...reader.readRows(1, 1)]).toEqual([6, 12, 8, 16, 10, 20]);
  });

  test('a Fortran file larger than one block', () => {
    const rows = 400_000;
    const data = new Int32Array(rows * 6);
    for (let i = 0; i < data.length; i++) data[i] = i;
    const bytes = formatHeader({ dtype: 'int32', fortranOrder: true, shape: [rows, 2, 3] });
    using reader = NpyReader.open(fileWith(Buffer.concat([bytes, Buffer.from(data.buffer)])));
    for (const row of [0, 1, 349_524, 349_525, 349_526, rows - 1, 7]) {
      // Element (n, i, j) stands at n + rows * (i + 2 j).
      const expected = [0, 2, 4, 1, 3, 5].map((column) => row + rows * column);
      expect([...reader.readRows(row, 1)]).toEqual(expected);
    }
  });

  test('0-d, empty, versions 2.0 and 3.0', () => {
    {
      using reader = NpyReader.open(fixture('0-d'));
      expect(reader.shape).toEqual([]);
      expect([...reader.readRows(0, 1)]).toEqual([2.5]);
    }
    {
      using reader = NpyReader.open(fixture('empty'));
      expect(reader.shape).toEqual([0, 3]);
      expect(reader.readRows(0, 0)).toHaveLength(0);
    }
    for (const name of ['version 2', 'version 3'] as const) {
      using reader = NpyReader.open(fixture(name));
      expect([...reader.readRows(0, 1)]).toEqual([0, 1]);
    }
  });

  test('bytes that follow the array are ignored, as numpy.load does', () => {
    using reader = NpyReader.open(fileWith(Buffer.concat([bytesOf('C'), bytesOf('F')])));
    expect(reader.shape).toEqual([4, 3, 2]);
    expect(reader.readRows(3, 1)[5]).toBe(23);
  });

  test('a bool that is neither 0 nor 1 is true', () => {
    using reader = NpyReader.open(withHeader(header("'|b1'", '(3,)'), Buffer.of(0, 2, 255)));
    expect([...reader.readRows(0, 3)]).toEqual([0, 1, 1]);
  });

  test('headers that Python 2 wrote', () => {
    const file = withHeader(header("'<i2'", '(2L,)'), Buffer.of(1, 0, 2, 0));
    using reader = NpyReader.open(file);
    expect([...reader.readRows(0, 2)]).toEqual([1, 2]);
  });
});

describe('files that cannot be read', () => {
  const failures: [string, () => string, RegExp][] = [
    ['missing', () => path.join(folder, 'none.npy'), /ENOENT.*none\.npy/],
    ['a folder', () => folder, /not a regular file|EISDIR/],
    ['an empty file', () => fileWith(Buffer.alloc(0)), /not an \.npy file: it is empty/],
    ['text', () => fileWith(Buffer.from('1,2,3\n4,5,6\n')), /not an \.npy file: it starts with 312c/],
    ['a cut preamble', () => fileWith(bytesOf('C').subarray(0, 9)), /not an \.npy file/],
    ['a cut long preamble', () => fileWith(bytesOf('version 2').subarray(0, 11)), /inside its header/],
    ['a cut header', () => fileWith(bytesOf('C').subarray(0, 40)), /ends inside its header/],
    ['cut data', () => fileWith(bytesOf('C').subarray(0, -1)), /truncated: float32 values of shape \[4, 3, 2\] take 96 bytes, but 95 follow/],
    ['an unknown version', () => withHeader(header("'<f4'", '()'), Buffer.alloc(4), 9), /version 9\.0 is unknown/],
    ['an absurd header length', () => fileWith(Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff', 'latin1')), /length of 4294967295 bytes; the limit is 1048576/],
    ['objects', () => fixture('objects'), /'\|O' means Python objects/],
    ['structured', () => fixture('structured'), /structured/],
    ['strings', () => fixture('strings'), /'<U2' means strings/],
    ['dates', () => fixture('dates'), /'<M8\[D\]' means dates/],
    ['long doubles', () => fixture('long double'), /'<f16' means floating-point numbers of a size/],
    ['an unknown dtype', () => withHeader(header("'<q9'", '()')), /'<q9' is unknown/],
    ['garbage as header', () => withHeader('hello'), /cannot parse the header: expected a Python literal/],
    ['code as header', () => withHeader("__import__('os')"), /cannot parse the header/],
    ['a list as header', () => withHeader('[1]'), /not a dictionary/],
    ['a missing key', () => withHeader("{'descr': '<f4', 'shape': ()}"), /has the keys descr, shape; expected/],
    ['an extra key', () => withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}"), /has the keys/],
    ['a number as order', () => withHeader(header("'<f4'", '()', '1')), /fortran_order is 1, not True or False/],
    ['a list as shape', () => withHeader(header("'<f4'", '[1]')), /shape in the header is \[1\], not a tuple/],
    ['a negative size', () => withHeader(header("'<f4'", '(2, -1)')), /shape \(2, -1\) holds -1/],
    ['True as size', () => withHeader(header("'<f4'", '(True,)')), /holds true/],
    ['a size above 2^53', () => withHeader(header("'<f4'", '(9007199254740993,)')), /too large/],
    ['an overflowing product', () => withHeader(header("'<f4'", `(${'4294967296, '.repeat(3)})`)), /too large/],
    ['a hundred dimensions', () => withHeader(header("'<f4'", `(${'1, '.repeat(100)})`)), /has 100 dimensions; the limit is 64/],
    ['a size that the file cannot hold', () => withHeader(header("'<f4'", '(1000000000,)')), /truncated/],
  ]; // prettier-ignore

  test.each(failures)('%s', (_name, makeFile, message) => {
    expect(() => NpyReader.open(makeFile())).toThrow(message);
  });

  test('no file is left open', () => {
    const file = fixture('objects');
    const before = fs.readdirSync('/proc/self/fd').length;
    for (let i = 0; i < 20; i++) expect(() => NpyReader.open(file)).toThrow();
    expect(fs.readdirSync('/proc/self/fd').length).toBeLessThan(before + 5);
  });

  test('rows that are not there, a closed file, a file that shrinks', () => {
    const file = fixture('C');
    const reader = NpyReader.open(file);
    expect(() => reader.readRows(3, 2)).toThrow(RangeError);
    expect(() => reader.readRows(-1, 1)).toThrow('cannot read 1 rows from row -1 on');
    expect(() => reader.readRows(0.5, 1)).toThrow(RangeError);
    fs.truncateSync(file, 140);
    expect(() => reader.readRows(0, 4)).toThrow('truncated while it was being read');
    reader.close();
    reader.close();
    expect(() => reader.readRows(0, 1)).toThrow('it was closed');
  });
});

describe('writing', () => {
  const floats = Float32Array.from({ length: 24 }, (_, i) => i);

  test('the same bytes as numpy.save', () => {
    const file = path.join(folder, 'y.npy');
    using writer = NpyWriter.create(file, { dtype: 'float32', shape: [4, 3, 2] });
    writer.write(floats.subarray(0, 6));
    writer.write(floats.subarray(6));
    expect(fs.existsSync(file)).toBe(false);
    writer.finish();
    expect(fs.readFileSync(file)).toEqual(bytesOf('C'));
    expect(fs.readdirSync(folder)).toEqual(['y.npy']);
  });

  test('0-d and empty arrays', () => {
    const file = path.join(folder, 'y.npy');
    using writer = NpyWriter.create(file, { dtype: 'float64', shape: [] });
    writer.write(Float64Array.of(2.5));
    writer.finish();
    expect(fs.readFileSync(file)).toEqual(bytesOf('0-d'));
    using empty = NpyWriter.create(file, { dtype: 'float32', shape: [0, 3] });
    empty.finish();
    expect(fs.readFileSync(file)).toEqual(bytesOf('empty'));
  });

  test.each<NpyDtype>([
    'bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64',
    'float16', 'float32', 'float64', 'complex64', 'complex128',
  ])('the header of %s is read back', (dtype) => {
    const bytes = formatHeader({ dtype, fortranOrder: false, shape: [3, 0, 123456789] });
    expect(bytes.length % 64).toBe(0);
    const { textStart, textLength } = parsePreamble(bytes);
    expect(textStart + textLength).toBe(bytes.length);
    const text = bytes.subarray(textStart).toString('latin1');
    expect(parseHeaderText(text)).toEqual({
      dtype,
      fortranOrder: false,
      shape: [3, 0, 123456789],
      swapped: false,
    });
  }); // prettier-ignore

  test('an aborted or unfinished file leaves nothing, and the old file as it was', () => {
    const file = fileWith(Buffer.from('old'));
    {
      using writer = NpyWriter.create(file, { dtype: 'float32', shape: [2] });
      writer.write(Float32Array.of(1));
      expect(() => {
        writer.finish();
      }).toThrow('takes 8 bytes of values; 4 were written');
    }
    const writer = NpyWriter.create(file, { dtype: 'float32', shape: [2] });
    writer.abort();
    writer.abort();
    expect(() => {
      writer.write(Float32Array.of(1));
    }).toThrow('already closed');
    expect(fs.readFileSync(file, 'latin1')).toBe('old');
    expect(fs.readdirSync(folder)).toEqual(['x.npy']);
  });

  test('too many values', () => {
    using writer = NpyWriter.create(path.join(folder, 'y.npy'), { dtype: 'int8', shape: [2] });
    expect(() => {
      writer.write(Int8Array.of(1, 2, 3));
    }).toThrow('takes 2 bytes of values; got values up to byte 3');
  });

  test('a full disk', () => {
    const writer = NpyWriter.create(path.join(folder, 'y.npy'), { dtype: 'int8', shape: [2] });
    jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, fsync'), { code: 'ENOSPC' });
    });
    writer.write(Int8Array.of(1, 2));
    expect(() => {
      writer.finish();
    }).toThrow('ENOSPC');
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('a folder that does not exist, a device, a folder as target', () => {
    const options = { dtype: 'int8', shape: [2] } as const;
    expect(() => NpyWriter.create(path.join(folder, 'none', 'y.npy'), options)).toThrow('ENOENT');
    expect(() => NpyWriter.create('/dev/null', options)).toThrow('not a regular file');
    expect(() => NpyWriter.create(folder, options)).toThrow('not a regular file');
  });

  test('a symbolic link stays a link', () => {
    const target = fileWith(Buffer.from('old'));
    const link = path.join(folder, 'link.npy');
    fs.symlinkSync(target, link);
    using writer = NpyWriter.create(link, { dtype: 'float32', shape: [4, 3, 2] });
    writer.write(floats);
    writer.finish();
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
    expect(fs.readFileSync(target)).toEqual(bytesOf('C'));
  });
});

describe('rows in any order', () => {
  const shape = [5, 2];
  const create = (dtype: NpyDtype = 'int16'): NpyWriter =>
    NpyWriter.create(path.join(folder, 'y.npy'), { dtype, shape });
  const rows = (from: number, to: number): Int16Array =>
    Int16Array.from({ length: 2 * (to - from) }, (_, i) => 2 * from + i);

  test('give the file that writing in order gives', () => {
    using writer = create();
    expect(writer).toMatchObject({ dtype: 'int16', shape, rows: 5, rowShape: [2], rowBytes: 4 });
    writer.writeRows(4, rows(4, 5));
    writer.writeRows(1, rows(1, 3));
    writer.write(rows(3, 4));
    writer.writeRows(1, rows(1, 2)); // once more
    expect(() => {
      writer.finish();
    }).toThrow('takes 20 bytes of values; 16 were written');
    writer.writeRows(0, rows(0, 1));
    writer.finish();
    using reader = NpyReader.open(path.join(folder, 'y.npy'));
    expect([...reader.readRows(0, 5)]).toEqual([...rows(0, 5)]);
  });

  test('are checked', () => {
    using writer = create();
    expect(() => {
      writer.writeRows(6, rows(0, 1));
    }).toThrow(/cannot write from row 6 on; .*y\.npy has 5 rows/);
    expect(() => {
      writer.writeRows(-1, rows(0, 1));
    }).toThrow(RangeError);
    expect(() => {
      writer.writeRows(4, rows(0, 2));
    }).toThrow('takes 20 bytes of values; got values up to byte 24');
    expect(() => {
      writer.writeRows(0, Int16Array.of(1));
    }).toThrow(/a row of .*y\.npy takes 4 bytes; got 2 bytes/);
  });

  test('without values', () => {
    using writer = NpyWriter.create(path.join(folder, 'y.npy'), { dtype: 'int8', shape: [3, 0] });
    writer.writeRows(2, new Int8Array(0));
    expect(() => {
      writer.writeRows(0, Int8Array.of(1));
    }).toThrow('takes 0 bytes; got 1 bytes');
    writer.finish();
    using reader = NpyReader.open(path.join(folder, 'y.npy'));
    expect(reader.shape).toEqual([3, 0]);
  });

  test('are read into memory of the caller', () => {
    using reader = NpyReader.open(fixture('C'));
    const scratch = new Uint8Array(96);
    expect(reader.readRows(1, 2, scratch).buffer).toBe(scratch.buffer);
    expect(() => reader.readRows(0, 4, scratch.subarray(16))).toThrow(
      "'scratch' has 80 bytes from offset 16; expected",
    );
    expect(() => reader.readRows(0, 1, scratch.subarray(1))).toThrow(RangeError);
  });
});

test.each([1, 2, 3])('bytes that are written in any order are each counted once, seed %i', (seed) => {
  const coverage = new Coverage();
  const bytes = new Set<number>();
  let state = seed;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let i = 0; i < 300; i++) {
    const start = random(1000);
    const end = start + random(12);
    coverage.add(start, end);
    for (let byte = start; byte < end; byte++) bytes.add(byte);
    expect(coverage.size).toBe(bytes.size);
  }
});
