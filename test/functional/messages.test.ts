/** What the functions written in TypeScript say of wrong arguments: PyTorch's words, as it printed them. */

import * as torch from '../../lib';

const x = torch.ones([2, 3]);

const cases: [call: string, run: () => unknown, name: string, message: string][] = [
  [
    "einsum('ij')",
    () => torch.einsum('ij'),
    'ValueError',
    'einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list',
  ],
  [
    "einsum('ij,jk->ik', x, x)",
    () => torch.einsum('ij,jk->ik', x, x),
    'RuntimeError',
    'einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously seen size 3',
  ],
  [
    'einsum(x, [0, 60])',
    () => torch.einsum(x, [0, 60]),
    'ValueError',
    'einsum(): subscript in subscript list is not within the valid range [0, 52)',
  ],
  ["norm(x, 'xx')", () => torch.norm(x, 'xx' as never), 'RuntimeError', 'linalg.matrix_norm: Order xx not supported.'],
  [
    "norm(x, 'nuc', 0)",
    () => torch.norm(x, 'nuc', 0),
    'RuntimeError',
    'linalg.matrix_norm: dim must be a 2-tuple. Got 0',
  ],
  [
    'norm of integers',
    () => torch.norm(torch.ones([2], { dtype: 'int32' })),
    'RuntimeError',
    'linalg.vector_norm: Expected a floating point or complex tensor as input. Got Int',
  ],
  [
    'tensordot(x, x, -1)',
    () => torch.tensordot(x, x, -1),
    'RuntimeError',
    'tensordot expects dims >= 0, but got dims=-1',
  ],
  [
    'tensordot(x, x, 3)',
    () => torch.tensordot(x, x, 3),
    'RuntimeError',
    'tensordot expects dims < ndim_a or ndim_b, but got dims=3',
  ],
  [
    "tensordot(x, x, 'a')",
    () => torch.tensordot(x, x, 'a' as never),
    'RuntimeError',
    'tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got dims=a',
  ],
  [
    'tensordot(x, x, [[0]])',
    () => torch.tensordot(x, x, [[0]] as never),
    'ValueError',
    'not enough values to unpack (expected 2, got 1)',
  ],
  [
    'cdist with an unknown mode',
    () => torch.cdist(x, x, { computeMode: 'z' as never }),
    'ValueError',
    'z is not a valid value for compute_mode',
  ],
  [
    'broadcastShapes([2], [3])',
    () => torch.broadcastShapes([2], [3]),
    'RuntimeError',
    'Attempting to broadcast a dimension of length 3 at -1! Mismatching argument at index 1 had [3]; but expected shape should be broadcastable to [2]',
  ],
  [
    'broadcastShapes([2, -2])',
    () => torch.broadcastShapes([2, -2]),
    'ValueError',
    'Attempting to broadcast a dimension with negative length!',
  ],
  [
    'unravelIndex of floats',
    () => torch.unravelIndex(x, [2]),
    'TypeError',
    "expected 'indices' to be integer dtype, but got torch.float32",
  ],
  [
    'unravelIndex with a negative size',
    () => torch.unravelIndex(torch.tensor(3n), [-1, 2]),
    'ValueError',
    "'shape' cannot have negative values, but got (-1, 2)",
  ],
  [
    'pcaLowrank with a large q',
    () => torch.pcaLowrank(x, 5),
    'ValueError',
    'q(=5) must be non-negative integer and not greater than min(m, n)=2',
  ],
  [
    'pcaLowrank with niter -1',
    () => torch.pcaLowrank(x, 1, { niter: -1 }),
    'ValueError',
    'niter(=-1) must be non-negative integer',
  ],
  [
    'stft with alignToWindow',
    () => torch.stft(x, 4, { alignToWindow: true }),
    'RuntimeError',
    'stft align_to_window should only be set when center = false',
  ],
  [
    'stft of real input',
    () => torch.stft(x, 4),
    'RuntimeError',
    'stft requires the return_complex parameter be given for real inputs, and will further require that returnComplex=true in a future PyTorch release.',
  ],
  [
    'lu with a short out',
    () => torch.lu(torch.ones([2, 2]), { out: [x] }),
    'TypeError',
    'expected tuple of 2 elements but got 1',
  ],
  ["type('foo')", () => x.type('foo'), 'ValueError', "invalid type: 'foo'"],
  [
    'asarray that cannot alias a dtype',
    () => torch.asarray(x, { copy: false, dtype: 'float64' }),
    'ValueError',
    "can't alias tensor with dtype 'Float' into dtype 'Double'.",
  ],
  [
    'asarray that cannot alias a device',
    () => torch.asarray(x, { copy: false, device: 'meta' }),
    'ValueError',
    "can't alias tensor from device 'cpu' to 'meta'.",
  ],
  [
    'asarray that cannot alias an array',
    () => torch.asarray([1], { copy: false }),
    'ValueError',
    "can't alias arbitrary sequence into a tensor.",
  ],
  [
    'resize(3)',
    () => x.resize(3),
    'RuntimeError',
    "requested resize to 3 (3 elements in total), but the given tensor has a size of 2x3 (6 elements). autograd's resize can only change the shape of a given tensor, while preserving the number of elements. ",
  ],
  [
    'hann(-1)',
    () => torch.signal.windows.hann(-1),
    'ValueError',
    'general_cosine requires non-negative window length, got M=-1',
  ],
  [
    'hann of integers',
    () => torch.signal.windows.hann(3, { dtype: 'int32' }),
    'ValueError',
    'general_cosine expects float32 or float64 dtypes, got: torch.int32',
  ],
  [
    'gaussian with std 0',
    () => torch.signal.windows.gaussian(3, { std: 0 }),
    'ValueError',
    'Standard deviation must be positive, got: 0 instead.',
  ],
  [
    'lobpcg of a small matrix',
    () => torch.lobpcg(torch.ones([2, 2])),
    'ValueError',
    'LOBPCG algorithm is not applicable when the number of A rows (=2) is smaller than 3 x the number of requested eigenpairs (=1)',
  ],
];

test.each(cases)('%s', (_, run, name, message) => {
  expect(run).toThrow(expect.objectContaining({ name, message }));
});

describe('options that are not there', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'unknown',
      () => x.norm({ foo: 3 } as never),
      /^Tensor\.norm\(\): unknown option 'foo'; the options are p, dim, keepdim, dtype$/,
    ],
    ['given twice', () => x.norm(2, { p: 2 }), /^Tensor\.norm\(\) got multiple values for argument 'p'$/],
    [
      'too many',
      () => (torch.cdist as any)(x, x, 2, 'use_mm_for_euclid_dist', 3),
      /^cdist\(\) takes from 2 to 4 positional arguments but 5 were given$/,
    ],
    [
      'keyword only',
      () => (torch.nonzero as any)(x, true),
      /^nonzero\(\) takes 1 positional arguments? but 2 were given$/,
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(TypeError);
    expect(run).toThrow(message);
  });

  test('undefined stands for nothing given', () => {
    expect(torch.norm(x, undefined, undefined, { keepdim: undefined, dim: 0 }).shape).toEqual([3]);
  });
});
