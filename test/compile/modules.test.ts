/** Compiled functions of modules, and of what else is set between calls. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { nn } = torch;

test.each([
  ['Dropout', () => new nn.Dropout(0.5)],
  ['BatchNorm1d', () => new nn.BatchNorm1d(3)],
  ['a Dropout in a Sequential', () => new nn.Sequential(new nn.Linear(3, 3), new nn.Dropout(0.5))],
])('%s in training and in evaluation mode', (_, make) => {
  const [net, eager] = [make(), make()];
  eager.loadStateDict(net.stateDict());
  const compiled = torch.compile((x: Tensor) => net(x) as Tensor);
  const x = torch.randn([4, 3]);
  torch.noGrad(() => {
    for (const isTraining of [true, true, false, false, true, false]) {
      net.train(isTraining);
      eager.train(isTraining);
      torch.manualSeed(5);
      const actual = compiled(x);
      torch.manualSeed(5);
      expectSame(actual, eager(x));
    }
  });
});

test('`training` that is assigned to', () => {
  const net = new nn.Dropout(1);
  const compiled = torch.compile((x: Tensor) => net(x), { fullgraph: true });
  expectSame(compiled(torch.ones(2)), torch.zeros(2));
  net.training = false;
  expectSame(compiled(torch.ones(2)), torch.ones(2));
  expect(Object.keys(net)[0]).toBe('training');
});

test('Module.to after the first call', () => {
  const net = new nn.Linear(2, 1);
  const compiled = torch.compile((x: Tensor) => net(x.to(net.weight.dtype)), { fullgraph: true });
  torch.noGrad(() => {
    const x = torch.ones([1, 2]);
    for (let i = 0; i < 2; i++) compiled(x);
    net.to('float64');
    net.weight.fill_(10);
    net.bias!.fill_(0);
    for (let i = 0; i < 2; i++) expectSame(compiled(x), torch.tensor([[20]], { dtype: 'float64' }));
  });
});

test('the default device is part of the signature', () => {
  const compiled = torch.compile(() => torch.ones(2), { fullgraph: true });
  for (let i = 0; i < 2; i++) expect(compiled().device.type).toBe('cpu');
  torch.setDefaultDevice('meta');
  try {
    expect(compiled().device.type).toBe('meta');
  } finally {
    torch.setDefaultDevice(null);
  }
  expect(compiled().device.type).toBe('cpu');
});

describe('a compiled module', () => {
  const make = (): torch.nn.Sequential => new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout(0.5));

  test('has the properties and methods of the module', () => {
    const net = make();
    const compiled = torch.compile(net);
    expect(compiled).toBeInstanceOf(nn.Sequential);
    expect([compiled.name, compiled.length, compiled.constructor]).toEqual(['Sequential', 2, nn.Sequential]);
    expect(compiled.parameters().map((p, i) => p === net.parameters()[i])).toEqual([true, true]);
    expect(compiled.namedParameters().map(([name]) => name)).toEqual(['0.weight', '0.bias']);
    expect(Object.keys(compiled.stateDict())).toEqual(['0.weight', '0.bias']);
    expect(compiled[0]).toBe(net[0]);
    expect([...compiled]).toEqual([...net]);
    expect(String(compiled)).toBe(String(net));
    const other = make();
    compiled.loadStateDict(other.stateDict());
    expectSame(net[0].parameters()[0], other[0].parameters()[0]);
  });

  test('train() and eval() set the mode of the module, and return the compiled one', () => {
    const net = make();
    const compiled = torch.compile(net, { fullgraph: true });
    const x = torch.ones(1, 3);
    torch.noGrad(() => {
      expect(compiled.eval()).toBe(compiled);
      expect([net.training, net[1].training, compiled.training]).toEqual([false, false, false]);
      for (let i = 0; i < 2; i++) expectSame(compiled(x), net(x));
      compiled.training = true;
      expect(net.training).toBe(true);
      expect(compiled.train().to('float64')).toBe(compiled);
      expect(compiled(x.to('float64')).dtype).toBe('float64');
    });
    expect(compiled.explain().length).toBeGreaterThan(0);
  });

  test('can be part of another module, and be called with other parameters', () => {
    class Net extends nn.Module {
      block = torch.compile(new nn.Linear(2, 2));
      override forward(x: Tensor): Tensor {
        return this.block(x).mul(2);
      }
    }
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual(['block.weight', 'block.bias']);
    expect(net.eval().block.training).toBe(false);
    const x = torch.ones(1, 2);
    torch.noGrad(() => {
      for (let i = 0; i < 2; i++) net(x);
      const zeros = Object.fromEntries(net.namedParameters().map(([name, p]) => [name, torch.zerosLike(p)]));
      for (let i = 0; i < 2; i++) expectSame(torch.func.functionalCall(net, zeros, x), torch.zeros(1, 2));
      const { 'block.weight': weight, 'block.bias': bias } = zeros;
      const direct = torch.func.functionalCall(net.block, { weight, bias }, x);
      expectSame(direct, torch.zeros(1, 2));
      expectSame(net(x), nn.functional.linear(x, net.block.weight, net.block.bias).mul(2));
    });
  });

  test('a functional call inside of a compiled function', () => {
    const net = new nn.Linear(2, 1);
    const compiled = torch.compile(
      (weight: Tensor, x: Tensor) => torch.func.functionalCall(net, { weight }, x) as Tensor,
      { fullgraph: true },
    );
    torch.noGrad(() => {
      for (const scale of [1, 2, 3]) {
        const weight = torch.ones(1, 2).mul(scale);
        expectSame(compiled(weight, torch.ones(1, 2)), net.bias!.add(2 * scale).unsqueeze(0));
      }
    });
  });
});
