/** Transforms under noGrad and inference mode, outside and inside, as PyTorch's TestGradTransform tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, gradAndValue, jacrev, jvp, vjp } = torch.func;
const { inferenceMode, noGrad, vmap } = torch;

// The derivative of a result by what it was computed from, as far as it has one.
const again = (y: Tensor, x: Tensor): Tensor => torch.autograd.grad(y.sum(), x)[0];

function underNoGrad(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name: `noGrad: ${name}` });
  };
  const shifted = (x: Tensor): Tensor => x.pow(2).sub(noGrad(() => x.pow(2)));
  const PYTHON = `
def shifted(x):
    with torch.no_grad():
        shift = x ** 2
    return x ** 2 - shift
`;
  add(
    'outside grad',
    `
      s.requires_grad_()
      with torch.no_grad():
          y = grad(torch.sin)(s)
      return [y, y.requires_grad]`,
    ({ s }) => {
      s.requiresGrad_();
      const y = noGrad(() => grad((t: Tensor) => t.sin())(s));
      return [y, y.requiresGrad];
    },
  );
  add(
    'inside grad, nested and differentiated',
    `${PYTHON}
first, second = grad(shifted)(s), grad(grad(shifted))(s)
s.requires_grad_()
return [first, second, torch.autograd.grad(grad(shifted)(s), s)[0]]`,
    ({ s }) => {
      const [first, second] = [grad(shifted)(s), grad(grad(shifted))(s)];
      s.requiresGrad_();
      return [first, second, again(grad(shifted)(s), s)];
    },
  );
  add(
    'inside and outside grad',
    `${PYTHON}
s.requires_grad_()
with torch.no_grad():
    y = grad(shifted)(s)
return [y, y.requires_grad]`,
    ({ s }) => {
      s.requiresGrad_();
      const y = noGrad(() => grad(shifted)(s));
      return [y, y.requiresGrad];
    },
  );
  add(
    'around a grad inside another',
    `
      def h(x):
          with torch.no_grad():
              shift = grad(lambda x: 0.25 * x ** 4)(x)
          return x ** 3 - shift
      s.requires_grad_()
      y = grad(h)(s)
      return [y, torch.autograd.grad(y, s)[0]]`,
    ({ s }) => {
      s.requiresGrad_();
      const h = (x: Tensor): Tensor => x.pow(3).sub(noGrad(() => grad((x: Tensor) => x.pow(4).mul(0.25))(x)));
      const y = grad(h)(s);
      return [y, again(y, s)];
    },
  );
  add(
    'at two depths',
    `
      def f(x):
          with torch.no_grad():
              shift = x ** 3
          return x ** 3 - shift
      def g(x):
          r1 = grad(f)(x)
          with torch.no_grad():
              shift = grad(f)(x)
          return r1 - shift
      s.requires_grad_()
      y = grad(g)(s)
      return [y, torch.autograd.grad(y, s)[0]]`,
    ({ s }) => {
      s.requiresGrad_();
      const f = (x: Tensor): Tensor => x.pow(3).sub(noGrad(() => x.pow(3)));
      const g = (x: Tensor): Tensor => grad(f)(x).sub(noGrad(() => grad(f)(x)));
      const y = grad(g)(s);
      return [y, again(y, s)];
    },
  );
  add(
    'around the value of gradAndValue',
    `
      def h(x):
          with torch.no_grad():
              _, value = grad_and_value(lambda x: x ** 3)(x)
          return x ** 3 - value
      s.requires_grad_()
      y = grad(h)(s)
      return [y, torch.autograd.grad(y, s)[0]]`,
    ({ s }) => {
      s.requiresGrad_();
      const h = (x: Tensor): Tensor => x.pow(3).sub(noGrad(() => gradAndValue((x: Tensor) => x.pow(3))(x))[1]);
      const y = grad(h)(s);
      return [y, again(y, s)];
    },
  );
  const square = (x: Tensor): Tensor => x.pow(2);
  add(
    'outside vjp and its function',
    `
      s.requires_grad_()
      with torch.no_grad():
          out, p = vjp(lambda x: x ** 2, s)
          y, = p(u)
      return [y, y.requires_grad, out.requires_grad]`,
    ({ s, u }) => {
      s.requiresGrad_();
      const [y, out] = noGrad(() => {
        const [out, p] = vjp(square, s);
        return [p(u)[0], out];
      });
      return [y, y.requiresGrad, out.requiresGrad];
    },
  );
  add(
    'outside the function of a vjp',
    `
      s.requires_grad_()
      out, p = vjp(lambda x: x ** 2, s)
      with torch.no_grad():
          y, = p(u)
      return [y, y.requires_grad, out.requires_grad, torch.autograd.grad(out, s)[0]]`,
    ({ s, u }) => {
      s.requiresGrad_();
      const [out, p] = vjp(square, s);
      const [y] = noGrad(() => p(u));
      return [y, y.requiresGrad, out.requiresGrad, again(out, s)];
    },
  );
  add(
    'outside a vjp, but not its function',
    `
      s.requires_grad_()
      with torch.no_grad():
          out, p = vjp(lambda x: x ** 2, s)
      y, = p(u)
      return [y, y.requires_grad, out.requires_grad, torch.autograd.grad(y, s)[0]]`,
    ({ s, u }) => {
      s.requiresGrad_();
      const [out, p] = noGrad(() => vjp(square, s));
      const [y] = p(u);
      return [y, y.requiresGrad, out.requiresGrad, again(y, s)];
    },
  );
}

/** The expectation is what Python gives without the mode: a transform is to give the same inside it. */
function underInference(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, (inputs) => inferenceMode(() => javascript(inputs)), { name: `inference mode: ${name}` });
  };
  const square = (x: Tensor): Tensor => x.pow(2).sum();
  add('outside grad', '2 * x', ({ x }) => grad(square)(x));
  add('and noGrad outside grad', '2 * x', ({ x }) => noGrad(() => grad(square)(x)));
  add('outside vjp', '2 * x', ({ x }) => vjp(square, x)[1](torch.tensor(1, { dtype: 'float64' }))[0]);
  add('outside jvp', '(2 * x * y).sum()', ({ x, y }) => jvp(square, [x], [y])[1]);
  add('outside jacrev', 'torch.diag(2 * x)', ({ x }) => jacrev((x: Tensor) => x.pow(2))(x));
  add('outside vmap of grad', '2 * m', ({ m }) => vmap(grad(square))(m));
  add('outside grad of vmap', '2 * x', ({ x }) => grad((x: Tensor) => vmap(square)(x).sum())(x));
  add('outside grad of grad', '6 * s', ({ s }) => grad(grad((x: Tensor) => x.pow(3)))(s));
  add('outside jacrev of grad', 'torch.diag(6 * x)', ({ x }) => jacrev(grad((x: Tensor) => x.pow(3).sum()))(x));
  add('outside and inside grad', 'torch.ones_like(x)', ({ x }) =>
    grad((x: Tensor) => x.sub(inferenceMode(() => x.pow(2))).sum())(x),
  );
  add('is on before, inside the block and after a transform', '[True, True]', ({ x }) => {
    const before = torch.isInferenceModeEnabled();
    grad(square)(x);
    return [before, torch.isInferenceModeEnabled()];
  });
}

export function modeBehaviours(cases: Cases): void {
  underNoGrad(cases);
  underInference(cases);
}
