/** Transforms that map a function of one tensor to another one, in both languages; they nest. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

export type TensorFunction = (x: Tensor) => Tensor;

export interface Transform {
  name: string;
  /** The body of `t(f)(x)` in Python. */
  python: string;
  javascript: (f: TensorFunction) => TensorFunction;
}

const { func } = torch;

export const transforms: Transform[] = [
  {
    name: 'grad',
    python: 'return grad(lambda x: f(x).sin().sum())(x)',
    javascript: (f) => func.grad((x: Tensor) => f(x).sin().sum()),
  },
  {
    name: 'gradAndValue',
    python: 'g, v = grad_and_value(lambda x: f(x).sum())(x); return g * v',
    javascript: (f) => (x) => {
      const [g, v] = func.gradAndValue((y: Tensor) => f(y).sum())(x);
      return g.mul(v);
    },
  },
  {
    name: 'vjp',
    python: 'y, pullback = vjp(f, x); return pullback(y.cos())[0]',
    javascript: (f) => (x) => {
      const [y, pullback] = func.vjp(f, x);
      return pullback(y.cos())[0];
    },
  },
  {
    name: 'jvp',
    python: 'y, t = jvp(f, (x,), (x.cos(),)); return y + t',
    javascript: (f) => (x) => {
      const [y, t] = func.jvp(f, [x], [x.cos()]);
      return y.add(t);
    },
  },
  {
    name: 'vmap',
    python: "return vmap(f, randomness='different')(torch.stack([x, x * 0.5]))",
    javascript: (f) => (x) => func.vmap(f, { randomness: 'different' })(torch.stack([x, x.mul(0.5)])),
  },
  { name: 'jacrev', python: 'return jacrev(f)(x)', javascript: (f) => func.jacrev(f) as TensorFunction },
  {
    name: 'jacfwd',
    python: "return jacfwd(f, randomness='different')(x)",
    javascript: (f) => func.jacfwd(f, { randomness: 'different' }) as TensorFunction,
  },
  { name: 'hessian', python: 'return hessian(f)(x)', javascript: (f) => func.hessian(f) as TensorFunction },
];

const linearize = (python: string): Transform => ({
  name: 'linearize',
  python,
  javascript: (f) => (x) => {
    const [y, jvpFn] = func.linearize(f, x);
    return y.add(jvpFn(x.cos()));
  },
});

/**
 * The remaining two. PyTorch's linearize does not work inside other transforms, so jvp gives the expected result, or for
 * functions without forward-mode derivatives (see `onlyReverse`), the gradient of vjp with respect to the cotangents.
 */
export const forwardLinearize = linearize('y, t = jvp(f, (x,), (x.cos(),)); return y + t');
export const reverseLinearize = linearize(
  'y, pullback = vjp(f, x); return y + vjp(lambda c: pullback(c)[0], torch.ones_like(y))[1](x.cos())[0]',
);
export const functionalize: Transform = {
  name: 'functionalize',
  python: 'return functionalize(f)(x)',
  javascript: (f) => func.functionalize(f),
};

/** The primitive ones, whose triples are tested too. */
export const basic = transforms.filter(({ name }) => ['vmap', 'grad', 'jvp', 'vjp'].includes(name));

const indent = (text: string, by: string): string => text.replace(/^/gm, by);

/** The Python of `chain[0](chain[1](...(f)))(x)`, where `f` is an expression or a body. */
export function pythonOf(chain: readonly Transform[], f: string): string {
  const body = f.includes('return ') ? f : `return ${f}`;
  const inner = chain.reduceRight((text, { python }) => `def f(x):\n${indent(text, '    ')}\n${python}`, body);
  return inner;
}

/** The same in TypeScript. */
export function javascriptOf(chain: readonly Transform[], f: TensorFunction): TensorFunction {
  return chain.reduceRight((inner, { javascript }) => javascript(inner), f);
}
