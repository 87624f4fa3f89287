/** linearize against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';

const { grad, linearize } = torch.func;

parity('linearize', (cases) => {
  cases.inputs({
    x: some([3]),
    y: some([3], 'float64', 2),
    u: some([3], 'float64', 3),
    v: some([3], 'float64', 4),
    b: some([5, 3], 'float64', 5),
    f: some([3], 'float32', 6),
    m: some([3, 3], 'float64', 7),
    z: some([3], 'complex128', 8),
    t: some([3], 'complex128', 9),
  });
  cases.add('(lambda r: (r[0], r[1](u)))(linearize(lambda x: x.sin() * x.sum(), x))', ({ x, u }) => {
    const [y, jvpFn] = linearize((x: Tensor) => x.sin().mul(x.sum()), x);
    return [y, jvpFn(u)];
  });
  cases.add(
    '(lambda r: (r[0], r[1](u, v)))(linearize(lambda x, y: {"p": x * y, "q": [(x + y).exp().sum()]}, x, y))',
    ({ x, y, u, v }) => {
      const [out, jvpFn] = linearize((x: Tensor, y: Tensor) => ({ p: x.mul(y), q: [x.add(y).exp().sum()] }), x, y);
      return [out, jvpFn(u, v)];
    },
  );
  cases.add('linearize(lambda p: p["a"] * p["b"], {"a": x, "b": y})[1]({"a": u, "b": v})', ({ x, y, u, v }) =>
    linearize((p: { a: Tensor; b: Tensor }) => p.a.mul(p.b), { a: x, b: y })[1]({ a: u, b: v }),
  );
  cases.add('torch.vmap(linearize(lambda x: x.sin() * x.sum(), x)[1])(b)', ({ x, b }) =>
    torch.vmap(linearize((x: Tensor) => x.sin().mul(x.sum()), x)[1])(b),
  );
  cases.add('(lambda g: grad(lambda u: g(u).pow(2).sum())(u))(linearize(lambda x: x.exp(), x)[1])', ({ x, u }) => {
    const [, jvpFn] = linearize((x: Tensor) => x.exp(), x);
    return grad((u: Tensor) => jvpFn(u).pow(2).sum())(u);
  });
  cases.add('linearize(lambda x: torch.linalg.solve(m, x).softmax(0), x)[1](u)', ({ x, m, u }) =>
    linearize((x: Tensor) => torch.linalg.solve(m, x).softmax(0), x)[1](u),
  );
  cases.add('linearize(lambda z: z * z, z)[1](t)', ({ z, t }) => linearize((z: Tensor) => z.mul(z), z)[1](t));
  cases.add('linearize(lambda x: (x * 2, 3), x)[0]', ({ x }) => linearize((x: Tensor) => [x.mul(2), 3] as const, x)[0]);
  cases.add('(lambda r: (r[0], r[1](u)))(linearize(lambda x: {"n": 1.5}, x))', ({ x, u }) => {
    const [y, jvpFn] = linearize((_: Tensor) => ({ n: 1.5 }), x);
    return [y, jvpFn(u)];
  });
  cases.group('refused', () => {
    const square = (x: Tensor) => x.mul(x);
    cases.add('linearize(lambda x: x * x, x)[1](u, u)', ({ x, u }) => (linearize(square, x)[1] as any)(u, u));
    cases.add('linearize(lambda x: x * x, x)[1](u[:2])', ({ x, u }) => linearize(square, x)[1](u.narrow(0, 0, 2)));
    cases.add('linearize(lambda x: x * x, x)[1](f)', ({ x, f }) => linearize(square, x)[1](f));
    cases.add('linearize(lambda x: x * x, torch.arange(3))', () => linearize(square, torch.arange(3)));
  });
});

test('the function runs once', () => {
  let calls = 0;
  const [, jvpFn] = linearize(
    (x: Tensor) => {
      calls++;
      return x.sin();
    },
    torch.tensor([0, 1]),
  );
  for (let i = 0; i < 5; i++) jvpFn(torch.ones(2));
  expect(calls).toBe(1);
});

test('an input that the output does not depend on has no effect', () => {
  const [, jvpFn] = linearize((x: Tensor, y: Tensor) => x.mul(2).add(y.detach()), torch.ones(2), torch.ones(2));
  expect(jvpFn(torch.ones(2), torch.full([2], 100.5)).toArray()).toEqual([2, 2]);
});
