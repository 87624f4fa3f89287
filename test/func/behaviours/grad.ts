/** grad and gradAndValue, as PyTorch's TestSliceArgnums and TestGradTransform try them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, gradAndValue, jacrev, vjp } = torch.func;
const F = torch.nn.functional;

function argnums(cases: Cases): void {
  const weighted = (...args: Tensor[]): Tensor => args.map((t, i) => t.mul(i + 1).sum()).reduce((a, b) => a.add(b));
  const python = 'lambda *args: sum((t * (i + 1)).sum() for i, t in enumerate(args))';
  for (const [numbers, text] of [
    [0, '0'],
    [4, '4'],
    [-1, '-1'],
    [-5, '-5'],
    [[0, 1, 2, 3, 4], '(0, 1, 2, 3, 4)'],
    [[0, -3], '(0, -3)'],
    [5, '5'],
    [-6, '-6'],
    [[-6], '(-6,)'],
    [[], '()'],
    [[0, 0], '(0, 0)'],
    [[0, -5], '(0, -5)'],
    [0.5, '0.5'],
    [[0.5], '(0.5,)'],
    [[[0, 1], 2], '((0, 1), 2)'],
    [['0'], '("0",)'],
  ] as [any, string][]) {
    cases.add(
      `grad(${python}, argnums=${text})(x, y, m, s, u)`,
      ({ x, y, m, s, u }) => grad(weighted, { argnums: numbers })(x, y, m, s, u),
      { name: `argnums ${text} of five arguments` },
    );
  }
  const tree = (a: [Tensor, Tensor], b: Tensor, c: [Tensor]): Tensor => weighted(a[0], a[1], b, c[0]);
  const pythonTree = `lambda a, b, c: (${python})(a[0], a[1], b, c[0])`;
  for (const [numbers, text] of [
    [0, '0'],
    [[0], '(0,)'],
    [-1, '-1'],
    [[0, -2], '(0, -2)'],
    [[1, 0], '(1, 0)'],
    [[2, 0, 1], '(2, 0, 1)'],
  ] as [any, string][]) {
    cases.add(
      `grad(${pythonTree}, argnums=${text})((x, y), m, [s])`,
      ({ x, y, m, s }) => grad(tree, { argnums: numbers })([x, y], m, [s]),
      { name: `argnums ${text} of arguments that are structures` },
    );
  }
}

function simple(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name });
  };
  add('one operator', 'grad(torch.sin)(s)', ({ s }) => grad((t: Tensor) => t.sin())(s));
  add('a composite operator', 'grad(lambda x: torch.flatten(x).sum())(t)', ({ t }) =>
    grad((x: Tensor) => x.flatten().sum())(t),
  );
  add('the argument of a matrix product that is not selected', 'grad(lambda x, k: (x @ k).sum())(x, k)', ({ x, k }) =>
    grad((x: Tensor, k: Tensor) => x.matmul(k).sum())(x, k),
  );
  add('two operators in one', 'grad(lambda m, i: F.cross_entropy(m, i))(m, i)', ({ m, i }) =>
    grad((m: Tensor, i: Tensor) => F.crossEntropy(m, i))(m, i),
  );
  add(
    'a linear layer of more dimensions, changed in place',
    'grad(lambda t, w, b: F.linear(t, w, b).relu_().sum(), argnums=(0, 1, 2))(t, w, v)',
    ({ t, w, v }) =>
      grad((t: Tensor, w: Tensor, b: Tensor) => F.linear(t, w, b).relu_().sum(), { argnums: [0, 1, 2] })(t, w, v),
  );
  add('an argument by its name', 'grad(lambda x, *, y: (x * y).sum())(x, y=y)', ({ x, y }) =>
    grad((x: Tensor, { y }: { y: Tensor }) => x.mul(y).sum())(x, { y }),
  );
  add(
    'in place on a copy',
    `
      def f(x):
          return x.clone().sin_()
      return grad(f)(s)`,
    ({ s }) => grad((x: Tensor) => x.clone().sin_())(s),
  );
  add(
    'in place on a view of a copy',
    `
      def f(x):
          c = x.clone()
          c[0].sin_()
          return c.sum()
      return grad(f)(x)`,
    ({ x }) =>
      grad((x: Tensor) => {
        const c = x.clone();
        c.select(0, 0).sin_();
        return c.sum();
      })(x),
  );
  add(
    'in place on a copy of which there is a view',
    `
      def f(x):
          c = x.clone()
          first = c[0]
          c.sin_()
          return first
      return grad(f)(x)`,
    ({ x }) =>
      grad((x: Tensor) => {
        const c = x.clone();
        const first = c.select(0, 0);
        c.sin_();
        return first;
      })(x),
  );
  add('in place on a captured tensor', 'grad(lambda x: (x * y.copy_(x)).sum())(x)', ({ x, y }) =>
    grad((x: Tensor) => x.mul(y.copy_(x)).sum())(x),
  );
  add(
    'in place on a view of a copy of a scalar',
    `
      def f(x):
          c = x.clone()
          c.view([]).sin_()
          return c
      return grad(f)(s.requires_grad_())`,
    ({ s }) =>
      grad((x: Tensor) => {
        const c = x.clone();
        c.view([]).sin_();
        return c;
      })(s.requiresGrad_()),
  );
  add('twice', 'grad(grad(torch.sin))(s)', ({ s }) => grad(grad((t: Tensor) => t.sin()))(s));
  add(
    'the conjugate bit is seen inside',
    `
      seen = []
      def f(x):
          seen.extend([x.is_conj(), x.conj().is_conj()])
          return x.conj().abs()
      return [grad(f)(z[0]), seen]`,
    ({ z }) => {
      const seen: boolean[] = [];
      const g = grad((x: Tensor) => {
        seen.push(x.isConj(), x.conj().isConj());
        return x.conj().abs();
      })(z.select(0, 0));
      return [g, seen];
    },
  );
  add(
    'indexed assignment with a mask that selects nothing',
    `
      def f(x):
          ones = torch.ones(())
          ones[torch.zeros(()) > 0] = 0
          return x
      return grad(f)(s)`,
    ({ s }) =>
      grad((x: Tensor) => {
        torch.ones([]).indexPut_([torch.zeros([]).gt(0)], 0);
        return x;
      })(s),
  );
  add(
    'indexed assignment with a mask of the argument',
    `
      def f(x):
          x = x.clone()
          x[x > 0] = 0
          return x.sum()
      return grad(f)(x)`,
    ({ x }) =>
      grad((x: Tensor) => {
        const c = x.clone();
        return c.indexPut_([c.gt(0)], 0).sum();
      })(x),
  );
  add('a tensor made inside', 'grad(lambda x: x * torch.tensor(2.0))(s)', ({ s }) =>
    grad((x: Tensor) => x.mul(torch.tensor(2)))(s),
  );
  add(
    'the seed is set inside',
    `
      def f(x):
          torch.manual_seed(3)
          return x * torch.randn_like(x)
      g = grad(f)(s)
      s.requires_grad_()
      return [g, torch.autograd.grad(f(s), s)[0]]`,
    ({ s }) => {
      const f = (x: Tensor): Tensor => {
        torch.manualSeed(3);
        return x.mul(torch.randnLike(x));
      };
      const g = grad(f)(s);
      s.requiresGrad_();
      return [g, torch.autograd.grad(f(s), s)[0]];
    },
  );
}

function structures(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name });
  };
  type Pair = [Tensor, Tensor];
  const f = (a: Pair, b: { foo: Tensor }): Tensor => a[0].add(a[1].mul(2)).add(b.foo.mul(3));
  const python = 'lambda a, b: 1 * a[0] + 2 * a[1] + 3 * b["foo"]';
  add('of structures, the first', `grad(${python})((s, u), {"foo": s})`, ({ s, u }) => grad(f)([s, u], { foo: s }));
  add('of structures, the first in an array', `grad(${python}, argnums=(0,))((s, u), {"foo": s})`, ({ s, u }) =>
    grad(f, { argnums: [0] })([s, u], { foo: s }),
  );
  add('of structures, both', `grad(${python}, argnums=(0, 1))((s, u), {"foo": s})`, ({ s, u }) =>
    grad(f, { argnums: [0, 1] })([s, u], { foo: s }),
  );
  add('aux is a tensor', 'grad(lambda t: (t.sin().sum(), t.cos()), has_aux=True)(x)', ({ x }) =>
    grad((t: Tensor) => [t.sin().sum(), t.cos()] as const, { hasAux: true })(x),
  );
  add(
    'aux is a structure',
    'grad(lambda t: (t.sin().sum(), {"a": t.cos(), "b": [t.tan()]}), has_aux=True)(x)',
    ({ x }) => grad((t: Tensor) => [t.sin().sum(), { a: t.cos(), b: [t.tan()] }] as const, { hasAux: true })(x),
  );
  add('three results instead of aux', 'grad(lambda t: (t, t + 2, t + 3), has_aux=True)(x)', ({ x }) =>
    grad((t: Tensor) => [t, t.add(2), t.add(3)] as never, { hasAux: true })(x),
  );
  for (const [text, value] of [
    ['1', 1],
    ['1.5', 1.5],
    ['"abc"', 'abc'],
  ] as const) {
    add(`aux is ${text}`, `grad(lambda t: (t.sum(), ${text}), has_aux=True)(x)`, ({ x }) =>
      grad((t: Tensor) => [t.sum(), value] as const, { hasAux: true })(x),
    );
    add(`aux holds ${text}`, `grad(lambda t: (t.sum(), [t, ${text}]), has_aux=True)(x)`, ({ x }) =>
      grad((t: Tensor) => [t.sum(), [t, value]] as const, { hasAux: true })(x),
    );
  }
  add('an entry that is not used has zeros', 'grad(lambda p: (p["a"] ** 2.0).sum())({"a": x, "b": y})', ({ x, y }) =>
    grad((p: { a: Tensor; b: Tensor }) => p.a.pow(2).sum())({ a: x, b: y }),
  );
  add('a result that is a captured tensor', 'grad(lambda x: u)(s)', ({ s, u }) => grad((_: Tensor) => u)(s));
  add('a second derivative of a linear function', 'jacrev(jacrev(lambda x: m @ x))(x)', ({ x, m }) =>
    jacrev(jacrev((x: Tensor) => m.matmul(x)))(x),
  );
}

function composed(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name });
  };
  const sin = (t: Tensor): Tensor => t.sin();
  add('autograd of grad', 's.requires_grad_(); return torch.autograd.grad(grad(torch.sin)(s), s)', ({ s }) => {
    s.requiresGrad_();
    return torch.autograd.grad(grad(sin)(s), s);
  });
  add('grad of what vjp returns', 'p = vjp(torch.sin, s)[1]; return grad(lambda c: p(c)[0])(u)', ({ s, u }) => {
    const [, p] = vjp(sin, s);
    return grad((c: Tensor) => p(c)[0])(u);
  });
  add('vjp of grad', 'vjp(grad(torch.sin), s)[1](u)[0]', ({ s, u }) => vjp(grad(sin), s)[1](u)[0]);
  add(
    'grad of vjp of grad',
    'p = vjp(grad(lambda x: -torch.cos(x)), s)[1]; return grad(lambda c: p(c)[0])(u)',
    ({ s, u }) => {
      const [, p] = vjp(
        grad((x: Tensor) => x.cos().neg()),
        s,
      );
      return grad((c: Tensor) => p(c)[0])(u);
    },
  );
  add(
    'autograd through grad of a view, and beside it',
    `
      s.requires_grad_(); u.requires_grad_()
      out = grad(lambda x: x.view([]).sin())(s) + torch.cos(u)
      return torch.autograd.grad(out, [s, u])`,
    ({ s, u }) => {
      s.requiresGrad_();
      u.requiresGrad_();
      const out = grad((x: Tensor) => x.view([]).sin())(s).add(u.cos());
      return torch.autograd.grad(out, [s, u]);
    },
  );
  add('the value comes with the gradient', 'grad_and_value(lambda x: (x ** 3).sum())(x)', ({ x }) =>
    gradAndValue((x: Tensor) => x.pow(3).sum())(x),
  );
}

export function gradBehaviours(cases: Cases): void {
  for (const define of [argnums, simple, structures, composed]) define(cases);
}
