/** lu and the randomised factorisations against PyTorch, with PyTorch's random numbers. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const inputs = {
  a: some([4, 4]),
  batch: some([2, 3, 3], 'float64', 2),
  tall: some([7, 4], 'float64', 3),
  wide: some([3, 6], 'float64', 4),
  f: some([6, 5], 'float32', 5),
  z: some([5, 4], 'complex128', 6),
  singular: tensorOf([
    [1, 2],
    [2, 4],
  ]),
};

parity('factorizations', (cases) => {
  cases.inputs(inputs);

  cases.group('lu', () => {
    cases.add('torch.lu(a)', ({ a }) => torch.lu(a));
    cases.add('torch.lu(batch, get_infos=True)', ({ batch }) => torch.lu(batch, { getInfos: true }));
    cases.add('torch.lu(singular, True, True)', ({ singular }) => torch.lu(singular, true, true));
    cases.add('a.lu()', ({ a }) => a.lu());
    cases.add('batch.lu(True, True)', ({ batch }) => batch.lu(true, true));
    cases.add('torch.lu_unpack(*torch.lu(a))', ({ a }) => [...torch.luUnpack(...torch.lu(a))]);
    cases.add('torch.lu_unpack(*a.lu(), unpack_data=False)', ({ a }) => {
      const [LU, pivots] = a.lu();
      return [...torch.luUnpack(LU, pivots, { unpackData: false })];
    });
    cases.add(
      'o = [torch.empty(0, dtype=torch.float64), torch.empty(0, dtype=torch.int32)]; torch.lu(a, out=o); return o',
      ({ a }) => {
        const out = [torch.empty([0], { dtype: 'float64' }), torch.empty([0], { dtype: 'int32' })];
        torch.lu(a, { out });
        return out;
      },
    );
    cases.add('torch.lu(a, out=(a,))', ({ a }) => torch.lu(a, { out: [a] }));
    cases.add('torch.lu(singular)', ({ singular }) => torch.lu(singular));
    cases.add('torch.lu(a[0])', ({ a }) => torch.lu(a.index(0)));
    cases.add('torch.lu(a, pivot=False)', ({ a }) => torch.lu(a, { pivot: false }));
    cases.add('grad(lambda x: torch.lu(x)[0].sum())(a)', ({ a }) =>
      torch.func.grad((x: Tensor) => torch.lu(x)[0].sum())(a),
    );
  });

  cases.group('low rank', () => {
    const same = ([U, S, V]: Tensor[]): Tensor[] => [S, U.matmul(torch.diagEmbed(S).to(U.dtype)).matmul(V.mH)];
    const python = (call: string): string =>
      `U, S, V = ${call}; return [S, U @ torch.diag_embed(S).to(U.dtype) @ V.mH]`;
    cases.add('torch.svd_lowrank(tall, 3)', ({ tall }) => torch.svdLowrank(tall, 3));
    cases.add(python('torch.svd_lowrank(wide, q=2, niter=1)'), ({ wide }) =>
      same(torch.svdLowrank(wide, { q: 2, niter: 1 })),
    );
    cases.add(python('torch.svd_lowrank(f, 4, 3)'), ({ f }) => same(torch.svdLowrank(f, 4, 3)), { tolerance: 1e-5 });
    cases.add(python('torch.svd_lowrank(batch, 2)'), ({ batch }) => same(torch.svdLowrank(batch, 2)));
    cases.add(python('torch.svd_lowrank(tall, 3, M=tall.mean(0))'), ({ tall }) =>
      same(torch.svdLowrank(tall, 3, { M: tall.mean(0) })),
    );
    cases.add(python('torch.svd_lowrank(wide, 2, M=wide[:1])'), ({ wide }) =>
      same(torch.svdLowrank(wide, 2, { M: wide.index(':1') })),
    );
    cases.add(python('torch.svd_lowrank(z, 3)'), ({ z }) => same(torch.svdLowrank(z, 3)), { tolerance: 1e-10 });
    cases.add(python('torch.svd_lowrank(tall.to_sparse(), 3)'), ({ tall }) =>
      same(torch.svdLowrank(tall.toSparse(), 3)),
    );
    cases.add(python('torch.pca_lowrank(tall)'), ({ tall }) => same(torch.pcaLowrank(tall)));
    cases.add(python('torch.pca_lowrank(tall, 2, False)'), ({ tall }) => same(torch.pcaLowrank(tall, 2, false)));
    cases.add(python('torch.pca_lowrank(batch, q=2, niter=3)'), ({ batch }) =>
      same(torch.pcaLowrank(batch, { q: 2, niter: 3 })),
    );
    cases.add(python('torch.pca_lowrank(f.to_sparse(), 2)'), ({ f }) => same(torch.pcaLowrank(f.toSparse(), 2)), {
      tolerance: 1e-5,
    });
    cases.add('torch.pca_lowrank(tall, 5)', ({ tall }) => torch.pcaLowrank(tall, 5));
    cases.add('torch.pca_lowrank(tall, -1)', ({ tall }) => torch.pcaLowrank(tall, -1));
    cases.add('torch.pca_lowrank(tall, 1, niter=-1)', ({ tall }) => torch.pcaLowrank(tall, 1, { niter: -1 }));
    cases.add('grad(lambda x: torch.svd_lowrank(x, 2)[1].sum())(a)', ({ a }) =>
      torch.func.grad((x: Tensor) => torch.svdLowrank(x, 2)[1].sum())(a),
    );
  });

  cases.group('lobpcg', () => {
    const spd = 'torch.diag(torch.arange(1., 13., dtype=torch.float64)) + 0.1 * (x + x.mT)';
    const matrix = ({ x }: Record<string, Tensor>): Tensor =>
      torch.diag(torch.arange(1, 13, { dtype: 'float64' })).add(x.add(x.mT).mul(0.1));
    const options = {
      inputs: { x: some([12, 12], 'float64', 11), y: some([2, 12, 12], 'float64', 12) },
      tolerance: 1e-6,
    };
    const add = (call: string, javascript: (A: Tensor) => unknown): void =>
      cases.add(`A = ${spd}; return ${call}`, (inputs) => javascript(matrix(inputs)), { ...options, name: call });
    add('torch.lobpcg(A)', (A) => torch.lobpcg(A));
    add('torch.lobpcg(A, 3)', (A) => torch.lobpcg(A, 3));
    add('torch.lobpcg(A, k=2, largest=False)', (A) => torch.lobpcg(A, { k: 2, largest: false }));
    add("torch.lobpcg(A, 2, method='basic', niter=20)", (A) => torch.lobpcg(A, 2, { method: 'basic', niter: 20 }));
    add('torch.lobpcg(A, B=torch.eye(12, dtype=torch.float64) * 2, X=A[:, :3])', (A) =>
      torch.lobpcg(A, { B: torch.eye(12, { dtype: 'float64' }).mul(2), X: A.index(':', ':3') }),
    );
    add('torch.lobpcg(A, 2, niter=3, iK=torch.linalg.inv(A))', (A) =>
      torch.lobpcg(A, 2, { niter: 3, iK: torch.linalg.inv(A) }),
    );
    add("torch.lobpcg(A, 2, tol=1e-3, ortho_bparams={'ortho_use_drop': True})", (A) =>
      torch.lobpcg(A, 2, { tol: 1e-3, orthoBparams: { orthoUseDrop: true } }),
    );
    add('torch.lobpcg(A.to_sparse(), 2)', (A) => torch.lobpcg(A.toSparse(), 2));
    add('torch.lobpcg(A.float(), 1, niter=5)[0]', (A) => torch.lobpcg(A.float(), 1, { niter: 5 })[0]);
    cases.add(
      'A = y @ y.mT + torch.eye(12, dtype=torch.float64); return torch.lobpcg(A, 2)',
      ({ y }) => torch.lobpcg(y.matmul(y.mT).add(torch.eye(12, { dtype: 'float64' })), 2),
      options,
    );
    add('torch.lobpcg(A, 5)', (A) => torch.lobpcg(A, 5));
    add('torch.lobpcg(A[:, :4])', (A) => torch.lobpcg(A.index(':', ':4')));
    add('torch.lobpcg(A, B=A[:4])', (A) => torch.lobpcg(A, { B: A.index(':4') }));
    add('torch.lobpcg(A, X=A[:4, :2])', (A) => torch.lobpcg(A, { X: A.index(':4', ':2') }));
    add('torch.lobpcg(A.half())', (A) => torch.lobpcg(A.half()));
  });
});
