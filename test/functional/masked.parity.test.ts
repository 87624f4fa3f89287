/** torch.masked over strided tensors against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const inputs = {
  a: some([3, 4]),
  b: some([3, 4], 'float64', 2),
  f: some([3, 4], 'float32', 3),
  i: some([3, 4], 'int32', 4),
  u: some([3, 4], 'uint8', 5),
  z: some([3, 4], 'complex128', 6),
  m: tensorOf(
    [
      [true, false, true, true],
      [false, true, true, false],
      [true, true, false, true],
    ],
    'bool',
  ),
  row: tensorOf([true, false, true, true], 'bool'),
  deep: some([2, 3, 4], 'bool', 7),
  none: tensorOf([[false], [true], [true]], 'bool'),
};

const { masked } = torch;

parity('masked', (cases) => {
  cases.inputs(inputs);

  cases.group('reductions', () => {
    for (const name of ['sum', 'prod', 'amax', 'amin', 'mean', 'logsumexp', 'std', 'var', 'norm'] as const) {
      const f = masked[name] as (input: Tensor, options?: object) => Tensor;
      const python = `torch.masked.${name}`;
      cases.add(`${python}(a, mask=m)`, ({ a, m }) => f(a, { mask: m }));
      cases.add(`${python}(a, dim=1, mask=m)`, ({ a, m }) => f(a, { dim: 1, mask: m }));
      cases.add(`${python}(a, dim=(0, 1), keepdim=True, mask=row)`, ({ a, row }) =>
        f(a, { dim: [0, 1], keepdim: true, mask: row }),
      );
      cases.add(`${python}(a, dim=-1)`, ({ a }) => f(a, { dim: -1 }));
      cases.add(`${python}(f, dim=0, mask=m, dtype=torch.float64)`, ({ f: x, m }) =>
        f(x, { dim: 0, mask: m, dtype: 'float64' }),
      );
      cases.add(`${python}(i, dim=1, mask=m)`, ({ i, m }) => f(i, { dim: 1, mask: m }));
      cases.add(`${python}(u, dim=1, mask=m)`, ({ u, m }) => f(u, { dim: 1, mask: m }));
      const isOrder = name === 'amax' || name === 'amin';
      cases.add(
        `${python}(z, dim=1, mask=m)`,
        ({ z, m }) => f(z, { dim: 1, mask: m }),
        isOrder
          ? { error: { class: 'NotImplementedError', because: 'PyTorch asks iinfo of a complex dtype by accident' } }
          : {},
      );
      cases.add(`${python}(a, dim=1, mask=none)`, ({ a, none }) => f(a, { dim: 1, mask: none }));
      cases.add(`${python}(a, dim=5, mask=m)`, ({ a, m }) => f(a, { dim: 5, mask: m }));
      cases.add(`${python}(a, dim=(0, 0), mask=m)`, ({ a, m }) => f(a, { dim: [0, 0], mask: m }));
      cases.add(`${python}(a, mask=deep)`, ({ a, deep }) => f(a, { mask: deep }));
      cases.add(`grad(lambda x: ${python}(x, dim=1, mask=m).sum())(a)`, ({ a, m }) =>
        torch.func.grad((x: Tensor) => f(x, { dim: 1, mask: m }).sum())(a),
      );
      cases.add(`vmap(lambda x: ${python}(x, dim=0, mask=row))(a)`, ({ a, row }) =>
        torch.vmap((x: Tensor) => f(x, { dim: 0, mask: row }))(a),
      );
    }
    for (const name of ['argmax', 'argmin'] as const) {
      cases.add(`torch.masked.${name}(a, 1, mask=m)`, ({ a, m }) => masked[name](a, 1, { mask: m }));
      cases.add(`torch.masked.${name}(i, mask=m, dtype=torch.int64)`, ({ i, m }) =>
        masked[name](i, { mask: m, dtype: 'int64' }),
      );
      cases.add(`torch.masked.${name}(a, 0, keepdim=True)`, ({ a }) => masked[name](a, 0, { keepdim: true }));
    }
    cases.add('torch.masked.median(a, 1, mask=m)', ({ a, m }) => masked.median(a, 1, { mask: m }));
    cases.add('torch.masked.median(i, mask=m)', ({ i, m }) => masked.median(i, { mask: m }));
    cases.add('torch.masked.median(a, 1, mask=none)', ({ a, none }) => masked.median(a, 1, { mask: none }));
    cases.add('torch.masked.median(i, 1, mask=none)', ({ i, none }) => masked.median(i, 1, { mask: none }));
    cases.add('torch.masked.norm(a, 3, 1, mask=m)', ({ a, m }) => masked.norm(a, 3, 1, { mask: m }));
    cases.add('torch.masked.norm(a, -math.inf, 1, mask=m)', ({ a, m }) => masked.norm(a, -Infinity, 1, { mask: m }));
    cases.add('torch.masked.var(a, 1, False, mask=m)', ({ a, m }) => masked.var(a, 1, false, { mask: m }));
    cases.add('torch.masked.std(a, 1, correction=2, mask=m)', ({ a, m }) =>
      masked.std(a, 1, { correction: 2, mask: m }),
    );
    cases.add('torch.masked.std(a, 1, True, correction=2)', ({ a }) => masked.std(a, 1, true, { correction: 2 }));
    cases.add('torch.masked.sum(a, 1, True)', ({ a }) => (masked.sum as any)(a, 1, true));
    cases.add('torch.masked.sum(a, foo=1)', ({ a }) => masked.sum(a, { foo: 1 } as never));
  });

  cases.group('normalizations', () => {
    for (const name of ['softmax', 'logSoftmax', 'softmin', 'cumsum', 'cumprod'] as const) {
      const python = `torch.masked.${name === 'logSoftmax' ? 'log_softmax' : name}`;
      cases.add(`${python}(a, 1, mask=m)`, ({ a, m }) => masked[name](a, 1, { mask: m }));
      cases.add(`${python}(a, -2)`, ({ a }) => masked[name](a, -2));
      cases.add(`${python}(f, 0, mask=row, dtype=torch.float64)`, ({ f, row }) =>
        masked[name](f, 0, { mask: row, dtype: 'float64' }),
      );
      cases.add(`${python}(a, 2, mask=m)`, ({ a, m }) => masked[name](a, 2, { mask: m }));
      cases.add(`grad(lambda x: (${python}(x, 1, mask=row) * b).sum())(a)`, ({ a, b, row }) =>
        torch.func.grad((x: Tensor) =>
          masked[name](x, 1, { mask: row.logicalOr(row) })
            .mul(b)
            .sum(),
        )(a),
      );
    }
    cases.add('torch.masked.normalize(a, 2.0, 1, mask=m)', ({ a, m }) => masked.normalize(a, 2, 1, { mask: m }));
    cases.add('torch.masked.normalize(a, 1.0, 0, eps=10.)', ({ a }) => masked.normalize(a, 1, 0, { eps: 10 }));
    cases.add('torch.masked.logaddexp(a, b, input_mask=m)', ({ a, b, m }) => masked.logaddexp(a, b, { inputMask: m }));
    cases.add('torch.masked.logaddexp(a, b, input_mask=m, other_mask=row)', ({ a, b, m, row }) =>
      masked.logaddexp(a, b, { inputMask: m, otherMask: row }),
    );
  });
});
