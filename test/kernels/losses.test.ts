/** Derivatives of losses at the borders of their domains, and of losses without a forward mode in PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64, jacobianByDifferences } from '../support/derivatives';

const { grad } = torch.func;

// The modes that differentiate the gradient by the cotangent give the derivative too.
function expectTransposed(f: (x: Tensor) => Tensor, x: Tensor): void {
  const [, right] = torch.func.jvp(f, [x], [x]);
  expectClose('linearize', torch.func.linearize(f, x)[1](x), right, 1e-12);
  expectClose('functional.jvp', torch.autograd.functional.jvp(f, x, x)[1], right, 1e-12);
}

describe('poissonNllLoss with full, in the target', () => {
  const { poissonNllLoss } = torch.nn.functional;
  const x = torch.tensor([0.5, -1, 2], float64);
  // exp(x) - t x, and for t > 1 Stirling's approximation t log t - t + log(2 pi t) / 2.
  const target = torch.tensor([0, 0.5, 3], float64);
  const stirling = Math.log(3) + 1 / 6;
  const right = torch.tensor([-0.5, 1, -2 + stirling], float64);

  test.each(['sum', 'mean', 'none'] as const)('reduction %s', (reduction) => {
    const f = (t: Tensor): Tensor => poissonNllLoss(x, t, { full: true, reduction }).sum();
    const first = reduction === 'mean' ? right.div(3) : right;
    const curvature = torch.tensor([0, 0, 1 / 3 - 1 / 18], float64).diag();
    expectDerivatives(f, target, { first, second: reduction === 'mean' ? curvature.div(3) : curvature });
    const leaf = target.clone().requiresGrad_();
    f(leaf).backward();
    expectClose('backward', leaf.grad!, first, 1e-12);
  });

  test('the value does not depend on what is differentiated', () => {
    const options = { full: true, logInput: false } as const;
    const leaf = target.clone().requiresGrad_();
    const positive = x.abs();
    expectClose(
      'value',
      poissonNllLoss(positive, leaf, options).detach(),
      poissonNllLoss(positive, target, options),
      0,
    );
  });

  test('vmap of the gradient, and the gradient of vmap', () => {
    const f = (t: Tensor, y: Tensor): Tensor => poissonNllLoss(y, t, { full: true, reduction: 'sum' });
    expectClose('vmap of grad', torch.vmap(grad(f))(target, x), right, 1e-12);
    expectClose('grad of vmap', grad((t: Tensor) => torch.vmap(f)(t, x).sum())(target) as Tensor, right, 1e-12);
  });
});

describe('margin losses, which are piecewise polynomials', () => {
  const { multiMarginLoss, multilabelMarginLoss } = torch.nn.functional;
  const scores = torch.tensor([[0.3, -0.4, 1.1, 0.2], [-0.7, 0.9, 0.1, 0.5]], float64); // prettier-ignore
  const targets = torch.tensor([2n, 0n]);
  const weight = torch.tensor([0.5, 2, 1.5, 1], float64);
  const labels = torch.tensor([[2n, 0n, -1n, 1n], [3n, -1n, 0n, 0n]]); // prettier-ignore
  const samples = [scores, scores.neg(), scores.flip(0).add(0.05)];

  const losses: Record<string, [f: (x: Tensor) => Tensor, x: Tensor]> = {
    multiMarginLoss: [(x) => multiMarginLoss(x, targets), scores],
    'multiMarginLoss of squares': [
      (x) => multiMarginLoss(x, targets, { p: 2, margin: 0.75, reduction: 'sum' }),
      scores,
    ],
    'multiMarginLoss with weights': [(x) => multiMarginLoss(x, targets, { p: 2, weight, reduction: 'none' }), scores],
    'multiMarginLoss of one example': [(x) => multiMarginLoss(x, targets.select(0, 0), { p: 2 }), scores.select(0, 0)],
    multilabelMarginLoss: [(x) => multilabelMarginLoss(x, labels), scores],
    'multilabelMarginLoss, none': [(x) => multilabelMarginLoss(x.mul(x), labels, { reduction: 'none' }), scores],
    'multilabelMarginLoss of one example': [(x) => multilabelMarginLoss(x, labels.select(0, 0)), scores.select(0, 0)],
  };
  test.each(Object.keys(losses))('%s', (name) => {
    const [f, x] = losses[name];
    expectDerivatives(f, x);
    if (x.dim() === 2) expectVmapped(f, samples);
  });

  test.each(Object.keys(losses))('linearize and functional.jvp of %s', (name) => {
    const [f, x] = losses[name];
    expectTransposed(f, x);
  });

  test('the derivative is 0 where a margin is met exactly, as in reverse mode', () => {
    const x = torch.tensor([[1, 0, -1]], float64);
    const f = (y: Tensor): Tensor => multiMarginLoss(y, torch.tensor([0n]));
    expectClose('jacfwd', torch.func.jacfwd(f)(x) as Tensor, torch.zeros(1, 3, float64), 0);
    expectClose('jacrev', torch.func.jacrev(f)(x) as Tensor, torch.zeros(1, 3, float64), 0);
  });
});

describe('ctcLoss', () => {
  const { ctcLoss } = torch.nn.functional;
  const logits = torch.arange(24, float64).mul(1.7).sin().view(4, 2, 3);
  const padded = torch.tensor([[1n, 1n], [2n, -1n]]); // prettier-ignore
  const concatenated = torch.tensor([1n, 1n, 2n]);
  const loss =
    (targets: Tensor, lengths: number[], options: object = {}) =>
    (x: Tensor): Tensor =>
      ctcLoss(x.logSoftmax(-1), targets, lengths, [2, 1], options);

  test.each<[string, (x: Tensor) => Tensor]>([
    ['padded targets', loss(padded, [4, 4])],
    ['concatenated targets, and sequences of different length', loss(concatenated, [4, 2], { reduction: 'none' })],
    ['an impossible target with zeroInfinity', loss(padded, [2, 3], { reduction: 'sum', zeroInfinity: true })],
    ['another blank', (x) => ctcLoss(x.logSoftmax(-1), torch.tensor([[0n, 1n], [1n, 0n]]), [4, 3], [2, 0], { blank: 2, reduction: 'sum' })], // prettier-ignore
    [
      'lengths in tensors',
      (x) => ctcLoss(x.logSoftmax(-1), padded, torch.tensor([4n, 3n]), torch.tensor([2n, 1n]), { reduction: 'sum' }),
    ],
  ])('%s', (_, f) => {
    expectDerivatives(f, logits);
    expectTransposed(f, logits);
  });

  test('of one sequence, and under vmap', () => {
    const f = (x: Tensor): Tensor => ctcLoss(x.logSoftmax(-1), torch.tensor([1n, 2n]), [4], [2], { reduction: 'sum' });
    const one = logits.select(1, 0);
    expectDerivatives((x) => f(x.unsqueeze(1)), one);
    expectVmapped((x) => f(x.unsqueeze(1)), [one, logits.select(1, 1)]);
  });

  test("all modes agree on PyTorch's gradient for inputs that are not distributions", () => {
    const f = (x: Tensor): Tensor => ctcLoss(x, padded, [4, 3], [2, 1], { reduction: 'sum' });
    const gradient = grad(f)(logits) as Tensor;
    const second = jacobianByDifferences((x) => grad(f)(x) as Tensor, logits);
    expectDerivatives(f, logits, { first: gradient, second });
  });
});

test('gaussianNllLoss with a variance below eps, which does not affect the derivative', () => {
  const f = (v: Tensor): Tensor => torch.nn.functional.gaussianNllLoss(torch.ones(3, float64), torch.zeros(3, float64), v, { eps: 0.5, reduction: 'sum' }); // prettier-ignore
  // (log v + 1 / v) / 2, as at the variance 1/2.
  const v = torch.tensor([0, 0.25, 2], float64);
  const bounded = torch.tensor([0.5, 0.5, 2], float64);
  const first = bounded.reciprocal().sub(bounded.pow(-2)).div(2);
  const second = bounded.pow(-2).neg().add(bounded.pow(-3).mul(2)).div(2).diag();
  expectDerivatives(f, v, { first, second });
  expectTransposed(f, v);
  expectVmapped(f, [v, v.add(1)]);
});

describe('binaryCrossEntropy near 0 and 1', () => {
  const { binaryCrossEntropy } = torch.nn.functional;
  const x = torch.tensor([1e-6, 0.3, 1 - 1e-7, 3e-10], float64);
  const t = torch.tensor([0.25, 1, 0.5, 0.1], float64);
  const weight = torch.tensor([0.5, 2, 1, 3], float64);
  const slope = x.sub(t).div(x.mul(x.neg().add(1)));
  const curvature = t.div(x.square()).add(t.neg().add(1).div(x.neg().add(1).square()));

  test.each(['sum', 'mean', 'none'] as const)('reduction %s', (reduction) => {
    const f = (p: Tensor): Tensor => binaryCrossEntropy(p, t, { weight, reduction }).sum();
    const scale = weight.div(reduction === 'mean' ? 4 : 1);
    const right = { first: slope.mul(scale), second: curvature.mul(scale).diag() };
    expectDerivatives(f, x, right);
    expectClose('hessian', torch.func.hessian(f)(x) as Tensor, right.second, 1e-9);
    expectTransposed(f, x);
    expectVmapped(f, [x, x.neg().add(1)]);
  });

  test('mixed derivatives in the input and the target', () => {
    const f = (p: Tensor, y: Tensor): Tensor => binaryCrossEntropy(p, y, { reduction: 'sum' });
    const right = x.mul(x.neg().add(1)).reciprocal().neg().diag();
    const { jacfwd, jacrev } = torch.func;
    const byInput = grad(f) as (p: Tensor, y: Tensor) => Tensor;
    const byTarget = grad(f, { argnums: 1 }) as (p: Tensor, y: Tensor) => Tensor;
    expectClose('jacfwd by the target', jacfwd(byInput, { argnums: 1 })(x, t) as Tensor, right, 1e-12);
    expectClose('jacrev by the target', jacrev(byInput, { argnums: 1 })(x, t) as Tensor, right, 1e-12);
    expectClose('jacfwd by the input', jacfwd(byTarget)(x, t) as Tensor, right, 1e-12);
    expectClose('jacrev by the input', jacrev(byTarget)(x, t) as Tensor, right, 1e-12);
  });

  // The loss is linear in the target, and its logarithms are not below -100.
  test('the slope in the target at inputs that are 0 or 1', () => {
    const ends = torch.tensor([0, 1, 0.25], float64);
    const right = torch.tensor([100, -100, Math.log(3)], float64);
    for (const reduction of ['sum', 'mean', 'none'] as const) {
      const f = (y: Tensor): Tensor =>
        binaryCrossEntropy(ends, y, { reduction, weight: torch.full([3], 2, float64) }).sum();
      const first = right.mul(reduction === 'mean' ? 2 / 3 : 2);
      const y = torch.tensor([0.25, 1, 0], float64);
      expectDerivatives(f, y, { first, second: torch.zeros(3, 3, float64) });
      expectTransposed(f, y);
      expectVmapped(f, [y, y.square()]);
    }
    const both = torch.func.grad((p: Tensor, y: Tensor) => binaryCrossEntropy(p, y), { argnums: [0, 1] });
    const [byInput, byTarget] = both(ends, torch.tensor([0.25, 0.5, 1], float64)) as unknown as Tensor[];
    expectClose('grad by the target', byTarget, right.div(3), 1e-12);
    expectClose('grad by the input', byInput, torch.tensor([-0.25e12, 0.5e12, -4], float64).div(3), 1e-7);
  });

  test('inputs that are as near to 0 and 1 as numbers can be', () => {
    // The derivatives of -log(1 - p) and -log(p) where these are finite.
    const ends = torch.tensor([0, 1e-13, 1e-300, 1, 1 - 2 ** -53], float64);
    const labels = torch.tensor([0, 0, 0, 1, 1], float64);
    const first = torch.tensor([1, 1, 1, -1, -1], float64);
    for (const reduction of ['sum', 'mean', 'none'] as const) {
      const f = (p: Tensor): Tensor => binaryCrossEntropy(p, labels, { reduction }).sum();
      const scale = reduction === 'mean' ? 1 / 5 : 1;
      expectDerivatives(f, ends, { first: first.mul(scale), second: torch.eye(5, float64).mul(scale) });
      expectTransposed(f, ends);
      const leaf = ends.clone().requiresGrad_();
      f(leaf).backward();
      expectClose('backward', leaf.grad!, first.mul(scale), 1e-12);
    }
    const samples = torch.vmap(grad((p: Tensor, y: Tensor) => binaryCrossEntropy(p, y)))(ends, labels) as Tensor;
    expectClose('vmap of grad', samples, first, 1e-12);
    const single = grad((p: Tensor) => binaryCrossEntropy(p, labels.to('float32'), { reduction: 'sum' }));
    expectClose('float32', single(ends.to('float32')) as Tensor, first.to('float32'), 1e-6);
  });

  test('all modes agree on the limited slope of inputs that are 0 or 1', () => {
    const f = (p: Tensor): Tensor => binaryCrossEntropy(p, torch.tensor([0.25, 0.5], float64), { reduction: 'sum' });
    const border = torch.tensor([0, 1], float64);
    expectClose('grad', grad(f)(border) as Tensor, torch.tensor([-0.25e12, 0.5e12], float64), 1e-7);
    expectTransposed(f, border);
  });
});
