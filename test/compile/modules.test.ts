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
