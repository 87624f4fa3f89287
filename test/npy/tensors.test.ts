import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from '../../lib/index';
import type { NpyDtype } from '../../lib/npy';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-npy-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

// Made by NumPy, with test/npy/make_fixtures.py.
const fixtures = JSON.parse(fs.readFileSync(path.join(__dirname, 'fixtures.json'), 'utf8')) as Record<string, string>;

function load(name: string): torch.Tensor {
  const file = path.join(folder, 'x.npy');
  fs.writeFileSync(file, Buffer.from(fixtures[name], 'base64'));
  return torch.npy.load(file);
}

/** Saves and reads the bytes. */
function saved(tensor: torch.Tensor): Buffer {
  const file = path.join(folder, 'y.npy');
  torch.npy.save(file, tensor);
  return fs.readFileSync(file);
}

test('a tensor of one element is saved whatever its strides are', () => {
  const x = torch.arange(40, { dtype: 'float32' }).asStrided([1, 1], [17, 3], 5);
  expect([...saved(x).subarray(-4)]).toEqual([...new Uint8Array(Float32Array.of(5).buffer)]);
});

describe('load', () => {
  const dtypes: [string, NpyDtype][] = [
    ['i1', 'int8'],
    ['u1', 'uint8'],
    ['i2', 'int16'],
    ['i4', 'int32'],
    ['i8', 'int64'],
    ['u2', 'uint16'],
    ['u4', 'uint32'],
    ['u8', 'uint64'],
    ['f2', 'float16'],
    ['f4', 'float32'],
    ['f8', 'float64'],
    ['c8', 'complex64'],
    ['c16', 'complex128'],
  ];

  test.each(dtypes)('%s is %s, in both byte orders', (code, dtype) => {
    for (const order of ['<', '>']) {
      const x = load(order + code);
      expect(x.dtype).toBe(dtype);
      expect(x.shape).toEqual([4]);
      expect(x.requiresGrad).toBe(false);
      // Every dtype can be converted, if not compared, exactly.
      const values = dtype.startsWith('complex') ? torch.real(x) : x;
      expect(values.to({ dtype: 'float64' }).toArray()).toEqual([0, 1, 2, 100]);
    }
  });

  test('bool', () => {
    expect(load('<?').dtype).toBe('bool');
    expect(load('<?').toArray()).toEqual([false, true, true, true]);
  });

  test('C and Fortran order hold the same tensor, with strides as in Python', () => {
    const expected = Array.from({ length: 4 }, (_, i) => [0, 1, 2].map((j) => [6 * i + 2 * j, 6 * i + 2 * j + 1]));
    expect(load('C').toArray()).toEqual(expected);
    expect(load('C').strides).toEqual([6, 2, 1]);
    expect(load('F').toArray()).toEqual(expected);
    expect(load('F').strides).toEqual([1, 4, 12]);
  });

  test('0-d and empty', () => {
    expect(load('0-d').shape).toEqual([]);
    expect(load('0-d').item()).toBe(2.5);
    expect(load('empty').shape).toEqual([0, 3]);
  });

  test.each(['objects', 'structured', 'strings', 'dates', 'long double'])('refuses %s', (name) => {
    expect(() => load(name)).toThrow(/cannot read .*x\.npy: the dtype/);
  });

  test('int64 beyond 2^53 keeps every digit', () => {
    const big = 2n ** 62n + 1n;
    const file = path.join(folder, 'big.npy');
    torch.npy.save(file, torch.tensor([big, -big]));
    expect(torch.npy.load(file).toArray()).toEqual([big, -big]);
  });
});

describe('save', () => {
  test('gives the bytes that numpy.save gives', () => {
    expect(saved(torch.arange(24, { dtype: 'float32' }).reshape([4, 3, 2]))).toEqual(Buffer.from(fixtures.C, 'base64'));
    expect(saved(torch.tensor(2.5, { dtype: 'float64' }))).toEqual(Buffer.from(fixtures['0-d'], 'base64'));
    expect(saved(torch.zeros([0, 3], { dtype: 'float32' }))).toEqual(Buffer.from(fixtures.empty, 'base64'));
    expect(saved(torch.tensor([0, 1, 2, 100], { dtype: 'complex128' }))).toEqual(
      Buffer.from(fixtures['<c16'], 'base64'),
    );
    expect(saved(torch.tensor([0, 1, 2, 100], { dtype: 'float16' }))).toEqual(Buffer.from(fixtures['<f2'], 'base64'));
    expect(saved(torch.tensor([false, true, true, true]))).toEqual(Buffer.from(fixtures['<?'], 'base64'));
  });

  test('views are written in C order, and gradients and conjugation do not matter', () => {
    const file = path.join(folder, 'y.npy');
    const x = torch.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    torch.npy.save(file, x.t().requiresGrad_());
    expect(torch.npy.load(file).toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    const z = torch.complex(torch.tensor([1]), torch.tensor([2]));
    torch.npy.save(file, z.conj());
    expect(torch.imag(torch.npy.load(file)).toArray()).toEqual([-2]);
  });

  test('what NumPy does not have, and what has no values', () => {
    const file = path.join(folder, 'y.npy');
    expect(() => torch.npy.save(file, torch.zeros([1], { dtype: 'bfloat16' }))).toThrow(
      'NumPy has no counterpart of bfloat16',
    );
    expect(() => torch.npy.save(file, torch.zeros([1], { device: 'meta' }))).toThrow();
    expect(() =>
      torch.vmap((x: torch.Tensor) => {
        torch.npy.save(file, x);
        return x;
      })(torch.ones([3])),
    ).toThrow();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('an existing file stays when the new one cannot be written', () => {
    const file = path.join(folder, 'y.npy');
    torch.npy.save(file, torch.tensor([1]));
    const before = fs.readFileSync(file);
    expect(() => torch.npy.save(file, torch.zeros([1], { device: 'meta' }))).toThrow();
    expect(fs.readFileSync(file)).toEqual(before);
    expect(fs.readdirSync(folder)).toEqual(['y.npy']);
  });

  test('arrays larger than one piece', () => {
    const file = path.join(folder, 'y.npy');
    // 72 MB of 64 MiB pieces
    const x = torch.arange(9_000_000, { dtype: 'float64' }).reshape([3, 3_000_000]);
    torch.npy.save(file, x);
    const y = torch.npy.load(file);
    expect(y.shape).toEqual([3, 3_000_000]);
    expect(torch.equal(x, y)).toBe(true);
  });
});
