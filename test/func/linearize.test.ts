/** linearize: the derivative at a point as a recorded linear function. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64 } from '../support/derivatives';
import { differentiable, type F } from '../support/differentiable';
import { expectError } from '../support/errors';

const { RuntimeError } = torch;
const { grad, jacfwd, jacrev, jvp, linearize, vjp, vmap } = torch.func;

const x = torch.tensor([0.3, -1.2, 0.7], float64);
const u = torch.tensor([1, -0.5, 2], float64);
const m = torch.tensor([[0.3, -1.2, 0.7], [0.9, 0.4, -0.5]], float64); // prettier-ignore

/** Counts the calls of a function. */
function counted<A extends unknown[], R>(f: (...args: A) => R): { f: (...args: A) => R; calls: () => number } {
  let calls = 0;
  return { f: (...args) => (calls++, f(...args)), calls: () => calls };
}

describe('the derivative that jvp computes', () => {
  test.each(Object.keys(differentiable))('%s', (name) => {
    const [f, at] = differentiable[name];
    const { f: g, calls } = counted(f);
    const [value, push] = linearize(g, at);
    expect(calls()).toBe(1);
    expectClose('value', value, f(at), 1e-12);
    const tangents = [torch.ones(at.shape, { dtype: at.dtype }), at.cos(), torch.randn(at.shape, { dtype: at.dtype })];
    const right = tangents.map((tangent) => jvp(f, [at], [tangent])[1]);
    // The first calls replay the recording; the later ones run what was compiled.
    for (let i = 0; i < 30; i++) expectClose(`call ${i}`, push(tangents[i % 3]), right[i % 3], 1e-12);
    expect(calls()).toBe(1);
  });

  test('many calls', () => {
    const { f, calls } = counted((t: Tensor) => t.sin().mul(t));
    const [, push] = linearize(f, x);
    const right = x.sin().add(x.mul(x.cos()));
    for (let i = 0; i < 1000; i++) {
      const tangent = torch.full([3], i, float64);
      const pushed = push(tangent);
      if (i % 100 === 0) expectClose(`call ${i}`, pushed, right.mul(i), 1e-12);
    }
    expect(calls()).toBe(1);
  });

  test('with structures, several primals and values of other types', () => {
    const f = (p: { a: Tensor; b: Tensor[] }, c: Tensor) => ({
      y: [p.a.mul(p.b[0]), c.sum()],
      name: 'f',
      n: 3,
    });
    const [value, push] = linearize(f, { a: x, b: [u] }, x.cos());
    expect([value.name, value.n]).toEqual(['f', 3]);
    const d = push({ a: u, b: [x] }, u);
    expectClose('y[0]', d.y[0], u.mul(u).add(x.mul(x)), 1e-12);
    expectClose('y[1]', d.y[1], u.sum(), 1e-12);
    expect([d.name, d.n]).toEqual(['f', 3]);
  });

  test('of operators without a second derivative', () => {
    const other = torch.tensor([[0.1, 0.5, 2], [1.5, -0.3, 0.2]], float64); // prettier-ignore
    const f = (t: Tensor): Tensor => torch.cdist(t, other);
    // d |a - b| = (a - b) . da / |a - b|
    const difference = m.unsqueeze(1).sub(other.unsqueeze(0));
    const right = difference.mul(m.cos().unsqueeze(1)).sum(-1).div(difference.square().sum(-1).sqrt());
    expectClose('cdist', linearize(f, m)[1](m.cos()), right, 1e-12);
  });

  test('after writes to a tensor that the derivative needs', () => {
    const f = (t: Tensor): Tensor => t.exp().add_(1);
    const [, push] = linearize(f, x);
    expectClose('derivative', push(u), x.exp().mul(u), 1e-12);
  });
});

