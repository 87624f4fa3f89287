import fs from 'node:fs';
import path from 'node:path';

import { command, readNpy, root, samples, useFolder, writeNpy } from '../support/command';

const folder = useFolder();

/** y = (x1 x2, sin(x1 + x2^2), x1^2 - 3 x2): the function of the torch.func notebook. */
const NOTEBOOK = `
import type { Tensor } from 'torch-func';
export default (x: Tensor, torch: typeof import('torch-func')): Tensor => {
  const [x1, x2] = x.unbind(0);
  return torch.stack([x1.mul(x2), x1.add(x2.pow(2)).sin(), x1.pow(2).sub(x2.mul(3))]);
};
`;

function notebookJacobian(x: ArrayLike<number>): number[] {
  return Array.from({ length: x.length / 2 }, (_, n) => [x[2 * n], x[2 * n + 1]]).flatMap(([x1, x2]) => {
    const cos = Math.cos(x1 + x2 ** 2);
    return [x2, x1, cos, 2 * x2 * cos, 2 * x1, -3];
  });
}

function largestDifference(actual: ArrayLike<number | bigint>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(Number(actual[i]) - value)), 0);
}

/** Runs the command on X.npy in the folder and gives what it wrote. */
async function jacobian(fn: string, ...options: string[]) {
  const output = folder.file('J.npy');
  const args = ['--fn', fn, '--input', folder.file('X.npy'), '--output', output, '--json', ...options];
  const { code, out, err } = await command('jacobian', ...args);
  if (code !== 0) throw new Error(err);
  return { ...readNpy(output), summary: JSON.parse(out) as Record<string, unknown> };
}

/** Runs the command where it must fail: nothing may be left behind. */
async function failure(fn: string, ...options: string[]): Promise<string> {
  const args = ['--fn', fn, '--input', folder.file('X.npy'), '--output', folder.file('J.npy'), ...options];
  const before = fs.readdirSync(folder.path).sort();
  const { code, out, err } = await command('jacobian', ...args);
  expect(out).toBe('');
  expect(code).toBeGreaterThan(0);
  expect(fs.readdirSync(folder.path).sort()).toEqual(before);
  return err;
}

