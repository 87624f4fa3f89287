/** The vector machine: each elementwise operator has the bits of eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { elementwiseCalls } from '../support/compile/elementwise-calls';

const FLOATS = ['float32', 'float64'] as const;

type Operation = (x: Tensor, y: Tensor, z: Tensor) => unknown;

const special: Record<(typeof FLOATS)[number], number[]> = {
  float32: [NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1e38, -1e38, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 0.3, 0.4, 88],
  float64: [NaN, Infinity, -Infinity, 0, -0, 5e-324, -1e-310, 1e308, -1e308, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 0.3, 709],
};

/** Random numbers, with special ones among them: other ones at the same place for another shift. */
function numbers(size: number[], dtype: (typeof FLOATS)[number], shift: number): Tensor {
  const result = torch.randn(size, { dtype }).mul(2).flatten();
  const values = torch.tensor(special[dtype], { dtype });
  for (let i = 0; i < result.shape[0]!; i += 61) {
    const count = Math.min(special[dtype].length, result.shape[0]! - i);
    result.narrow(0, i, count).copy_(values.roll(shift + i).narrow(0, 0, count));
  }
  return result.view(size);
}

function bits(tensor: Tensor): ArrayLike<unknown> {
  const data = tensor.contiguous().data() as Float32Array;
  const isFloat32 = tensor.dtype === 'float32';
  if (!isFloat32 && tensor.dtype !== 'float64') return data;
  const isNan = (tensor.isnan().data() as unknown as ArrayLike<boolean>) ?? [];
  const view = isFloat32 ? new Uint32Array(data.buffer, data.byteOffset, data.length) : data.buffer;
  const words = isFloat32
    ? (view as Uint32Array)
    : new BigUint64Array(view as ArrayBuffer, data.byteOffset, data.length);
  // All NaNs are equal.
  return Array.from(words as ArrayLike<unknown>, (word, i) => (isNan[i] ? NaN : word));
}

/** How often the machine's results differ from those of eager execution, and the first difference. */
function differences(operation: Operation, inputs: [Tensor, Tensor, Tensor], mayRefuse: boolean): string {
  const asList = (value: unknown) => (Array.isArray(value) ? (value as Tensor[]) : [value as Tensor]);
  const call = ([x, y, z]: Tensor[]) => asList(operation(x!, y!, z!));
  const expected = call(inputs);
  const { outputs, refused } = native.testMachine(call, inputs, 0);
  if (refused.length > 0 && mayRefuse) return '';
  if (refused.length > 0) return `no rule for ${refused.join(', ')}`;
  for (const [k, output] of outputs.entries()) {
    if (output.dtype !== expected[k]!.dtype) return `dtype ${output.dtype}, not ${expected[k]!.dtype}`;
    const actual = bits(output);
    const wanted = bits(expected[k]!);
    const places = Array.from(actual, (_, i) => i).filter((i) => !Object.is(actual[i], wanted[i]));
    if (places.length === 0) continue;
    const [i] = places as [number];
    const at = (tensor: Tensor) => {
      try {
        return String(tensor.expandAs(output).contiguous().flatten().data()[i]);
      } catch {
        return 'a number'; // of a tensor that the operator does not use
      }
    };
    return `${places.length} of ${actual.length}, first at ${i}: ${at(output)} instead of ${at(expected[k]!)} for ${inputs
      .map(at)
      .join(', ')}`;
  }
  return '';
}

const layouts: [string, (make: (size: number[], shift: number) => Tensor) => [Tensor, Tensor, Tensor]][] = [
  ...[1, 3, 31, 32, 33, 63, 97, 512, 1100].map(
    (n) => [`${n} numbers`, (make) => [make([n], 0), make([n], 7), make([n], 3)]] as (typeof layouts)[0],
  ),
  ['every second number', (make) => [0, 7, 3].map((s) => make([77, 2], s).select(1, 0)) as [Tensor, Tensor, Tensor]],
  ['transposed', (make) => [0, 7, 3].map((s) => make([37, 41], s).t()) as [Tensor, Tensor, Tensor]],
  ['rows of a matrix', (make) => [0, 7, 3].map((s) => make([9, 50], s).narrow(1, 2, 35)) as [Tensor, Tensor, Tensor]],
  ['broadcast', (make) => [make([13, 1, 37], 0), make([5, 37], 7), make([5, 1], 3)]],
  ['one number first', (make) => [make([1], 8), make([70], 12), make([70], 11)]],
  ['one number second', (make) => [make([70], 0), make([1], 12), make([70], 11)]],
  ['one number third', (make) => [make([70], 0), make([70], 12), make([], 13)]],
];

beforeAll(() => torch.manualSeed(0));

describe.each(FLOATS)('%s', (dtype) => {
  test.each(elementwiseCalls.map(({ name, call }) => [name, call] as const))('%s', (name, call) => {
    const found: Record<string, string> = {};
    for (const [layout, make] of layouts) {
      // Sums with a factor for one number: see addScaled in arithmetic_rules.cpp.
      const mayRefuse = name.includes('alpha') && layout.startsWith('one number');
      const difference = differences(
        call,
        make((size, shift) => numbers(size, dtype, shift)),
        mayRefuse,
      );
      if (difference !== '') found[layout] = difference;
    }
    expect(found).toEqual({});
  });
});
