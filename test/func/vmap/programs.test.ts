/** `vmap` of what is more than a function of operators: modules, and custom functions that cannot be mapped. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import { expectError } from '../../support/errors';
import { expectClose } from '../../support/vmap';

const { func, vmap, RuntimeError } = torch;

test('a module is a function', () => {
  const model = new torch.nn.Linear(3, 3, { bias: false });
  const x = torch.randn(2, 3);
  expectClose(vmap(model)(x), model(x), 1e-6);
});

describe('a custom function whose forward takes the context', () => {
  class Same extends torch.autograd.Function {
    static override forward(_: torch.autograd.FunctionCtx, x: Tensor): Tensor {
      return x;
    }
    static override backward(_: torch.autograd.FunctionCtx, g: Tensor): Tensor {
      return g;
    }
  }
  const f = (x: Tensor): Tensor => Same.apply(x) as Tensor;
  const x = torch.randn(5);
  test.each<[string, () => unknown]>([
    ['vmap', () => vmap(f)(x)],
    ['grad', () => func.grad(f)(torch.tensor(4))],
    ['gradAndValue', () => func.gradAndValue(f)(torch.tensor(4))],
    ['vjp', () => func.vjp(f, x)],
    ['jvp', () => func.jvp(f, [x], [x])],
    ['jacrev', () => func.jacrev(f)(x)],
    ['jacfwd', () => func.jacfwd(f)(x)],
  ])('is refused by %s', (_, body) => {
    expectError(body, RuntimeError, /autograd\.Function/);
  });
});
