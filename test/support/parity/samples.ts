/** Functions and values that the tests of several transforms share, in Python and in TypeScript. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

/** Non-tensor outputs. */
export const NON_TENSORS = [
  ['None', null],
  ['()', []],
  ['1', 1],
  ['True', true],
  ['12.2', 12.2],
  ['"abc"', 'abc'],
] as const;

/** A function whose Jacobian is compared with that of `torch.autograd.functional.jacobian`. */
export interface JacobianSample {
  /** Which inputs and outputs it has; "both" are the two. */
  title: string;
  python: string;
  f: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** Names of inputs that the cases have. */
  inputs: string[];
}

export const JACOBIAN_SAMPLES: JacobianSample[] = [
  { title: 'one input', python: 'lambda m: 3 * m ** 2', f: (m) => m.pow(2).mul(3), inputs: ['m'] },
  {
    title: 'two inputs',
    python: 'lambda m, k: (m.cos() * m) @ k.sin()',
    f: (m, k) => m.cos().mul(m).matmul(k.sin()),
    inputs: ['m', 'k'],
  },
  {
    title: 'two inputs and three outputs',
    python: 'lambda m, k: ((m * m) @ k, m @ (m.sum(1) * k), k.sum())',
    f: (m, k) => [m.mul(m).matmul(k), m.matmul(m.sum(1).mul(k)), k.sum()],
    inputs: ['m', 'k'],
  },
  {
    title: 'outputs that are the inputs',
    python: 'lambda x, u: (x, u, x, u)',
    f: (x, u) => [x, u, x, u],
    inputs: ['x', 'u'],
  },
  {
    title: 'outputs without dimensions',
    python: 'lambda x, y: (x.sum(), y.sum(), x * y)',
    f: (x, y) => [x.sum(), y.sum(), x.mul(y)],
    inputs: ['x', 'y'],
  },
  {
    title: 'an input without dimensions',
    python: 'lambda s: torch.stack([s, s, s])',
    f: (s) => torch.stack([s, s, s]),
    inputs: ['s'],
  },
  {
    title: 'both without dimensions',
    python: 'lambda s, u: (u.sum(), s * u)',
    f: (s, u) => [u.sum(), s.mul(u)],
    inputs: ['s', 'u'],
  },
];
