/** Reductions, cumulative operators and sorting: dim in all its forms, named results. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function reductions(cases: Cases): void {
  cases.group('reductions', () => {
    cases.add('x.sum()', ({ x }) => x.sum());
    cases.add('x.sum(0)', ({ x }) => x.sum(0));
    cases.add('x.sum(-1, True)', ({ x }) => x.sum(-1, true));
    cases.add('x.sum(-1, keepdim=True)', ({ x }) => x.sum(-1, { keepdim: true }));
    cases.add('x.sum([0, 1])', ({ x }) => x.sum([0, 1]));
    cases.add('x.sum(dim=(0, 1), keepdim=True)', ({ x }) => x.sum({ dim: [0, 1], keepdim: true }));
    cases.add('x.sum(None)', ({ x }) => x.sum(null));
    cases.add('x.sum([])', ({ x }) => x.sum([]));
    cases.add('i.sum()', ({ i }) => i.sum());
    cases.add('u.sum()', ({ u }) => u.sum());
    cases.add('b.sum(1)', ({ b }) => b.sum(1));
    cases.add('u.sum(dtype=torch.float32)', ({ u }) => u.sum({ dtype: 'float32' }));
    cases.add('f.sum(dtype=torch.float64)', ({ f }) => f.sum({ dtype: torch.float64 }));
    cases.add('h.sum()', ({ h }) => h.sum());
    cases.add('z.sum(0)', ({ z }) => z.sum(0));
    cases.add('empty.sum()', ({ empty }) => empty.sum());
    cases.add('empty.sum(0)', ({ empty }) => empty.sum(0));
    cases.add('empty.mean()', ({ empty }) => empty.mean());
    cases.add('empty.prod(1)', ({ empty }) => empty.prod(1));
    cases.add('x.mean((0, 1))', ({ x }) => x.mean([0, 1]));
    cases.add('i.mean()', ({ i }) => i.mean());
    cases.add('i.mean(dtype=torch.float32)', ({ i }) => i.mean({ dtype: 'float32' }));
    cases.add('x.prod()', ({ x }) => x.prod());
    cases.add('x.std()', ({ x }) => x.std());
    cases.add('x.std(0)', ({ x }) => x.std(0));
    cases.add('x.std(False)', ({ x }) => x.std(false));
    cases.add('x.std(0, False)', ({ x }) => x.std(0, false));
    cases.add('x.std(1, correction=0, keepdim=True)', ({ x }) => x.std(1, { correction: 0, keepdim: true }));
    cases.add('x.var(dim=1, unbiased=False)', ({ x }) => x.var({ dim: 1, unbiased: false }));
    cases.add('torch.var_mean(x, 0)', ({ x }) => torch.varMean(x, 0));
    cases.add('torch.std_mean(x, dim=1, correction=2)', ({ x }) => torch.stdMean(x, { dim: 1, correction: 2 }));
    cases.add('x.max()', ({ x }) => x.max());
    cases.add('x.max(0)', ({ x }) => x.max(0));
    cases.add('[x.max(dim=1, keepdim=True).values, x.max(1).indices]', ({ x }) => [
      x.max({ dim: 1, keepdim: true }).values,
      x.max(1).indices,
    ]);
    cases.add('torch.max(x, y)', ({ x, y }) => torch.max(x, y));
    cases.add('x.min(other=y)', ({ x, y }) => x.min({ other: y }));
    cases.add('empty.max()', ({ empty }) => empty.max());
    cases.add('empty.max(0)', ({ empty }) => empty.max(0));
    cases.add('x.argmax()', ({ x }) => x.argmax());
    cases.add('x.argmax(1, keepdim=True)', ({ x }) => x.argmax(1, { keepdim: true }));
    cases.add('x.amax((0, 1))', ({ x }) => x.amax([0, 1]));
    cases.add('x.amin()', ({ x }) => x.amin());
    cases.add('torch.aminmax(x, dim=0)', ({ x }) => torch.aminmax(x, { dim: 0 }));
    cases.add('x.median()', ({ x }) => x.median());
    cases.add('x.median(1)', ({ x }) => x.median(1));
    cases.add('x.kthvalue(2, 0)', ({ x }) => x.kthvalue(2, 0));
    cases.add('x.mode(1)', ({ x }) => x.mode(1));
    cases.add('x.quantile(0.3)', ({ x }) => x.quantile(0.3));
    cases.add('x.quantile(row.abs() / 4, dim=0)', ({ x, row }) => x.quantile(row.abs().div(4), { dim: 0 }));
    cases.add("x.quantile(0.4, 1, interpolation='nearest')", ({ x }) =>
      x.quantile(0.4, 1, { interpolation: 'nearest' }),
    );
    cases.add('x.all()', ({ x }) => x.all());
    cases.add('b.any(0)', ({ b }) => b.any(0));
    cases.add('b.all((0, 1))', ({ b }) => b.all([0, 1]));
    cases.add('u.any()', ({ u }) => u.any());
    cases.add('x.logsumexp(1)', ({ x }) => x.logsumexp(1));
    cases.add('x.norm()', ({ x }) => x.norm());
    cases.add('x.count_nonzero(0)', ({ x }) => x.countNonzero(0));
    cases.add('b.nonzero()', ({ b }) => b.nonzero());
    cases.add('x.cumsum(0)', ({ x }) => x.cumsum(0));
    cases.add('u.cumsum(1)', ({ u }) => u.cumsum(1));
    cases.add('i.cumprod(1, dtype=torch.float64)', ({ i }) => i.cumprod(1, { dtype: 'float64' }));
    cases.add('x.cummax(1)', ({ x }) => x.cummax(1));
    cases.add('x.logcumsumexp(0)', ({ x }) => x.logcumsumexp(0));
    cases.add('x.sort()', ({ x }) => x.sort());
    cases.add('x.sort(0, True)', ({ x }) => x.sort(0, true));
    cases.add('x.sort(dim=0, descending=True, stable=True)', ({ x }) =>
      x.sort({ dim: 0, descending: true, stable: true }),
    );
    cases.add('x.argsort(descending=True)', ({ x }) => x.argsort({ descending: true }));
    cases.add('x.topk(2)', ({ x }) => x.topk(2));
    cases.add('x.topk(2, 0, False)', ({ x }) => x.topk(2, 0, false));
    cases.add('torch.trapezoid(x, dx=0.5)', ({ x }) => torch.trapezoid(x, { dx: 0.5 }));
    cases.add('torch.diff(x, n=2, dim=1)', ({ x }) => torch.diff(x, { n: 2, dim: 1 }));
    cases.add('torch.histc(x, bins=4, min=-2, max=2)', ({ x }) => torch.histc(x, { bins: 4, min: -2, max: 2 }));
    cases.add('torch.bincount(u.flatten())', ({ u }) => torch.bincount(u.flatten()));
  });
}