describe('the right numbers', () => {
  const N = 23;
  const x = samples(2 * N);

  describe.each(['rev', 'fwd', 'auto'])('mode %s', (mode) => {
    test.each([['1'], ['7'], [String(N)], ['1000'], ['auto'], []])('chunk size %s', async (...chunk: string[]) => {
      const fn = folder.file('f.ts', NOTEBOOK);
      const options = ['--mode', mode, ...(chunk[0] === undefined ? [] : ['--chunk-size', chunk[0]])];

      writeNpy(folder.file('X.npy'), 'float64', [N, 2], x);
      const double = await jacobian(fn, ...options);
      expect(double).toMatchObject({ dtype: 'float64', shape: [N, 3, 2] });
      expect(largestDifference(double.data, notebookJacobian(x))).toBeLessThan(1e-14);

      const rounded = Float32Array.from(x);
      writeNpy(folder.file('X.npy'), 'float32', [N, 2], rounded);
      const single = await jacobian(fn, ...options);
      expect(single).toMatchObject({ dtype: 'float32', shape: [N, 3, 2] });
      expect(largestDifference(single.data, notebookJacobian(rounded))).toBeLessThan(1e-6);
    });
  });

  test('auto takes forward mode when there are more outputs than inputs', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [1, 2], Float64Array.of(1, 2));
    const wide = folder.file('wide.mjs', 'export default (x) => x.repeat([2])');
    expect((await jacobian(wide)).summary.mode).toBe('fwd');
    const square = folder.file('square.mjs', 'export default (x) => x.sin()');
    expect((await jacobian(square)).summary.mode).toBe('rev');
    const narrow = folder.file('narrow.mjs', 'export default (x) => x.sum()');
    expect((await jacobian(narrow)).summary.mode).toBe('rev');
  });

  test('scalar samples, scalar results, higher ranks', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [3], Float64Array.of(0, 1, 2));
    const cube = await jacobian(folder.file('cube.cjs', 'module.exports = (x) => x.pow(3)'));
    expect(cube.shape).toEqual([3]);
    expect([...cube.data]).toEqual([0, 3, 12]);

    writeNpy(folder.file('X.npy'), 'float64', [2, 2, 1], Float64Array.of(1, 2, 3, 4));
    const outer = folder.file('outer.mjs', 'export default (x) => x.matmul(x.t())');
    for (const mode of ['rev', 'fwd']) {
      const { shape, data } = await jacobian(outer, '--mode', mode);
      expect(shape).toEqual([2, 2, 2, 2, 1]);
      // d(x_i x_j) / d x_k
      expect([...data]).toEqual([2, 0, 2, 1, 2, 1, 0, 4, 6, 0, 4, 3, 4, 3, 0, 8]);
    }
  });

  test('no samples', async () => {
    writeNpy(folder.file('X.npy'), 'float32', [0, 2], new Float32Array(0));
    const { shape, dtype, summary } = await jacobian(folder.file('f.ts', NOTEBOOK));
    expect(shape).toEqual([0, 3, 2]);
    expect(dtype).toBe('float32');
    expect(summary).toMatchObject({ samples: 0, nonFiniteValues: 0 });
  });

  test('samples and results without elements', async () => {
    writeNpy(folder.file('X.npy'), 'float32', [4, 0], new Float32Array(0));
    expect((await jacobian(folder.file('f.mjs', 'export default (x) => x.sin()'))).shape).toEqual([4, 0, 0]);
  });

  test('more samples without values than a loop could visit', async () => {
    // The largest shape that a header may have; the file ends after the header.
    const most = 2 ** 53 - 1;
    writeNpy(folder.file('X.npy'), 'float64', [most, 0], new Float64Array(0));
    const { shape, summary } = await jacobian(folder.file('f.mjs', 'export default (x) => x.sin()'));
    expect(shape).toEqual([most, 0, 0]);
    expect(summary).toMatchObject({ samples: most, nonFiniteValues: 0 });
  });

  test('a function that does not use its input', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [2, 2], Float64Array.of(1, 2, 3, 4));
    const fn = folder.file('f.mjs', 'export default (x, torch) => torch.ones([3], { dtype: x.dtype })');
    for (const mode of ['rev', 'fwd']) {
      const { shape, data } = await jacobian(fn, '--mode', mode);
      expect(shape).toEqual([2, 3, 2]);
      expect([...data]).toEqual(new Array(12).fill(0));
    }
  });

  test('integers with --dtype, and conversions between floating-point types', async () => {
    const fn = folder.file('f.mjs', 'export default (x) => x.pow(2)');
    writeNpy(folder.file('X.npy'), 'int64', [2], BigInt64Array.of(3n, -5n));
    const { dtype, data } = await jacobian(fn, '--dtype', 'float64');
    expect(dtype).toBe('float64');
    expect([...data]).toEqual([6, -10]);
    writeNpy(folder.file('X.npy'), 'float64', [1], Float64Array.of(0.1));
    expect((await jacobian(fn, '--dtype', 'float32')).dtype).toBe('float32');
    // 1.5 in half precision
    writeNpy(folder.file('X.npy'), 'float16', [1], Uint16Array.of(0x3e00));
    const half = await jacobian(fn);
    expect(half.dtype).toBe('float16');
    expect([...half.data]).toEqual([0x4200]);
  });

  test('results that are not finite are computed and counted', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [3, 2], Float64Array.of(1, 4, 0, 1, -1, 0));
    const { data, summary } = await jacobian(folder.file('f.mjs', 'export default (x) => x.sqrt().sum()'));
    expect([...data]).toEqual([0.5, 0.25, Infinity, 0.5, NaN, Infinity]);
    expect(summary).toMatchObject({ nonFiniteValues: 3, nonFiniteSamples: 2 });
    const args = ['--fn', folder.file('f.mjs'), '--input', folder.file('X.npy'), '--output', folder.file('J.npy')];
    const { out } = await command('jacobian', ...args);
    expect(out).toMatch(
      /^3 samples in .* s, .* samples\/s, device cpu, peak memory .*B, NOT FINITE: 3 values in 2 samples\n$/,
    );
  });

  test('the figures', async () => {
    writeNpy(folder.file('X.npy'), 'float32', [5, 2], new Float32Array(10));
    const { summary } = await jacobian(folder.file('f.ts', NOTEBOOK), '--chunk-size', '2');
    expect(summary).toEqual({
      samples: 5,
      seconds: expect.any(Number),
      samplesPerSecond: expect.any(Number),
      device: 'cpu',
      peakMemoryBytes: expect.any(Number),
      mode: 'fwd',
      dtype: 'float32',
      shape: [5, 3, 2],
      chunkSize: 2,
      compile: true,
      compiledSpeedup: expect.any(Number),
      notCompiled: null,
      nonFiniteValues: 0,
      nonFiniteSamples: 0,
      output: folder.file('J.npy'),
    });
    expect(summary.peakMemoryBytes).toBeGreaterThan(2e7);
  });
});

