/** The triggers of messages.json for grad, vjp, jvp, linearize and functionalize. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { func } = torch;
const { grad, vjp, jvp, linearize, functionalize } = func;
const x = torch.tensor([1, 2, 3]);
const y = torch.tensor([-1, 0.5, 2]);
const ones = torch.ones(3);
const i = torch.tensor([1n, 2n]);
const sum = (t: Tensor): Tensor => t.sum();
const sin = (t: Tensor): Tensor => t.sin();
const two = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum();

function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

function graphGone(): void {
  const [, pull] = vjp((t: Tensor) => t.exp().sin(), x);
  pull(ones, { retainGraph: false });
  pull(ones, { retainGraph: false });
}

const jvpOf = (f: (t: Tensor) => unknown): unknown => jvp(f, [x], [ones]);

export const derivativeTriggers: Record<string, () => unknown> = {
  'grad non tensor out': () => grad((_: Tensor) => 1.5)(x),
  'grad tuple out no aux': () => grad((t: Tensor) => [t.sum(), t])(x),
  'grad nonscalar': () => grad(sin)(x),
  'grad 1-elem non 0-dim': () => grad((t: Tensor) => t.sum(0, { keepdim: true }))(x),
  'grad has_aux non tuple': () => grad(sum as never as (t: Tensor) => [Tensor, Tensor], { hasAux: true })(x),
  'grad has_aux 3-tuple': () => grad((t: Tensor) => [t.sum(), t, t], { hasAux: true })(x),
  'grad has_aux list': () => {
    same(grad((t: Tensor) => [t.sum(), t], { hasAux: true })(x)[1].toArray(), [1, 2, 3]);
  },
  'grad aux nontensor': () => grad((t: Tensor) => [t.sum(), 1], { hasAux: true })(x),
  'grad aux None': () => grad((t: Tensor) => [t.sum(), null], { hasAux: true })(x),
  'grad aux dict/list tensors ok': () => {
    const [g, aux] = grad((t: Tensor) => [t, { k: [t.sin()] }] as const, { hasAux: true })(torch.tensor(0));
    same(g.item(), 1);
    same(aux.k[0].item(), 0);
  },
  'grad argnums float': () => grad(two, { argnums: 0.5 })(x, y),
  'grad argnums list': () => {
    same(grad(two, { argnums: [0] })(x, y)[0].toArray(), y.toArray());
  },
  'grad argnums empty': () => grad(two, { argnums: [] })(x, y),
  'grad argnums dup': () => grad(two, { argnums: [0, 0] })(x, y),
  'grad argnums dup neg': () => grad(two, { argnums: [0, -2] })(x, y),
  'grad argnums oob': () => grad(two, { argnums: 2 })(x, y),
  'grad argnums oob neg': () => grad(two, { argnums: -3 })(x, y),
  'grad argnums tuple of str': () => grad(two, { argnums: ['a' as never] })(x, y),
  'grad argnums bool': () => grad(two, { argnums: true as never })(x, y),
  'grad no args': () => (grad(sum) as () => unknown)(),
  'grad int input': () => grad(sum)(i),
  'grad python scalar input': () => grad(sum)(2 as never),
  'grad arg containing None leaf': () => grad((p: { a: Tensor; b: null }) => p.a.sum())({ a: x, b: null }),
  'grad complex output': () => grad((t: Tensor) => t.sum().to('complex64'))(x),
  'grad int output': () => {
    same(grad((t: Tensor) => t.sum().long())(x).toArray(), [0, 0, 0]);
  },
  'grad mutate captured': () => {
    const captured = torch.ones(3);
    return grad((t: Tensor) => captured.copy_(t).sum())(x);
  },
  'grad requires_grad_ inside': () => grad((t: Tensor) => t.requiresGrad_().sum())(x),
  'grad retain_grad inside': () => grad((t: Tensor) => (t.mul(2).retainGrad(), t.sum()))(x),
  'grad backward inside': () => grad((t: Tensor) => (torch.autograd.backward(t.sum()), t.sum()))(x),
  'grad Tensor.backward inside': () => grad((t: Tensor) => (t.sum().backward(), t.sum()))(x),
  'grad autograd.grad inside ok?': () => {
    const g = grad((t: Tensor) => torch.autograd.grad(t.pow(3).sum(), t, { createGraph: true })[0].sum())(x);
    same(g.toArray(), [6, 12, 18]);
  },
  'grad numpy inside': () => {
    same(grad((t: Tensor) => (same([...t.data()], [1, 2, 3]), t.sum()))(x).toArray(), [1, 1, 1]);
  },
  'grad item inside ok': () => {
    same(grad((t: Tensor) => t.mul(t.sum().item()).sum())(x).toArray(), [6, 6, 6]);
  },
  'grad unused input zeros': () => {
    same(grad((_: Tensor) => torch.tensor(1))(x).toArray(), [0, 0, 0]);
  },
  'vjp int output': () => vjp((t: Tensor) => t.long(), x),
  'vjp non-tensor out': () => vjp((_: Tensor) => 1.5, x),
  'vjp None out': () => vjp((_: Tensor) => null, x),
  'vjp empty tuple': () => vjp((_: Tensor) => [], x),
  'vjp mixed out': () => vjp((t: Tensor) => [t, 1.5], x),
  'vjp has_aux bad': () => vjp(sin as never, x, { hasAux: true }),
  'vjp aux nontensor': () => vjp((t: Tensor) => [t, 1] as const, x, { hasAux: true }),
  'vjp no primals': () => {
    const [out, pull] = vjp(() => ones);
    same(out.toArray(), [1, 1, 1]);
    same(pull(ones), []);
  },
  'vjp non tensor primal': () => vjp((t: number) => t, 1.5),
  'vjp int primal': () => vjp(sin, i),
  'vjp cotangent structure': () => vjp(sin, x)[1]([x, x] as never),
  'vjp cotangent structure dict': () => vjp((t: Tensor) => ({ p: t }), x)[1]({ q: x } as never),
  'vjp cotangent shape': () => vjp(sin, x)[1](torch.ones(4)),
  'vjp cotangent dtype': () => vjp(sin, x)[1](x.to('complex64')),
  'vjp cotangent float64': () => {
    same(vjp(sin, x)[1](x.double())[0].dtype, 'float32');
  },
  'vjp called twice ok': () => {
    const [, pull] = vjp(sin, x);
    pull(ones);
    same(pull(ones)[0].shape, [3]);
  },
  'vjp retain_graph False twice': graphGone,
  'jvp primals tensor': () => jvp(sin, x as never, x as never),
  'jvp primals list': () => {
    same(jvp(sin, [x], [x])[0].shape, [3]);
  },
  'jvp tangents list': () => {
    same(jvp(sin, [x], [ones])[1].toArray(), x.cos().toArray());
  },
  'jvp structure': () => jvp(two, [x, y], [x] as never),
  'jvp empty': () => jvp(() => x, [], []),
  'jvp non tensor primal': () => jvp((t: number) => t, [1.5], [1.5]),
  'jvp non tensor tangent': () => jvp(sin, [x], [1.5 as never]),
  'jvp tangent shape': () => jvp(sin, [x], [torch.ones(4)]),
  'jvp tangent dtype mismatch': () => {
    const [out, tangent] = jvp(sin, [x], [ones.double()]);
    same([out.dtype, tangent.dtype], ['float32', 'float64']);
  },
  'jvp int primal': () => jvp(sin, [i], [torch.ones(2)]),
  'jvp int tangent': () => jvp(sin, [torch.ones(2)], [i]),
  'jvp strict': () => jvp((_: Tensor) => ones, [x], [x], { strict: true }),
  'jvp non strict': () => {
    same(
      jvp((_: Tensor) => ones, [x], [x]).map((t) => t.toArray()),
      [
        [1, 1, 1],
        [0, 0, 0],
      ],
    );
  },
  'jvp out None': () => jvpOf(() => null),
  'jvp out empty': () => jvpOf(() => []),
  'jvp out nontensor': () => jvpOf((t) => [t, 1.5]),
  'jvp has_aux bad': () => jvp(sin as never, [x], [x], { hasAux: true }),
  'jvp aux nontensor': () => jvp((t: Tensor) => [t, 1] as const, [x], [x], { hasAux: true }),
  'jvp unsupported op': () => jvp((t: Tensor) => torch.pdist(t), [torch.ones(3, 2)], [torch.ones(3, 2)]),
  'jvp mutate captured': () => {
    const captured = torch.ones(3);
    return jvpOf((t) => captured.copy_(t));
  },
  'jvp int output': () => {
    same(
      jvp((t: Tensor) => t.argmax(), [x], [x]).map((t) => [t.dtype, t.item()]),
      [
        ['int64', 2],
        ['int64', 0],
      ],
    );
  },
  'linearize arity': () => linearize(sin, x)[1](...([x, x] as never as [Tensor])),
  'linearize shape': () => linearize(sin, x)[1](torch.ones(4)),
  'linearize dtype': () => linearize(sin, x)[1](x.double()),
  'linearize kw': () => {
    const [, jvpFn] = linearize((t: Tensor) => ({ o: t.mul(2) }), x);
    same(jvpFn(ones).o.toArray(), [2, 2, 2]);
  },
  'linearize int': () => linearize(sin, i),
  'linearize non tensor out': () => {
    same(linearize((_: Tensor) => 1.5, x)[0], 1.5);
  },
  'linearize in vmap': () => {
    const out = torch.vmap((t: Tensor) => linearize(sin, t)[1](torch.ones(3)))(torch.zeros(2, 3));
    same(out.toArray(), torch.ones(2, 3).toArray());
  },
  'functionalize remove': () => functionalize(sin, { remove: 'foo' as never }),
  'functionalize input mutation': () => {
    const t = torch.zeros(2);
    const out = functionalize((t: Tensor) => t.add_(1))(t);
    same(
      [out.toArray(), t.toArray()],
      [
        [1, 1],
        [1, 1],
      ],
    );
  },
};
