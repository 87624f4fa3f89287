/** Custom functions inside functionalize, which PyTorch 2.13 refuses. Values are those of the function without it. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

type Ctx = torch.autograd.FunctionCtx;
const { functionalize, grad, jvp } = torch.func;

class Cube extends torch.autograd.Function {
  static override generateVmapRule = true;
  static override forward(x: Tensor): Tensor {
    return x.pow(3);
  }
  static override setupContext(ctx: Ctx, [x]: [Tensor]): void {
    ctx.saveForBackward(x);
    ctx.saveForForward(x);
  }
  static override backward(ctx: Ctx, g: Tensor): Tensor {
    return ctx.savedTensors[0].pow(2).mul(3).mul(g);
  }
  static override jvp(ctx: Ctx, t: Tensor): Tensor {
    return ctx.savedTensors[0].pow(2).mul(3).mul(t);
  }
}

class Twice extends torch.autograd.Function {
  static override forward(x: Tensor): Tensor {
    return x.mul_(2);
  }
  static override setupContext(ctx: Ctx, [x]: [Tensor]): void {
    ctx.markDirty(x);
  }
  static override backward(_ctx: Ctx, g: Tensor): Tensor {
    return g.mul(2);
  }
}

// 2 (x + 1)^3: at 1 and 2 that is 16 + 54, with the derivative 6 (x + 1)^2.
const f = (x: Tensor): Tensor => Cube.apply(x.mul(1).add_(1)).mul_(2).sum();
const x = torch.tensor([1, 2]);

test.each<[string, () => Tensor, unknown]>([
  ['alone', () => functionalize(f)(x), 70],
  ['grad of functionalize', () => grad(functionalize(f))(x), [24, 54]],
  ['functionalize of grad', () => functionalize(grad(f))(x), [24, 54]],
  ['jvp of functionalize', () => jvp(functionalize(f), [x], [x])[1], 132],
  ['functionalize of jvp', () => functionalize((t: Tensor) => jvp(f, [t], [t])[1])(x), 132],
  ['vmap of functionalize', () => torch.vmap(functionalize(f))(x.unsqueeze(1)), [16, 54]],
  ['functionalize of vmap', () => functionalize(torch.vmap(f))(x.unsqueeze(1)), [16, 54]],
])('%s', (_, compute, expected) => {
  const result = compute();
  expect(result.dim() === 0 ? result.item() : result.toArray()).toEqual(expected);
});

describe.each(['mutations', 'mutations_and_views'] as const)(
  'a function that writes to its argument, remove: %s',
  (remove) => {
    test('its base and other views of it see the values, and the argument of the caller does', () => {
      const given = x.clone();
      const results = functionalize(
        (t: Tensor) => {
          const base = t.mul(1);
          const view = base.narrow(0, 0, 1);
          const result = Twice.apply(view);
          Twice.apply(t.narrow(0, 1, 1));
          return [base, view, result, base.narrow(0, 0, 1)];
        },
        { remove },
      )(given);
      expect(results.map((result) => result.toArray())).toEqual([[2, 2], [2], [2], [2]]);
      expect(given.toArray()).toEqual([1, 4]);
    });

    test('its derivative', () => {
      const g = functionalize(
        (t: Tensor) => {
          const y = t.mul(1);
          Twice.apply(y);
          return y.pow(2).sum();
        },
        { remove },
      );
      expect(grad(g)(x).toArray()).toEqual([8, 16]);
    });
  },
);
