/** What new tensors are like: their versions, and sparse tensors with options. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const VERSIONS: [python: string, run: () => Tensor][] = [
  ['torch.ones(2)', () => torch.ones(2)],
  ['torch.zeros(2, device="meta")', () => torch.zeros(2, { device: 'meta' })],
  ['torch.full((2,), 3.0)', () => torch.full([2], 3)],
  ['torch.rand(2)', () => torch.rand(2)],
  ['torch.arange(3)', () => torch.arange(3)],
  ['torch.linspace(0, 1, 3)', () => torch.linspace(0, 1, 3)],
  ['torch.eye(2)', () => torch.eye(2)],
  ['torch.randperm(3)', () => torch.randperm(3)],
  ['torch.hann_window(4)', () => torch.hannWindow(4)],
  ['torch.normal(0, 1, (2,))', () => torch.normal(0, 1, [2])],
  ['torch.nn.Parameter(torch.ones(2))', () => new torch.nn.Parameter(torch.ones(2))],
  ['torch.ones(2, requires_grad=True)', () => torch.ones(2, { requiresGrad: true })],
  ['torch.zeros(2).fill_(1)', () => torch.zeros(2).fill_(1)],
  ['torch.ones(2, out=torch.zeros(2))', () => torch.ones([2], { out: torch.zeros(2) })],
  ['torch.ones_like(torch.zeros(2).add_(1))', () => torch.onesLike(torch.zeros(2).add_(1))],
];

const INDICES = 'torch.tensor([[0, 1], [2, 0]])';
const VALUES = 'torch.tensor([3.0, 4.0], requires_grad=True)';

const describe = (x: Tensor): unknown[] => [String(x.device), x.dtype, x.layout, x.requiresGrad, x.isLeaf, x.shape];
const DESCRIBE =
  'def describe(x): return [str(x.device), str(x.dtype)[6:], str(x.layout)[6:], x.requires_grad, x.is_leaf, list(x.shape)]\n';

export function newTensors(cases: Cases): void {
  cases.group('versions of new tensors', () => {
    for (const [python, run] of VERSIONS) cases.add(`${python}._version`, () => run()._version);
  });

  cases.group('sparse tensors from indices and values', () => {
    const indices = (): Tensor => torch.tensor([[0n, 1n], [2n, 0n]]); // prettier-ignore
    const values = (): Tensor => torch.tensor([3, 4], { requiresGrad: true });
    const coo: [python: string, options: object][] = [
      ['device="meta"', { device: 'meta' }],
      ['dtype=torch.float64', { dtype: 'float64' }],
      ['dtype=torch.float64, device="meta"', { dtype: 'float64', device: 'meta' }],
      ['dtype=None', { dtype: null }],
    ];
    for (const [python, options] of coo) {
      cases.add(`${DESCRIBE}return describe(torch.sparse_coo_tensor(${INDICES}, ${VALUES}, (2, 3), ${python}))`, () =>
        describe(torch.sparseCooTensor(indices(), values(), [2, 3], options)),
      );
    }
    cases.add(`${DESCRIBE}return describe(torch.sparse_coo_tensor((2, 3), dtype=torch.int64))`, () =>
      describe(torch.sparseCooTensor([2, 3], { dtype: 'int64' })),
    );
    cases.add(
      `v = ${VALUES}; torch.sparse_coo_tensor(${INDICES}, v, dtype=torch.float64).to_dense().square().sum().backward(); return v.grad`,
      () => {
        const v = values();
        torch.sparseCooTensor(indices(), v, { dtype: 'float64' }).toDense().square().sum().backward();
        return v.grad;
      },
    );
    const compressed = 'torch.tensor([0, 1, 2]), torch.tensor([1, 0])';
    const pointers = (): [Tensor, Tensor] => [torch.tensor([0n, 1n, 2n]), torch.tensor([1n, 0n])];
    for (const [python, options] of coo.slice(0, 3)) {
      cases.add(
        `${DESCRIBE}return describe(torch.sparse_csr_tensor(${compressed}, torch.ones(2), (2, 2), ${python}))`,
        () => describe(torch.sparseCsrTensor(...pointers(), torch.ones(2), [2, 2], options)),
      );
      cases.add(
        `${DESCRIBE}return describe(torch.sparse_compressed_tensor(${compressed}, torch.ones(2), (2, 2), layout=torch.sparse_csc, ${python}))`,
        () =>
          describe(
            torch.sparseCompressedTensor(...pointers(), torch.ones(2), [2, 2], { layout: 'sparse_csc', ...options }),
          ),
      );
    }
  });
}
