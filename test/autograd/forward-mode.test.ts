/** Dual tensors as PyTorch's TestAutogradForwardMode looks at them: what is shared, copied, written and forgotten. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;
const { RuntimeError, NotImplementedError } = torch;

const double = (...values: number[]): Tensor => torch.tensor(values, { dtype: 'float64' });
const tangentOf = (t: Tensor): Tensor | null => unpackDual(t).tangent;

/** Whether a write into one shows in the other. */
function shareMemory(a: Tensor, b: Tensor): boolean {
  const before = b.clone();
  torch.noGrad(() => a.detach().add_(1));
  const shared = !torch.equal(before, b);
  torch.noGrad(() => a.detach().sub_(1));
  return shared;
}

describe('packing', () => {
  test('shares memory and versions with the primal and the tangent', () => {
    const [foo, bar] = [double(1, 2), double(3, 4)];
    dualLevel(() => {
      const dual = makeDual(foo, bar);
      const { primal, tangent } = unpackDual(dual);
      expect([shareMemory(foo, dual), shareMemory(foo, primal), shareMemory(bar, tangent as Tensor)]).toEqual([
        true,
        true,
        true,
      ]);
      foo.add_(1);
      expect([dual._version, primal._version]).toEqual([foo._version, foo._version]);
      bar.add_(1);
      expect(tangent?._version).toBe(bar._version);
      expect(tangentOf(foo)).toBeNull();
    });
    expect(unpackDual(foo).tangent).toBeNull();
  });

  test('gradients go back through it', () => {
    const [foo, bar] = [double(1, 2).requiresGrad_(), double(3, 4).requiresGrad_()];
    dualLevel(() => {
      const { primal, tangent } = unpackDual(makeDual(foo, bar));
      const options = { retainGraph: true, allowUnused: true } as const;
      const values = (grads: (Tensor | null)[]): unknown[] => grads.map((g) => g?.toArray() ?? null);
      expect(values(torch.autograd.grad(primal.sum(), [foo, bar], options))).toEqual([[1, 1], null]);
      expect(values(torch.autograd.grad((tangent as Tensor).sum(), [foo, bar], options))).toEqual([null, [1, 1]]);
    });
  });

  test('detach, also in place, drops the tangent; noGrad keeps it', () => {
    const [foo, bar] = [double(1, 2).requiresGrad_(), double(3, 4).requiresGrad_()];
    dualLevel(() => {
      const dual = makeDual(foo, bar);
      const detached = unpackDual(dual.detach().mul(2));
      expect([detached.primal.requiresGrad, detached.tangent]).toEqual([false, null]);
      const { primal, tangent } = torch.noGrad(() => unpackDual(dual.mul(3)));
      expect([primal.requiresGrad, tangent?.requiresGrad, tangent?.toArray()]).toEqual([false, false, [9, 12]]);
      const copy = dual.clone();
      copy.detach_();
      expect(tangentOf(copy.mul(2))).toBeNull();
    });
  });

  test('a dual tensor prints its tangent, its parts do not', () => {
    dualLevel(() => {
      const plain = double(1);
      const dual = makeDual(plain, double(2));
      const { primal, tangent } = unpackDual(dual);
      expect([plain, dual, primal, tangent].map((t) => String(t).includes('tangent='))).toEqual([
        false,
        true,
        false,
        false,
      ]);
    });
  });

  test('each level starts without tangents', () => {
    const [foo, bar, baz] = [double(1, 2), double(3, 4), double(5, 6)];
    const dual = dualLevel(() => makeDual(foo, bar));
    expect(tangentOf(dual)).toBeNull();
    dualLevel(() => {
      const other = makeDual(foo, baz);
      expect([tangentOf(foo), tangentOf(dual), tangentOf(other)?.toArray()]).toEqual([null, null, [5, 6]]);
      expect(unpackDual(dual).primal.toArray()).toEqual(unpackDual(other).primal.toArray());
    });
  });

  test('in inference mode it shares memory with the primal', () => {
    torch.inferenceMode(() => {
      const foo = torch.ones(2);
      dualLevel(() => {
        const dual = makeDual(foo, torch.ones(2));
        expect(dual.isView).toBe(false);
        dual.add_(1);
        expect(foo.toArray()).toEqual([2, 2]);
      });
    });
  });

  test('a graph that refers to itself through a tangent is released with the level', () => {
    dualLevel(() => {
      torch.scope(() => {
        const a = torch.rand(10, { requiresGrad: true });
        makeDual(torch.rand(10), a).exp();
      });
    });
    expect(dualLevel(() => 1)).toBe(1);
  });
});

