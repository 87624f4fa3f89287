/** Numbers into tensors and out, in every way and for every dtype, against Python: values, dtypes and refusals. */

import * as torch from '../../lib';
import type { Dtype, Tensor } from '../../lib';
import { runPython } from '../support/parity/python';

type Value = number | bigint | boolean | { re: number; im: number };

/** By Python's spelling. */
const values: Record<string, Value> = {
  ...Object.fromEntries(
    [0, 1, -1, 127, 128, 200, 255, 256, 300, -128, -129, -255, -256, 32_767, 32_768, -32_768, -32_769].map(numbered),
  ),
  ...Object.fromEntries([65_535, 65_536, -65_535, -65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31)].map(numbered)),
  ...Object.fromEntries([-(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), 2 ** 53].map(numbered)),
  ...Object.fromEntries([2.7, -2.7, 0.5, -0.5, 1000.5, 70_000.5, 10_000_000_000.5].map(numbered)),
  ...Object.fromEntries(
    [2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n - 1n, 2n ** 64n].map(numbered),
  ),
  // Between two doubles, and with bits far below the last one that a double holds.
  ...Object.fromEntries([2n ** 70n + 2n ** 17n, 2n ** 70n + 2n ** 17n + 1n, 2n ** 300n + 1n].map(numbered)),
  '-0.0': -0,
  '1e19': 1e19,
  '1e38': 1e38,
  '1e39': 1e39,
  '-1e39': -1e39,
  '1e300': 1e300,
  inf: Infinity,
  '-inf': -Infinity,
  nan: NaN,
  True: true,
  '1+2j': { re: 1, im: 2 },
  '1+0j': { re: 1, im: 0 },
  '1e39j': { re: 0, im: 1e39 },
};

function numbered(value: number | bigint): [string, Value] {
  return [String(value), value];
}

const integers: Dtype[] = ['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64'];
const floats: Dtype[] = ['float16', 'bfloat16', 'float32', 'float64', 'complex32', 'complex64', 'complex128'];
// Created by `to` only, and so without a type of their own.
const eights = ['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz'] as unknown as Dtype[];
const dtypes = [...integers, ...floats, ...eights];

const routes: Record<string, (value: never, dtype: Dtype) => Tensor> = {
  tensor: (value, dtype) => torch.tensor(value, { dtype }),
  list: (value, dtype) => torch.tensor([value], { dtype }).index(0),
  newTensor: (value, dtype) => torch.zeros([], { dtype }).newTensor(value),
  full: (value, dtype) => torch.full([], value, { dtype }),
  newFull: (value, dtype) => torch.zeros([], { dtype }).newFull([], value),
  scalarTensor: (value, dtype) => torch.scalarTensor(value, { dtype }),
  fill_: (value, dtype) => torch.zeros([], { dtype }).fill_(value),
  indexPut_: (value, dtype) => torch.zeros([2], { dtype }).indexPut_([0], value).index(0),
  maskedFill_: (value, dtype) =>
    torch
      .zeros([1], { dtype })
      .maskedFill_(torch.tensor([true]), value)
      .index(0),
  add: (value, dtype) => torch.zeros([], { dtype }).add(value),
  add_: (value, dtype) => torch.zeros([], { dtype }).add_(value),
  mul: (value, dtype) => torch.ones([], { dtype }).mul(value),
  eq: (value, dtype) => torch.zeros([], { dtype }).eq(value),
  clamp: (value, dtype) => torch.zeros([], { dtype }).clamp({ min: value }),
  copysign: (value, dtype) => torch.ones([], { dtype }).copysign(value),
};

type Outcome = string[];

const text = (number: unknown): string => (Object.is(number, -0) ? '-0' : String(number));

function outcome(route: () => Tensor): Outcome {
  let tensor: Tensor;
  try {
    tensor = route();
  } catch (error) {
    return ['error', (error as Error).name];
  }
  const { dtype } = tensor;
  if (dtype.startsWith('complex')) {
    const { re, im } = tensor.to('complex128').item() as torch.Complex;
    return [dtype, text(re), text(im)];
  }
  const item = /float/.test(dtype) ? tensor.to('float64').item() : tensor.item();
  return [dtype, text(typeof item === 'number' && !/float/.test(dtype) ? BigInt(item) : item)];
}

const NAMES: Record<string, string> = {
  inf: 'Infinity',
  '-inf': '-Infinity',
  nan: 'NaN',
  True: 'true',
  False: 'false',
};

/** Python's outcome as JavaScript's text. */
function translated([kind, ...parts]: Outcome): Outcome {
  // JavaScript has no OverflowError.
  if (kind === 'error') return [kind, parts[0] === 'OverflowError' ? 'RuntimeError' : parts[0]];
  return [kind, ...parts.map((part) => NAMES[part] ?? (/^-?\d+$/.test(part) ? part : text(Number(part))))];
}

let python: Record<string, Record<string, Record<string, Outcome>>>;
beforeAll(async () => {
  python = (await runPython('run_numbers.py', { values: Object.keys(values), dtypes })) as typeof python;
}, 60_000);

test.each(dtypes)('numbers and %s', (dtype) => {
  const differences: unknown[] = [];
  for (const [name, value] of Object.entries(values)) {
    for (const [route, run] of Object.entries(routes)) {
      // -0 is an integral number, so that a dtype never depends on the sign of a zero: what computes in integers takes
      // it as 0. copysign computes in floating point.
      const asInteger = name === '-0.0' && integers.includes(dtype) && route !== 'copysign';
      const expected = translated(python[dtype][asInteger ? '0' : name][route]);
      const actual = outcome(() => run(value as never, dtype));
      // An operator refuses a bigint beyond 64 bits by its type, and Python by its size.
      if (actual[0] === 'error' && expected[0] === 'error' && typeof value === 'bigint') continue;
      if (JSON.stringify(actual) !== JSON.stringify(expected)) differences.push({ name, route, actual, expected });
    }
  }
  expect(differences).toEqual([]);
});
