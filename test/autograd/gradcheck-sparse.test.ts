import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { gradcheck, GradcheckError } = torch.autograd;

// In blocks of 1 x 2, one of four has only zeros.
const dense = torch.tensor(
  [
    [0, 1.5, 0, 0],
    [2, 0, -0.5, 0],
  ],
  { dtype: 'float64' },
);
const LAYOUTS = ['sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc'] as const;
const sparse = (layout: (typeof LAYOUTS)[number]): Tensor =>
  dense.toSparse({ layout, blocksize: layout.startsWith('sparse_b') ? [1, 2] : null }).requiresGrad_();
const toDense = (maskedGrad: boolean) => (x: Tensor) => {
  const y = x.toDense({ maskedGrad });
  return y.mul(y).add(y);
};

// As Python's gradcheck.
describe.each(LAYOUTS)('gradcheck of %s', (layout) => {
  test('gradients of the specified elements', () => {
    expect(gradcheck(toDense(true), sparse(layout), { masked: true })).toBe(true);
    expect(() => gradcheck(toDense(true), sparse(layout))).toThrow(GradcheckError);
  });

  test('wrong gradients', () => {
    const wrong = (x: Tensor) => toDense(true)(x).add(x.detach().toDense());
    expect(() => gradcheck(wrong, sparse(layout), { masked: true })).toThrow('Jacobian mismatch for output 0');
    expect(() => gradcheck(wrong, sparse(layout))).toThrow('Jacobian mismatch for output 0');
  });
});

describe('gradcheck of sparse inputs', () => {
  test.each(LAYOUTS)('gradients of all elements, %s', (layout) => {
    expect(gradcheck(toDense(false), sparse(layout))).toBe(true);
    expect(() => gradcheck(toDense(false), sparse(layout), { masked: true })).toThrow(GradcheckError);
  });

  test('beside strided ones, complex, and with dense dimensions', () => {
    const y = dense.t().detach().clone().requiresGrad_();
    expect(gradcheck((a: Tensor, b: Tensor) => torch.mm(a, b), [sparse('sparse_coo'), y])).toBe(true);
    const complex = torch.complex(dense, dense.mul(2)).toSparse().requiresGrad_();
    expect(gradcheck(toDense(true), complex, { masked: true })).toBe(true);
    const hybrid = torch.stack([dense, dense.sin()], 2).toSparse(2).requiresGrad_();
    expect(gradcheck(toDense(true), hybrid, { masked: true })).toBe(true);
    expect(gradcheck(toDense(false), hybrid)).toBe(true);
  });

  test('what cannot be checked', () => {
    const f = toDense(true);
    const x = sparse('sparse_coo');
    for (const option of ['fastMode', 'checkForwardAd', 'checkBatchedGrad'] as const) {
      expect(() => gradcheck(f, x, { [option]: true })).toThrow(`the option ${option} cannot check sparse inputs`);
    }
    expect(() => gradcheck((a: Tensor) => a.mul(2), x)).toThrow('Sparse output is not supported');
    const indices = torch.tensor([[0, 0]], { dtype: 'int64' });
    const twice = torch.sparseCooTensor(indices, torch.ones(2, { dtype: 'float64' }), [2]).requiresGrad_();
    expect(() => gradcheck(f, twice, { masked: true })).toThrow('input 0 is not coalesced');
    expect(gradcheck(toDense(false), twice)).toBe(true);
    const batch = torch.eye(2, { dtype: 'float64' }).expand(2, 2, 2).toSparse({ layout: 'sparse_csr' });
    expect(() => gradcheck(f, batch.requiresGrad_())).toThrow('input 0 is a batch of sparse_csr matrices');
    const mkldnn = torch.ones(2, 2).toMkldnn().requiresGrad_();
    expect(() => gradcheck(f, mkldnn)).toThrow(
      'gradcheck: input 0 is _mkldnn; only strided, sparse_coo, sparse_csr, sparse_csc, sparse_bsr and sparse_bsc inputs',
    );
  });
});
