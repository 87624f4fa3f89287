/** norm, unique, split, nonzero and unravel_index, as functions and methods, against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const inputs = {
  a: some([3, 4]),
  c: some([2, 3, 4], 'float64', 3),
  f: some([3, 4], 'float32', 4),
  i: some([3, 4], 'int64', 8),
  z: some([3, 4], 'complex128', 9),
  r: tensorOf([3, 1, 1, 3, 3, 2, 2], 'int64'),
  m: tensorOf([
    [1, 2],
    [1, 2],
    [0, 5],
    [1, 2],
  ]),
  n: tensorOf([5, 0, 11], 'int64'),
};

parity('selections', (cases) => {
  cases.inputs(inputs);

  cases.group('norm', () => {
    cases.add('torch.norm(a)', ({ a }) => torch.norm(a));
    cases.add("torch.norm(a, 'fro', 1)", ({ a }) => torch.norm(a, 'fro', 1));
    cases.add("torch.norm(c, p='fro', dim=(0, 2), keepdim=True)", ({ c }) =>
      torch.norm(c, { p: 'fro', dim: [0, 2], keepdim: true }),
    );
    cases.add("torch.norm(a, 'nuc')", ({ a }) => torch.norm(a, 'nuc'));
    cases.add("torch.norm(c, 'nuc', (1, 2), True)", ({ c }) => torch.norm(c, 'nuc', [1, 2], true));
    cases.add('torch.norm(a, 1)', ({ a }) => torch.norm(a, 1));
    cases.add('torch.norm(a, 3, 0)', ({ a }) => torch.norm(a, 3, 0));
    cases.add('torch.norm(a, 2.5, (0, 1))', ({ a }) => torch.norm(a, 2.5, [0, 1]));
    cases.add('torch.norm(a, math.inf, -1, True)', ({ a }) => torch.norm(a, Infinity, -1, true));
    cases.add('torch.norm(a, -math.inf)', ({ a }) => torch.norm(a, -Infinity));
    cases.add('torch.norm(a, 0, 1)', ({ a }) => torch.norm(a, 0, 1));
    cases.add('torch.norm(a, None, 1)', ({ a }) => torch.norm(a, null, 1));
    cases.add('torch.norm(f, dtype=torch.float64)', ({ f }) => torch.norm(f, { dtype: 'float64' }));
    cases.add('torch.norm(i, 2, dtype=torch.float32)', ({ i }) => torch.norm(i, 2, { dtype: 'float32' }));
    cases.add('torch.norm(z, 2, 1)', ({ z }) => torch.norm(z, 2, 1));
    cases.add('o = torch.empty(3, dtype=torch.float64); torch.norm(a, 2, 1, out=o); return o', ({ a }) => {
      const o = torch.empty([3], { dtype: 'float64' });
      torch.norm(a, 2, 1, { out: o });
      return o;
    });
    cases.add('a.norm()', ({ a }) => a.norm());
    cases.add("a.norm(p='nuc', keepdim=True)", ({ a }) => a.norm({ p: 'nuc', keepdim: true }));
    cases.add('f.norm(1, 0, False, torch.float64)', ({ f }) => f.norm(1, 0, false, 'float64'));
    cases.add('a.to_sparse().norm()', ({ a }) => a.toSparse().norm());
    cases.add('torch.norm(a.to_sparse(), 2)', ({ a }) => torch.norm(a.toSparse(), 2));
    cases.add('torch.norm(a.to_sparse(), 2, dtype=torch.float64)', ({ a }) =>
      torch.norm(a.toSparse(), 2, { dtype: 'float64' }),
    );
    cases.add("torch.norm(a.to_sparse(), 'x')", ({ a }) => torch.norm(a.toSparse(), 'x' as never));
    cases.add("torch.norm(a, 'xx')", ({ a }) => torch.norm(a, 'xx' as never));
    cases.add("torch.norm(a, 'nuc', 0)", ({ a }) => torch.norm(a, 'nuc', 0));
    cases.add('torch.norm(i)', ({ i }) => torch.norm(i));
    cases.add('a.norm(2, 5)', ({ a }) => a.norm(2, 5));
    cases.add('a.norm(foo=3)', ({ a }) => a.norm({ foo: 3 } as never));
    cases.add('a.norm(2, p=2)', ({ a }) => a.norm(2, { p: 2 }));
    cases.add('a.norm(2, 1, False, None, 5)', ({ a }) => (a as any).norm(2, 1, false, null, 5));
    cases.add('grad(lambda x: torch.norm(x))(a)', ({ a }) => torch.func.grad((x: Tensor) => torch.norm(x))(a));
    cases.add("grad(lambda x: x.norm('nuc'))(a)", ({ a }) => torch.func.grad((x: Tensor) => x.norm('nuc'))(a));
    cases.add('vmap(lambda x: torch.norm(x, 3, 0))(c)', ({ c }) => torch.vmap((x: Tensor) => torch.norm(x, 3, 0))(c));
    cases.add('vmap(grad(lambda x: x.norm(math.inf)))(a)', ({ a }) =>
      torch.vmap(torch.func.grad((x: Tensor) => x.norm(Infinity)))(a),
    );
    cases.add('jacfwd(lambda x: torch.norm(x, 2, 1))(a)', ({ a }) =>
      torch.func.jacfwd((x: Tensor) => torch.norm(x, 2, 1))(a),
    );
  });

  cases.group('unique', () => {
    for (const inverse of [false, true]) {
      for (const counts of [false, true]) {
        const python = `return_inverse=${inverse ? 'True' : 'False'}, return_counts=${counts ? 'True' : 'False'}`;
        const flags = { returnInverse: inverse, returnCounts: counts };
        cases.add(`torch.unique(r, ${python})`, ({ r }) => torch.unique(r, flags));
        cases.add(`torch.unique(m, dim=0, ${python})`, ({ m }) => torch.unique(m, { dim: 0, ...flags }));
        cases.add(`m.unique(dim=1, ${python})`, ({ m }) => m.unique({ dim: 1, ...flags }));
        cases.add(`torch.unique_consecutive(r, ${python})`, ({ r }) => torch.uniqueConsecutive(r, flags));
        cases.add(`m.unique_consecutive(dim=0, ${python})`, ({ m }) => m.uniqueConsecutive({ dim: 0, ...flags }));
      }
    }
    cases.add('torch.unique(m, True, True, True)', ({ m }) => torch.unique(m, true, true, true));
    cases.add('torch.unique(m, True, False, True, 0)', ({ m }) => torch.unique(m, true, false, true, 0));
    cases.add('torch.unique(m, sorted=False).sort()[0]', ({ m }) => torch.unique(m, { sorted: false }).sort()[0]);
    cases.add('m.unique(True, True)', ({ m }) => m.unique(true, true));
    cases.add('torch.unique_consecutive(m, True, True, 1)', ({ m }) => torch.uniqueConsecutive(m, true, true, 1));
    cases.add('m.unique_consecutive()', ({ m }) => m.uniqueConsecutive());
    cases.add('torch.unique(m, dim=4)', ({ m }) => torch.unique(m, { dim: 4 }));
    cases.add('torch.unique(m, True, True, True, 0, 4)', ({ m }) => (torch as any).unique(m, true, true, true, 0, 4));
    cases.add('torch.unique(3)', () => torch.unique(3 as never));
    cases.add('vmap(torch.unique)(m)', ({ m }) => torch.vmap((x: Tensor) => torch.unique(x))(m));
  });

  cases.group('nonzero', () => {
    cases.add('torch.nonzero(i)', ({ i }) => torch.nonzero(i));
    cases.add('torch.nonzero(i, as_tuple=False)', ({ i }) => torch.nonzero(i, { asTuple: false }));
    cases.add('torch.nonzero(i, as_tuple=True, out=torch.zeros(1))', ({ i }) =>
      (torch.nonzero as (...args: unknown[]) => unknown)(i, { asTuple: true, out: torch.zeros(1) }),
    );
    cases.add('torch.nonzero(i, as_tuple=True)', ({ i }) => torch.nonzero(i, { asTuple: true }));
    cases.add('a.gt(0).nonzero(as_tuple=True)', ({ a }) => a.gt(0).nonzero({ asTuple: true }));
    cases.add('a.gt(0).nonzero()', ({ a }) => a.gt(0).nonzero());
    cases.add('torch.tensor(1.).nonzero(as_tuple=True)', () => torch.tensor(1).nonzero({ asTuple: true }));
    cases.add('a[a.gt(0).nonzero(as_tuple=True)]', ({ a }) => a.index(...a.gt(0).nonzero({ asTuple: true })));
    cases.add('torch.nonzero(i, foo=1)', ({ i }) => torch.nonzero(i, { foo: 1 } as never));
  });

  cases.group('split', () => {
    cases.add('torch.split(a, 2)', ({ a }) => torch.split(a, 2));
    cases.add('torch.split(a, 3, 1)', ({ a }) => torch.split(a, 3, 1));
    cases.add('torch.split(a, [1, 2])', ({ a }) => torch.split(a, [1, 2]));
    cases.add('torch.split(a, [1, 0, 3], dim=-1)', ({ a }) => torch.split(a, [1, 0, 3], { dim: -1 }));
    cases.add('a.split(2)', ({ a }) => a.split(2));
    cases.add('a.split((2, 2), 1)', ({ a }) => a.split([2, 2], 1));
    cases.add('a.split(torch.tensor(2))', ({ a }) => a.split(torch.tensor(2n)));
    cases.add('a.split(0)', ({ a }) => a.split(0));
    cases.add('a.split([1, 1])', ({ a }) => a.split([1, 1]));
    cases.add('a.split(2, 7)', ({ a }) => a.split(2, 7));
    cases.add('a.split(torch.tensor([1, 2]))', ({ a }) => a.split(torch.tensor([1n, 2n])));
    cases.add("a.split('x')", ({ a }) => a.split('x' as never));
    cases.add('a.chunk(2, 1)', ({ a }) => a.chunk(2, 1));
    cases.add('torch.tensor_split(a, 3, dim=1)', ({ a }) => torch.tensorSplit(a, 3, { dim: 1 }));
    cases.add('torch.tensor_split(a, (1, 2))', ({ a }) => torch.tensorSplit(a, [1, 2]));
    cases.add('torch.hsplit(a, 2) + torch.vsplit(a, [1])', ({ a }) => [...torch.hsplit(a, 2), ...torch.vsplit(a, [1])]);
    cases.add('c.dsplit(2)', ({ c }) => c.dsplit(2));
    cases.add('vmap(lambda x: x.split(2))(a)', ({ a }) => torch.vmap((x: Tensor) => x.split(2))(a));
    cases.add('grad(lambda x: x.split([1, 3], 1)[1].pow(2).sum())(a)', ({ a }) =>
      torch.func.grad((x: Tensor) => x.split([1, 3], 1)[1].pow(2).sum())(a),
    );
  });

  cases.group('unravel_index', () => {
    cases.add('torch.unravel_index(n, (3, 4))', ({ n }) => torch.unravelIndex(n, [3, 4]));
    cases.add('torch.unravel_index(n, (2, 3, 2))', ({ n }) => torch.unravelIndex(n, [2, 3, 2]));
    cases.add('torch.unravel_index(n, 2**63 - 1)', ({ n }) => torch.unravelIndex(n, 2n ** 63n - 1n));
    cases.add('torch.unravel_index(n.int(), 12)', ({ n }) => torch.unravelIndex(n.int(), 12));
    cases.add('torch.unravel_index(torch.tensor(7), (3, 4))', () => torch.unravelIndex(torch.tensor(7n), [3, 4]));
    cases.add('torch.unravel_index(a, (3, 4))', ({ a }) => torch.unravelIndex(a, [3, 4]));
    cases.add('torch.unravel_index(n, (-1, 4))', ({ n }) => torch.unravelIndex(n, [-1, 4]));
    cases.add('torch.unravel_index(n, 2.5)', ({ n }) => torch.unravelIndex(n, 2.5));
    cases.add('torch.unravel_index(n, (2.5,))', ({ n }) => torch.unravelIndex(n, [2.5]));
  });
});