describe('functions that cannot be differentiated', () => {
  const CASES: [string, string, RegExp][] = [
    ['throws', '(x) => {\n  const deep = () => {\n    throw new TypeError("no good");\n  };\n  return deep();\n}', /the function in .*f\.mjs threw TypeError: no good\n {4}at deep \(.*f\.mjs:3:\d+\)\n {4}at .*f\.mjs:5:\d+/],
    ['throws no error', '() => { throw "text"; }', /threw text was thrown/],
    ['a wrong call of the package', '(x, torch) => torch.matmul(x, torch.ones([7, 7]))', /f\.mjs threw .*7/],
    ['returns a Promise', 'async (x) => x', /returned a Promise; it must be synchronous/],
    ['returns a number', '(x) => 3', /returned the number 3; expected one tensor/],
    ['returns nothing', '(x) => {}', /returned undefined; expected one tensor/],
    ['returns null', '(x) => null', /returned null; expected one tensor/],
    ['returns an array', '(x) => [x, x]', /returned an array of 2; expected one tensor/],
    ['returns an object', '(x) => ({ y: x })', /returned an object \(Object\); expected one tensor/],
    ['returns integers', '(x) => x.long()', /returned a tensor of int64; a Jacobian needs a real floating-point tensor/],
    ['returns complex numbers', '(x, torch) => torch.complex(x, x)', /returned a tensor of complex128/],
    ['reads a value inside the transform', '(x) => x.mul(x.sum().item())', /f\.mjs threw RuntimeError: .*vmap/],
  ]; // prettier-ignore

  test.each(CASES)('%s', async (_name, source, message) => {
    writeNpy(folder.file('X.npy'), 'float64', [4, 2], samples(8));
    expect(await failure(folder.file('f.mjs', `export default ${source};`))).toMatch(message);
  });

  test('throws at a later sample only', async () => {
    const source =
      'let calls = 0;\nexport const late = (x) => {\n  if (++calls > 3) throw new Error("late");\n  return x.sin();\n};';
    writeNpy(folder.file('X.npy'), 'float64', [6], samples(6));
    expect(await failure(folder.file('f.mjs', source), '--chunk-size', '1', '--no-compile')).toMatch(
      /late in .*f\.mjs threw late\n {4}at .*late.* \(.*f\.mjs:3:\d+\)/,
    );
  });

  test.each([
    ['size', 'x.narrow(0, 0, ++calls > 2 ? 1 : 2)', '\\[2, 1, 2\\]'],
    ['rank', '++calls > 2 ? x.sum() : x', '\\[2, 2\\]'],
    ['dtype', '++calls > 2 ? x.double() : x', '\\[2, 2, 2\\]'],
  ])('a result whose %s changes between chunks', async (_, result, shape) => {
    writeNpy(folder.file('X.npy'), 'float32', [6, 2], new Float32Array(12));
    // The plan calls it for the first sample and for its Jacobian.
    const fn = folder.file('f.mjs', `let calls = 0; export default (x) => ${result};`);
    expect(await failure(fn, '--chunk-size', '2', '--mode', 'fwd')).toMatch(
      new RegExp(
        `the function in .*f\\.mjs has Jacobians that differ between samples: float\\d+ of shape ${shape} ` +
          'for samples 0 to 1, but float32 of shape \\[2, 2, 2\\] was planned from the first sample',
      ),
    );
  });

  test('the stack of transforms is empty after a failure', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [4, 2], samples(8));
    for (const [, source] of CASES) await failure(folder.file('f.mjs', `export default ${source};`));
    expect((await jacobian(folder.file('f.ts', NOTEBOOK))).shape).toEqual([4, 3, 2]);
  });
});

