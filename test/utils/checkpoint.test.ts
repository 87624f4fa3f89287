/** Checkpointing: the derivatives are those of the function, and what it saves is recomputed. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { checkpoint, CheckpointError } = torch.utils;
const { grad, jacrev, jacfwd, hessian, jvp } = torch.func;

const w = torch
  .tensor([
    [1, 2],
    [-1, 0.5],
  ])
  .requiresGrad_();
const block = (x: Tensor): Tensor => x.matmul(w).sin().exp();
const plain = (x: Tensor): Tensor => block(x).sum();
const checkpointed = (x: Tensor): Tensor => checkpoint(block, x).sum();
const x = torch.tensor([0.3, -0.7]);

/** How many tensors a function leaves in JavaScript and its graph after a full backward pass: see `saved`. */
function savedBytes(f: (x: Tensor) => Tensor): number {
  let bytes = 0;
  torch.autograd.graph.savedTensorsHooks(
    (t) => {
      bytes += t.nbytes;
      return t;
    },
    (t) => t,
    () => f(x.clone().requiresGrad_()),
  );
  return bytes;
}

test('backward gives the gradients of arguments and of captured tensors', () => {
  const gradients = [plain, checkpointed].map((f) => {
    const leaf = x.clone().requiresGrad_();
    return torch.autograd.grad(f(leaf), [leaf, w]).map(String);
  });
  expect(gradients[1]).toEqual(gradients[0]);
});

test('the function runs again in each backward pass, and not before', () => {
  let calls = 0;
  const leaf = x.clone().requiresGrad_();
  const y = checkpoint((t: Tensor) => {
    calls++;
    return block(t);
  }, leaf).sum();
  expect(calls).toBe(1);
  const [first] = torch.autograd.grad(y, leaf, { retainGraph: true });
  expect(calls).toBe(2);
  const [second] = torch.autograd.grad(y, leaf, { createGraph: true });
  expect(calls).toBe(3);
  expect(torch.equal(first, second)).toBe(true);
  const [higher] = torch.autograd.grad(second.sum(), leaf);
  expect(torch.allclose(higher, hessian(plain)(x).sum(0))).toBe(true);
});

test('no tensor that the function saves is kept', () => {
  // sum saves nothing, so only the function counts.
  expect(savedBytes(plain)).toBeGreaterThan(0);
  expect(savedBytes(checkpointed)).toBe(0);
});

test.each<[string, (f: (t: Tensor) => Tensor) => Tensor]>([
  ['grad', (f) => grad(f)(x)],
  ['grad of grad', (f) => grad((t: Tensor) => grad(f)(t).sum())(x)],
  ['jacrev of jacrev', (f) => jacrev(jacrev(f))(x)],
  ['jacrev of jacfwd', (f) => jacrev(jacfwd(f))(x)],
  ['hessian', (f) => hessian(f)(x)],
  ['jvp', (f) => jvp(f, [x], [x])[1]],
  ['grad of jvp', (f) => grad((t: Tensor) => jvp(f, [t], [t.mul(2)])[1])(x)],
  ['vmap of grad', (f) => torch.vmap(grad(f))(torch.stack([x, x.mul(2)]))],
  ['vmap of hessian', (f) => torch.vmap(hessian(f))(torch.stack([x, x.mul(2)]))],
  ['grad of vmap', (f) => grad((t: Tensor) => torch.vmap(f)(t).sum())(torch.stack([x, x.mul(2)]))],
])('under %s', (_, transform) => {
  expect(torch.allclose(transform(checkpointed), transform(plain))).toBe(true);
});

test('parameters that a transform differentiates and the function captures', () => {
  const loss = (wrap: (f: (t: Tensor) => Tensor, t: Tensor) => Tensor) =>
    grad((parameter: Tensor) => wrap((t) => t.matmul(parameter).sin().exp(), x).sum())(w.detach());
  expect(
    torch.equal(
      loss((f, t) => checkpoint(f, t)),
      loss((f, t) => f(t)),
    ),
  ).toBe(true);
});

