/** What PyTorch's TestAutograd tries, against PyTorch; and what it looks at beside values. */

import * as torch from '../../lib';
import { parity, flat, some, tensorOf } from '../support/parity/cases';
import { edgeCases } from './parity/edges';
import { engineBehaviours } from './parity/engine';
import { indexBehaviours } from './parity/indexed';
import { inPlaceBehaviours } from './parity/in-place';
import { nodeBehaviours } from './parity/nodes';
import { retainedBehaviours } from './parity/retained';

parity('the engine', (cases) => {
  cases.inputs({
    x: some([3], 'float64', 1),
    y: some([3], 'float64', 2),
    m: some([2, 3], 'float64', 3),
    b: some([4, 3], 'float64', 4),
    s: tensorOf(0.5),
    i: tensorOf([1, 2], 'int64'),
    ones: flat([1, 1, 1], [3], 'float64'),
  });
  cases.group('gradients', () => engineBehaviours(cases));
  cases.group('in place', () => inPlaceBehaviours(cases));
  cases.group('indices', () => indexBehaviours(cases));
  cases.group('hooks', () => nodeBehaviours(cases));
  cases.group('a retained gradient', () => retainedBehaviours(cases));
  edgeCases(cases);
});

test('a graph of 50,000 operators is released without exhausting the stack', () => {
  const x = torch.ones(1, { requiresGrad: true });
  torch.scope(() => {
    let y = x.clone();
    for (let i = 0; i < 50_000; i++) {
      const next = y.mul(1.000001);
      y.dispose();
      y = next;
    }
    expect(y.requiresGrad).toBe(true);
  });
  expect(x.clone().requiresGrad).toBe(true);
});

test('adding to .grad keeps the tensor where nothing is recorded, and makes another where something is', () => {
  for (const createGraph of [false, true]) {
    const x = torch.tensor([1.5, 1.5], { requiresGrad: true });
    x.grad = torch.tensor([1.5, 1.5]);
    const saved = x.grad;
    x.backward(torch.tensor([1.5, 1.5]), { createGraph });
    expect(x.grad.toArray()).toEqual([3, 3]);
    expect(saved.toArray()).toEqual(createGraph ? [1.5, 1.5] : [3, 3]);
    x.grad = null;
  }
});

test('backward with createGraph warns of the cycle that it makes', () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  // Otherwise once in a process, where another test may have had it before.
  torch.setWarnAlways(true);
  try {
    const x = torch.ones(1, { requiresGrad: true });
    x.pow(2).backward();
    expect(emit).not.toHaveBeenCalled();
    x.pow(2).backward({ createGraph: true });
    x.grad = null;
    expect(emit.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('Using backward() with createGraph=true'),
    ]);
  } finally {
    torch.setWarnAlways(false);
    emit.mockRestore();
  }
});

test('grad of the same graph may be taken again after createGraph, also of an operator that saves its result', () => {
  for (const f of [(x: torch.Tensor) => x.pow(2), (x: torch.Tensor) => x.exp()]) {
    const x = torch.tensor(2, { dtype: 'float64', requiresGrad: true });
    const y = f(x);
    torch.autograd.grad(y, x, { createGraph: true });
    expect(torch.autograd.grad(y, x)[0].item()).toBe(torch.func.grad(f)(x.detach()).item());
  }
});

test('modes are as they were after an engine inside a hook', () => {
  const x = torch.ones(2, { requiresGrad: true });
  x.registerHook(() => {
    expect(torch.isGradEnabled()).toBe(false);
    torch.enableGrad(() => {
      const y = torch.ones(1, { requiresGrad: true });
      y.pow(2).backward();
      expect(torch.isGradEnabled()).toBe(true);
    });
    expect(torch.isGradEnabled()).toBe(false);
  });
  torch.enableGrad(() => {
    x.sum().backward();
    expect(torch.isGradEnabled()).toBe(true);
  });
  expect(torch.isGradEnabled()).toBe(true);
});

test('modes that call each other keep what each has set', () => {
  const seen: boolean[] = [];
  const enabled = (depth: number): void => {
    torch.enableGrad(() => {
      seen.push(torch.isGradEnabled());
      if (depth > 0) disabled(depth - 1);
      seen.push(torch.isGradEnabled());
    });
  };
  const disabled = (depth: number): void => {
    using _ = torch.noGrad();
    seen.push(!torch.isGradEnabled());
    if (depth > 0) enabled(depth - 1);
    seen.push(!torch.isGradEnabled());
  };
  enabled(10);
  torch.noGrad(() => disabled(10));
  expect(seen).not.toContain(false);
  expect(seen).toHaveLength(44);
});

test('an engine inside hooks: 50 deep it runs, and deeper as far as the stack allows', () => {
  const deep = (n: number): void => {
    torch.enableGrad(() => {
      const y = torch.ones(1, { requiresGrad: true }).mul(2);
      y.registerHook(() => {
        if (n > 0) deep(n - 1);
      });
      y.sum().backward();
    });
  };
  deep(50);
  expect(() => {
    deep(20_000);
  }).toThrow(
    /^Maximum call stack size exceeded: \d+ backward passes are nested, .* resourceLimits\.stackSizeMb .* --stack-size/,
  );
  deep(50);
});

test('reading .grad of a tensor that is no leaf warns, unless it retains it', () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    const x = torch.ones(1, { requiresGrad: true });
    expect(x.grad).toBeNull();
    const retained = x.clone();
    retained.retainGrad();
    expect(retained.grad).toBeNull();
    expect(emit).not.toHaveBeenCalled();
    expect(x.clone().grad).toBeNull();
    expect(emit.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('The .grad attribute of a Tensor that is not a leaf Tensor is being accessed.'),
    ]);
  } finally {
    emit.mockRestore();
  }
});