describe('what the function computes besides', () => {
  test('it may read values: they are those of the point', () => {
    const { f, calls } = counted((t: Tensor) => (t.sum().item() < 0 ? t.mul(2) : t.mul(3)));
    const [, push] = linearize(f, x);
    expect(push(u.neg()).toArray()).toEqual(u.mul(-2).toArray());
    expect(calls()).toBe(1);
  });

  test('it may read values in ways that are not recorded', () => {
    const [, push] = linearize((t: Tensor) => t.mul((t.toArray() as number[])[0]), x);
    expectClose('derivative', push(u), u.mul(0.3), 1e-12);
  });

  test('random numbers are those of the value', () => {
    torch.manualSeed(0);
    const [value, push] = linearize((t: Tensor) => torch.nn.functional.dropout(t, 0.5).mul(torch.rand(3, float64)), x);
    const state = torch.getRngState().toArray();
    for (let i = 0; i < 3; i++) expectClose('derivative', push(x), value, 1e-12);
    expect(torch.getRngState().toArray()).toEqual(state);
  });

  test('random numbers are drawn once where the derivative is not recorded', () => {
    const f = (t: Tensor): Tensor => t.mul(torch.rand(3, float64)).add(torch.noGrad(() => t.mul(2)));
    torch.manualSeed(0);
    const right = f(x);
    const next = torch.rand(1).item();
    torch.manualSeed(0);
    const [value] = linearize(f, x);
    expect([value.toArray(), torch.rand(1).item()]).toEqual([right.toArray(), next]);
  });

  test('values computed under noGrad are constants, as in reverse mode', () => {
    const f = (t: Tensor): Tensor => t.mul(torch.noGrad(() => t.mul(2)));
    for (const push of [linearize(f, x)[1], torch.noGrad(() => linearize(f, x)[1])]) {
      expectClose('derivative', push(u), x.mul(2).mul(u), 1e-12);
    }
  });

  test('statistics outside of the function are updated once', () => {
    let mean = torch.zeros(3, float64);
    let updates = 0;
    const f = (t: Tensor): Tensor => {
      mean = mean.mul(0.9).add(t.detach().mean(0).mul(0.1));
      updates += 1;
      return t.sub(t.mean(0));
    };
    const [, push] = linearize(f, m);
    push(m);
    expect(updates).toBe(1);
    expectClose('mean', torch.func.debugUnwrap(mean), m.mean(0).mul(0.1), 1e-12);
  });

  test('a write to a primal is refused before it happens', () => {
    const at = x.clone();
    expectError(() => linearize((t: Tensor) => t.mul_(2), at), RuntimeError, /leaf Variable that requires grad/);
    expect(at.toArray()).toEqual(x.toArray());
  });

  test('an error of the function reaches the caller', () => {
    expectError(() => linearize((t: Tensor) => t.view(7), x), RuntimeError, /shape '\[7\]' is invalid/);
    expect(torch.compiler.isCompiling()).toBe(false);
    expect(torch.isGradEnabled()).toBe(true);
  });

  test('saved tensor hooks are refused', () => {
    const { savedTensorsHooks } = torch.autograd.graph;
    const f = (t: Tensor): Tensor => savedTensorsHooks((s: Tensor) => s, (s) => s, () => t.exp()); // prettier-ignore
    expectError(() => linearize(f, x), RuntimeError, /don't yet support saved tensor hooks/);
  });
});

describe('tangents', () => {
  const f = (t: Tensor): Tensor => t.sin().mul(t.sum());
  const right = (t: Tensor): Tensor => jvp(f, [m], [t])[1];
  const [, push] = linearize(f, m);

  test.each<[string, Tensor]>([
    ['transposed', torch.rand(3, 2, float64).t()],
    ['expanded', torch.tensor(2, float64).expand(2, 3)],
    ['a part of a larger tensor', torch.rand(4, 3, float64).narrow(0, 1, 2)],
    ['with gaps', torch.rand(2, 3, 2, float64).select(2, 1)],
  ])('%s', (_, tangent) => expectClose('derivative', push(tangent), right(tangent), 1e-12));

  test('conjugates', () => {
    const at = torch.complex(x, u);
    const [, push] = linearize((t: Tensor) => t.mul(t), at);
    const tangent = torch.complex(u, x).conj();
    expectClose('derivative', push(tangent), at.mul(tangent).mul(2), 1e-12);
  });

  test('infinite and NaN: zeros of the point are not left out', () => {
    const [, push] = linearize((t: Tensor) => t.mul(torch.tensor([0, 1, 2], float64)), x);
    const given = torch.tensor([Infinity, NaN, 1], float64);
    expect(push(given).toArray()).toEqual([NaN, NaN, 2]);
  });

  test('results are tensors of their own', () => {
    const [, push] = linearize((t: Tensor) => [t.mul(2), torch.zeros(3, float64), t.detach()] as const, x);
    const first = push(u);
    for (const result of first) result.add_(1);
    expect(push(u).map((result) => result.toArray())).toEqual([u.mul(2).toArray(), [0, 0, 0], [0, 0, 0]]);
  });

  test.each<[string, unknown[], new (message: string) => Error, RegExp]>([
    ['another structure', [[m]], RuntimeError, /Expected the tangents .* to have the same argspec/],
    [
      'another shape',
      [x],
      RuntimeError,
      /tangent:0 with shape torch.Size\(\[3\]\) .* doesn't match the shape torch.Size\(\[2, 3\]\)/,
    ],
    ['another dtype', [m.float()], RuntimeError, /tangent:0 with dtype torch.float32 .* doesn't match/],
    ['another device', [m.to('meta')], RuntimeError, /tangent:0 with device meta .* doesn't match/],
    ['a number', [1], TypeError, /tangent:0 must be Tensor, not number/],
  ])('refused: %s', (_, tangents, kind, message) => {
    expectError(() => (push as (...tangents: unknown[]) => unknown)(...tangents), kind, message);
  });
});

describe('the linear function under transforms', () => {
  const f = (t: Tensor): Tensor => t.sin().mul(t.sum()).view(3, 1).matmul(t.view(1, 3)).softmax(0);
  const [, push] = linearize(f, x);
  const J = (jacfwd(f) as F)(x); // [3, 3, 3]

  test('vmap, along any dimension', () => {
    const batch = torch.rand(4, 3, float64);
    const right = torch.einsum('ijk,bk->bij', J, batch);
    expectClose('vmap', vmap(push)(batch), right, 1e-12);
    expectClose('inDims 1', vmap(push, { inDims: 1 })(batch.t()), right, 1e-12);
    expectClose('inDims 1, contiguous', vmap(push, { inDims: 1 })(batch.t().contiguous()), right, 1e-12);
  });

  test('derivatives in the tangents', () => {
    expectClose('jacrev', (jacrev(push) as F)(u), J, 1e-12);
    expectClose('jacfwd', (jacfwd(push) as F)(u), J, 1e-12);
    expectClose('jvp', jvp(push, [u], [x])[1], push(x), 1e-12);
    const v = torch.rand(3, 3, float64);
    const transposed = torch.einsum('ijk,ij->k', J, v);
    expectClose('vjp', vjp(push, u)[1](v)[0], transposed, 1e-12);
    expectClose('vmap of grad', vmap(grad((t: Tensor) => push(t).mul(v).sum()))(m), transposed.expand(2, 3), 1e-12);
    const t = u.clone().requiresGrad_();
    push(t).mul(v).sum().backward();
    expectClose('backward', t.grad!, transposed, 1e-12);
    const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;
    dualLevel(() => expectClose('dual', unpackDual(push(makeDual(u, x))).tangent!, push(x), 1e-12));
  });

  test('compiled', () => {
    const compiled = torch.compile(push);
    for (let i = 0; i < 3; i++) expectClose('compiled', compiled(u.add(i)), push(u.add(i)), 1e-12);
    expect(compiled.explain()[0].isCompiled).toBe(true);
  });

  test('it is the derivative of linearize inside of a transform too', () => {
    const g = (t: Tensor): Tensor => linearize(f, t)[1](u).sum();
    const right = (t: Tensor): Tensor => jvp(f, [t], [u])[1].sum();
    expectClose('grad', grad(g)(x), grad(right)(x), 1e-10);
    expectClose('vmap', vmap(g)(m), vmap(right)(m), 1e-10);
    expectClose('jvp', jvp(g, [x], [u])[1], jvp(right, [x], [u])[1], 1e-10);
    const compiled = torch.compile(g);
    for (let i = 0; i < 2; i++) expectClose('compile', compiled(x), right(x), 1e-10);
  });
});

describe('memory layouts of tangents', () => {
  // Re exp(x + i x) = e^x cos x, whose derivative is e^x (cos x - sin x).
  test('a real view of complex values, whose tangent is the view of a conjugate', () => {
    const f = (y: Tensor): Tensor => torch.real(torch.complex(y, y).exp());
    const [value, push] = linearize(f, x);
    expectClose('value', value, x.exp().mul(x.cos()), 1e-12);
    const right = x.exp().mul(x.cos().sub(x.sin())).mul(u);
    // The later calls run what was compiled.
    for (let i = 0; i < 20; i++) expectClose(`call ${i}`, push(u), right, 1e-12);
    expectClose('vmap', vmap(push)(torch.stack([u, x])).select(0, 0), right, 1e-12);
    const imaginary = linearize((y: Tensor): Tensor => torch.imag(torch.complex(y, y).exp()), x)[1](u);
    expectClose('imag', imaginary, x.exp().mul(x.cos().add(x.sin())).mul(u), 1e-12);
  });

  test('primals with gaps under vmap, and their gradient', () => {
    const whole = torch.arange(24, float64).view(4, 3, 2).sin();
    const primals: Record<string, Tensor> = {
      column: whole.select(2, 1).select(1, 0),
      'part of a transposed matrix': whole.select(2, 0).transpose(0, 1).narrow(0, 1, 2),
    };
    for (const [name, primal] of Object.entries(primals)) {
      const [, push] = linearize((y: Tensor) => y.sin().sum(), primal);
      const tangents = torch.randn([5, ...primal.shape], float64);
      const right = tangents.mul(primal.cos()).flatten(1).sum(1);
      expectClose(name, vmap(push)(tangents), right, 1e-12);
      expectClose(`${name}, grad`, grad(push)(tangents.select(0, 0)) as Tensor, primal.cos(), 1e-12);
      expectClose(
        `${name}, vmap of grad`,
        vmap(grad(push))(tangents) as Tensor,
        primal.cos().expandAs(tangents),
        1e-12,
      );
    }
  });
});

describe('tensors from outside', () => {
  test('those that require a gradient get it through the linear function', () => {
    const weight = torch.tensor([1, 2, 3], { ...float64, requiresGrad: true });
    const [value, push] = linearize((t: Tensor) => t.mul(weight).mul(t), x);
    push(u).sum().backward();
    expectClose('of the derivative', weight.grad!, x.mul(u).mul(2), 1e-12);
    expect(value.requiresGrad).toBe(true);
    // Only the value depends on it.
    const [shifted, same] = linearize((t: Tensor) => t.add(weight), x);
    expect([shifted.requiresGrad, same(u).toArray()]).toEqual([true, u.toArray()]);
  });

  test('primals that require a gradient', () => {
    const at = x.clone().requiresGrad_();
    const [, push] = linearize((t: Tensor) => t.square(), at);
    push(u).sum().backward();
    expectClose('gradient', at.grad!, u.mul(2), 1e-12);
  });

  test('nothing is recorded under noGrad', () => {
    const weight = torch.tensor([1, 2, 3], { ...float64, requiresGrad: true });
    const { f, calls } = counted((t: Tensor) => t.mul(weight).sin());
    const [value, push] = torch.noGrad(() => linearize(f, x));
    const result = torch.noGrad(() => push(u));
    expect([value.requiresGrad, result.requiresGrad, calls()]).toEqual([false, false, 1]);
    expectClose('derivative', result, x.mul(weight).cos().mul(weight).mul(u).detach(), 1e-12);
  });

  test('a later write to a tensor that the derivative needs is an error', () => {
    const factor = torch.tensor([1, 2, 3], float64);
    const [, push] = linearize((t: Tensor) => t.mul(factor), x);
    push(u);
    factor.add_(1);
    expectError(() => push(u), RuntimeError, /modified by an inplace operation: .*\[3\].* is at version \d+; expected/);
    expectError(() => vmap(push)(m), RuntimeError, /modified by an inplace operation/);
  });

  test('a later write to the value or the primal is an error only if the derivative needs it', () => {
    const at = x.clone();
    const [value, push] = linearize((t: Tensor) => t.sin(), at);
    const right = at.cos().mul(u);
    at.zero_();
    value.zero_();
    expectClose('derivative', push(u), right, 1e-12);
  });
});
