/** Custom functions inside the transforms, as PyTorch's TestAutogradFunction and its vmap companion try them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { Function: Base, onceDifferentiable, forwardAd } = torch.autograd;
const { functionalize, grad, gradAndValue, hessian, jacfwd, jacrev, jvp, vjp } = torch.func;
const { vmap, RuntimeError } = torch;
type Ctx = torch.autograd.FunctionCtx;

class Nothing extends Base {
  static override forward(..._: unknown[]): unknown {
    throw new Error('forward is not to run');
  }
  static override setupContext(): void {}
}

describe('inside grad', () => {
  test('setMaterializeGrads(false) holds at every level', () => {
    const seen: boolean[][] = [];
    class A extends Base {
      static override forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
        return [x, y];
      }
      static override setupContext(ctx: Ctx): void {
        ctx.setMaterializeGrads(false);
      }
      static override backward(_: Ctx, gx: Tensor | null, gy: Tensor | null) {
        seen.push([gx === null, gy === null]);
        return [gx, gy];
      }
    }
    const f = (y: Tensor, x: Tensor): Tensor => A.apply(x, y)[0].pow(2);
    const [x, y] = [torch.tensor(2), torch.tensor(3)];
    expect(grad(f)(y, x).item()).toBe(0);
    expect(grad(grad(f))(y, x).item()).toBe(0);
    // The gradient goes to x alone; what is asked for is y, so that the node need not run at all.
    expect(seen.every(([gx, gy]) => !gx && gy)).toBe(true);
  });

  test('needsInputGrad is that of the level', () => {
    const seen: boolean[][] = [];
    class A extends Base {
      static override forward(x: Tensor, y: Tensor) {
        return x.mul(y);
      }
      static override setupContext(): void {}
      static override backward(ctx: Ctx) {
        seen.push([...ctx.needsInputGrad]);
        return [null, null];
      }
    }
    const f = (x: Tensor, y: Tensor): Tensor => A.apply(x, y);
    grad(f)(torch.tensor(2), torch.tensor(3));
    grad(grad(f))(torch.tensor(2), torch.tensor(3));
    expect(seen.length).toBeGreaterThan(0);
    for (const needs of seen) expect(needs).toEqual([true, false]);
  });

  test('a node has the name of its function', () => {
    const names: string[] = [];
    class FooBar extends Base {
      static override forward(x: Tensor) {
        return x.clone();
      }
      static override setupContext(): void {}
      static override backward(_: Ctx, g: Tensor) {
        return g;
      }
    }
    grad((x: Tensor) => {
      const y = FooBar.apply(x);
      names.push(y.gradFn?.name() ?? '');
      return y;
    })(torch.tensor(1));
    expect(names).toEqual([expect.stringMatching(/^FooBar(Generated)?Backward$/)]);
  });

  test('what may be differentiated once only says so outside a vjp', () => {
    class Cube extends Base {
      static override forward(x: Tensor) {
        return x.pow(3);
      }
      static override setupContext(ctx: Ctx, [x]: [Tensor]): void {
        ctx.saveForBackward(x);
      }
      static override backward = onceDifferentiable((ctx: Ctx, g: Tensor) =>
        ctx.savedTensors[0].detach().pow(2).mul(3).mul(g),
      );
    }
    const x = torch.tensor(2, { requiresGrad: true });
    const [gx] = vjp((t: Tensor) => Cube.apply(t), x)[1](torch.tensor(1, { requiresGrad: true }));
    expect(gx.item()).toBe(12);
    expectError(() => gx.backward(), RuntimeError, /marked with .*once_?differentiable/i);
  });

  const transforms: [string, (f: (t: Tensor) => Tensor) => (t: Tensor) => unknown][] = [
    ['vmap', (f) => vmap(f)],
    ['grad', (f) => grad(f)],
    ['jacrev', (f) => jacrev(f)],
    ['jacfwd', (f) => jacfwd(f)],
    ['gradAndValue', (f) => gradAndValue(f)],
    ['hessian', (f) => hessian(f)],
    ['functionalize', (f) => functionalize(f)],
  ];
  test.each(transforms)('a function whose forward takes the context is refused by %s', (_, transform) => {
    class MySin extends Base {
      static override forward(ctx: Ctx, x: Tensor) {
        ctx.saveForBackward(x);
        return x.sin();
      }
      static override backward(ctx: Ctx, g: Tensor) {
        return g.mul(ctx.savedTensors[0].cos());
      }
    }
    expectError(() => transform((t) => MySin.apply(t))(torch.randn(3)), RuntimeError, /must override the setupContext/);
  });
});

describe('an input that is returned as it is', () => {
  const grid = [true, false].flatMap((requiresGrad) =>
    (['forward', 'backward'] as const).flatMap((savedFor) =>
      (['input', 'output', 'neither'] as const).flatMap((saved) =>
        [true, false].map((dirty) => ({ requiresGrad, savedFor, saved, dirty })),
      ),
    ),
  );
  test.each(grid)('saved for $savedFor: $saved, dirty $dirty, requiresGrad $requiresGrad', (options) => {
    const { requiresGrad, savedFor, saved, dirty } = options;
    class A extends Base {
      static override forward(x: Tensor) {
        return x;
      }
      static override setupContext(ctx: Ctx, [x]: [Tensor], output: Tensor): void {
        if (dirty) ctx.markDirty(x);
        if (saved === 'neither') return;
        const tensor = saved === 'input' ? x : output;
        if (savedFor === 'forward') ctx.saveForForward(tensor);
        else ctx.saveForBackward(tensor);
      }
      static override backward(_: Ctx, g: Tensor) {
        return g;
      }
      static override jvp(_: Ctx, t: Tensor) {
        return dirty ? t.add_(0) : t.viewAs(t);
      }
    }
    const f = (x: Tensor): Tensor => A.apply(x.clone());
    const value = (): Tensor => torch.tensor(2, { requiresGrad });
    const inDualLevel = (a: Tensor): Tensor =>
      forwardAd.dualLevel(() => A.apply(forwardAd.makeDual(a, value().clone())));
    const refused = saved !== 'neither' && !dirty;
    const calls: (() => unknown)[] = [
      () => grad(f)(value()),
      () => jvp(f, [value()], [value()]),
      () => A.apply(value().clone()),
      () => inDualLevel(value().clone()),
    ];
    for (const call of calls) {
      if (refused) expectError(call, RuntimeError, /An input that has been returned as-is/);
      // PyTorch does not support the last of these where what is dirty is saved for backward.
      else if (!(dirty && savedFor === 'backward' && saved !== 'neither' && call === calls[3])) call();
    }
    if (!refused && dirty) {
      const a = value().clone();
      expect(A.apply(a)).toBe(a);
    }
  });
});

describe('a vmap rule', () => {
  test.each(['error', 'different', 'same'] as const)('is told the batch size and the randomness: %s', (randomness) => {
    const seen: unknown[] = [];
    class Id extends Nothing {
      static override vmap(info: torch.autograd.VmapInfo, inDims: [number], x: Tensor): [Tensor, number] {
        seen.push([info.batchSize, info.randomness]);
        return [x, inDims[0]];
      }
    }
    const x = torch.randn(10, 3);
    expect(torch.equal(vmap((t: Tensor) => Id.apply(t) as Tensor, { randomness })(x), x)).toBe(true);
    expect(seen).toEqual([[10, randomness]]);
  });

  test.each([[1], [[1]]])('is told where the batch is: inDims %j', (inDims) => {
    const seen: unknown[] = [];
    class Id extends Nothing {
      static override vmap(_: unknown, dims: [number], x: Tensor): [Tensor, number] {
        seen.push(dims);
        return [x, dims[0]];
      }
    }
    vmap((t: Tensor) => Id.apply(t) as Tensor, { inDims })(torch.randn(3, 10));
    expect(seen).toEqual([[1]]);
  });

  test('of several inputs, one of them an array', () => {
    const seen: unknown[] = [];
    class Id extends Nothing {
      static override vmap(_: unknown, dims: unknown, x: Tensor, y: Tensor[]): [unknown, unknown] {
        seen.push(dims);
        return [[x, y], dims];
      }
    }
    const x = torch.randn(2);
    let outcome: unknown = 'fine';
    try {
      vmap((a: Tensor, b: Tensor[]) => (Id.apply(a, b) as [Tensor, Tensor[]])[0])(x, [x, x]);
    } catch (error) {
      outcome = (error as Error).message;
    }
    expect({ outcome, seen }).toEqual({ outcome: 'fine', seen: [[0, [0, 0]]] });
  });

  test('does not run where nothing is batched', () => {
    class Id extends Base {
      static override forward(x: Tensor) {
        return x;
      }
      static override setupContext(): void {}
      static override vmap(): never {
        throw new Error('ran');
      }
    }
    const f = (x: Tensor): Tensor => {
      Id.apply(torch.tensor(1));
      return x.mul(1);
    };
    expect(vmap(f)(torch.randn(2, 3)).shape).toEqual([2, 3]);
  });

  test('may give results without a batch, one or several', () => {
    class Zeros extends Nothing {
      static override vmap(_: unknown, dims: [number], x: Tensor): [Tensor, null] {
        expect(dims).toEqual([0]);
        return [torch.zeros(x.shape.slice(1)), null];
      }
    }
    class TwoZeros extends Nothing {
      static override vmap(_: unknown, __: unknown, x: Tensor): [[Tensor, Tensor], null] {
        const r = torch.zeros(x.shape.slice(1));
        return [[r, r], null];
      }
    }
    const x = torch.randn(2, 3);
    expect(vmap((t: Tensor) => Zeros.apply(t) as Tensor)(x).toArray()).toEqual(torch.zeros(2, 3).toArray());
    const [a, b] = vmap((t: Tensor) => TwoZeros.apply(t) as [Tensor, Tensor])(x);
    expect([a, b].map((t) => t.shape)).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  test.each<[string, (r: Tensor) => unknown]>([
    ['a tensor alone', (r) => r],
    ['four things', (r) => [r, r, 0, 0]],
  ])('that returns %s is refused', (_, make) => {
    class Zeros extends Nothing {
      static override vmap(__: unknown, ___: unknown, x: Tensor): never {
        return make(torch.zeros(x.shape.slice(1))) as never;
      }
    }
    expectError(
      () => vmap((t: Tensor) => Zeros.apply(t) as Tensor)(torch.randn(2, 3)),
      RuntimeError,
      /to have two returns/,
    );
  });

  test('whose outDims do not fit the results is refused', () => {
    class Zeros extends Nothing {
      static override vmap(_: unknown, __: unknown, x: Tensor): [Tensor, [null]] {
        return [torch.zeros(x.shape.slice(1)), [null]];
      }
    }
    expectError(
      () => vmap((t: Tensor) => Zeros.apply(t) as Tensor)(torch.randn(2, 3)),
      RuntimeError,
      /returned an incompatible/,
    );
  });

  test.each([
    ['none', {}, /does not have vmap support/],
    [
      'both a written and a generated one',
      { generateVmapRule: true, vmap: () => [null, null] },
      /generateVmapRule=true and/,
    ],
  ])('%s: refused', (_, members, message) => {
    class Cube extends Nothing {}
    Object.assign(Cube, members);
    expectError(() => vmap((t: Tensor) => Cube.apply(t) as Tensor)(torch.randn(3)), RuntimeError, message);
  });
});
