/** grad, backward and forward mode: what PyTorch's own tests check beyond values. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError } = torch;
const { backward, forwardAd, grad } = torch.autograd;
const { dualLevel, enterDualLevel, exitDualLevel, makeDual, unpackDual } = forwardAd;
const leaf = (): Tensor => torch.tensor([1, 2, 3], { requiresGrad: true });

describe('grad', () => {
  test('leaves .grad alone, for leaves and others', () => {
    const x = leaf();
    const h = x.mul(2);
    const [gx, gh] = grad(h.pow(2).sum(), [x, h]);
    expect([gx.toArray(), gh.toArray()]).toEqual([
      [8, 16, 24],
      [4, 8, 12],
    ]);
    expect(x.grad).toBeNull();
  });

  test('a graph that is kept can be run again, and is gone after', () => {
    const x = leaf();
    const y = x.pow(2).sum();
    for (let i = 0; i < 3; i++) expect(grad(y, x, { retainGraph: true })[0].toArray()).toEqual([2, 4, 6]);
    grad(y, x);
    expectError(() => grad(y, x), RuntimeError, /^Trying to backward through the graph a second time/);
  });

  test('createGraph keeps the graph unless told otherwise', () => {
    const x = leaf();
    const y = x.pow(3).sum();
    grad(y, x, { createGraph: true });
    grad(y, x, { createGraph: true, retainGraph: false });
    expectError(() => grad(y, x), RuntimeError, /second time/);
  });

  test('a gradient of another dtype is converted to that of the input', () => {
    const x = leaf();
    const [g] = grad(x.double().pow(2).sum(), x);
    expect(g.dtype).toBe('float32');
  });

  test('materialized zeros have the form of the input, and a graph with createGraph', () => {
    const [x, y] = [leaf(), torch.ones(2, 2, { requiresGrad: true, dtype: 'float64' })];
    const [, zeros] = grad(x.sum(), [x, y], { materializeGrads: true, createGraph: true });
    expect([zeros.shape, zeros.dtype, zeros.requiresGrad]).toEqual([[2, 2], 'float64', true]);
    expect(grad(x.sum(), [x, y], { materializeGrads: true })[1].requiresGrad).toBe(false);
  });

  test('null for unused inputs of an object', () => {
    const [a, b] = [leaf(), leaf()];
    const grads = grad(a.sum(), { a, b }, { allowUnused: true });
    expect(grads.b).toBeNull();
    expect(grads.a?.toArray()).toEqual([1, 1, 1]);
  });

  test('inside grad of torch.func it nests; batched inputs too', () => {
    const f = (x: Tensor): Tensor => grad(x.pow(3).sum(), x, { createGraph: true })[0].sum();
    expect(
      torch.func
        .grad(f)(torch.tensor([1, 2]))
        .toArray(),
    ).toEqual([6, 12]);
    const rows = torch.vmap(torch.func.grad(f))(torch.tensor([[1], [2]]));
    expect(rows.toArray()).toEqual([[6], [12]]);
  });

  test.each([1, 2, 5])('%i batched gradients are those of a loop', (count) => {
    const x = torch.randn(3, { requiresGrad: true, dtype: 'float64' });
    const y = x.sin().mul(x.prod());
    const v = torch.randn(count, 3, { dtype: 'float64' });
    const [batched] = grad(y, x, v, { isGradsBatched: true, retainGraph: true });
    const rows = [...v].map((row) => grad(y, x, row, { retainGraph: true })[0]);
    expect(torch.allclose(batched, torch.stack(rows))).toBe(true);
  });

  test('an empty batch', () => {
    const x = leaf();
    expect(grad(x.pow(2), x, torch.zeros(0, 3), { isGradsBatched: true })[0].shape).toEqual([0, 3]);
  });

  test('a gradient without a batch dimension', () => {
    // PyTorch indexes it first, and complains about that.
    const x = leaf();
    expectError(
      () => grad(x.pow(2), x, torch.tensor(1), { isGradsBatched: true }),
      RuntimeError,
      /^If `isGradsBatched=true`, we interpret the first dimension of each grad_output as the batch dimension/,
    );
  });

  test('no gradient for a batch that is needed', () => {
    const x = leaf();
    expectError(
      () => grad([x.sum(), torch.ones(1)], x, { gradOutputs: [torch.ones(2), null], isGradsBatched: true }),
      RuntimeError,
      'element 1 of tensors does not require grad and does not have a grad_fn',
    );
    expectError(() => grad(x.sum(), x, { isGradsBatched: true }), ValueError, /dimensionality 0/);
  });

  test('unknown options are refused', () => {
    expectError(() => grad(leaf().sum(), leaf(), { retain_graph: true } as never), TypeError, /'retain_graph'/);
  });
});

describe('backward', () => {
  test('adds up, and grad can be set to null', () => {
    const x = leaf();
    x.pow(2).sum().backward();
    x.pow(2).sum().backward();
    expect(x.grad?.toArray()).toEqual([4, 8, 12]);
    x.grad = null;
    x.sum().backward();
    expect((x.grad as Tensor | null)?.toArray()).toEqual([1, 1, 1]);
  });

  test('only into the inputs given, leaves or not', () => {
    const [x, y] = [leaf(), leaf()];
    const h = x.mul(y);
    h.sum().backward({ inputs: [x, h] });
    expect(h.grad?.toArray()).toEqual([1, 1, 1]);
    expect(x.grad?.toArray()).toEqual([1, 2, 3]);
    expect(y.grad).toBeNull();
  });

  test('a retained gradient of a tensor that is no leaf', () => {
    const x = leaf();
    const h = x.mul(2);
    h.retainGrad();
    expect(h.retainsGrad).toBe(true);
    h.pow(2).sum().backward();
    expect(h.grad?.toArray()).toEqual([4, 8, 12]);
  });

  test('with createGraph the gradient has a graph', () => {
    const x = leaf();
    x.pow(3).sum().backward({ createGraph: true });
    const g = x.grad as Tensor;
    expect(g.requiresGrad).toBe(true);
    expect(grad(g.sum(), x)[0].toArray()).toEqual([6, 12, 18]);
    x.grad = null;
  });

  test('the gradient by position or by name', () => {
    const x = leaf();
    x.mul(2).backward(torch.ones(3), { retainGraph: false });
    x.mul(2).backward({ gradient: torch.ones(3) });
    backward(x.mul(2), torch.ones(3));
    expect(x.grad?.toArray()).toEqual([6, 6, 6]);
  });

  test('refused inside a transform', () => {
    const message = /^backward\(\) called inside a functorch transform/;
    for (const body of [(t: Tensor) => (t.sum().backward(), t.sum()), (t: Tensor) => (backward(t.sum()), t.sum())]) {
      expectError(() => torch.func.grad(body)(torch.ones(2)), RuntimeError, message);
    }
  });
});

describe('leaves and versions', () => {
  test('detach shares memory and cuts the graph', () => {
    const x = leaf();
    const d = x.detach();
    expect([d.requiresGrad, d.isLeaf]).toEqual([false, true]);
    d.mul_(2);
    expect(x.toArray()).toEqual([2, 4, 6]);
  });

  test('leaves in place, and views of leaves', () => {
    expectError(
      () => leaf().mul_(2),
      RuntimeError,
      'a leaf Variable that requires grad is being used in an in-place operation.',
    );
    expectError(
      () => leaf().view([3, 1]).mul_(2),
      RuntimeError,
      'a view of a leaf Variable that requires grad is being used in an in-place operation.',
    );
    const x = leaf();
    torch.noGrad(() => x.mul_(2));
    expect([x.toArray(), x.requiresGrad, x._version]).toEqual([[2, 4, 6], true, 1]);
  });

  test('a view that changes its base in place records it', () => {
    const x = leaf();
    const h = x.clone();
    h.narrow(0, 0, 2).mul_(10);
    expect(grad(h.sum(), x)[0].toArray()).toEqual([10, 10, 1]);
  });

  test('requiresGrad_ makes leaves, and is the only way back', () => {
    const x = torch.ones(2);
    expect(x.requiresGrad_()).toBe(x);
    expect(x.requiresGrad_(false).requiresGrad).toBe(false);
    x.requiresGrad = true;
    expect(x.isLeaf).toBe(true);
  });
});

describe('forward mode', () => {
  test('enter and exit by hand', () => {
    expect(enterDualLevel()).toBe(0);
    try {
      expect(unpackDual(makeDual(torch.ones(2), torch.ones(2)).exp()).tangent?.shape).toEqual([2]);
      expectError(() => exitDualLevel({ level: 1 }), RuntimeError, /was not the last one/);
    } finally {
      exitDualLevel();
    }
    expectError(() => exitDualLevel(), RuntimeError, /was not the last one that was created/);
  });

  test('a level is left when the body throws, or has left it itself', () => {
    expect(() =>
      dualLevel(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    dualLevel(() => {
      exitDualLevel();
    });
    expect(dualLevel(() => 3)).toBe(3);
  });

  test('as a resource', () => {
    using _ = dualLevel();
    const { primal, tangent } = unpackDual(makeDual(torch.tensor([2, 3]), torch.tensor([1, 0])).pow(2));
    expect([primal.toArray(), tangent?.toArray()]).toEqual([
      [4, 9],
      [4, 0],
    ]);
  });

  test('does not last over an await', async () => {
    const task = async (): Promise<void> => {
      using _ = dualLevel();
      await null;
    };
    await expect(task()).rejects.toThrow('dualLevel(): the block was left through an await');
    expect(unpackDual(torch.ones(1)).tangent).toBeNull();
    expect(dualLevel(() => 1)).toBe(1);
  });

  test('tangents do not survive the level', () => {
    const dual = dualLevel(() => makeDual(torch.ones(2), torch.ones(2)));
    expect(dualLevel(() => unpackDual(dual).tangent)).toBeNull();
  });

  test('is not entered inside func.jvp, but func.jvp may be called inside it', () => {
    expectError(
      () => torch.func.jvp((t: Tensor) => dualLevel(() => t.mul(2)), [torch.ones(2)], [torch.ones(2)]),
      RuntimeError,
      'Nested forward mode AD is not supported at the moment',
    );
    const [, tangent] = dualLevel(() =>
      torch.func.jvp((t: Tensor) => t.pow(2), [torch.tensor([3])], [torch.tensor([1])]),
    );
    expect(tangent.toArray()).toEqual([6]);
  });

  test('views share the tangent', () => {
    dualLevel(() => {
      const dual = makeDual(torch.tensor([1, 2]), torch.tensor([3, 4])).clone();
      dual.narrow(0, 0, 1).mul_(10);
      expect(unpackDual(dual).tangent?.toArray()).toEqual([30, 4]);
    });
  });

  test('the tangent itself is differentiable backward', () => {
    const x = torch.tensor([2], { requiresGrad: true });
    const g = dualLevel(() => grad(unpackDual(makeDual(x, torch.ones(1)).pow(3)).tangent as Tensor, x)[0]);
    expect(g.toArray()).toEqual([12]);
  });

  test('tangents of another layout', () => {
    dualLevel(() => {
      const primal = torch.ones(2, 3);
      // Kept as it is, if the layout fits, and copied otherwise.
      const fits = torch.rand(2, 3);
      expect(unpackDual(makeDual(primal, fits)).tangent?.toArray()).toEqual(fits.toArray());
      const transposed = torch.rand(3, 2).T;
      const { tangent } = unpackDual(makeDual(primal, transposed));
      expect(tangent?.toArray()).toEqual(transposed.toArray());
      expect(tangent?.strides).toEqual([3, 1]);
      const expanded = torch.rand(2, 1).expand(2, 3);
      expect(unpackDual(makeDual(primal, expanded).mul(2)).tangent?.toArray()).toEqual(expanded.mul(2).toArray());
      expect(unpackDual(makeDual(torch.ones(0, 3), torch.ones(0, 3).narrow(1, 0, 3))).tangent?.shape).toEqual([0, 3]);
    });
  });

  test('conjugate and negative bits', () => {
    dualLevel(() => {
      const z = torch.rand(3, { dtype: 'complex128' });
      for (const primal of [z, z.conj(), z.conj().imag]) {
        const tangent = torch.randLike(primal);
        const { primal: value, tangent: got } = unpackDual(makeDual(primal, tangent).clone());
        expect(torch.allclose(value.resolveConj().resolveNeg(), primal.resolveConj().resolveNeg())).toBe(true);
        expect(torch.allclose(got as Tensor, tangent)).toBe(true);
      }
    });
  });

  test('operators without a derivative give no tangent', () => {
    dualLevel(() => {
      const dual = makeDual(torch.tensor([1.5, -2]), torch.ones(2));
      for (const result of [dual.gt(0), dual.argmax(0), dual.detach()]) {
        expect(unpackDual(result).tangent).toBeNull();
      }
    });
  });

  test('the graph of the primal is still there', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    const g = dualLevel(() => grad(makeDual(x, torch.ones(2)).pow(2).sum(), x)[0]);
    expect(g.toArray()).toEqual([2, 4]);
  });

  test('inference mode carries no tangents', () => {
    dualLevel(() => {
      const dual = makeDual(torch.ones(2), torch.ones(2));
      expect(torch.inferenceMode(() => unpackDual(dual.mul(2)).tangent)).toBeNull();
    });
  });

  test.each([
    ['of the same layout', (t: Tensor) => t],
    ['of another layout', (t: Tensor) => t.T.clone().T],
  ])('a batch of tangents %s, out of place and on a view', (_name, relayout) => {
    const primal = torch.rand(3, 2, { dtype: 'float64' });
    const tangents = relayout(torch.rand(3, 2, { dtype: 'float64' }));
    const batch = torch.stack([tangents, tangents.mul(2)]);
    const directional = torch.vmap((t: Tensor) => torch.func.jvp((a: Tensor) => a.sin(), [primal], [t])[1]);
    expect(torch.allclose(directional(batch), primal.cos().mul(batch))).toBe(true);
    const written = torch.vmap(
      (t: Tensor) =>
        torch.func.jvp(
          (a: Tensor) => {
            const base = a.clone();
            base.select(0, 0).mul_(3);
            return base;
          },
          [primal],
          [t],
        )[1],
    );
    const scale = torch.tensor([[3], [1], [1]], { dtype: 'float64' });
    expect(torch.allclose(written(batch), batch.mul(scale))).toBe(true);
  });

  test('wrong arguments are named', () => {
    dualLevel(() => {
      expectError(
        () => makeDual(1 as never, torch.ones(1)),
        TypeError,
        "makeDual(): argument 'tensor' must be Tensor, not number",
      );
      expectError(
        () => makeDual(torch.ones(1), 1 as never),
        TypeError,
        "makeDual(): argument 'tangent' must be Tensor, not number",
      );
      expectError(
        () => unpackDual(1 as never),
        TypeError,
        "unpackDual(): argument 'tensor' must be Tensor, not number",
      );
    });
  });
});
