/**
 * Every transform inside and around every grad mode, with a captured tensor that requires a gradient
 * and with one that does not: values, whether the results require gradients, and those gradients.
 */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { func } = torch;

type F = (x: Tensor) => Tensor;

const MODES = {
  'torch.no_grad()': torch.noGrad,
  'torch.enable_grad()': torch.enableGrad,
  'torch.inference_mode()': torch.inferenceMode,
};
type Mode = keyof typeof MODES;

// Each gives an array of tensors; f is elementwise.
const TRANSFORMS: [string, (f: F, x: Tensor, m: Tensor) => unknown[]][] = [
  ['[grad(lambda x: f(x).sum())(x)]', (f, x) => [func.grad((x: Tensor) => f(x).sum())(x)]],
  ['grad_and_value(lambda x: f(x).sum())(x)', (f, x) => func.gradAndValue((x: Tensor) => f(x).sum())(x)],
  ['(lambda o, p: [o, p(torch.ones_like(o))[0]])(*vjp(f, x))', vjpOnce],
  ['jvp(f, (x,), (torch.ones_like(x),))', (f, x) => func.jvp(f, [x], [torch.onesLike(x)])],
  ['[vmap(f)(m)]', (f, _, m) => [torch.vmap(f)(m)]],
  ['[jacrev(f)(x)]', (f, x) => [func.jacrev(f)(x)]],
  ['[jacrev(f, chunk_size=1)(x)]', (f, x) => [func.jacrev(f, { chunkSize: 1 })(x)]],
  ['[jacfwd(f)(x)]', (f, x) => [func.jacfwd(f)(x)]],
  ['[hessian(lambda x: f(x).sum())(x)]', (f, x) => [func.hessian((x: Tensor) => f(x).sum())(x)]],
  ['[torch.func.functionalize(f)(x)]', (f, x) => [func.functionalize(f)(x)]],
  [
    '[grad(lambda x: grad(lambda x: f(x).sum())(x).sum())(x)]',
    (f, x) => [
      func.grad((x: Tensor) =>
        func
          .grad((x: Tensor) => f(x).sum())(x)
          .sum(),
      )(x),
    ],
  ],
  ['[vmap(grad(lambda x: f(x).sum()))(m)]', (f, _, m) => [torch.vmap(func.grad((x: Tensor) => f(x).sum()))(m)]],
  [
    '[grad(lambda x: jvp(f, (x,), (x,))[1].sum())(x)]',
    (f, x) => [func.grad((x: Tensor) => func.jvp(f, [x], [x])[1].sum())(x)],
  ],
];

function vjpOnce(f: F, x: Tensor): Tensor[] {
  const [out, pull] = func.vjp(f, x);
  return [out, pull(torch.onesLike(out))[0]];
}

export function modes(cases: Cases): void {
  const add = (transform: number, outside: Mode, inside: Mode, requiresGrad: boolean): void => {
    const [python, javascript] = TRANSFORMS[transform];
    cases.add(
      `
      y.requires_grad_(${requiresGrad ? 'True' : 'False'})
      def f(x):
          with ${inside}:
              c = torch.sin(x) * y
          return c * x ** 2 + y
      with ${outside}:
          out = ${python}
      needs = [o.requires_grad for o in out]
      again = [torch.autograd.grad(o.sum(), y, materialize_grads=True)[0] for o, need in zip(out, needs) if need]
      return [list(out), needs, again]`,
      ({ x, y, m }: Record<string, Tensor>) => {
        y.requiresGrad_(requiresGrad);
        const f: F = (x) =>
          MODES[inside](() => x.sin().mul(y))
            .mul(x.pow(2))
            .add(y);
        const out = MODES[outside](() => javascript(f, x, m)) as Tensor[];
        const needs = out.map((o) => o.requiresGrad);
        const again = out
          .filter((o) => o.requiresGrad)
          .map((o) => torch.autograd.grad(o.sum(), y, { materializeGrads: true })[0]);
        return [[...out], needs, again];
      },
      { name: `${python} in ${outside}, f in ${inside}, captured${requiresGrad ? ', requiring a gradient' : ''}` },
    );
  };
  cases.group('every transform in every mode', () => {
    TRANSFORMS.forEach((_, i) => {
      for (const outside of Object.keys(MODES) as Mode[]) {
        for (const inside of Object.keys(MODES) as Mode[]) {
          for (const requiresGrad of [false, true]) add(i, outside, inside, requiresGrad);
        }
      }
    });
  });
}
