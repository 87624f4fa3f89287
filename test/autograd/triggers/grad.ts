/** The triggers of messages.json for grad, backward, forward mode and inference mode. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { grad, backward, forwardAd } = torch.autograd;
const leaf = (): Tensor => torch.tensor([1, 2, 3], { requiresGrad: true });
const plain = (): Tensor => torch.tensor([1, 2, 3]);

// Expectations beyond "no error" are in the tests of each function; here what the row shows.
function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

function twice(): void {
  const x = leaf();
  const y = x.pow(2).sum();
  grad(y, x);
  grad(y, x);
}

function modified(): void {
  const x = leaf();
  const h = x.add(1);
  const y = h.pow(2).sum();
  h.add_(1);
  grad(y, x);
}

function inLevel(body: (x: Tensor) => unknown): unknown {
  return forwardAd.dualLevel(() => body(plain()));
}

function exitTwice(): void {
  forwardAd.dualLevel(() => {
    forwardAd.exitDualLevel({ level: 3 });
  });
}

function stale(): void {
  const dual = inLevel((x) => forwardAd.makeDual(x, x)) as Tensor;
  same(forwardAd.unpackDual(dual).tangent, null);
}

const inference = (): Tensor => torch.inferenceMode(() => torch.ones(3));

export const gradTriggers: Record<string, () => unknown> = {
  'ag.grad materialize+allow_unused False': () => {
    const x = leaf();
    return grad(x.sum(), x, { materializeGrads: true, allowUnused: false });
  },
  'ag.grad empty inputs': () => grad(leaf().sum(), []),
  'ag.grad non-scalar implicit': () => {
    const x = leaf();
    return grad(x.mul(2), x);
  },
  'ag.grad int out implicit': () => grad(torch.tensor([1n]).sum(), leaf()),
  'ag.grad complex scalar implicit': () => {
    const x = leaf();
    return grad(x.mul(new torch.Complex(0, 1)).sum(), x);
  },
  'ag.grad shape mismatch': () => {
    const x = leaf();
    return grad(x.mul(2), x, torch.ones(4));
  },
  'ag.grad batched shape mismatch': () => {
    const x = leaf();
    return grad(x.mul(2), x, torch.ones(2, 4), { isGradsBatched: true });
  },
  'ag.grad batched ok': () => {
    const x = leaf();
    const [g] = grad(x.mul(2), x, torch.ones(2, 3), { isGradsBatched: true });
    same(g.shape, [2, 3]);
  },
  'ag.grad batched mixed sizes': () => {
    const x = leaf();
    return grad([x.mul(2), x.mul(3)], x, [torch.ones(2, 3), torch.ones(4, 3)], { isGradsBatched: true });
  },
  'ag.grad batched no grad_outputs': () => {
    const x = leaf();
    return grad(x.sum(), x, { isGradsBatched: true });
  },
  'ag.grad batched unused passthrough': () => {
    const [x, other] = [leaf(), leaf()];
    same(grad(x.mul(2), other, { gradOutputs: torch.ones(2, 3), isGradsBatched: true, allowUnused: true }), [null]);
  },
  'ag.grad complex mismatch': () => {
    const x = leaf();
    return grad(x.mul(2), x, torch.ones(3, { dtype: 'complex64' }));
  },
  'ag.grad go type': () => {
    const x = leaf();
    return grad(x.sum(), x, { gradOutputs: 1 as never });
  },
  'ag.grad count mismatch': () => {
    const x = leaf();
    return grad([x.sum(), x.mul(2).sum()], x, [torch.tensor(1)]);
  },
  'ag.grad count mismatch more': () => {
    const x = leaf();
    const [g] = grad([x.mul(2).sum()], x, [torch.tensor(1), torch.tensor(1)]);
    same(g.toArray(), [2, 2, 2]);
  },
  'ag.grad output no grad': () => grad(plain().sum(), leaf()),
  'ag.grad input no grad': () => grad(leaf().sum(), plain()),
  'ag.grad unused': () => grad(leaf().sum(), leaf()),
  'ag.grad allow_unused': () => {
    same(grad(leaf().sum(), leaf(), { allowUnused: true }), [null]);
  },
  'ag.grad materialize': () => {
    const [g] = grad(leaf().sum(), leaf(), { materializeGrads: true });
    same(g.toArray(), [0, 0, 0]);
  },
  'ag.grad twice': twice,
  'ag.grad input not tensor': () => grad(leaf().sum(), [1.5 as never]),
  'ag.grad output not tensor': () => grad([1.5 as never], leaf()),
  'ag.grad saved modified': modified,
  'ag.grad mapping': () => {
    const x = leaf();
    return grad(x.sum(), new Map([['a', x]]) as never);
  },
  'ag.grad dict': () => {
    const a = leaf();
    const grads = grad(a.mul(2).sum(), { a });
    same(Object.keys(grads), ['a']);
    same(grads.a.toArray(), [2, 2, 2]);
  },
  'leaf inplace': () => leaf().add_(1),
  'backward empty inputs': () => {
    backward(leaf().sum(), { inputs: [] });
  },
  'backward input no grad': () => {
    backward(leaf().sum(), { inputs: plain() });
  },
  'requires_grad int': () => torch.tensor([1n]).requiresGrad_(),
  'requires_grad nonleaf false': () => leaf().mul(2).requiresGrad_(false),
  'fw make_dual no level': () => forwardAd.makeDual(plain(), plain()),
  'fw make_dual int primal': () => inLevel((x) => forwardAd.makeDual(x.long(), x)),
  'fw make_dual int tangent': () => inLevel((x) => forwardAd.makeDual(x, x.long())),
  'fw make_dual shape': () => inLevel((x) => forwardAd.makeDual(x, torch.ones(4))),
  'fw make_dual dtype': () => inLevel((x) => forwardAd.makeDual(x, x.double())),
  'fw make_dual complex tangent for real': () => inLevel((x) => forwardAd.makeDual(x, x.to('complex64'))),
  'fw make_dual twice': () => inLevel((x) => forwardAd.makeDual(forwardAd.makeDual(x, x), x)),
  'fw tangent dual': () => inLevel((x) => forwardAd.makeDual(x, forwardAd.makeDual(torch.ones(3), x))),
  'fw nested': () => inLevel(() => forwardAd.enterDualLevel()),
  'fw exit bad': exitTwice,
  'fw unpack no level': () => {
    same(forwardAd.unpackDual(plain()).tangent, null);
  },
  'fw stale dual': stale,
  'fw out= ': () => inLevel((x) => torch.sin(forwardAd.makeDual(x, x), { out: torch.empty(3) })),
  'inference tensor saved': () => leaf().mul(inference()),
  'inference tensor requires_grad_': () => inference().requiresGrad_(),
  'inference inplace outside': () => inference().add_(1),
  'torch.func.grad under inference_mode': () => {
    const g = torch.inferenceMode(() => torch.func.grad((x: Tensor) => x.pow(3).sum())(torch.ones(2)));
    same(g.toArray(), [3, 3]);
  },
  'torch.func.vjp closure under inference_mode': () => {
    const [, pull] = torch.inferenceMode(() => torch.func.vjp((x: Tensor) => x.pow(3).sum(), torch.ones(2)));
    same(
      torch.inferenceMode(() => pull(torch.tensor(1)) as Tensor[]).map((g) => g.toArray()),
      [[3, 3]],
    );
  },
  'torch.func.vmap in inference_mode': () => {
    same(torch.inferenceMode(() => torch.vmap((x: Tensor) => x.mul(2))(torch.ones(2))).toArray(), [2, 2]);
  },
};
