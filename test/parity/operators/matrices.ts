/** Products, linalg, fft and special. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function matrices(cases: Cases): void {
  cases.group('matrices', () => {
    cases.add('x @ y.T', ({ x, y }) => x.matmul(y.T));
    cases.add('x @ row', ({ x, row }) => x.matmul(row));
    cases.add('row @ row', ({ row }) => row.matmul(row));
    cases.add('x @ y', ({ x, y }) => x.matmul(y));
    cases.add('i @ i.T', ({ i }) => i.matmul(i.T));
    cases.add('z @ z.mH', ({ z }) => z.matmul(z.mH));
    cases.add('x @ f.T', ({ x, f }) => x.matmul(f.T));
    cases.add('torch.bmm(x[None], y.T[None])', ({ x, y }) => torch.bmm(x.index(null), y.T.index(null)));
    cases.add('torch.addmm(s, x, y.T, beta=2, alpha=0.5)', ({ s, x, y }) =>
      torch.addmm(s, x, y.T, { beta: 2, alpha: 0.5 }),
    );
    cases.add('torch.addmv(row[:3], x, row)', ({ x, row }) => torch.addmv(row.index(':3'), x, row));
    cases.add('torch.outer(row, row)', ({ row }) => torch.outer(row, row));
    cases.add('torch.dot(row, row)', ({ row }) => torch.dot(row, row));
    cases.add('torch.kron(x, row)', ({ x, row }) => torch.kron(x, row));
    cases.add('torch.linalg.norm(x)', ({ x }) => torch.linalg.norm(x));
    cases.add('torch.linalg.norm(x, 1)', ({ x }) => torch.linalg.norm(x, 1));
    cases.add("torch.linalg.norm(x, 'nuc')", ({ x }) => torch.linalg.norm(x, 'nuc'));
    cases.add("torch.linalg.norm(x, ord='fro', dim=(0, 1))", ({ x }) => torch.linalg.norm(x, 'fro', { dim: [0, 1] }));
    cases.add('torch.linalg.norm(x, float("inf"), 1)', ({ x }) => torch.linalg.norm(x, Infinity, 1));
    cases.add('torch.linalg.vector_norm(x, 3, dim=0)', ({ x }) => torch.linalg.vectorNorm(x, 3, { dim: 0 }));
    cases.add('torch.linalg.matrix_norm(x)', ({ x }) => torch.linalg.matrixNorm(x));
    cases.add('torch.linalg.svdvals(x)', ({ x }) => torch.linalg.svdvals(x));
    cases.add('torch.linalg.qr(x).R.abs()', ({ x }) => torch.linalg.qr(x).R.abs());
    cases.add("torch.linalg.qr(x, mode='r')[1].abs()", ({ x }) => torch.linalg.qr(x, { mode: 'r' })[1].abs());
    cases.add('torch.linalg.eigh(x @ x.T).eigenvalues', ({ x }) => torch.linalg.eigh(x.matmul(x.T)).eigenvalues);
    cases.add("torch.linalg.eigvalsh(x @ x.T, UPLO='U')", ({ x }) =>
      torch.linalg.eigvalsh(x.matmul(x.T), { UPLO: 'U' }),
    );
    cases.add('torch.linalg.cholesky(x @ x.T)', ({ x }) => torch.linalg.cholesky(x.matmul(x.T)));
    cases.add('torch.linalg.cholesky(-x @ x.T)', ({ x }) => torch.linalg.cholesky(x.neg().matmul(x.T)));
    cases.add('torch.linalg.solve(x @ x.T, x)', ({ x }) => torch.linalg.solve(x.matmul(x.T), x));
    cases.add('torch.linalg.solve(x[:, :3] * 0, x)', ({ x }) => torch.linalg.solve(x.index(':', ':3').mul(0), x));
    cases.add('torch.linalg.inv(x[:, :3])', ({ x }) => torch.linalg.inv(x.index(':', ':3')));
    cases.add('torch.linalg.slogdet(x[:, :3])', ({ x }) => torch.linalg.slogdet(x.index(':', ':3')));
    cases.add('torch.linalg.matrix_rank(x)', ({ x }) => torch.linalg.matrixRank(x));
    cases.add('torch.linalg.matrix_rank(x, tol=1.0)', ({ x }) => torch.linalg.matrixRank(x, 1));
    cases.add('torch.linalg.lstsq(x, y).solution', ({ x, y }) => torch.linalg.lstsq(x, y).solution);
    cases.add('torch.linalg.matrix_power(x[:, :3], -2)', ({ x }) => torch.linalg.matrixPower(x.index(':', ':3'), -2));
    cases.add('torch.linalg.multi_dot([x, y.T, x])', ({ x, y }) => torch.linalg.multiDot([x, y.T, x]));
    cases.add('torch.linalg.cross(x[:, :3], y[:, :3])', ({ x, y }) =>
      torch.linalg.cross(x.index(':', ':3'), y.index(':', ':3')),
    );
    cases.add('torch.linalg.pinv(x, rtol=1e-9)', ({ x }) => torch.linalg.pinv(x, { rtol: 1e-9 }), { tolerance: 1e-11 });
    cases.add('torch.linalg.lu_factor(x)', ({ x }) => torch.linalg.luFactor(x));
    cases.add('torch.linalg.diagonal(x)', ({ x }) => torch.linalg.diagonal(x));
    cases.add('torch.einsum("ij,kj->ik", x, y)', ({ x, y }) => torch.einsum('ij,kj->ik', [x, y]));
    cases.add('torch.cov(x)', ({ x }) => torch.cov(x));
  });

  cases.group('fft and special', () => {
    cases.add('torch.fft.fft(x)', ({ x }) => torch.fft.fft(x));
    cases.add("torch.fft.rfft(x, 8, norm='ortho')", ({ x }) => torch.fft.rfft(x, 8, { norm: 'ortho' }));
    cases.add('torch.fft.irfft(z, n=5, dim=0)', ({ z }) => torch.fft.irfft(z, { n: 5, dim: 0 }));
    cases.add('torch.fft.fft2(x, s=(2, 2))', ({ x }) => torch.fft.fft2(x, { s: [2, 2] }));
    cases.add('torch.fft.fftfreq(5, 0.1)', () => torch.fft.fftfreq(5, 0.1));
    cases.add('torch.fft.fftshift(x)', ({ x }) => torch.fft.fftshift(x));
    cases.add('torch.special.erfinv(x / 3)', ({ x }) => torch.special.erfinv(x.div(3)));
    cases.add('torch.special.xlog1py(x.abs(), 2)', ({ x }) => torch.special.xlog1py(x.abs(), 2));
    cases.add('torch.special.zeta(x.abs() + 2, 1.5)', ({ x }) => torch.special.zeta(x.abs().add(2), 1.5));
    cases.add('torch.special.polygamma(1, x.abs() + 1)', ({ x }) => torch.special.polygamma(1, x.abs().add(1)));
    cases.add('torch.special.softmax(x, 0, dtype=torch.float32)', ({ x }) =>
      torch.special.softmax(x, 0, { dtype: 'float32' }),
    );
    cases.add('x.softmax(-1)', ({ x }) => x.softmax(-1));
    cases.add('h.log_softmax(1)', ({ h }) => h.logSoftmax(1));
    cases.add('i.softmax(0)', ({ i }) => i.softmax(0));
    cases.add('i.softmax(0, torch.float64)', ({ i }) => i.softmax(0, 'float64'));
  });
}
