/** The vector machine: each elementwise operator has the bits of eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { elementwiseCallsOf } from '../support/compile/elementwise-calls';
import { COMBINATIONS, combinations, FLOATS, layouts, numbers, variants } from '../support/compile/elementwise-inputs';

type Operation = (x: Tensor, y: Tensor, z: Tensor) => unknown;

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

beforeAll(() => torch.manualSeed(0));

describe.each(FLOATS)('%s', (dtype) => {
  test.each(elementwiseCallsOf(dtype).map(({ name, call }) => [name, call] as const))('%s', (name, call) => {
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

  test.each(elementwiseCallsOf(dtype).map(({ name, call }) => [name, call] as const))(
    'signs of zeros: %s',
    (name, call) => {
      const found: Record<string, string> = {};
      const check = (n: number, start: number, [variant, of]: (typeof variants)[0]) => {
        const mayRefuse = name.includes('alpha') && variant.startsWith('one');
        const difference = differences(call, of(combinations(n, start, dtype)), mayRefuse);
        if (difference !== '') found[`${n} from ${start} ${variant}`] = difference;
      };
      for (let n = 1; n <= 70; n++) check(n, (31 * n) % COMBINATIONS, variants[0]!);
      // Each combination in a vector loop and in the scalar loop behind it.
      for (const variant of variants) for (let start = 0; start < COMBINATIONS; start += 15) check(47, start, variant);
      expect(found).toEqual({});
    },
  );
});