test('transforms and checkpoints inside a checkpoint', () => {
  const inner = (t: Tensor): Tensor => checkpoint((u: Tensor) => grad(checkpointed)(u).sin(), t).sum();
  const reference = (t: Tensor): Tensor => grad(plain)(t).sin().sum();
  expect(torch.allclose(grad(inner)(x), grad(reference)(x))).toBe(true);
  const nested = (t: Tensor): Tensor => checkpoint((u: Tensor) => checkpoint(block, u).cos(), t).sum();
  const leaves = [x.clone().requiresGrad_(), x.clone().requiresGrad_()];
  nested(leaves[0]).backward();
  block(leaves[1]).cos().sum().backward();
  expect(torch.equal(leaves[0].grad!, leaves[1].grad!)).toBe(true);
});

test('the random state of the forward pass is that of the recomputation, and stays as it was', () => {
  const leaf = torch.ones(1000, { requiresGrad: true });
  const dropped = (t: Tensor): Tensor => torch.nn.functional.dropout(t.sin(), 0.5).exp();
  const y = checkpoint(dropped, leaf);
  const state = torch.getRngState();
  y.sum().backward();
  expect(torch.equal(torch.getRngState(), state)).toBe(true);
  expect(torch.equal(leaf.grad!.eq(0), y.eq(1))).toBe(true);
  const other = torch.ones(1000, { requiresGrad: true });
  const z = checkpoint(dropped, other, { preserveRngState: false });
  z.sum().backward();
  expect(torch.equal(other.grad!.eq(0), z.eq(1))).toBe(false);
});

test('a recomputation that differs is an error', () => {
  let calls = 0;
  const fewer = (t: Tensor): Tensor => (calls++ === 0 ? t.sin().exp() : t.sin());
  const leaf = (): Tensor => torch.ones(2, { requiresGrad: true });
  expect(() => {
    checkpoint(fewer, leaf()).sum().backward();
  }).toThrow(
    new CheckpointError(
      'torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of tensors saved during forward: 2\nNumber of tensors saved during recomputation: 1.',
    ),
  );
  const wider = (t: Tensor): Tensor => (calls++ === 0 ? t.sin() : torch.cat([t, t]).sin());
  calls = 0;
  expect(() => {
    checkpoint(wider, leaf()).sum().backward();
  }).toThrow(/have different metadata than during the forward pass/);
  calls = 0;
  const x4 = leaf();
  expect(() => {
    checkpoint(wider, x4, { determinismCheck: 'none' }).sum().backward();
  }).toThrow(torch.RuntimeError);
});

test('an argument that was changed in place is an error', () => {
  const y = x.clone().requiresGrad_().mul(1);
  const z = checkpoint(block, y);
  y.add_(1);
  expect(() => {
    z.sum().backward();
  }).toThrow(/an argument of shape .* modified by an inplace operation .* is at version 1; expected version 0 instead/);
});

test('pytrees, plain objects as arguments, and no recording', () => {
  const leaf = x.clone().requiresGrad_();
  const { out, n } = checkpoint(
    (a: { t: Tensor }, [b]: Tensor[], n: number) => ({ out: a.t.sin().mul(b), n }),
    { t: leaf },
    [leaf],
    3,
  );
  expect(n).toBe(3);
  out.sum().backward();
  expect(torch.allclose(leaf.grad!, x.cos().mul(x).add(x.sin()))).toBe(true);
  let calls = 0;
  torch.noGrad(() => checkpoint(() => void calls++));
  expect(calls).toBe(1);
});

test('what the function throws, and wrong arguments', () => {
  const own = new Error('mine');
  expect(() =>
    checkpoint(() => {
      throw own;
    }),
  ).toThrow(own);
  expect(savedBytes(plain)).toBeGreaterThan(0); // the hooks are gone
  expect(() => checkpoint(1 as never)).toThrow(
    new TypeError("checkpoint(): argument 'func' must be a function, not number"),
  );
  expect(() => checkpoint(() => Promise.resolve(1))).toThrow(/must be synchronous/);
  expect(() => checkpoint(block, x, { determinismCheck: 'all' } as never)).toThrow(torch.ValueError);
  expect(() => checkpoint(block, x, { preserveRngState: 1 } as never)).toThrow(TypeError);
});
