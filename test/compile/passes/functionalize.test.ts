/** Graphs without writes. */

import * as torch from '../../../lib';
import { operators, random, refusal, runPasses } from '../../support/passes';
import type { PassCase } from '../../support/passes';

const passes = ['functionalize', 'dead code'];
const functionalized = (test: PassCase): string[] => {
  const { after } = runPasses({ passes, ...test });
  const names = operators(after);
  expect(names.filter((name) => /_(\.|$)/.test(name))).toEqual([]);
  return names;
};

test('an operator in place becomes its functional form', () => {
  const names = functionalized({ f: ([x, y]) => [x.sin().add_(y).mul_(2)], inputs: random([3], [3]) });
  expect(names).toEqual(['sin', 'add.Tensor', 'mul.Tensor']);
});

test('a write to a view changes the base and its other views', () => {
  functionalized({
    f: ([x]) => {
      const y = x.mul(2);
      const row = y.select(0, 1);
      const flat = y.view(6);
      row.add_(1);
      flat.narrow(0, 4, 2).fill_(7);
      y.t().select(0, 2).mul_(y.select(1, 0));
      return [y, row, flat.sum()];
    },
    inputs: random([2, 3]),
  });
});

test.each([
  ['permute', (y: torch.Tensor) => y.permute([1, 0])],
  ['transpose', (y: torch.Tensor) => y.transpose(0, 1)],
  ['unsqueeze', (y: torch.Tensor) => y.unsqueeze(1)],
  ['view', (y: torch.Tensor) => y.view(3, 2, 2)],
  ['select', (y: torch.Tensor) => y.select(1, 1)],
  ['narrow', (y: torch.Tensor) => y.narrow(1, 1, 2)],
  ['slice with a step', (y: torch.Tensor) => torch.ops.aten.slice(y, 1, 0, 4, 2) as torch.Tensor],
  ['diagonal', (y: torch.Tensor) => y.diagonal(1)],
  ['split', (y: torch.Tensor) => y.split(2, 1)[1]],
  ['unbind', (y: torch.Tensor) => y.unbind(0)[2]],
  ['asStrided', (y: torch.Tensor) => y.asStrided([2, 2], [5, 2], 1)],
  ['a view of a view', (y: torch.Tensor) => y.t().narrow(0, 1, 2).select(1, 0)],
])('writes to %s', (_name, view) => {
  functionalized({
    f: ([x]) => {
      const y = x.mul(2);
      view(y).add_(1);
      const seen = view(y).clone();
      y.mul_(3);
      return [y, seen, view(y)];
    },
    inputs: random([3, 4]),
  });
});

test('inputs are written back, and outputs that are views of them see it', () => {
  const { after } = runPasses({
    f: ([x, y]) => {
      x.select(0, 0).add_(y);
      const sum = x.sum();
      x.mul_(2);
      return [x.select(0, 0), sum, x];
    },
    inputs: random([2, 3], [3]),
    passes,
  });
  expect(after).toMatch(/^copy %\d+ to %0$/m);
});

test('two inputs that swap their contents', () => {
  functionalized({
    f: ([x, y]) => {
      const before = x.clone();
      x.copy_(y);
      y.copy_(before);
      return [x.add(y)];
    },
    inputs: random([3], [3]),
  });
});

test('copy_ converts and broadcasts; later writes to its source do not show', () => {
  functionalized({
    f: ([x, y]) => {
      const z = torch.zeros(2, 3, { dtype: 'float64' });
      z.copy_(y);
      const w = torch.empty(3).copy_(y);
      y.add_(1);
      return [z, w, x.copy_(w)];
    },
    inputs: random([3], [3]),
  });
});

test('the dtype of the tensor that is written stays', () => {
  functionalized({ f: ([x, y]) => [x.mul(1).add_(y.to('float64'))], inputs: random([3], [3]) });
});

test('random numbers in place are drawn in the same order', () => {
  functionalized({
    f: ([x]) => [x.mul(0).normal_(), torch.rand(3), x.mul(0).uniform_(), x.mul(0).bernoulli_(0.5)],
    inputs: random([20]),
  });
});

test('index_put_, scatter_ and masked_fill_', () => {
  functionalized({
    f: ([x]) => {
      const y = x.clone();
      y.indexPut_([torch.tensor([0, 2], { dtype: 'int64' })], x.narrow(0, 0, 2));
      y.scatter_(0, torch.tensor([1], { dtype: 'int64' }), 5);
      return [y.maskedFill_(x.gt(0), -1)];
    },
    inputs: random([4]),
  });
});

test('asStrided without an offset starts where its operand does', () => {
  functionalized({
    f: ([x]) => {
      const y = x.mul(2);
      const view = y.select(0, 1).asStrided([2, 2], [2, 1]);
      const before = view.clone();
      view.add_(1);
      return [before, view, y];
    },
    inputs: random([3, 4]),
  });
});

test('a view of a tensor without elements is computed', () => {
  functionalized({
    f: ([x]) => {
      const y = x.mul(2);
      const view = y.asStrided([0, 2], [6, 1], 1);
      const before = view.clone();
      view.zero_();
      return [before, y];
    },
    inputs: random([0, 3]),
  });
});

test('the identity of a Jacobian', () => {
  const names = functionalized({
    f: ([x]) => [torch.func.vmap(torch.func.jacfwd((y: torch.Tensor) => y.sin()))(x) as torch.Tensor],
    inputs: random([2, 3]),
  });
  expect(names).toContain('diagonal_scatter');
});

test('writes to expanded tensors, to memory from an offset, and to running statistics are refused', () => {
  const inputs = random([3, 1]);
  expect(refusal({ f: ([x]) => [x.mul(1).asStrided([3, 2], [1, 0]).zero_()], inputs, passes })).toMatch(/expanded/);
  const shifted = ([x]: torch.Tensor[]): torch.Tensor[] => [x.asStrided([2], [1], 1).zero_()];
  expect(refusal({ f: shifted, inputs, passes })).toMatch(/from an offset/);
  const normalize = ([x, mean]: torch.Tensor[]): torch.Tensor[] => [
    torch.nn.functional.batchNorm(x, mean, mean.exp(), { training: true }) as torch.Tensor,
  ];
  expect(refusal({ f: normalize, inputs: random([5, 3], [3]), passes })).toMatch(/running statistics/);
});
