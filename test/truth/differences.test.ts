/** Finite differences: what the truth run judges by. */

import { mixedDerivative, type Scalar } from '../../scripts/truth/differences';

const of =
  (f: (...t: number[]) => number): Scalar =>
  (t) => ({ value: f(...t), scale: Math.abs(f(...t)) });

// exp(a s + b t + ...) has the derivative a b ... at 0.
const exponential = (...rates: number[]) => of((...t) => Math.exp(t.reduce((sum, x, i) => sum + rates[i] * x, 0)));

test.each([
  ['first', exponential(1.5), 1.5, 1e-10],
  ['second', exponential(1.5, -2), -3, 1e-8],
  ['third', exponential(1.5, -2, 0.5), -1.5, 1e-5],
  ['of a linear function, second', of((s, t) => 3 * s + 2 * t + 1), 0, 1e-8],
])('the %s derivative, within the error that it states', (name, f, right, most) => {
  const order = { first: 1, third: 3 }[name] ?? 2;
  const found = mixedDerivative(f, order)!;
  expect(found.error).toBeLessThan(most);
  expect(Math.abs(found.value - right)).toBeLessThanOrEqual(2 * found.error);
});

test.each<[string, (t: number) => number]>([
  ['a kink', Math.abs],
  ['a jump', (t) => (t < 0 ? 0 : 1)],
  ['a function that is defined on one side', (t) => (t < 0 ? NaN : t)],
  ['a function that throws on one side', (t) => (t < 0 ? failing() : t)],
])('%s has no derivative', (_, f) => {
  expect(mixedDerivative(of(f), 1)).toBeNull();
});

test('a kink in the second argument alone is found', () => {
  expect(
    mixedDerivative(
      of((s, t) => s * Math.abs(t) + t * s + Math.abs(t)),
      2,
    ),
  ).toBeNull();
});

test('a function whose slope has a kink has a first derivative and no second one', () => {
  const f = (t: number) => (t < 0 ? t * t : 3 * t * t) + t;
  expect(mixedDerivative(of(f), 1)!.value).toBeCloseTo(1, 3);
  expect(
    mixedDerivative(
      of((s, t) => f(s + t)),
      2,
    ),
  ).toBeNull();
});

test('the steps stay within the domain', () => {
  const found = mixedDerivative(
    of((t) => Math.sqrt(t + 0.001)),
    1,
  )!;
  expect(Math.abs(found.value - 0.5 / Math.sqrt(0.001))).toBeLessThanOrEqual(Math.max(20 * found.error, 1e-6));
});

test('near a pole, beside jumps and at an infinite slope the error says that the value is a guess, or the value is right', () => {
  const pole = mixedDerivative(
    of((t) => 1 / (t + 0.01)),
    1,
  )!;
  expect(Math.abs(pole.value + 1e4)).toBeLessThanOrEqual(20 * pole.error);
  const infinite = mixedDerivative(
    of((t) => Math.sign(t) * Math.sqrt(Math.abs(t))),
    1,
  )!;
  expect(infinite.error).toBeGreaterThan(Math.abs(infinite.value));
  const steps = mixedDerivative(
    of((t) => Math.round((t + 0.0002) * 1000) / 1000),
    1,
  )!;
  expect(Math.abs(steps.value)).toBeLessThanOrEqual(20 * steps.error);
});

test('the precision of the values counts', () => {
  const rounded = of((t) => Math.fround(Math.sin(t + 1)));
  const found = mixedDerivative(rounded, 1, 2 ** -23);
  expect(found === null || Math.abs(found.value - Math.cos(1)) <= found.error).toBe(true);
});

function failing(): number {
  throw new RangeError('outside');
}
