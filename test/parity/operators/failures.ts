/** Calls that PyTorch refuses: the class of the error is the same. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function failures(cases: Cases): void {
  cases.group('failures', () => {
    cases.add('torch.add(x)', ({ x }) => (torch.add as any)(x));
    cases.add('torch.add(x, y, 3, 4, 5)', ({ x, y }) => (torch.add as any)(x, y, 3, 4, 5));
    cases.add("torch.add(x, 'a')", ({ x }) => torch.add(x, 'a' as any));
    cases.add('torch.add(x, None)', ({ x }) => torch.add(x, null as any));
    cases.add('torch.add(x, [1, 2])', ({ x }) => torch.add(x, [1, 2] as any));
    cases.add('torch.add(x, y, beta=1)', ({ x, y }) => torch.add(x, y, { beta: 1 } as any));
    cases.add("x.sum('a')", ({ x }) => x.sum('a'), {
      error: { class: 'TypeError', because: 'named dimensions are not offered' },
    });
    cases.add('x.sum(1.5)', ({ x }) => x.sum(1.5));
    cases.add('x.sum(2)', ({ x }) => x.sum(2));
    cases.add('x.view(5)', ({ x }) => x.view(5));
    cases.add('x.view(2.5)', ({ x }) => x.view(2.5));
    cases.add('x.reshape(-1, -1)', ({ x }) => x.reshape(-1, -1));
    cases.add('x.permute(0)', ({ x }) => x.permute(0));
    cases.add('x.transpose(0, 2)', ({ x }) => x.transpose(0, 2));
    cases.add('x.expand(2, 2)', ({ x }) => x.expand(2, 2));
    cases.add('torch.cat([])', () => torch.cat([]));
    cases.add('torch.cat([x, 1])', ({ x }) => torch.cat([x, 1]));
    cases.add('torch.cat([x, row])', ({ x, row }) => torch.cat([x, row]));
    cases.add('torch.stack([x, row])', ({ x, row }) => torch.stack([x, row]));
    cases.add('x.gather(1, x)', ({ x }) => x.gather(1, x));
    cases.add('x.index_select(0, torch.tensor([9]))', ({ x }) => x.indexSelect(0, torch.tensor([9n])));
    cases.add('torch.zeros(-1)', () => torch.zeros(-1));
    cases.add("torch.zeros(2, dtype='float32')", () => torch.zeros(2, { dtype: 'float31' as any }));
    cases.add("torch.zeros(2, device='nowhere')", () => torch.zeros(2, { device: 'nowhere' }));
    cases.add("torch.div(x, y, rounding_mode='up')", ({ x, y }) => torch.div(x, y, { roundingMode: 'up' }));
    cases.add('x.item()', ({ x }) => x.item());
    cases.add('torch.dot(x, y)', ({ x, y }) => torch.dot(x, y));
    cases.add('torch.linalg.inv(x)', ({ x }) => torch.linalg.inv(x));
    cases.add('torch.linalg.inv(torch.zeros(2, 2))', () => torch.linalg.inv(torch.zeros(2, 2)));
    cases.add('torch.einsum("ij,jk", x, y)', ({ x, y }) => torch.einsum('ij,jk', [x, y]));
    cases.add('i.requires_grad_()', ({ i }) => i.requiresGrad_());
    cases.add('x.topk(9)', ({ x }) => x.topk(9));
    cases.add('torch.full((2,), 300, dtype=torch.uint8)', () => torch.full([2], 300, { dtype: 'uint8' }));
    cases.add('u.add_(1.5)', ({ u }) => u.add_(1.5));
    cases.add('list(s)', ({ s }) => [...s]);
    cases.add('torch.ops.aten.nothing_like_it', () => torch.ops.aten.nothing_like_it);
    cases.add('torch.eye(3).cholesky(upper=1)', () => torch.eye(3).cholesky({ upper: 1 } as any));
    cases.add('torch.arange()', () => (torch.arange as any)());
    cases.add('x.narrow(1, 3, 4)', ({ x }) => x.narrow(1, 3, 4));
    cases.add('x.bernoulli(2.0)', ({ x }) => x.bernoulli(2));
    cases.add('z.sort()', ({ z }) => z.sort());
    cases.add('z.floor()', ({ z }) => z.floor());
    cases.add('torch.arange(2**63)', () => torch.arange(2n ** 63n));
  });
}
