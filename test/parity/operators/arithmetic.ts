/** Scalars beside tensors, type promotion, comparison, broadcasting. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function arithmetic(cases: Cases): void {
  cases.group('scalars and type promotion', () => {
    cases.add('i + 2', ({ i }) => i.add(2));
    cases.add('i + 2.5', ({ i }) => i.add(2.5));
    cases.add('i + True', ({ i }) => i.add(true));
    cases.add('i + 2j', ({ i }) => i.add(new torch.Complex(0, 2)));
    cases.add('i + (2**53 + 1)', ({ i }) => i.add(2n ** 53n + 1n));
    cases.add('u + 1', ({ u }) => u.add(1));
    cases.add('u + 250', ({ u }) => u.add(250));
    cases.add('u - 3', ({ u }) => u.sub(3));
    cases.add('u * 1.5', ({ u }) => u.mul(1.5));
    cases.add('b + True', ({ b }) => b.add(true));
    cases.add('b + 1', ({ b }) => b.add(1));
    cases.add('b * 0.5', ({ b }) => b.mul(0.5));
    cases.add('f + 0.1', ({ f }) => f.add(0.1));
    cases.add('f + 1', ({ f }) => f.add(1));
    cases.add('f * s', ({ f, s }) => f.mul(s));
    cases.add('f + x', ({ f, x }) => f.add(x));
    cases.add('f + i', ({ f, i }) => f.add(i));
    cases.add('i + s', ({ i, s }) => i.add(s));
    cases.add('i + n', ({ i, n }) => i.add(n));
    cases.add('u + n', ({ u, n }) => u.add(n));
    cases.add('u + i', ({ u, i }) => u.add(i));
    cases.add('h + f', ({ h, f }) => h.add(f));
    cases.add('h + half', ({ h, half }) => h.add(half));
    cases.add('h * 1.01', ({ h }) => h.mul(1.01));
    cases.add('half.exp()', ({ half }) => half.exp());
    cases.add('cf + x', ({ cf, x }) => cf.add(x));
    cases.add('cf * z', ({ cf, z }) => cf.mul(z));
    cases.add('f * 1j', ({ f }) => f.mul(new torch.Complex(0, 1)));
    cases.add('x * 1j', ({ x }) => torch.mul(x, { re: 0, im: 1 }));
    cases.add('i / 2', ({ i }) => i.div(2));
    cases.add('i / i', ({ i }) => i.div(i));
    cases.add("torch.div(i, 2, rounding_mode='floor')", ({ i }) => torch.div(i, 2, { roundingMode: 'floor' }));
    cases.add("torch.div(i, 4, rounding_mode='trunc')", ({ i }) => torch.div(i, 4, { roundingMode: 'trunc' }));
    cases.add("torch.div(x, 0.3, rounding_mode='floor')", ({ x }) => x.div(0.3, { roundingMode: 'floor' }));
    cases.add('i // 2', ({ i }) => i.floorDivide(2));
    cases.add('i % 4', ({ i }) => i.remainder(4));
    cases.add('torch.fmod(i, 4)', ({ i }) => torch.fmod(i, 4));
    cases.add('torch.remainder(7, i.abs() + 1)', ({ i }) => torch.remainder(7, i.abs().add(1)));
    cases.add('x ** 2', ({ x }) => x.pow(2));
    cases.add('i ** 2', ({ i }) => i.pow(2));
    cases.add('i ** 2.0', ({ i }) => i.pow(torch.tensor(2, { dtype: 'float32' })));
    cases.add('x.abs() ** 0.5', ({ x }) => x.abs().pow(0.5));
    cases.add('torch.pow(2, x)', ({ x }) => torch.pow(2, x));
    cases.add('torch.pow(2, i.abs())', ({ i }) => torch.pow(2, i.abs()));
    cases.add('i ** -1', ({ i }) => i.pow(-1));
    cases.add('torch.pow(x.abs(), y)', ({ x, y }) => torch.pow(x.abs(), y));
    cases.add('1 - x', ({ x }) => torch.rsub(x, 1));
    cases.add('torch.rsub(x, y, alpha=2)', ({ x, y }) => torch.rsub(x, y, { alpha: 2 }));
    cases.add('torch.add(x, y, alpha=0.5)', ({ x, y }) => torch.add(x, y, { alpha: 0.5 }));
    cases.add('torch.add(i, i, alpha=3)', ({ i }) => torch.add(i, i, { alpha: 3 }));
    cases.add('torch.add(i, i, alpha=0.5)', ({ i }) => torch.add(i, i, { alpha: 0.5 }));
    cases.add('torch.add(b, b, alpha=True)', ({ b }) => torch.add(b, b, { alpha: true }));
    cases.add('b - b', ({ b }) => b.sub(b));
    cases.add('-b', ({ b }) => b.neg());
    cases.add('~b', ({ b }) => b.bitwiseNot());
    cases.add('i & 3', ({ i }) => i.bitwiseAnd(3));
    cases.add('b | i', ({ b, i }) => b.bitwiseOr(i));
    cases.add('i << 2', ({ i }) => i.bitwiseLeftShift(2));
    cases.add('torch.result_type(i, 2.5)', ({ i }) => torch.resultType(i, 2.5));
    cases.add('torch.result_type(f, z)', ({ f, z }) => torch.resultType(f, z));
    cases.add('torch.promote_types(torch.int64, torch.bfloat16)', () => torch.promoteTypes('int64', 'bfloat16'));
    cases.add('torch.can_cast(torch.float64, torch.int64)', () => torch.canCast('float64', 'int64'));
    cases.add('torch.maximum(i, x)', ({ i, x }) => torch.maximum(i, x));
    cases.add('torch.sqrt(i.abs())', ({ i }) => torch.sqrt(i.abs()));
    cases.add('torch.sin(b)', ({ b }) => torch.sin(b));
    cases.add('torch.floor(i)', ({ i }) => torch.floor(i));
    cases.add('torch.round(x, decimals=1)', ({ x }) => torch.round(x, { decimals: 1 }));
  });

  cases.group('comparison and choice', () => {
    cases.add('x == y', ({ x, y }) => x.eq(y));
    cases.add('i == 2', ({ i }) => i.eq(2));
    cases.add('x > 0.5', ({ x }) => x.gt(0.5));
    cases.add('i >= True', ({ i }) => i.ge(true));
    cases.add('z == z', ({ z }) => z.eq(z));
    cases.add('z > z', ({ z }) => z.gt(z));
    cases.add('torch.where(b, x, y)', ({ b, x, y }) => torch.where(b, x, y));
    cases.add('torch.where(b, x, 0)', ({ b, x }) => torch.where(b, x, 0));
    cases.add('torch.where(b, 1, 0)', ({ b }) => torch.where(b, 1, 0));
    cases.add('torch.where(b, 1.5, f)', ({ b, f }) => torch.where(b, 1.5, f));
    cases.add('torch.where(b)', ({ b }) => torch.where(b));
    cases.add('x.where(b, y)', ({ x, b, y }) => x.where(b, y));
    cases.add('torch.equal(x, x)', ({ x }) => torch.equal(x, x));
    cases.add('torch.allclose(x, x + 1e-9)', ({ x }) => torch.allclose(x, x.add(1e-9)));
    cases.add('torch.isclose(x, y, rtol=0.5, atol=0.5)', ({ x, y }) => torch.isclose(x, y, { rtol: 0.5, atol: 0.5 }));
    cases.add('x.clamp(-1, 1)', ({ x }) => x.clamp(-1, 1));
    cases.add('x.clamp(min=0)', ({ x }) => x.clamp({ min: 0 }));
    cases.add('x.clamp(max=row)', ({ x, row }) => x.clamp({ max: row }));
    cases.add('x.clamp(None, 0.5)', ({ x }) => x.clamp(null, 0.5));
    cases.add('i.clamp(-1.5, 1.5)', ({ i }) => i.clamp(-1.5, 1.5));
    cases.add('x.clamp()', ({ x }) => x.clamp());
    cases.add('x.masked_fill(b, 7)', ({ x, b }) => x.maskedFill(b, 7));
    cases.add('x.masked_fill(b, s)', ({ x, b, s }) => x.maskedFill(b, s));
    cases.add('x.masked_select(b)', ({ x, b }) => x.maskedSelect(b));
    cases.add('torch.isin(i, torch.tensor([1, 2]))', ({ i }) => torch.isin(i, torch.tensor([1n, 2n])));
    cases.add('torch.isin(i, 2)', ({ i }) => torch.isin(i, 2));
    cases.add('torch.bucketize(x, row.sort().values)', ({ x, row }) => torch.bucketize(x, row.sort().values));
    cases.add('torch.bucketize(0.5, row.sort().values, right=True)', ({ row }) =>
      torch.bucketize(0.5, row.sort().values, { right: true }),
    );
    cases.add('torch.searchsorted(row.sort()[0], 0.25)', ({ row }) => torch.searchsorted(row.sort()[0], 0.25));
  });

  cases.group('broadcasting', () => {
    cases.add('x + row', ({ x, row }) => x.add(row));
    cases.add('x * row[:3, None]', ({ x, row }) => x.mul(row.index(':3', null)));
    cases.add('s + row', ({ s, row }) => s.add(row));
    cases.add('x + empty[:, None]', ({ x, empty }) => x.add(empty.index(':', null)));
    cases.add('empty + row', ({ empty, row }) => empty.add(row));
    cases.add('x + row[:3]', ({ x, row }) => x.add(row.index(':3')));
  });
}
