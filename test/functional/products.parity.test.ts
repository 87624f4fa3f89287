/** einsum, tensordot, cdist, and functions of many tensors, against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const inputs = {
  a: some([2, 3]),
  b: some([3, 4], 'float64', 2),
  c: some([5, 2, 3], 'float64', 3),
  d: some([5, 3, 4], 'float64', 4),
  v: some([3], 'float64', 5),
  w: some([4], 'float64', 6),
  s: tensorOf(1.5),
  sq: some([3, 3], 'float64', 7),
  i: some([2, 3], 'int64', 8),
  z: some([2, 3], 'complex128', 9),
};

parity('products', (cases) => {
  cases.inputs(inputs);

  cases.group('einsum', () => {
    cases.add("torch.einsum('ij,jk->ik', a, b)", ({ a, b }) => torch.einsum('ij,jk->ik', a, b));
    cases.add("torch.einsum(' i j , j k -> i k ', a, b)", ({ a, b }) => torch.einsum(' i j , j k -> i k ', a, b));
    cases.add("torch.einsum('ij,jk', [a, b])", ({ a, b }) => torch.einsum('ij,jk', [a, b]));
    cases.add("torch.einsum('bij,bjk->bik', c, d)", ({ c, d }) => torch.einsum('bij,bjk->bik', c, d));
    cases.add("torch.einsum('...ij,...jk', a, d)", ({ a, d }) => torch.einsum('...ij,...jk', a, d));
    cases.add("torch.einsum('...ij->...', c)", ({ c }) => torch.einsum('...ij->...', c));
    cases.add("torch.einsum('ii', sq)", ({ sq }) => torch.einsum('ii', sq));
    cases.add("torch.einsum('ii->i', sq)", ({ sq }) => torch.einsum('ii->i', sq));
    cases.add("torch.einsum('i,j->ij', v, w)", ({ v, w }) => torch.einsum('i,j->ij', v, w));
    cases.add("torch.einsum('ba', sq)", ({ sq }) => torch.einsum('ba', sq));
    cases.add("torch.einsum('ij,jk,k->i', a, b, w)", ({ a, b, w }) => torch.einsum('ij,jk,k->i', a, b, w));
    cases.add("torch.einsum(',ij', s, a)", ({ s, a }) => torch.einsum(',ij', s, a));
    cases.add("torch.einsum('ij,ij', z, z.conj())", ({ z }) => torch.einsum('ij,ij', z, z.conj()));
    cases.add("torch.einsum('ij,ij->j', i, i)", ({ i }) => torch.einsum('ij,ij->j', i, i));
    cases.add('torch.einsum(a, [0, 1], b, [1, 2], [0, 2])', ({ a, b }) => torch.einsum(a, [0, 1], b, [1, 2], [0, 2]));
    cases.add('torch.einsum(a, [3, 51], b, [51, 2])', ({ a, b }) => torch.einsum(a, [3, 51], b, [51, 2]));
    cases.add('torch.einsum(c, [..., 0, 1], [..., 1, 0])', ({ c }) => torch.einsum(c, ['...', 0, 1], ['...', 1, 0]));
    cases.add("torch.einsum('ij')", () => torch.einsum('ij'));
    cases.add("torch.einsum('ij,jk->ik', a, a)", ({ a }) => torch.einsum('ij,jk->ik', a, a));
    cases.add("torch.einsum('ij,jk', a)", ({ a }) => torch.einsum('ij,jk', a));
    cases.add("torch.einsum('i1', a)", ({ a }) => torch.einsum('i1', a));
    cases.add('torch.einsum(a, [0, 60])', ({ a }) => torch.einsum(a, [0, 60]));
    cases.add('torch.einsum(a, [0, -1])', ({ a }) => torch.einsum(a, [0, -1]));
    cases.add("torch.einsum('ij', 3)", () => torch.einsum('ij', 3 as never));
    cases.add("vmap(lambda x: torch.einsum('ij,jk->ik', x, b))(c)", ({ b, c }) =>
      torch.vmap((x: Tensor) => torch.einsum('ij,jk->ik', x, b))(c),
    );
    cases.add("grad(lambda x: torch.einsum('ij,jk->ik', x, b).sin().sum())(a)", ({ a, b }) =>
      torch.func.grad((x: Tensor) => torch.einsum('ij,jk->ik', x, b).sin().sum())(a),
    );
    cases.add("jacfwd(lambda x: torch.einsum('i,i,j->j', x, x, w))(v)", ({ v, w }) =>
      torch.func.jacfwd((x: Tensor) => torch.einsum('i,i,j->j', x, x, w))(v),
    );
  });

  cases.group('tensordot', () => {
    cases.add('torch.tensordot(a, b, 1)', ({ a, b }) => torch.tensordot(a, b, 1));
    cases.add('torch.tensordot(a, a)', ({ a }) => torch.tensordot(a, a));
    cases.add('torch.tensordot(a, b, dims=0)', ({ a, b }) => torch.tensordot(a, b, { dims: 0 }));
    cases.add('torch.tensordot(c, d, dims=([0, 2], [0, 1]))', ({ c, d }) =>
      torch.tensordot(c, d, [
        [0, 2],
        [0, 1],
      ]),
    );
    cases.add('torch.tensordot(a, b, torch.tensor(1))', ({ a, b }) => torch.tensordot(a, b, torch.tensor(1n)));
    cases.add('torch.tensordot(c, d, torch.tensor([[0, 2], [0, 1]]))', ({ c, d }) =>
      torch.tensordot(
        c,
        d,
        torch.tensor([
          [0n, 2n],
          [0n, 1n],
        ]),
      ),
    );
    cases.add('o = torch.empty(0, dtype=torch.float64); torch.tensordot(a, b, 1, out=o); return o', ({ a, b }) => {
      const o = torch.empty([0], { dtype: 'float64' });
      torch.tensordot(a, b, 1, { out: o });
      return o;
    });
    cases.add('torch.tensordot(a, b, -1)', ({ a, b }) => torch.tensordot(a, b, -1));
    cases.add('torch.tensordot(a, b, 3)', ({ a, b }) => torch.tensordot(a, b, 3));
    cases.add("torch.tensordot(a, b, 'x')", ({ a, b }) => torch.tensordot(a, b, 'x' as never));
    cases.add('torch.tensordot(a, b, [[0]])', ({ a, b }) => torch.tensordot(a, b, [[0]] as never));
    cases.add('torch.tensordot(a, b, torch.tensor(-2))', ({ a, b }) => torch.tensordot(a, b, torch.tensor(-2n)));
    cases.add('torch.tensordot(a, b, torch.zeros(3, 2, dtype=torch.long))', ({ a, b }) =>
      torch.tensordot(a, b, torch.zeros([3, 2], { dtype: 'int64' })),
    );
    cases.add('grad(lambda x: torch.tensordot(x, b, 1).cos().sum())(a)', ({ a, b }) =>
      torch.func.grad((x: Tensor) => torch.tensordot(x, b, 1).cos().sum())(a),
    );
    cases.add('torch.chain_matmul(a, b)', ({ a, b }) => torch.chainMatmul(a, b));
    cases.add('torch.chain_matmul(a, b, b.t(), b)', ({ a, b }) => torch.chainMatmul(a, b, b.t(), b));
    cases.add('torch.chain_matmul()', () => torch.chainMatmul());
    cases.add('torch.linalg.multi_dot([a, b, w])', ({ a, b, w }) => torch.linalg.multiDot([a, b, w]));
  });

  cases.group('cdist', () => {
    cases.add('torch.cdist(a, sq)', ({ a, sq }) => torch.cdist(a, sq));
    cases.add('torch.cdist(a, sq, 1)', ({ a, sq }) => torch.cdist(a, sq, 1));
    cases.add('torch.cdist(a, sq, p=math.inf)', ({ a, sq }) => torch.cdist(a, sq, { p: Infinity }));
    cases.add('torch.cdist(c, sq, 2.5)', ({ c, sq }) => torch.cdist(c, sq, 2.5));
    cases.add("torch.cdist(a, sq, 2, 'use_mm_for_euclid_dist')", ({ a, sq }) =>
      torch.cdist(a, sq, 2, 'use_mm_for_euclid_dist'),
    );
    cases.add("torch.cdist(a, sq, compute_mode='donot_use_mm_for_euclid_dist')", ({ a, sq }) =>
      torch.cdist(a, sq, { computeMode: 'donot_use_mm_for_euclid_dist' }),
    );
    cases.add("torch.cdist(a, sq, compute_mode='x')", ({ a, sq }) => torch.cdist(a, sq, { computeMode: 'x' as never }));
    cases.add('torch.cdist(a, sq, -1)', ({ a, sq }) => torch.cdist(a, sq, -1));
    cases.add('torch.cdist(a, b)', ({ a, b }) => torch.cdist(a, b));
    cases.add('torch.cdist(a, sq, q=3)', ({ a, sq }) => torch.cdist(a, sq, { q: 3 } as never));
    cases.add('grad(lambda x: torch.cdist(x, sq).sum())(a)', ({ a, sq }) =>
      torch.func.grad((x: Tensor) => torch.cdist(x, sq).sum())(a),
    );
    cases.add('vmap(lambda x: torch.cdist(x, sq, 1))(c)', ({ c, sq }) =>
      torch.vmap((x: Tensor) => torch.cdist(x, sq, 1))(c),
    );
    cases.add('vmap(grad(lambda x: torch.cdist(x, sq, 3.).sum()))(c)', ({ c, sq }) =>
      torch.vmap(torch.func.grad((x: Tensor) => torch.cdist(x, sq, 3).sum()))(c),
    );
  });

  cases.group('shapes', () => {
    cases.add('torch.broadcast_tensors(a, v, s)', ({ a, v, s }) => torch.broadcastTensors(a, v, s));
    cases.add('torch.broadcast_tensors(a, b)', ({ a, b }) => torch.broadcastTensors(a, b));
    cases.add('torch.broadcast_tensors()', () => torch.broadcastTensors());
    cases.add('torch.broadcast_shapes((2,), (3, 1), (1, 1, 1))', () => torch.broadcastShapes([2], [3, 1], [1, 1, 1]));
    cases.add('torch.broadcast_shapes(3, (2, 1))', () => torch.broadcastShapes(3, [2, 1]));
    cases.add('torch.broadcast_shapes((0, 1), (5,))', () => torch.broadcastShapes([0, 1], [5]));
    cases.add('torch.broadcast_shapes()', () => torch.broadcastShapes());
    cases.add('torch.broadcast_shapes((2,), (3,))', () => torch.broadcastShapes([2], [3]));
    cases.add('torch.broadcast_shapes((2, -2))', () => torch.broadcastShapes([2, -2]));
    cases.add('torch.broadcast_shapes({})', () => torch.broadcastShapes({} as never));
    cases.add("torch.meshgrid(v, w, indexing='ij')", ({ v, w }) => torch.meshgrid(v, w, { indexing: 'ij' }));
    cases.add("torch.meshgrid(v, w, indexing='xy')", ({ v, w }) => torch.meshgrid(v, w, { indexing: 'xy' }));
    cases.add('torch.meshgrid([v, w])', ({ v, w }) => torch.meshgrid([v, w]));
    cases.add("torch.meshgrid([v, w, s], indexing='xy')", ({ v, w, s }) =>
      torch.meshgrid([v, w, s], { indexing: 'xy' }),
    );
    cases.add("torch.meshgrid(v, indexing='zz')", ({ v }) => torch.meshgrid(v, { indexing: 'zz' as never }));
    cases.add('torch.meshgrid()', () => torch.meshgrid());
    cases.add('torch.meshgrid(a)', ({ a }) => torch.meshgrid(a));
    cases.add('torch.cartesian_prod(v, w)', ({ v, w }) => torch.cartesianProd(v, w));
    cases.add('torch.cartesian_prod(v)', ({ v }) => torch.cartesianProd(v));
    cases.add('torch.cartesian_prod(a)', ({ a }) => torch.cartesianProd(a));
    cases.add('torch.block_diag(a, v, s, b)', ({ a, v, s, b }) => torch.blockDiag(a, v, s, b));
    cases.add('torch.block_diag()', () => torch.blockDiag());
    cases.add('torch.block_diag(c)', ({ c }) => torch.blockDiag(c));
    for (const n of [1, 2, 3] as const) {
      const atLeast = (torch as any)[`atleast${n}d`] as (...tensors: any[]) => unknown;
      cases.add(`torch.atleast_${n}d(s)`, ({ s }) => atLeast(s));
      cases.add(`torch.atleast_${n}d(s, v, a)`, ({ s, v, a }) => atLeast(s, v, a));
      cases.add(`torch.atleast_${n}d([v])`, ({ v }) => atLeast([v]));
      cases.add(`torch.atleast_${n}d(v, 3)`, ({ v }) => atLeast(v, 3));
    }
  });
});
