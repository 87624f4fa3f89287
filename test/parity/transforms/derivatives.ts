/** grad, gradAndValue, vjp and jvp. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, gradAndValue, jvp, vjp } = torch.func;

export function derivatives(cases: Cases): void {
  cases.group('grad', () => {
    cases.add('grad(lambda x: x.sin().sum())(x)', ({ x }) => grad((x: Tensor) => x.sin().sum())(x));
    const product = (x: Tensor, y: Tensor) => x.mul(y.exp()).sum();
    const python = 'lambda x, y: (x * y.exp()).sum()';
    cases.add(`grad(${python}, argnums=1)(x, y)`, ({ x, y }) => grad(product, { argnums: 1 })(x, y));
    cases.add(`grad(${python}, argnums=-1)(x, y)`, ({ x, y }) => grad(product, { argnums: -1 })(x, y));
    cases.add(`grad(${python}, argnums=(0, 1))(x, y)`, ({ x, y }) => grad(product, { argnums: [0, 1] })(x, y));
    cases.add(`grad(${python}, argnums=(1, 0))(x, y)`, ({ x, y }) => grad(product, { argnums: [1, 0] })(x, y));
    cases.add(`grad(${python}, argnums=(-2,))(x, y)`, ({ x, y }) => grad(product, { argnums: [-2] })(x, y));
    cases.add(`grad(${python}, argnums=2)(x, y)`, ({ x, y }) => grad(product, { argnums: 2 })(x, y));
    cases.add(`grad(${python}, argnums=-3)(x, y)`, ({ x, y }) => grad(product, { argnums: -3 })(x, y));
    cases.add(`grad(${python}, argnums=(0, -2))(x, y)`, ({ x, y }) => grad(product, { argnums: [0, -2] })(x, y));
    cases.add(`grad(${python}, argnums=())(x, y)`, ({ x, y }) => grad(product, { argnums: [] })(x, y));
    cases.add(`grad(${python}, argnums=0.5)(x, y)`, ({ x, y }) => grad(product, { argnums: 0.5 })(x, y));
    cases.add('grad(lambda p: (p["a"] * p["b"][0]).sum())({"a": x, "b": [y, x]})', ({ x, y }) =>
      grad((p: { a: Tensor; b: Tensor[] }) => p.a.mul(p.b[0]).sum())({ a: x, b: [y, x] }),
    );
    cases.add('grad(lambda x, n: (x ** n).sum())(x, 3)', ({ x }) =>
      grad((x: Tensor, n: number) => x.pow(n).sum())(x, 3),
    );
    cases.add('grad(lambda x: ((x * 2).sum(), {"y": x + 1}), has_aux=True)(x)', ({ x }) =>
      grad((x: Tensor) => [x.mul(2).sum(), { y: x.add(1) }] as const, { hasAux: true })(x),
    );
    cases.add('grad(lambda x: (x.sum(), 3), has_aux=True)(x)', ({ x }) =>
      grad((x: Tensor) => [x.sum(), 3] as const, { hasAux: true })(x),
    );
    cases.add('grad(lambda x: x.sum(), has_aux=True)(x)', ({ x }) =>
      grad((x: Tensor) => x.sum() as any, { hasAux: true })(x),
    );
    cases.add('grad(lambda x: x)(x)', ({ x }) => grad((x: Tensor) => x)(x));
    cases.add('grad(lambda x: x.sum().reshape(1))(x)', ({ x }) => grad((x: Tensor) => x.sum().reshape(1))(x));
    cases.add('grad(lambda x: 3.0)(x)', ({ x }) => grad((() => 3) as any)(x));
    cases.add('grad(lambda x: x.sum())(i)', ({ i }) => grad((x: Tensor) => x.sum())(i));
    cases.add('grad(lambda x: x * 2)(1.5)', () => grad((x: any) => x * 2)(1.5));
    cases.add('grad(lambda z: z.sum())(z)', ({ z }) => grad((z: Tensor) => z.sum())(z));
    cases.add('grad(lambda z: (z * z.conj()).real.sum())(z)', ({ z }) =>
      grad((z: Tensor) => z.mul(z.conj()).real.sum())(z),
    );
    cases.add('grad(lambda x: torch.ones((), dtype=torch.int64))(x)', ({ x }) =>
      grad((_: Tensor) => torch.ones([], { dtype: 'int64' }))(x),
    );
    cases.add('grad(lambda x: torch.tensor(1.0))(x)', ({ x }) => grad((_: Tensor) => torch.tensor(1))(x));
    cases.add('grad(lambda x: x[i].prod())(x)', ({ x, i }) => grad((x: Tensor) => x.index(i).prod())(x));
    cases.add('grad(lambda x: x.float().sum())(x)', ({ x }) => grad((x: Tensor) => x.float().sum())(x));
    cases.add('grad(lambda x: (x.detach() * x).sum())(x)', ({ x }) => grad((x: Tensor) => x.detach().mul(x).sum())(x));
    cases.add('grad_and_value(lambda x: (x ** 2).sum())(x)', ({ x }) => gradAndValue((x: Tensor) => x.pow(2).sum())(x));
    cases.add('grad_and_value(lambda x, y: ((x * y).sum(), [x, y]), argnums=(0, 1), has_aux=True)(x, y)', ({ x, y }) =>
      gradAndValue((x: Tensor, y: Tensor) => [x.mul(y).sum(), [x, y]] as const, { argnums: [0, 1], hasAux: true })(
        x,
        y,
      ),
    );
    cases.add('grad(grad(grad(lambda s: s ** 5)))(s)', ({ s }) => grad(grad(grad((s: Tensor) => s.pow(5))))(s));
  });

  cases.group('vjp', () => {
    const both = (pullback: (cotangents: any) => unknown, y: unknown, cotangents: unknown) => [y, pullback(cotangents)];
    cases.add('y_, p = vjp(torch.sin, x); return [y_, p(y)]', ({ x, y }) => {
      const [out, pullback] = vjp((x: Tensor) => x.sin(), x);
      return both(pullback, out, y);
    });
    cases.add('o, p = vjp(lambda x, m: m @ x, x, m); return [o, p(torch.ones_like(o))]', ({ x, m }) => {
      const [o, p] = vjp((x: Tensor, m: Tensor) => m.matmul(x), x, m);
      return both(p, o, torch.onesLike(o));
    });
    cases.add(
      'o, p = vjp(lambda x: {"a": x.sin(), "b": [x.sum()]}, x); return [o, p({"a": y, "b": [s]})]',
      ({ x, y, s }) => {
        const [o, p] = vjp((x: Tensor) => ({ a: x.sin(), b: [x.sum()] }), x);
        return both(p, o, { a: y, b: [s] });
      },
    );
    cases.add('o, p, aux = vjp(lambda x: (x.exp(), x * 2), x, has_aux=True); return [o, p(y), aux]', ({ x, y }) => {
      const [o, p, aux] = vjp((x: Tensor) => [x.exp(), x.mul(2)] as const, x, { hasAux: true });
      return [o, p(y), aux];
    });
    cases.add('o, p = vjp(lambda d: d["a"] * d["b"], {"a": x, "b": y}); return p(x)', ({ x, y }) => {
      const [, p] = vjp((d: { a: Tensor; b: Tensor }) => d.a.mul(d.b), { a: x, b: y });
      return p(x);
    });
    cases.add('p = vjp(torch.sin, x)[1]; return [p(y), p(x), grad(lambda c: p(c)[0].sum())(y)]', ({ x, y }) => {
      const [, p] = vjp((x: Tensor) => x.sin(), x);
      return [p(y), p(x), grad((c: Tensor) => p(c)[0].sum())(y)];
    });
    cases.add('p = vjp(torch.sin, x)[1]; return vmap(p)(torch.stack([x, y]))', ({ x, y }) => {
      const [, p] = vjp((x: Tensor) => x.sin(), x);
      return torch.vmap((c: Tensor) => p(c))(torch.stack([x, y]));
    });
    cases.add('p = vjp(torch.sin, x)[1]; p(y, retain_graph=False); return p(y)', ({ x, y }) => {
      const [, p] = vjp((x: Tensor) => x.sin(), x);
      p(y, { retainGraph: false });
      return p(y);
    });
    cases.add('vjp(torch.sin, f)[1](x)', ({ f, x }) => vjp((x: Tensor) => x.sin(), f)[1](x));
    cases.add('vjp(torch.sin, x)[1](z)', ({ x, z }) => vjp((x: Tensor) => x.sin(), x)[1](z));
    cases.add('vjp(torch.exp, z)[1](z)', ({ z }) => vjp((x: Tensor) => x.exp(), z)[1](z));
    cases.add('vjp(torch.sin, x)[1](m)', ({ x, m }) => vjp((x: Tensor) => x.sin(), x)[1](m));
    cases.add('vjp(torch.sin, x)[1]((x,))', ({ x }) => vjp((x: Tensor) => x.sin(), x)[1]([x] as any));
    cases.add('vjp(lambda x: None, x)', ({ x }) => vjp((_: Tensor) => null, x));
    cases.add('vjp(lambda x: [], x)', ({ x }) => vjp((_: Tensor) => [], x));
    cases.add('vjp(lambda x: [x, 1], x)', ({ x }) => vjp((x: Tensor) => [x, 1], x));
    cases.add('vjp(lambda x: x > 0, x)', ({ x }) => vjp((x: Tensor) => x.gt(0), x));
    cases.add('vjp(torch.sin, i)', ({ i }) => vjp((x: Tensor) => x.sin(), i));
    cases.add('vjp(torch.sin, 1.0)', () => vjp((x: any) => x, 1));
    cases.add('o, p = vjp(lambda: torch.ones(2)); return [o, p(torch.ones(2))]', () => {
      const [o, p] = vjp(() => torch.ones(2));
      return [o, p(torch.ones(2))];
    });
    cases.add('o, p = vjp(lambda x: (x * 2, torch.ones(2)), x); return p((y, torch.ones(2)))', ({ x, y }) => {
      const [, p] = vjp((x: Tensor) => [x.mul(2), torch.ones(2)], x);
      return p([y, torch.ones(2)]);
    });
  });

  cases.group('jvp', () => {
    cases.add('jvp(torch.sin, (x,), (y,))', ({ x, y }) => jvp((x: Tensor) => x.sin(), [x], [y]));
    cases.add('jvp(lambda x, m: m @ x, (x, m), (y, m + 1))', ({ x, y, m }) =>
      jvp((x: Tensor, m: Tensor) => m.matmul(x), [x, m], [y, m.add(1)]),
    );
    cases.add('jvp(lambda x: {"a": x.exp(), "b": [x.sum()]}, (x,), (y,))', ({ x, y }) =>
      jvp((x: Tensor) => ({ a: x.exp(), b: [x.sum()] }), [x], [y]),
    );
    cases.add('jvp(lambda d: d["a"] * d["b"], ({"a": x, "b": y},), ({"a": y, "b": x},))', ({ x, y }) =>
      jvp((d: { a: Tensor; b: Tensor }) => d.a.mul(d.b), [{ a: x, b: y }], [{ a: y, b: x }]),
    );
    cases.add('jvp(lambda x: (x * x, x + 1), (x,), (y,), has_aux=True)', ({ x, y }) =>
      jvp((x: Tensor) => [x.mul(x), x.add(1)] as const, [x], [y], { hasAux: true }),
    );
    cases.add('jvp(lambda x: (x * x, 1), (x,), (y,), has_aux=True)', ({ x, y }) =>
      jvp((x: Tensor) => [x.mul(x), 1] as const, [x], [y], { hasAux: true }),
    );
    cases.add('jvp(lambda x: (x, torch.ones(2)), (x,), (y,))', ({ x, y }) =>
      jvp((x: Tensor) => [x.clone(), torch.ones(2)], [x], [y]),
    );
    cases.add('jvp(lambda x: (x, torch.ones(2)), (x,), (y,), strict=True)', ({ x, y }) =>
      jvp((x: Tensor) => [x, torch.ones(2)], [x], [y], { strict: true }),
    );
    cases.add('jvp(lambda x: x.detach(), (x,), (y,))', ({ x, y }) => jvp((x: Tensor) => x.detach(), [x], [y]));
    cases.add('jvp(lambda x: x.argsort(), (x,), (y,))', ({ x, y }) => jvp((x: Tensor) => x.argsort(), [x], [y]));
    cases.add('jvp(torch.sin, (f,), (x,))', ({ f, x }) => jvp((x: Tensor) => x.sin(), [f], [x]));
    cases.add('jvp(torch.exp, (z,), (z,))', ({ z }) => jvp((x: Tensor) => x.exp(), [z], [z]));
    cases.add('jvp(torch.sin, (x,), (m,))', ({ x, m }) => jvp((x: Tensor) => x.sin(), [x], [m]));
    cases.add('jvp(torch.sin, (x,), (y, y))', ({ x, y }) => jvp((x: Tensor) => x.sin(), [x], [y, y] as any));
    cases.add('jvp(torch.sin, x, y)', ({ x, y }) => jvp((x: Tensor) => x.sin(), x, y));
    cases.add('jvp(lambda: torch.ones(2), (), ())', () => jvp(() => torch.ones(2), [], []));
    cases.add('jvp(torch.sin, (i,), (i,))', ({ i }) => jvp((x: Tensor) => x.sin(), [i], [i]));
    cases.add('jvp(torch.sin, (x,), (i,))', ({ x, i }) => jvp((x: Tensor) => x.sin(), [x], [i]));
    cases.add('jvp(lambda x: x, (1.0,), (1.0,))', () => jvp((x: any) => x, [1], [1]));
    cases.add('jvp(lambda x: None, (x,), (y,))', ({ x, y }) => jvp((_: Tensor) => null as any, [x], [y]));
    cases.add('jvp(lambda x: [x, 2], (x,), (y,))', ({ x, y }) => jvp((x: Tensor) => [x, 2] as any, [x], [y]));
    cases.add('jvp(lambda x: torch.add(x, 1, out=torch.empty(3, dtype=x.dtype)), (x,), (y,))', ({ x, y }) =>
      jvp((x: Tensor) => torch.add(x, 1, { out: torch.empty(3, { dtype: x.dtype }) }), [x], [y]),
    );
    cases.add('jvp(lambda a: jvp(torch.sin, (a,), (a * y,))[1], (x,), (y,))', ({ x, y }) =>
      jvp((a: Tensor) => jvp((x: Tensor) => x.sin(), [a], [a.mul(y)])[1], [x], [y]),
    );
    cases.add('vmap(lambda v: jvp(torch.sin, (x,), (v,))[1])(torch.eye(3, dtype=x.dtype))', ({ x }) =>
      torch.vmap((v: Tensor) => jvp((x: Tensor) => x.sin(), [x], [v])[1])(torch.eye(3, { dtype: 'float64' })),
    );
  });
}
