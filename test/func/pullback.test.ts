/** The pull-back of vjp, called many times: the first calls run the engine, the later ones replay a recording. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64 } from '../support/derivatives';
import { differentiable, type F } from '../support/differentiable';
import { expectError } from '../support/errors';

const { RuntimeError } = torch;
const { jacrev, jvp, vjp, vmap } = torch.func;

const x = torch.tensor([0.3, -1.2, 0.7], float64);
const v = torch.tensor([1, -0.5, 2], float64);
const m = torch.tensor([[0.3, -1.2, 0.7], [0.9, 0.4, -0.5]], float64); // prettier-ignore

// Enough for the engine, the recording, its replay and the compiled replay.
const CALLS = 30;

describe('the gradients of the engine', () => {
  // The engine cannot go through a tensor that was overwritten.
  const names = Object.keys(differentiable).filter((name) => name !== 'writes to what it used before');
  test.each(names)('%s', (name) => {
    const [f, at] = differentiable[name];
    const [y, pull] = vjp(f, at);
    for (let i = 0; i < CALLS; i++) {
      const cotangent = torch.randn(y.shape, { dtype: y.dtype });
      expectClose(`call ${i}`, pull(cotangent)[0], vjp(f, at)[1](cotangent)[0], 1e-12);
    }
  });

  test('complex, structures, unused primals', () => {
    const z = torch.complex(x, v);
    const f = (p: { a: Tensor; b: Tensor }, _: Tensor) => ({ y: p.a.mul(p.b), s: [p.a.real.sum()] });
    const [, pull] = vjp(f, { a: z, b: z.cos() }, x);
    for (let i = 0; i < CALLS; i++) {
      const [{ a, b }, zeros] = pull({ y: z.mul(i), s: [torch.tensor(i, float64)] });
      expectClose('a', a, z.mul(i).mul(z.cos().conj()).add(i), 1e-12);
      expectClose('b', b, z.mul(i).mul(z.conj()), 1e-12);
      expectClose('unused', zeros, torch.zeros(3, float64), 0);
      zeros.add_(1);
    }
  });

  test('cotangents of any strides, and those that the engine refuses', () => {
    const f: F = (t) => t.sin().mul(t.sum());
    const [, pull] = vjp(f, m);
    const right = (c: Tensor): Tensor => vjp(f, m)[1](c)[0];
    for (let i = 0; i < CALLS; i++) {
      for (const c of [torch.rand(3, 2, float64).t(), torch.tensor(2, float64).expand(2, 3), m.cos()]) {
        expectClose('strided', pull(c)[0], right(c), 1e-12);
      }
      expectError(() => pull(x), RuntimeError, /Mismatch in shape/);
      expectError(() => pull([m] as never), RuntimeError, /Expected pytree structure of cotangents/);
    }
    expectClose('float32', pull(m.float())[0], right(m.float()), 1e-6);
  });
});

test('many calls call nothing but the recording', () => {
  let backward = 0;
  const f: F = (t) => {
    const y = t.sin();
    y.registerHook((g: Tensor) => (backward++, g.mul(2)));
    return y.mul(t);
  };
  // A hook has to run each time.
  const [, pull] = vjp(f, x);
  const right = x.sin().add(x.mul(x.cos()).mul(2)).mul(v);
  for (let i = 1; i <= CALLS; i++) {
    expectClose(`call ${i}`, pull(v)[0], right, 1e-12);
    expect(backward).toBe(i);
  }
});

test('custom functions run each time', () => {
  let backward = 0;
  class Double extends torch.autograd.Function {
    static override forward(t: Tensor): Tensor {
      return t.mul(2);
    }
    static override setupContext(): void {
      // Nothing to save.
    }
    static override backward(_: unknown, g: Tensor): Tensor {
      backward++;
      return g.mul(2);
    }
  }
  const [, pull] = vjp((t: Tensor) => Double.apply(t) as Tensor, x);
  for (let i = 1; i <= CALLS; i++) {
    expect(pull(v)[0].toArray()).toEqual(v.mul(2).toArray());
    expect(backward).toBe(i);
  }
});

describe('after it was recorded', () => {
  const f: F = (t) => t.sin().mul(t.sum()).softmax(0);
  const recorded = (at: Tensor = x): ((c: Tensor) => [Tensor]) => {
    const [, pull] = vjp(f, at);
    for (let i = 0; i < CALLS; i++) pull(v);
    return pull;
  };

  test('it can be transformed and differentiated', () => {
    const pull = recorded();
    const J = (jacrev(f) as F)(x);
    const right = v.matmul(J);
    expectClose('vmap', vmap((c: Tensor) => pull(c)[0])(m), m.matmul(J), 1e-12);
    expectClose('jacrev', (jacrev((c: Tensor) => pull(c)[0]) as F)(v), J.t(), 1e-12);
    expectClose('jvp', jvp((c: Tensor) => pull(c)[0], [x], [v])[1], right, 1e-12);
    const c = v.clone().requiresGrad_();
    pull(c)[0].sum().backward();
    expectClose('backward', c.grad!, J.sum(1), 1e-12);
    const compiled = torch.compile((t: Tensor) => pull(t)[0]);
    for (let i = 0; i < 3; i++) expectClose('compiled', compiled(v.mul(i)), right.mul(i), 1e-12);
  });

  test('a graph that is not retained is freed', () => {
    const pull = recorded() as unknown as (c: Tensor, options?: object) => [Tensor];
    expectClose('last', pull(v, { retainGraph: false })[0], v.matmul((jacrev(f) as F)(x)), 1e-12);
    expectError(() => pull(v), RuntimeError, /backward through the graph a second time/);
  });

  test('a write to a tensor that the gradient needs is an error', () => {
    const factor = torch.tensor([1, 2, 3], float64);
    const [, pull] = vjp((t: Tensor) => t.mul(factor), x);
    for (let i = 0; i < CALLS; i++) expect(pull(v)[0].toArray()).toEqual(v.mul(factor).toArray());
    factor.add_(1);
    expectError(() => pull(v), RuntimeError, /modified by an inplace operation/);
  });

  test('results keep the graph of tensors that require a gradient', () => {
    const weight = torch.tensor([1, 2, 3], { ...float64, requiresGrad: true });
    const [, pull] = vjp((t: Tensor) => t.mul(weight).mul(t), x);
    for (let i = 0; i < CALLS; i++) {
      expect(torch.noGrad(() => pull(v)[0]).requiresGrad).toBe(false);
      expect(pull(v)[0].requiresGrad).toBe(true);
    }
    expectClose('gradient', torch.autograd.grad(pull(v)[0].sum(), weight)[0]!, x.mul(v).mul(2), 1e-12);
  });
});