describe('inputs that cannot be used', () => {
  const use = (...options: string[]) => failure(folder.file('f.mjs', 'export default (x) => x.sin();'), ...options);

  test('a missing file', async () => {
    expect(await use()).toMatch(/cannot read .*X\.npy: there is no such file or folder \(ENOENT\)/);
  });

  test('not an .npy file', async () => {
    folder.file('X.npy', '1,2\n3,4\n');
    expect(await use()).toMatch(/cannot read .*X\.npy: this is not an \.npy file/);
  });

  test('a truncated file', async () => {
    const file = writeNpy(folder.file('X.npy'), 'float64', [4, 2], samples(8));
    fs.truncateSync(file, fs.statSync(file).size - 1);
    expect(await use()).toMatch(/cannot read .*X\.npy: it is truncated/);
  });

  test('a single number', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [], Float64Array.of(1));
    expect(await use()).toMatch(/holds a single number; expected an array of samples, of shape \(N, \.\.\.\)/);
  });

  test('integers, booleans and complex numbers', async () => {
    writeNpy(folder.file('X.npy'), 'int32', [2], Int32Array.of(1, 2));
    expect(await use()).toMatch(
      /holds int32 values, which cannot be differentiated; convert them to float32 or float64 \(option --dtype\)/,
    );
    writeNpy(folder.file('X.npy'), 'bool', [2], Uint8Array.of(1, 0));
    expect(await use()).toMatch(/holds bool values/);
    writeNpy(folder.file('X.npy'), 'complex64', [1], Float32Array.of(1, 2));
    expect(await use('--dtype', 'float64')).toMatch(
      /holds complex64 values; a Jacobian job differentiates real numbers only/,
    );
  });

  test('a device that is not there', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [2], samples(2));
    expect(await use('--device', 'cuda:99')).toMatch(/cannot use the device cuda:99: /);
  });
});

describe('outputs that cannot be written', () => {
  test('no such folder, a folder, a device', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [2], samples(2));
    const fn = folder.file('f.mjs', 'export default (x) => x.sin();');
    for (const [output, message] of [
      [folder.file('none') + '/J.npy', 'there is no such file or folder (ENOENT)'],
      [folder.path, 'not a regular file'],
      ['/dev/null', 'not a regular file'],
    ]) {
      const { code, err } = await command('jacobian', '--fn', fn, '--input', folder.file('X.npy'), '--output', output);
      expect(code).toBe(1);
      expect(err).toContain(`cannot write ${output}: `);
      expect(err).toContain(message);
    }
  });

  test('files that the job reads, by any path', async () => {
    const input = writeNpy(folder.file('X.npy'), 'float64', [2], Float64Array.of(1, 2));
    const fn = folder.file('f.mjs', 'export default (x) => x.pow(2)');
    fs.symlinkSync(input, folder.file('symbolic.npy'));
    fs.linkSync(input, folder.file('hard.npy'));
    fs.mkdirSync(folder.file('folder'));
    const before = fs.readFileSync(input);
    const dotted = `${folder.path}/folder/../X.npy`;
    const relative = path.relative(process.cwd(), input);
    for (const output of [input, dotted, relative, folder.file('symbolic.npy'), folder.file('hard.npy'), fn]) {
      const { code, err } = await command('jacobian', '--fn', fn, '--input', input, '--output', output);
      expect(err).toBe(
        `torch-func jacobian: the output ${output} would replace ${output === fn ? fn : input}, which this job reads ` +
          '(option --output)\n',
      );
      expect(code).toBe(2);
    }
    expect(fs.readFileSync(input)).toEqual(before);
    expect(fs.readFileSync(fn, 'utf8')).toContain('pow');
  });

  test('a full disk, and the file that was there before', async () => {
    writeNpy(folder.file('X.npy'), 'float64', [50], samples(50));
    folder.file('J.npy', 'precious');
    const write = fs.writeSync;
    let writes = 0;
    const full = jest.spyOn(fs, 'writeSync').mockImplementation((...args: unknown[]) => {
      if (++writes < 5) return (write as (...args: unknown[]) => number)(...args);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    try {
      const message = await failure(folder.file('f.mjs', 'export default (x) => x.sin();'), '--chunk-size', '10');
      expect(message).toMatch(/cannot write .*J\.npy: no space is left on the device \(ENOSPC\)/);
    } finally {
      full.mockRestore();
    }
    expect(fs.readFileSync(folder.file('J.npy'), 'utf8')).toBe('precious');
  });
});

test('the robot arm of the examples, in float32 and float64', async () => {
  const angles = samples(60).map((value) => value * Math.PI);
  const fn = `${root}/examples/robot-arm/ur5.ts`;
  writeNpy(folder.file('X.npy'), 'float64', [10, 6], angles);
  const double = await jacobian(fn);
  expect(double.shape).toEqual([10, 3, 4, 6]);
  expect(double.summary.mode).toBe('fwd');
  const reverse = await jacobian(fn, '--mode', 'rev');
  expect(largestDifference(reverse.data, [...double.data].map(Number))).toBeLessThan(1e-14);
  const single = await jacobian(fn, '--dtype', 'float32');
  expect(single.dtype).toBe('float32');
  expect(largestDifference(single.data, [...double.data].map(Number))).toBeLessThan(2e-6);
});