describe('when the tangent is taken as it is, and when it is copied', () => {
  test('a primal that is part of a larger storage: copied, so that views beyond it have tangents', () => {
    const primal = torch.randn(5).narrow(0, 0, 4).detach();
    const tangent = torch.randn(4);
    dualLevel(() => {
      const dual = makeDual(primal, tangent);
      const unpacked = tangentOf(dual) as Tensor;
      const before = tangent.clone();
      unpacked.mul_(2);
      expect(torch.equal(before, tangent)).toBe(true);
      expect(dual.asStrided([5], [1], 0).shape).toEqual([5]);
    });
  });

  test('empty tensors: strides and offsets do not matter', () => {
    dualLevel(() => {
      const a = torch.ones(0).asStrided([0, 1], [1, 1], 0);
      const b = torch.ones(0).asStrided([0, 1], [1, 0], 0);
      expect(torch.diagonal(makeDual(a, b)).shape).toEqual([0]);
      const [c, d] = [1, 2].map((offset) => torch.tensor([1]).asStrided([0], [1], offset));
      expect(tangentOf(makeDual(c, d))?.shape).toEqual([0]);
      const [e, f] = [2, 1].map((stride) => torch.tensor([1]).asStrided([1], [stride], 0));
      expect(makeDual(e, f).index('1:').shape).toEqual([0]);
    });
  });

  const z = (): Tensor => torch.randn(2, 3, { dtype: 'complex128' });
  const kinds: [string, (t: Tensor) => Tensor][] = [
    ['plain', (t) => t],
    ['conjugate', (t) => t.conj()],
    ['negative', (t) => torch._negView(t)],
  ];
  test.each(kinds.flatMap(([a, f]) => kinds.map(([b, g]) => [a, b, f, g] as const)))(
    'a %s primal and a %s tangent',
    (a, b, f, g) => {
      const [primal, tangent] = [f(z()), g(z())];
      dualLevel(() => {
        const dual = makeDual(primal, tangent);
        const unpacked = tangentOf(dual) as Tensor;
        expect(shareMemory(tangent, unpacked)).toBe(a === b);
        expect(torch.allclose(unpacked.resolveConj().resolveNeg(), tangent.resolveConj().resolveNeg())).toBe(true);
        for (const part of [torch.real(dual), torch.imag(dual)]) expect(tangentOf(part)?.shape).toEqual([2, 3]);
      });
    },
  );

  test.each([
    ['conjugate', (): Tensor[] => [z().conj(), z()]],
    ['negative', (): Tensor[] => [z().conj().imag, z().imag]],
  ])('a view of a dual whose primal has the %s bit', (_, make) => {
    const [primal, tangent] = make();
    dualLevel(() => {
      const row = tangentOf(makeDual(primal, tangent).index('1:')) as Tensor;
      expect(torch.equal(row.resolveConj().resolveNeg(), tangent.index('1:').resolveConj().resolveNeg())).toBe(true);
    });
  });
});

