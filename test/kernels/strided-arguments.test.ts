/** Operators that libtorch gives wrong results, or none, for tensors that are not contiguous. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, float64 } from '../support/derivatives';

const { grad, jacfwd, jvp } = torch.func;
const x = torch.arange(24, float64).view(2, 3, 4).mul(1.7).sin();

// The same values in memory of their own.
const copied = (t: Tensor): Tensor => t.clone({ memoryFormat: 'contiguous_format' });

describe('selections along an expanded dimension read its one element', () => {
  const expanded = x.narrow(1, 0, 1).expand(2, 3, 4);
  const selections: Record<string, (t: Tensor) => Tensor[]> = {
    median: (t) => [t.median()],
    'median of a dimension': (t) => t.median(1),
    nanmedian: (t) => [t.nanmedian()],
    'nanmedian of a dimension': (t) => t.nanmedian(1),
    kthvalue: (t) => t.kthvalue(2, 1),
  };

  test.each(Object.keys(selections))('%s', (name) => {
    for (const view of [expanded, expanded.transpose(0, 1), x.mT, x.narrow(2, 1, 2)]) {
      const got = selections[name](view)[0];
      expectClose(name, got, selections[name](copied(view))[0], 0);
    }
  });
});

describe('group norm', () => {
  const input = torch.arange(48, float64).view(2, 4, 6).mul(0.7).cos();
  const weights = torch.arange(8, float64).view(4, 2).sin();
  const norm = (t: Tensor, w: Tensor, b: Tensor): Tensor => torch.nativeGroupNorm(t, w, b, 2, 4, 6, 2, 1e-5)[0];

  test('the weight and the bias may be views', () => {
    const [w, b] = [weights.select(1, 0), weights.select(1, 1)];
    expectClose('strided', norm(input, w, b), norm(input, copied(w), copied(b)), 1e-14);
    const one = weights.index(1, 1).expand(4);
    expectClose('expanded', norm(input, one, one), norm(input, copied(one), copied(one)), 1e-14);
  });

  test('the input may be permuted, and mapped over any dimension', () => {
    const [w, b] = [weights.select(1, 0), weights.select(1, 1)];
    const permuted = input.permute(0, 2, 1).contiguous().permute(0, 2, 1);
    expectClose('permuted', norm(permuted, w, b), norm(input, copied(w), copied(b)), 1e-14);
    const batch = torch.stack([input, input.sin(), input.square()], -1);
    const loop = torch.stack(batch.unbind(-1).map((t) => norm(copied(t), w, b)));
    expectClose('vmap', torch.vmap((t: Tensor) => norm(t, w, b), { inDims: -1 })(batch), loop, 1e-14);
  });
});

test('jvp and jacfwd take an expanded primal', () => {
  const one = torch.tensor([0.3], float64);
  const primal = one.expand(4);
  const [value, tangent] = jvp((t: Tensor) => t.sin(), [primal], [torch.arange(4, float64)]) as [Tensor, Tensor];
  expectClose('value', value, primal.sin(), 1e-15);
  expectClose('tangent', tangent, torch.arange(4, float64).mul(Math.cos(0.3)), 1e-15);
  expectClose('jacfwd', jacfwd((t: Tensor) => t.square())(primal) as Tensor, torch.eye(4, float64).mul(0.6), 1e-15);
});

describe('vmap', () => {
  test('roll of a tensor without dimensions leaves it', () => {
    const values = torch.arange(3, float64);
    expectClose('roll', torch.vmap((t: Tensor) => t.roll(1))(values), values, 0);
  });

  test('addmv of integers gives integers', () => {
    const [a, m, v] = [torch.tensor([1n, 2n]), torch.tensor([[1n, 2n], [3n, 4n]]), torch.tensor([5n, 6n])]; // prettier-ignore
    const got = torch.vmap((t: Tensor) => t.addmv(m, v, { alpha: 2, beta: 3 }))(torch.stack([a, a.mul(2)]));
    expect(got.dtype).toBe('int64');
    expect(got.toArray()).toEqual([
      [37, 84],
      [40, 90],
    ]);
  });
});

test('asStridedScatter: every element of the source and of what is left has its gradient', () => {
  const self = x.index(0);
  const source = x.index(1, ':2', ':2');
  const scatter = (s: Tensor, t: Tensor): Tensor => s.asStridedScatter(t, [2, 2], [4, 1], 1).sin().sum();
  expectDerivatives((t) => scatter(t, source), self);
  expectDerivatives((t) => scatter(self, t), source);
  const loop = torch.stack([self, self.cos()].map((s) => grad(scatter)(s, source) as Tensor));
  expectClose(
    'vmap',
    torch.vmap(grad(scatter), { inDims: [0, null] })(torch.stack([self, self.cos()]), source) as Tensor,
    loop,
    1e-14,
  );
});

test('batch norm backward, of an input whose memory format is ambiguous', () => {
  const norm = (t: Tensor): Tensor => torch.batchNorm(t, null, null, null, null, true, 0.1, 1e-5, false);
  const pull = (t: Tensor, v: Tensor): Tensor => torch.func.vjp(norm, t)[1](v)[0] as Tensor;
  const input = torch.arange(24, float64).view(1, 6, 4, 1).mul(1.7).sin();
  const cotangent = input.mul(3).cos();
  const right = pull(input, cotangent);
  for (const permutation of [
    [3, 2, 1, 0],
    [2, 1, 0, 3],
    [0, 2, 3, 1],
  ]) {
    // prettier-ignore
    const inverse = permutation.map((_, dim) => permutation.indexOf(dim));
    const view = (t: Tensor): Tensor => copied(t.permute(permutation)).permute(inverse);
    expectClose('input', pull(view(input), cotangent), right, 1e-12);
    expectClose('cotangent', pull(input, view(cotangent)), right, 1e-12);
    expectClose('both', pull(view(input), view(cotangent)), right, 1e-12);
  }
});

test('maxPool1d of a negated view', () => {
  for (const dtype of ['float64', 'float32', 'bfloat16'] as const) {
    const values = torch.tensor([[[1, -2, 3, 4, -5, 6]]], { dtype }); // prettier-ignore
    expectClose(dtype, torch.maxPool1d(torch._negView(values.neg()), 2), torch.tensor([[[1, 4, 6]]], { dtype }), 0); // prettier-ignore
  }
});

test('the gradient of stft by an expanded input', () => {
  const window = torch.arange(8, float64).sin();
  const transform = (t: Tensor): Tensor =>
    torch
      .viewAsReal(torch.stft(t, 8, { hopLength: 4, window, center: false, returnComplex: true }))
      .square()
      .sum([1, 3]);
  const expanded = torch.arange(20, float64).cos().expand(3, 20);
  const cotangent = torch.arange(15, float64).view(3, 5).narrow(1, 0, 4);
  const pull = (t: Tensor): Tensor => torch.func.vjp(transform, t)[1](cotangent)[0] as Tensor;
  expectClose('gradient', pull(expanded), pull(copied(expanded)), 1e-12);
});
