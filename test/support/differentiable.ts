/** Functions of one tensor whose derivatives are recorded: of the tests of linearize and of the pull-back of vjp. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { float64 } from './derivatives';

const { grad, vmap } = torch.func;

const x = torch.tensor([0.3, -1.2, 0.7], float64);
const u = torch.tensor([1, -0.5, 2], float64);
const m = torch.tensor([[0.3, -1.2, 0.7], [0.9, 0.4, -0.5]], float64); // prettier-ignore

export type F = (t: Tensor) => Tensor;

/** By name: a function, and where it is differentiated. */
export const differentiable: Record<string, [f: F, at: Tensor]> = {
  elementwise: [(t) => t.sin().mul(t.sum()).add(t.exp()), x],
  'a network': [(t) => t.matmul(m.t()).tanh().matmul(m).softmax(0), x],
  'of one number': [(t) => t.exp().mul(t), torch.tensor(0.4, float64)],
  'without elements': [(t) => t.sin(), torch.zeros(0, 3, float64)],
  complex: [(t) => t.mul(t).exp(), torch.complex(x, u)],
  'the conjugate': [(t) => t.conj().mul(t), torch.complex(x, u)],
  'of a strided tensor': [(t) => t.sin().mul(t.t().contiguous().view(t.shape)), m.narrow(1, 0, 2).t()],
  'the argument': [(t) => t, x],
  'a view of the argument': [(t) => t.narrow(0, 1, 2), x],
  'what does not depend on it': [(t) => torch.ones(2, float64).add(t.detach().sum()), x],
  solve: [(t) => torch.linalg.solve(torch.diag(t.exp()).add(0.1), t), x],
  eigenvalues: [(t) => torch.linalg.eigvalsh(torch.outer(t, t).add(torch.diag(t))), x],
  'a sorted tensor': [(t) => t.sort()[0].mul(torch.tensor([1, 2, 3], float64)), x],
  'an index': [(t) => t.indexSelect(0, torch.tensor([2n, 0n, 2n])).square(), x],
  'writes to a tensor of its own': [(t) => t.sin().mul_(t).add_(1).mul_(t), x],
  'writes to a tensor of zeros': [
    (t) => {
      const result = torch.zeros(3, 2, float64);
      result.select(1, 0).copy_(t.square());
      result.index(1).mul_(t.sum());
      result.select(0, 2).add_(t.index(0));
      return result.mul(2);
    },
    x,
  ],
  'writes to what it used before': [
    (t) => {
      const factor = torch.ones(3, float64);
      const first = t.mul(factor);
      factor.mul_(3);
      const second = t.mul(factor);
      factor.narrow(0, 0, 2).zero_();
      return first.add(second).add(t.mul(factor));
    },
    x,
  ],
  'an operator with out': [
    (t) => {
      const half = t.mul(0.5);
      return half.sin().add(torch.cat([half, half]).narrow(0, 1, 3));
    },
    x,
  ],
  'grad inside': [(t) => grad((s: Tensor) => s.sin().mul(t).sum())(t), x],
  'vmap inside': [(t) => vmap((s: Tensor) => s.mul(t.sum()).exp())(t), x],
};
