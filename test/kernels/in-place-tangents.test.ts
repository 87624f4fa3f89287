/** Forward mode of operators that modify a tensor in place. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, jvp } = torch.func;
const x = torch.tensor([0.3, 0.7, 1.2, 1.9], float64);
const tangent = torch.tensor([1, 2, -1, 0.5], float64);

describe('a tangent is not modified through the result of another operator', () => {
  const scalar = (value: number): Tensor => torch.scalarTensor(value, float64);
  const operators: Record<string, TensorFunction> = {
    frac: (y) => y.frac(),
    fmod: (y) => y.fmod(0.5),
    remainder: (y) => y.remainder(0.5),
    subtract: (y) => torch.subtract(y, 1),
    aliasCopy: (y) => torch.aliasCopy(y),
    viewCopy: (y) => torch.viewCopy(y, [2, 2]),
    sliceCopy: (y) => torch.sliceCopy(y, 0, 1, 3),
    unsqueezeCopy: (y) => torch.unsqueezeCopy(y, 0),
    unbindCopy: (y) => torch.unbindCopy(y)[1],
    splitCopy: (y) => torch.splitCopy(y, 2)[0],
    // No alias: a control.
    mul: (y) => y.mul(scalar(1)),
  };

  test.each(Object.keys(operators))('%s', (name) => {
    const f = (z: Tensor): Tensor => {
      const square = z.mul(z);
      const result = operators[name](square);
      result.mul_(3);
      return square;
    };
    expectClose('tangent', jvp(f, [x], [tangent])[1], x.mul(tangent).mul(2), 1e-14);
  });

  test('the result has the tangent of the argument', () => {
    for (const [name, operator] of Object.entries(operators)) {
      const [value, got] = jvp(operator, [x], [tangent]);
      const differences = jvp((y) => operator(y).mul(scalar(1)), [x], [tangent])[1];
      expect(value.shape).toEqual(got.shape);
      expectClose(name, got, differences, 1e-14);
    }
  });
});

test('cosineEmbeddingLoss: all third derivatives agree', () => {
  const other = torch.tensor([[0.2, -1, 0.4], [1.1, 0.3, -0.6]], float64); // prettier-ignore
  const target = torch.tensor([1, -1], float64);
  const direction = torch.tensor([[1, 0.5, -0.3], [-0.7, 0.2, 1]], float64); // prettier-ignore
  const start = torch.tensor([[0.7, 0.1, -0.4], [0.9, -0.2, 0.5]], float64); // prettier-ignore
  const loss = (t: Tensor): Tensor => torch.cosineEmbeddingLoss(start.add(direction.mul(t)), other, target, { margin: -0.5 }); // prettier-ignore
  const forward =
    (f: TensorFunction): TensorFunction =>
    (t) =>
      jvp(f, [t], [torch.onesLike(t)])[1];
  const reverse = (f: TensorFunction): TensorFunction => grad(f) as TensorFunction;
  const modes = [forward, reverse];
  const t = torch.zeros([], float64);
  // Differences of the second derivative, with the first error term removed.
  const second = reverse(reverse(loss));
  const difference = (h: number): Tensor => second(t.add(h)).sub(second(t.sub(h))).div(2 * h); // prettier-ignore
  const right = difference(1e-3).mul(4).sub(difference(2e-3)).div(3);
  expect(Math.abs(right.item() as number)).toBeGreaterThan(0.1);
  for (const a of modes) {
    for (const b of modes) {
      for (const c of modes) expectClose('third derivative', a(b(c(loss)))(t), right, 1e-8);
    }
  }
});

describe('in-place operators in three nested forward modes', () => {
  const operators: Record<string, [inPlace: TensorFunction, plain: TensorFunction]> = {
    exp_: [(y) => y.exp_(), (y) => y.exp()],
    sqrt_: [(y) => y.sqrt_(), (y) => y.sqrt()],
    mul_: [(y) => y.mul_(2), (y) => y.mul(2)],
    clampMin_: [(y) => y.clampMin_(1), (y) => y.clampMin(1)],
    maskedFill_: [(y) => y.maskedFill_(y.gt(1), 2), (y) => y.maskedFill(y.gt(1), 2)],
    addcmul_: [(y) => y.addcmul_(x, x), (y) => y.addcmul(x, x)],
    copy_: [(y) => y.copy_(x.sin()), (y) => y.mul(0).add(x.sin())],
    'narrow of fill_': [
      (y) => {
        y.narrow(0, 0, 2).fill_(2);
        return y;
      },
      (y) => torch.cat([torch.full([2], 2, float64), y.narrow(0, 2, 2)]),
    ],
  };
  const forward =
    (f: TensorFunction): TensorFunction =>
    (y) =>
      jvp(f, [y], [torch.onesLike(y)])[1];

  test.each(Object.keys(operators))('%s', (name) => {
    const third = (f: TensorFunction): Tensor => forward(forward(forward((y) => f(y.mul(y.add(1))).mul(y))))(x);
    const [inPlace, plain] = operators[name];
    expectClose('third derivative', third(inPlace), third(plain), 1e-12);
  });
});
