/** Gathering, scattering, indices as between brackets, and values at the ends of their dtypes. */

import * as torch from '../../../lib';
import { flat, type Cases } from '../../support/parity/cases';

export function indexing(cases: Cases): void {
  cases.group('indices', () => {
    cases.add('x.gather(1, i.abs() % 4)', ({ x, i }) => x.gather(1, i.abs().remainder(4)));
    cases.add('x.index_select(0, torch.tensor([2, 0]))', ({ x }) => x.indexSelect(0, torch.tensor([2n, 0n])));
    cases.add('x.take(torch.tensor([5, 1]))', ({ x }) => x.take(torch.tensor([5n, 1n])));
    cases.add('x.scatter(1, i.abs() % 4, 9)', ({ x, i }) => x.scatter(1, i.abs().remainder(4), 9));
    cases.add('x.scatter(1, (i.abs() % 4)[:, :1], y)', ({ x, i, y }) =>
      x.scatter(1, i.abs().remainder(4).index(':', ':1'), y),
    );
    cases.add("x.scatter(1, (i.abs() % 4)[:, :1], y, reduce='multiply')", ({ x, i, y }) =>
      x.scatter(1, i.abs().remainder(4).index(':', ':1'), y, { reduce: 'multiply' }),
    );
    cases.add('x.scatter_add(0, i.abs() % 3, y)', ({ x, i, y }) => x.scatterAdd(0, i.abs().remainder(3), y));
    cases.add('x.scatter_reduce(0, i.abs() % 3, y, "amax", include_self=False)', ({ x, i, y }) =>
      x.scatterReduce(0, i.abs().remainder(3), y, 'amax', { includeSelf: false }),
    );
    cases.add('x.index_add(0, torch.tensor([0, 0]), y[:2], alpha=2)', ({ x, y }) =>
      x.indexAdd(0, torch.tensor([0n, 0n]), y.index(':2'), { alpha: 2 }),
    );
    cases.add('x.index_fill(1, torch.tensor([0, 3]), -1)', ({ x }) => x.indexFill(1, torch.tensor([0n, 3n]), -1));
    cases.add('x.index_copy(0, torch.tensor([1]), y[:1])', ({ x, y }) =>
      x.indexCopy(0, torch.tensor([1n]), y.index(':1')),
    );
    cases.add('x[1]', ({ x }) => x.index(1));
    cases.add('x[-1, ::2]', ({ x }) => x.index(-1, '::2'));
    cases.add('x[..., None, 1]', ({ x }) => x.index('...', null, 1));
    cases.add('x[[0, 2]]', ({ x }) => x.index([0, 2]));
    cases.add('x[[0, 2], [1, 1]]', ({ x }) => x.index([0, 2], [1, 1]));
    cases.add('x[:, [True, False, True, False]]', ({ x }) => x.index(':', [true, false, true, false]));
    cases.add('x[b]', ({ x, b }) => x.index(b));
    cases.add('x[True]', ({ x }) => x.index(true));
    cases.add('x[n - 1]', ({ x, n }) => x.index(n.sub(1)));
    cases.add('x[torch.tensor([[0, 1], [2, 2]]), 1:3]', ({ x }) =>
      x.index(
        torch.tensor([
          [0n, 1n],
          [2n, 2n],
        ]),
        '1:3',
      ),
    );
    cases.add('x[u]', ({ x, u }) => x.index(u));
    cases.add('x[5]', ({ x }) => x.index(5));
    cases.add('x[0, 0, 0]', ({ x }) => x.index(0, 0, 0));
    cases.add('x[1.5]', ({ x }) => x.index(1.5));
    cases.add('x[::-1]', ({ x }) => x.index('::-1'));
    cases.add('x[f]', ({ x, f }) => x.index(f));
    cases.add('x[[7]]', ({ x }) => x.index([7]));
    cases.add('x[:, b]', ({ x, b }) => x.index(':', b));
    cases.add('x[1:3] = 0; return x', ({ x }) => x.indexPut_(['1:3'], 0));
    cases.add('x[b] = -1; return x', ({ x, b }) => x.indexPut_([b], -1));
    cases.add('x[:, 0] = row[:3]; return x', ({ x, row }) => x.indexPut_([':', 0], row.index(':3')));
    cases.add('x[[0, 0]] = y[:2]; return x[1:]', ({ x, y }) => x.indexPut_([[0, 0]], y.index(':2')).index('1:'));
    cases.add('i[0] = 2.7; return i', ({ i }) => i.indexPut_([0], 2.7));
    cases.add('x[0] = row[:3]; return x', ({ x, row }) => x.indexPut_([0], row.index(':3')));
  });

  cases.group('values at the edges', () => {
    const wide = { w: flat(['9223372036854775807', '-9223372036854775808', '9007199254740993'], [3], 'int64') };
    cases.add('w', ({ w }) => w, { name: 'int64 to its ends', inputs: wide });
    cases.add('w // 10', ({ w }) => w.floorDivide(10), { inputs: wide });
    cases.add('w == 9007199254740993', ({ w }) => w.eq(9007199254740993n), { inputs: wide });
    cases.add('w[2].item()', ({ w }) => w.index(2).item(), { inputs: wide });
    cases.add('w.tolist()', ({ w }) => w.toArray(), { inputs: wide });
    const odd = { v: flat(['nan', 'inf', '-inf', 0, -0.0, 5e-324], [6], 'float64') };
    cases.add('v * 2', ({ v }) => v.mul(2), { inputs: odd });
    cases.add('v.max()', ({ v }) => v.max(), { inputs: odd });
    cases.add('v.sort()', ({ v }) => v.sort(), { inputs: odd });
    cases.add('torch.nan_to_num(v, 1.5)', ({ v }) => torch.nanToNum(v, 1.5), { inputs: odd });
    cases.add('v.nansum()', ({ v }) => v.nansum(), { inputs: odd });
    cases.add('1 / v', ({ v }) => v.reciprocal(), { inputs: odd });
    cases.add('v.tolist()', ({ v }) => v.toArray(), { inputs: odd });
    cases.add('z[0, 1].item()', ({ z }) => z.index(0, 1).item());
    cases.add('z.conj().imag.tolist()', ({ z }) => z.conj().imag.toArray());
    cases.add('z.conj().T @ z', ({ z }) => z.conj().T.matmul(z));
    cases.add('[b[0, 0].item(), h[0, 0].item(), u[0, 0].item()]', ({ b, h, u }) => [
      b.index(0, 0).item(),
      h.index(0, 0).item(),
      u.index(0, 0).item(),
    ]);
    cases.add('x[:0].tolist()', ({ x }) => x.index(':0').toArray());
    cases.add('torch.zeros(2, 0, 3).tolist()', () => torch.zeros(2, 0, 3).toArray());
  });
}
