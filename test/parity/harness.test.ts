/** The harness itself: a difference must fail, and so must a missing Python. */

import * as fs from 'node:fs';

import * as torch from '../../lib';
import { compare, type Encoded } from '../support/parity/compare';
import { findPython, runPython } from '../support/parity/python';

jest.mock('node:fs', () => ({
  ...jest.requireActual<typeof fs>('node:fs'),
  existsSync: jest.fn(),
  readFileSync: jest.fn(),
}));
const existsSync = jest.mocked(fs.existsSync);
const readFileSync = jest.mocked(fs.readFileSync);

describe('without a Python', () => {
  const named = process.env.TORCH_FUNC_PYTHON;
  beforeEach(() => {
    delete process.env.TORCH_FUNC_PYTHON;
    existsSync.mockReturnValue(false);
  });
  afterAll(() => {
    if (named !== undefined) process.env.TORCH_FUNC_PYTHON = named;
  });

  test('the error says that the setup has not looked for one', () => {
    expect(() => findPython()).toThrow(/need a Python with PyTorch.*has not looked for one.*npm run setup -- --python/);
  });
  test('the error gives the reason that the setup recorded', () => {
    existsSync.mockReturnValue(true);
    readFileSync.mockReturnValue('{"path": null, "problem": "no pip"}');
    expect(() => findPython()).toThrow(/there is none: no pip\. .*TORCH_FUNC_PYTHON/);
  });
  test('the error names a program that cannot be run', async () => {
    process.env.TORCH_FUNC_PYTHON = '/nowhere/python';
    await expect(runPython('run_cases.py', { cases: [] })).rejects.toThrow('/nowhere/python cannot be run.');
  });
  test('the error includes the output of a program that fails', async () => {
    process.env.TORCH_FUNC_PYTHON = process.execPath;
    await expect(runPython('run_cases.py', { cases: [] })).rejects.toThrow(
      /run_cases\.py failed \(1\):[^]*SyntaxError/,
    );
  });
});

describe('compare', () => {
  const floats = (values: number[], shape: number[], dtype: torch.Dtype = 'float64'): Encoded => ({
    kind: 'tensor',
    dtype,
    shape,
    elements: 'floats',
    data: Buffer.from(new Float64Array(values).buffer).toString('base64'),
  });
  const x = torch.tensor([1, NaN], { dtype: 'float64' });

  test('accepts what is equal or close', () => {
    compare(x, floats([1, NaN], [2]));
    compare(torch.tensor([1e20 * (1 + 1e-13)], { dtype: 'float64' }), floats([1e20], [1]));
    compare([1, { a: true }, 'float32', null], {
      kind: 'array',
      items: [
        { kind: 'integer', value: '1' },
        { kind: 'object', keys: ['a'], items: [{ kind: 'plain', value: true }] },
        { kind: 'plain', value: 'float32' },
        { kind: 'plain', value: null },
      ],
    });
  });
  test.each<[string, unknown, Encoded, RegExp]>([
    ['values', x, floats([1 + 1e-11, NaN], [2]), /element 0 is 1, in PyTorch 1\.00000000001/],
    ['NaN', x, floats([1, 1], [2]), /element 1 is NaN/],
    ['infinities', torch.tensor([Infinity], { dtype: 'float64' }), floats([-Infinity], [1]), /element 0/],
    ['shapes', x, floats([1, NaN], [2, 1]), /the shape is \[2\], in PyTorch \[2, 1\]/],
    ['dtypes', x, floats([1, NaN], [2], 'float32'), /the dtype is float64, in PyTorch float32/],
    ['a number for a tensor', 1, floats([1], []), /got 1, PyTorch a float64 tensor/],
    ['lengths', [1], { kind: 'array', items: [] }, /an array of 1, PyTorch a sequence of 0/],
    ['keys', { a: 1 }, { kind: 'object', keys: ['b'], items: [] }, /keys a, PyTorch b/],
    ['integers', 2 ** 53, { kind: 'integer', value: '9007199254740993' }, /PyTorch 9007199254740993/],
    ['kinds', true, { kind: 'integer', value: '1' }, /got true/],
    ['texts', 'a', { kind: 'plain', value: 'b' }, /got a, PyTorch b/],
  ])('finds a difference of %s', (_, actual, expected, message) => {
    expect(() => compare(actual, expected)).toThrow(message);
  });
});
