/** Factories, conversion, random numbers, out= and in-place operators. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function factories(cases: Cases): void {
  cases.group('dtypes, devices, memory formats', () => {
    cases.add('x.to(torch.float32)', ({ x }) => x.to('float32'));
    cases.add("x.to('cpu', torch.int64)", ({ x }) => x.to('cpu', 'int64'));
    cases.add("x.to('meta')", ({ x }) => x.to('meta'));
    cases.add("x.to(device='meta', dtype=torch.bfloat16)", ({ x }) => x.to({ device: 'meta', dtype: 'bfloat16' }));
    cases.add('x.to(f)', ({ x, f }) => x.to(f));
    cases.add('(z * 2).to(torch.float64)', ({ z }) => z.mul(2).to('float64'));
    cases.add('x.type(torch.int32)', ({ x }) => x.to('int32'));
    cases.add(
      'x[None, None].contiguous(memory_format=torch.channels_last).stride()',
      ({ x }) => x.index(null, null).contiguous({ memoryFormat: 'channels_last' }).strides,
    );
    cases.add('x.t().clone().stride()', ({ x }) => x.t().clone().strides);
    cases.add(
      'x.t().clone(memory_format=torch.contiguous_format).stride()',
      ({ x }) => x.t().clone({ memoryFormat: 'contiguous_format' }).strides,
    );
    cases.add('torch.zeros(2, 3)', () => torch.zeros(2, 3));
    cases.add('torch.zeros((2, 3), dtype=torch.int64)', () => torch.zeros([2, 3], { dtype: 'int64' }));
    cases.add("torch.ones(2, device='meta').device", () => String(torch.ones(2, { device: 'meta' }).device));
    cases.add('torch.empty(0)', () => torch.empty(0));
    cases.add('torch.full((2, 2), 7)', () => torch.full([2, 2], 7));
    cases.add('torch.full((2,), 7.5)', () => torch.full([2], 7.5));
    cases.add('torch.full((2,), True)', () => torch.full([2], true));
    cases.add('torch.full((2,), 1j)', () => torch.full([2], new torch.Complex(0, 1)));
    cases.add('torch.arange(5)', () => torch.arange(5));
    cases.add('torch.arange(1, 2.5, 0.5)', () => torch.arange(1, 2.5, 0.5));
    cases.add('torch.arange(0, 10, 3, dtype=torch.float32)', () => torch.arange(0, 10, 3, { dtype: 'float32' }));
    cases.add('torch.arange(10, 0, -3)', () => torch.arange(10, 0, -3));
    cases.add('torch.arange(0, 5, -1)', () => torch.arange(0, 5, -1));
    cases.add('torch.linspace(0, 1, 5)', () => torch.linspace(0, 1, 5));
    cases.add('torch.linspace(0, 1, steps=3, dtype=torch.float64)', () =>
      torch.linspace(0, 1, 3, { dtype: 'float64' }),
    );
    cases.add('torch.logspace(0, 2, 3, base=2)', () => torch.logspace(0, 2, 3, { base: 2 }));
    cases.add('torch.eye(2, 3)', () => torch.eye(2, 3));
    cases.add('torch.eye(3, dtype=torch.complex64)', () => torch.eye(3, { dtype: 'complex64' }));
    cases.add('torch.zeros_like(i)', ({ i }) => torch.zerosLike(i));
    cases.add('torch.ones_like(i, dtype=torch.float16)', ({ i }) => torch.onesLike(i, { dtype: 'float16' }));
    cases.add('torch.full_like(i, 2.5)', ({ i }) => torch.fullLike(i, 2.5));
    cases.add('torch.full_like(i, 2.5, dtype=torch.float64)', ({ i }) => torch.fullLike(i, 2.5, { dtype: 'float64' }));
    cases.add('torch.tril_indices(3, 3)', () => torch.trilIndices(3, 3));
    cases.add('torch.complex(x, y)', ({ x, y }) => torch.complex(x, y));
    cases.add('torch.polar(x.abs(), y)', ({ x, y }) => torch.polar(x.abs(), y));
    cases.add('torch.view_as_real(z.conj())', ({ z }) => torch.viewAsReal(z.conj()));
    cases.add('torch.view_as_real(z.conj().resolve_conj())', ({ z }) => torch.viewAsReal(z.conj().resolveConj()));
    cases.add('torch.set_default_dtype(torch.float64); return torch.zeros(1) + torch.arange(2) / 3', () => {
      torch.setDefaultDtype('float64');
      return torch.zeros(1).add(torch.arange(2).div(3));
    });
    cases.add('torch.scalar_tensor(3)', () => torch.scalarTensor(3));
    cases.add('torch.rand(3)', () => torch.rand(3));
    cases.add('torch.randn(2, 3, dtype=torch.float64)', () => torch.randn(2, 3, { dtype: 'float64' }));
    cases.add('torch.randint(10, (5,))', () => torch.randint(10, [5]));
    cases.add('torch.randint(-3, 3, (5,), dtype=torch.int8)', () => torch.randint(-3, 3, [5], { dtype: 'int8' }));
    cases.add('torch.randperm(6)', () => torch.randperm(6));
    cases.add('torch.normal(0.0, 1.0, (3,))', () => torch.normal(0, 1, [3]));
    cases.add('torch.normal(x, 2.0)', ({ x }) => torch.normal(x, 2));
    cases.add('torch.bernoulli(x.abs() / 2)', ({ x }) => torch.bernoulli(x.abs().div(2)));
    cases.add('torch.bernoulli(x, 0.5)', ({ x }) => torch.bernoulli(x, 0.5));
    cases.add('torch.multinomial(row.abs(), 2)', ({ row }) => torch.multinomial(row.abs(), 2));
    cases.add('torch.rand(2, generator=torch.Generator().manual_seed(7))', () =>
      torch.rand(2, { generator: new torch.Generator().manualSeed(7) }),
    );
    cases.add('torch.dropout(x, 0.5, True)', ({ x }) => torch.dropout(x, 0.5, true));
    cases.add('torch.dropout(x, p=0.5, train=False)', ({ x }) => torch.dropout(x, 0.5, false));
  });

  cases.group('out= and in place', () => {
    cases.add(
      'out = torch.empty(0, dtype=torch.float64); r = torch.add(x, y, out=out); return [out, r is out]',
      ({ x, y }) => {
        const out = torch.empty(0, { dtype: 'float64' });
        const r = torch.add(x, y, { out });
        return [out, r === out];
      },
    );
    cases.add('out = torch.empty(3, 4, dtype=torch.float32); return torch.mul(x, 2, out=out)', ({ x }) =>
      torch.mul(x, 2, { out: torch.empty(3, 4, { dtype: 'float32' }) }),
    );
    cases.add('return torch.add(x, y, out=torch.empty(3, 4, dtype=torch.int64))', ({ x, y }) =>
      torch.add(x, y, { out: torch.empty(3, 4, { dtype: 'int64' }) }),
    );
    cases.add(
      'v, i = torch.empty(0, dtype=torch.float64), torch.empty(0, dtype=torch.int64); torch.max(x, 0, out=(v, i)); return [v, i]',
      ({ x }) => {
        const out: [torch.Tensor, torch.Tensor] = [
          torch.empty(0, { dtype: 'float64' }),
          torch.empty(0, { dtype: 'int64' }),
        ];
        torch.max(x, 0, { out });
        return out;
      },
    );
    cases.add('torch.sum(x, 0, out=torch.empty(4, dtype=torch.float64))', ({ x }) =>
      torch.sum(x, 0, { out: torch.empty(4, { dtype: 'float64' }) }),
    );
    cases.add('x.add_(1)', ({ x }) => x.add_(1));
    cases.add('i.add_(1.5)', ({ i }) => i.add_(1.5));
    cases.add('i.mul_(True)', ({ i }) => i.mul_(true));
    cases.add('x.t().mul_(row[:, None]); return x', ({ x, row }) => {
      x.t().mul_(row.index(':', null));
      return x;
    });
    cases.add('row.add_(x); return row', ({ row, x }) => row.add_(x));
    cases.add('f.copy_(z)', ({ f, z }) => f.copy_(z));
    cases.add('x.fill_(s)', ({ x, s }) => x.fill_(s));
    cases.add('x.zero_()', ({ x }) => x.zero_());
    cases.add('row.expand(3, 4).add_(1); return row', ({ row }) => row.expand(3, 4).add_(1));
    cases.add('x.clamp_(min=0)', ({ x }) => x.clamp_({ min: 0 }));
    cases.add('x.addcmul_(x, y, value=0.1)', ({ x, y }) => x.addcmul_(x, y, { value: 0.1 }));
    cases.add('x.unsqueeze_(0).shape', ({ x }) => x.unsqueeze_(0).shape);
  });
}