describe('writing in place', () => {
  test('a dual and what it was made of share values; only the dual has a tangent', () => {
    const [foo, bar] = [double(1, 2), double(1, 1)];
    dualLevel(() => {
      const dual = makeDual(foo, bar);
      dual.mul_(2);
      expect([tangentOf(foo), bar.toArray(), tangentOf(dual)?.toArray(), foo.toArray()]).toEqual([
        null,
        [2, 2],
        [2, 2],
        [2, 4],
      ]);
      const { primal, tangent } = unpackDual(dual);
      expect([tangentOf(primal), tangentOf(tangent as Tensor)]).toEqual([null, null]);
      primal.mul_(2);
      expect([unpackDual(dual).primal.toArray(), tangentOf(dual)?.toArray()]).toEqual([
        [4, 8],
        [2, 2],
      ]);
      tangent?.mul_(2);
      expect([unpackDual(dual).primal.toArray(), tangentOf(dual)?.toArray()]).toEqual([
        [4, 8],
        [4, 4],
      ]);
    });
  });

  test('through a view, into a plain tensor, into a row of one, and into a detached view', () => {
    const foo = double(1, 2);
    dualLevel(() => {
      const dual = makeDual(foo, double(1, 1));
      const view = dual.narrow(0, 0, 1);
      view.mul_(2);
      expect([tangentOf(foo), tangentOf(dual)?.toArray(), tangentOf(view)?.toArray()]).toEqual([null, [2, 1], [2]]);
      const whole = torch.zeros(2, { dtype: 'float64' });
      whole.add_(dual);
      expect(tangentOf(whole)?.toArray()).toEqual([2, 1]);
      const part = torch.zeros(2, { dtype: 'float64' });
      part.indexPut_([0], dual.index(0));
      expect(tangentOf(part)?.toArray()).toEqual([2, 0]);
      const plain = torch.zeros(2, { dtype: 'float64' });
      plain.detach().add_(dual);
      expect(tangentOf(plain)).toBeNull();
    });
  });

  test.each<[string, (t: Tensor, other: Tensor) => Tensor]>([
    ['add_', (t, other) => t.add_(other)],
    ['mul_', (t, other) => t.mul_(other)],
    ['copy_', (t, other) => t.copy_(other)],
  ])('%s of a dual into a transposed view: the tangent of the base follows later writes', (_, write) => {
    const base = torch.randn(2, 2);
    const view = base.transpose(0, 1);
    dualLevel(() => {
      write(view, makeDual(torch.randn(2, 2), torch.randn(2, 2)));
      const before = unpackDual(base);
      const [primal, tangent] = [before.primal.clone(), (before.tangent as Tensor).clone()];
      view.mul_(2);
      const after = unpackDual(base);
      expect(torch.allclose(after.primal, primal.mul(2))).toBe(true);
      expect(torch.allclose(after.tangent as Tensor, tangent.mul(2))).toBe(true);
    });
  });

  test('out= takes no dual and gives none', () => {
    dualLevel(() => {
      const dual = makeDual(torch.rand(2), torch.rand(2));
      const plain = torch.rand(2);
      for (const call of [() => torch.add(plain, plain, { out: dual }), () => torch.add(dual, plain, { out: plain })]) {
        expectError(call, NotImplementedError, /out= function/);
        expect(new NotImplementedError('')).toBeInstanceOf(RuntimeError);
      }
    });
  });

  test('comparisons, also in place, have no tangent', () => {
    dualLevel(() => {
      const dual = makeDual(torch.rand(2), torch.rand(2));
      expect(tangentOf(dual.eq(torch.rand(2)))).toBeNull();
      expect(() => dual.eq_(torch.rand(2))).not.toThrow();
    });
  });

  test('a gradient that is not asked for is none, also of dual tensors', () => {
    const [weight, input] = [torch.randn(6, 1, 3, 3), torch.rand(1, 1, 5, 5)];
    const gradient = torch.onesLike(torch.nn.functional.conv2d(input, weight));
    dualLevel(() => {
      const [none] = torch.ops.aten.convolution_backward(
        gradient,
        input,
        makeDual(weight, torch.onesLike(weight)),
        [0],
        [1, 1],
        [0, 0],
        [1, 1],
        false,
        [0, 0],
        1,
        [false, true, false],
      ) as (Tensor | null)[];
      expect(none ?? null).toBeNull();
    });
  });
});
