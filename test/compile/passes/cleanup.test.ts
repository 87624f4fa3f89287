/** Dead code, common subexpressions, constants and algebraic identities. */

import * as torch from '../../../lib';
import { operators, random, runPasses } from '../../support/passes';

const pass = (name: string): string[] => ['functionalize', name, 'dead code'];

test('operators whose results are not needed go; random ones stay', () => {
  const { after } = runPasses({
    f: ([x]) => {
      x.sin().cos();
      torch.rand(3);
      return [torch.rand(3).add(x)];
    },
    inputs: random([3]),
    passes: ['dead code'],
  });
  expect(operators(after)).toEqual(['rand', 'rand', 'add.Tensor']);
});

describe('common subexpressions', () => {
  const passes = pass('common subexpressions');

  test('equal calls are made once', () => {
    const { after } = runPasses({
      f: ([x]) => [x.sin().add(x.sin().mul(2)).add(x.mul(2)), x.mul(2)],
      inputs: random([3]),
      passes,
    });
    expect(operators(after)).toEqual(['sin', 'mul.Tensor', 'add.Tensor', 'mul.Tensor', 'add.Tensor']);
  });

  test('equal outputs keep memory of their own', () => {
    runPasses({ f: ([x]) => [x.sin(), x.sin(), x.sin().view(1, 3)], inputs: random([3]), passes });
  });

  test('numbers of another sign or dtype, and random numbers, are not equal', () => {
    const { after } = runPasses({
      f: ([x]) => [x.mul(0), x.mul(-0), x.mul(2), x.mul(2.5), torch.rand(3), torch.rand(3)],
      inputs: random([3]),
      passes,
    });
    expect(operators(after)).toHaveLength(6);
  });
});

test('what depends on no input is computed once, if it is small', () => {
  const { after } = runPasses({
    f: ([x]) => [x.mul(torch.arange(3, { dtype: 'float32' }).sin().mul(2)), torch.eye(1000).add(x.sum())],
    inputs: random([3]),
    passes: pass('constant folding'),
  });
  expect(operators(after)).toEqual(['mul.Tensor', 'eye', 'sum', 'add.Tensor']);
});

describe('algebra', () => {
  const passes = pass('algebra');

  test('identities', () => {
    const { after } = runPasses({
      f: ([x]) => [x.mul(1).div(1).neg().neg().sub(0).pow(1).sin()],
      inputs: () => [torch.tensor([NaN, Infinity, -0, 0, 1.5])],
      passes,
    });
    expect(operators(after)).toEqual(['sin']);
  });

  describe('the derivative of tanh along many tangents', () => {
    const pushTangents = ([x, tangents]: torch.Tensor[]): torch.Tensor[] => [
      torch.func.vmap((tangent: torch.Tensor) => torch.func.jvp((a) => a.tanh(), [x], [tangent])[1])(tangents),
    ];

    test('is a factor that is computed once', () => {
      const inputs = () => [torch.tensor([NaN, Infinity, -0, 0, 1.5]), torch.randn([40, 5])];
      const { after } = runPasses({ f: pushTangents, inputs, passes });
      expect(operators(after)).toEqual(expect.arrayContaining(['tanh', 'tanh_backward', 'mul.Tensor']));
      expect(after).toMatch(/f32\[5\] = aten::tanh_backward/);
    });

    test('is rounded once in half precision: it stays', () => {
      const inputs = () => [torch.randn([5]).to('float16'), torch.randn([40, 5]).to('float16')];
      const { after } = runPasses({ f: pushTangents, inputs, passes });
      expect(operators(after)).not.toContain('mul.Tensor');
    });
  });

  test('adding zero turns the negative zero into zero, and stays', () => {
    const { after } = runPasses({ f: ([x]) => [x.add(0)], inputs: () => [torch.tensor([-0, 1])], passes });
    expect(operators(after)).toEqual(['add.Tensor']);
  });

  test('an identity that promotes the dtype stays', () => {
    const { after } = runPasses({
      f: ([x]) => [x.mul(1.0)],
      inputs: () => [torch.tensor([1, 2], { dtype: 'int64' })],
      passes,
    });
    expect(operators(after)).toHaveLength(1);
  });

  test('views of views, and copies', () => {
    const { after } = runPasses({
      f: ([x]) => [x.view(6).view(3, 2).unsqueeze(0).squeeze().view(2, 3).clone().t().t().sin()],
      inputs: random([2, 3]),
      passes,
    });
    expect(operators(after)).toEqual(['sin']);
  });

  test('strides and memory of outputs stay what they were', () => {
    runPasses({
      f: ([x]) => {
        const y = x.t().contiguous();
        return [x.clone(), y, x.t().mul(1), x.mul(1), x.view(6), y.select(0, 1), x.expand(2, 3)];
      },
      inputs: random([2, 3]),
      passes,
    });
  });

  test('a view of a copy that had to be contiguous', () => {
    runPasses({ f: ([x]) => [x.t().contiguous().view(6).sin()], inputs: random([2, 3]), passes });
  });

  test('products of a column and a row, sums of nothing', () => {
    const { after } = runPasses({
      f: ([x, y]) => [x.view(3, 1).mm(y.view(1, 4)).sin(), x.view(3, 1).sum(1).sin()],
      inputs: random([3], [4]),
      passes,
    });
    expect(operators(after).filter((name) => /^(mm|sum)/.test(name))).toEqual([]);
  });

  test('an element of a stack', () => {
    const { after } = runPasses({
      f: ([x, y]) => [torch.stack([x.sin(), y], 1).select(1, 0).mul(2)],
      inputs: random([3], [3]),
      passes,
    });
    expect(operators(after)).toEqual(['sin', 'mul.Tensor']);
  });
});
