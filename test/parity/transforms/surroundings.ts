/** Grad modes outside and inside, captured and escaped tensors, in-place operators, aliases. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, jacfwd, jacrev, jvp, vjp } = torch.func;
const { enableGrad, noGrad, vmap } = torch;

export function surroundings(cases: Cases): void {
  cases.group('grad modes', () => {
    cases.add('with torch.no_grad(): return grad(lambda x: (x ** 2).sum())(x)', ({ x }) =>
      noGrad(() => grad((x: Tensor) => x.pow(2).sum())(x)),
    );
    cases.add('with torch.no_grad(): return grad(grad(lambda s: s ** 3))(s)', ({ s }) =>
      noGrad(() => grad(grad((s: Tensor) => s.pow(3)))(s)),
    );
    cases.add(
      `
      def f(x):
          with torch.no_grad():
              shift = x ** 2
          return (x ** 2 - shift).sum()
      return grad(f)(x)`,
      ({ x }) =>
        grad((x: Tensor) =>
          x
            .pow(2)
            .sub(noGrad(() => x.pow(2)))
            .sum(),
        )(x),
      { name: 'noGrad inside grad' },
    );
    cases.add(
      `
      def f(x):
          with torch.no_grad():
              shift = x ** 2
          return x ** 2 - shift
      return jvp(f, (x,), (torch.ones_like(x),))`,
      ({ x }) => jvp((x: Tensor) => x.pow(2).sub(noGrad(() => x.pow(2))), [x], [torch.onesLike(x)]),
      { name: 'noGrad inside jvp' },
    );
    cases.add(
      `
      with torch.no_grad():
          def f(x):
              with torch.enable_grad():
                  return (x ** 3).sum()
          return grad(f)(x)`,
      ({ x }) => noGrad(() => grad((x: Tensor) => enableGrad(() => x.pow(3).sum()))(x)),
      { name: 'enableGrad inside grad inside noGrad' },
    );
    cases.add('with torch.no_grad(): return [jacrev(torch.sin)(x), jacfwd(torch.sin)(x)]', ({ x }) =>
      noGrad(() => [jacrev((x: Tensor) => x.sin())(x), jacfwd((x: Tensor) => x.sin())(x)]),
    );
    cases.add(
      'x.requires_grad_(); g = grad(lambda x: (x ** 3).sum())(x); return [g, g.requires_grad, torch.autograd.grad(g.sum(), x)[0]]',
      ({ x }) => {
        x.requiresGrad_();
        const g = grad((x: Tensor) => x.pow(3).sum())(x);
        return [g, g.requiresGrad, torch.autograd.grad(g.sum(), x)[0]];
      },
    );
    cases.add(
      'x.requires_grad_(); j = jacrev(lambda x: x ** 3)(x); return [j.requires_grad, torch.autograd.grad(j.sum(), x)[0]]',
      ({ x }) => {
        x.requiresGrad_();
        const j = jacrev((x: Tensor) => x.pow(3))(x);
        return [j.requiresGrad, torch.autograd.grad(j.sum(), x)[0]];
      },
    );
    cases.add(
      'x.requires_grad_(); j = jacfwd(lambda x: x ** 3)(x); return [j.requires_grad, torch.autograd.grad(j.sum(), x)[0]]',
      ({ x }) => {
        x.requiresGrad_();
        const j = jacfwd((x: Tensor) => x.pow(3))(x);
        return [j.requiresGrad, torch.autograd.grad(j.sum(), x)[0]];
      },
    );
    cases.add(
      'y.requires_grad_(); g = grad(lambda x: (x * y).sum())(x); return [g, g.requires_grad, torch.autograd.grad(g.sum(), y)[0]]',
      ({ x, y }) => {
        y.requiresGrad_();
        const g = grad((x: Tensor) => x.mul(y).sum())(x);
        return [g, g.requiresGrad, torch.autograd.grad(g.sum(), y)[0]];
      },
    );
    cases.add(
      'm.requires_grad_(); o = vmap(lambda a: (a ** 2).sum())(m); return torch.autograd.grad(o.sum(), m)[0]',
      ({ m }) => {
        m.requiresGrad_();
        return torch.autograd.grad(vmap((a: Tensor) => a.pow(2).sum())(m).sum(), m)[0];
      },
    );
  });

  cases.group('captured tensors', () => {
    cases.add('grad(lambda x: grad(lambda y: (x * y ** 2).sum())(y).sum())(x)', ({ x, y }) =>
      grad((x: Tensor) => grad((y: Tensor) => x.mul(y.pow(2)).sum())(y).sum())(x),
    );
    cases.add('vmap(lambda a: grad(lambda y: (a * y ** 2).sum())(y))(m)', ({ m, y }) =>
      vmap((a: Tensor) => grad((y: Tensor) => a.mul(y.pow(2)).sum())(y))(m),
    );
    cases.add('vmap(lambda a: jacrev(lambda y: a * y ** 2)(y))(m)', ({ m, y }) =>
      vmap((a: Tensor) => jacrev((y: Tensor) => a.mul(y.pow(2)))(y))(m),
    );
    cases.add('grad(lambda x: vmap(lambda a: (a * x).sum())(m).prod())(x)', ({ m, x }) =>
      grad((x: Tensor) => vmap((a: Tensor) => a.mul(x).sum())(m).prod())(x),
    );
    cases.add('jvp(lambda x: vmap(lambda a: a * x)(m), (x,), (y,))', ({ m, x, y }) =>
      jvp((x: Tensor) => vmap((a: Tensor) => a.mul(x))(m), [x], [y]),
    );
    cases.add('grad(lambda x: (x + y.add_(1)).sum())(x)', ({ x, y }) => grad((x: Tensor) => x.add(y.add_(1)).sum())(x));
    cases.add('grad(lambda x: y.mul_(x).sum())(x)', ({ x, y }) => grad((x: Tensor) => y.mul_(x).sum())(x));
    cases.add('grad(lambda x: y.clone().mul_(x).sum())(x)', ({ x, y }) =>
      grad((x: Tensor) => y.clone().mul_(x).sum())(x),
    );
    cases.add('o, p = vjp(lambda x: x.mul_(2), x); return [o, x, p(y)]', ({ x, y }) => {
      const [o, p] = vjp((x: Tensor) => x.mul_(2), x);
      return [o, x, p(y)];
    });
    cases.add('grad(lambda x: x.mul_(2).sum())(x)', ({ x }) => grad((x: Tensor) => x.mul_(2).sum())(x));
    cases.add('grad(lambda x: x[1:].clone().mul_(x[0]).sum())(x)', ({ x }) =>
      grad((x: Tensor) => x.index('1:').clone().mul_(x.index(0)).sum())(x),
    );
    cases.add('grad(lambda x: (lambda c: c[1:].mul_(x[0]).sum() + c.sum())(x.clone()))(x)', ({ x }) =>
      grad((x: Tensor) => {
        const c = x.clone();
        return c.index('1:').mul_(x.index(0)).sum().add(c.sum());
      })(x),
    );
  });

  cases.group('what transforms refuse', () => {
    cases.add('grad(lambda x: x.requires_grad_().sum())(x)', ({ x }) =>
      grad((x: Tensor) => x.requiresGrad_().sum())(x),
    );
    cases.add('grad(lambda x: (x * 2).requires_grad_().sum())(x)', ({ x }) =>
      grad((x: Tensor) => x.mul(2).requiresGrad_().sum())(x),
    );
    cases.add('grad(lambda x: x.sum().backward())(x)', ({ x }) => grad((x: Tensor) => x.sum().backward() as any)(x));
    cases.add('grad(lambda x: (x * 2).retain_grad())(x)', ({ x }) =>
      grad((x: Tensor) => x.mul(2).retainGrad() as any)(x),
    );
    cases.add('grad(lambda x: x[7])(x)', ({ x }) => grad((x: Tensor) => x.index(7))(x));
    cases.add('vmap(grad(lambda a: a.view(7).sum()))(m)', ({ m }) => vmap(grad((a: Tensor) => a.view(7).sum()))(m));
    cases.add('jacfwd(vmap(lambda a: a.foo))(m)', ({ m }) => jacfwd(vmap((a: any) => a.foo.bar))(m), {
      error: { class: 'TypeError', because: 'JavaScript has no AttributeError' },
    });
    cases.add('grad(lambda x: torch.linalg.cholesky(x.diag() * 0 - 1).sum())(x)', ({ x }) =>
      grad((x: Tensor) => torch.linalg.cholesky(x.diag().mul(0).sub(1)).sum())(x),
    );
  });

  cases.group('autograd inside', () => {
    cases.add('grad(lambda x: torch.autograd.grad((x ** 3).sum(), x, create_graph=True)[0].sum())(x)', ({ x }) =>
      grad((x: Tensor) => torch.autograd.grad(x.pow(3).sum(), x, { createGraph: true })[0].sum())(x),
    );
    cases.add(
      'x.requires_grad_(); y_ = x.sin() * x; return vmap(lambda v: torch.autograd.grad(y_, x, v, retain_graph=True)[0])(torch.eye(3, dtype=x.dtype))',
      ({ x }) => {
        x.requiresGrad_();
        const out = x.sin().mul(x);
        return vmap((v: Tensor) => torch.autograd.grad(out, x, v, { retainGraph: true })[0])(
          torch.eye(3, { dtype: 'float64' }),
        );
      },
    );
    cases.add(
      'grad(lambda x: x.sin().sum())(x.clone().requires_grad_()).requires_grad',
      ({ x }) => grad((x: Tensor) => x.sin().sum())(x.clone().requiresGrad_()).requiresGrad,
    );
  });
}
