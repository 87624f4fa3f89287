import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { gradcheck, GradcheckError } = torch.autograd;

const dense = torch.tensor(
  [
    [0, 1.5, 0],
    [2, 0, -0.5],
  ],
  { dtype: 'float64' },
);
const sparse = (layout: 'sparse_coo' | 'sparse_csr' | 'sparse_csc'): Tensor =>
  dense.toSparse({ layout }).requiresGrad_();
const toDense = (maskedGrad: boolean) => (x: Tensor) => {
  const y = x.toDense({ maskedGrad });
  return y.mul(y).add(y);
};

// As Python's gradcheck.
describe.each(['sparse_coo', 'sparse_csr', 'sparse_csc'] as const)('gradcheck of %s', (layout) => {
  test('gradients of the specified elements', () => {
    expect(gradcheck(toDense(true), sparse(layout), { masked: true })).toBe(true);
    expect(gradcheck(toDense(true), sparse(layout))).toBe(true);
  });

  test('wrong gradients', () => {
    const wrong = (x: Tensor) => toDense(true)(x).add(x.detach().toDense());
    expect(() => gradcheck(wrong, sparse(layout), { masked: true })).toThrow('Jacobian mismatch for output 0');
    expect(() => gradcheck(wrong, sparse(layout))).toThrow('Jacobian mismatch for output 0');
  });
});

describe('gradcheck of sparse inputs', () => {
  // Of CSC, Python's gradcheck fails: it calls colIndices.
  test.each(['sparse_coo', 'sparse_csr', 'sparse_csc'] as const)('gradients of all elements, %s', (layout) => {
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
    expect(gradcheck(f, twice)).toBe(true);
    const blocks = torch.eye(2, { dtype: 'float64' }).toSparse({ layout: 'sparse_bsr', blocksize: [1, 1] });
    expect(() => gradcheck(f, blocks.requiresGrad_())).toThrow('input 0 is sparse_bsr; only strided, sparse_coo');
  });
});
