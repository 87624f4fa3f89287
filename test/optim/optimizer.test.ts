/** What the base class does for every optimiser: hooks, groups, scopes, closures, text. */

import { inspect } from 'node:util';

import * as torch from '../../lib';

const { optim } = torch;

const parameter = (...values: number[]): torch.nn.Parameter => new torch.nn.Parameter(torch.tensor(values));

/** A parameter with its gradient. */
function withGrad(): torch.nn.Parameter {
  const w = parameter(1, 2);
  w.square().sum().backward();
  return w;
}

describe('step', () => {
  test('returns what the closure returned, and calls it with recording enabled', () => {
    const w = parameter(1, 2);
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        const loss = w.square().sum();
        loss.backward();
        return loss;
      }),
    );
    expect([loss.item(), w.detach().toArray()]).toEqual([5, [0, 0]]);
    expect(optimizer.step()).toBeUndefined();
  });

  test('refuses a closure that is not a function, or that returns a Promise', () => {
    const optimizer = new optim.SGD([withGrad()], { lr: 0.5 });
    expect(() => optimizer.step(1 as never)).toThrow(/step\(\): argument 'closure' must be a function, not number/);
    expect(() => optimizer.step(() => Promise.resolve(1))).toThrow(TypeError);
    expect(torch.isGradEnabled()).toBe(true);
  });

  test('leaves parameters without a gradient, and their state, alone', () => {
    const [w, frozen] = [withGrad(), parameter(3)];
    const optimizer = new optim.Adam([w, frozen]);
    optimizer.step();
    expect([frozen.detach().toArray(), optimizer.state.size, optimizer.state.has(w)]).toEqual([[3], 1, true]);
  });

  test('frees what it computes, and keeps its state when a scope ends', () => {
    for (const Class of [optim.SGD, optim.Adam, optim.RMSprop, optim.LBFGS]) {
      const w = parameter(1, 2);
      const options = Class === optim.SGD || Class === optim.RMSprop ? { momentum: 0.9 } : {};
      const optimizer = new (Class as new (params: torch.Tensor[], options: object) => torch.optim.AnyOptimizer)(
        [w],
        options,
      );
      const step = () =>
        torch.scope(() => {
          optimizer.step(() => {
            optimizer.zeroGrad();
            const loss = w.pow(4).sum();
            loss.backward();
            return loss;
          });
        });
      step();
      const { tensors } = torch.memoryUsage();
      step();
      step();
      // The history of LBFGS grows by two vectors and two numbers in each iteration.
      if (Class !== optim.LBFGS) expect(torch.memoryUsage().tensors).toBe(tensors);
      expect(w.isDisposed).toBe(false);
    }
  });

  test('a fused step works on several dtypes, and refuses integers and complex numbers', () => {
    const params = (['float32', 'float64'] as const).map((dtype) => {
      const w = new torch.nn.Parameter(torch.ones([2], { dtype }));
      w.sum().backward();
      return w;
    });
    new optim.SGD(params, { lr: 0.5, fused: true }).step();
    expect(params.map((w) => w.detach().toArray())).toEqual([
      [0.5, 0.5],
      [0.5, 0.5],
    ]);
    const z = new torch.nn.Parameter(torch.ones([2], { dtype: 'complex64' }));
    z.abs().sum().backward();
    expect(() => new optim.Adam([z], { fused: true }).step()).toThrow(/requires all the params to be floating point/);
  });
});

describe('hooks', () => {
  test('run around each step, those of one optimiser inside those of all', () => {
    const optimizer = new optim.SGD([withGrad()], { lr: 0.5 });
    const seen: string[] = [];
    const handles = [
      optim.registerOptimizerStepPreHook(() => void seen.push('all before')),
      optim.registerOptimizerStepPostHook(() => void seen.push('all after')),
      optimizer.registerStepPreHook((self, args) => void seen.push(`before ${self === optimizer} ${args.length}`)),
      optimizer.registerStepPostHook(() => void seen.push('after')),
    ];
    optimizer.step();
    expect(seen).toEqual(['all before', 'before true 0', 'after', 'all after']);
    for (const handle of handles) handle.remove();
    optimizer.step();
    expect(seen).toHaveLength(4);
  });

  test('before a step may replace its arguments', () => {
    const optimizer = new optim.SGD([withGrad()], { lr: 0.5 });
    optimizer.registerStepPreHook(() => [() => 'replaced']);
    expect(optimizer.step(() => 'given')).toBe('replaced');
    optimizer.registerStepPreHook(() => 1 as never);
    expect(() => optimizer.step()).toThrow(/must return nothing or an array, but got number/);
  });

  test('of state dicts may replace them, in the order of prepend', () => {
    const optimizer = new optim.SGD([withGrad()], { lr: 0.5 });
    const order: number[] = [];
    optimizer.registerStateDictPreHook(() => void order.push(2));
    optimizer.registerStateDictPreHook(() => void order.push(1), { prepend: true });
    optimizer.registerStateDictPostHook((_, state) => ({ ...state, param_groups: [] }));
    expect(optimizer.stateDict().param_groups).toEqual([]);
    expect(order).toEqual([1, 2]);
    optimizer.registerLoadStateDictPreHook((_, state) => ({
      ...state,
      param_groups: [{ params: [0], lr: 0.25 }],
    }));
    let loaded = 0;
    optimizer.registerLoadStateDictPostHook(() => void (loaded += 1));
    optimizer.loadStateDict(optimizer.stateDict());
    expect([optimizer.paramGroups[0].lr, loaded]).toEqual([0.25, 1]);
    expect(() => optimizer.registerStateDictPreHook(1 as never)).toThrow(/argument 'hook' must be a function/);
  });
});

describe('groups', () => {
  test('take the options of the optimiser where they have none, and may change between steps', () => {
    const [a, b] = [withGrad(), withGrad()];
    const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0 }], { lr: 0.5 });
    optimizer.paramGroups[0].lr = 0.25;
    optimizer.step();
    expect([a.detach().toArray(), b.detach().toArray()]).toEqual([
      [0.5, 1],
      [1, 2],
    ]);
  });

  test('have the names of named parameters', () => {
    const net = new torch.nn.Linear(2, 1);
    const optimizer = new optim.SGD(net.namedParameters(), { lr: 0.1 });
    expect(optimizer.paramGroups[0].paramNames).toEqual(['weight', 'bias']);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ param_names: ['weight', 'bias'], params: [0, 1] });
  });
});

test('zeroGrad removes gradients, or sets them to zeros', () => {
  const w = withGrad();
  const optimizer = new optim.SGD([w], { lr: 0.5 });
  optimizer.zeroGrad(false);
  expect(w.grad?.toArray()).toEqual([0, 0]);
  optimizer.zeroGrad();
  expect(w.grad).toBeNull();
});

test('options of the wrong type are refused by name', () => {
  const w = parameter(1);
  for (const [options, message] of [
    [{ lr: '1' }, /SGD\(\): option 'lr' must be a number or a Tensor, not string/],
    [{ momentum: null }, /SGD\(\): option 'momentum' must be a number, not null/],
    [{ nesterov: 1 }, /SGD\(\): option 'nesterov' must be a boolean, not number/],
    [{ foreach: 'x' }, /SGD\(\): option 'foreach' must be a boolean or null, not string/],
    [{ momentun: 0.9 }, /SGD\(\): unknown option 'momentun'; the options are lr, momentum/],
  ] as const) {
    expect(() => new optim.SGD([w], options as never)).toThrow(TypeError);
    expect(() => new optim.SGD([w], options as never)).toThrow(message);
  }
  expect(() => new optim.Adam([w], { betas: [0.9] as never })).toThrow(/option 'betas' must be an array of 2 numbers/);
  expect(() => new optim.SGD(3 as never)).toThrow(/argument 'params' must be an iterable of Tensors, not number/);
});

test('loadStateDict refuses what is not a state dict of these groups', () => {
  const optimizer = new optim.Adam([parameter(1)]);
  expect(() => optimizer.loadStateDict(1 as never)).toThrow(
    /expected an object with 'state' and 'param_groups', got number/,
  );
  const group = { params: [0] };
  expect(() => optimizer.loadStateDict({ state: [], param_groups: [group] })).toThrow(
    /'state' must be a Map or an object/,
  );
  expect(() => optimizer.loadStateDict({ state: { 0: 5 }, param_groups: [group] })).toThrow(
    /state of parameter 0 is number/,
  );
});

test('loadStateDict adapts an old file: a step that is a number, options that did not exist', () => {
  const w = withGrad();
  const optimizer = new optim.Adam([w], { amsgrad: true, maximize: true });
  optimizer.loadStateDict({
    state: { 0: { step: 3, exp_avg: torch.zeros(2), exp_avg_sq: torch.ones([2], { dtype: 'float64' }) } },
    param_groups: [{ params: [7], lr: 0.5 }],
  });
  expect(optimizer.state.size).toBe(1);
  optimizer.loadStateDict({
    state: new Map([[7, { step: 3, exp_avg: torch.zeros(2), exp_avg_sq: torch.ones([2], { dtype: 'float64' }) }]]),
    param_groups: [{ params: [7], lr: 0.5 }],
  });
  const { step, expAvgSq } = optimizer.state.get(w)!;
  expect([step.item(), step.dtype, expAvgSq.dtype]).toEqual([3, 'float32', 'float32']);
  expect(optimizer.paramGroups[0]).toMatchObject({ lr: 0.5, amsgrad: false, maximize: false, foreach: null });
  optimizer.step();
  expect(step.item()).toBe(4);
});

describe('swapInOptimizerParamsAndState', () => {
  const swap = optim.swapInOptimizerParamsAndState;

  test('steps change the given tensors and states in place, and the optimiser is as before afterwards', () => {
    const w = withGrad();
    const optimizer = new optim.Adam([w], { lr: 0.5 });
    expect(() => swap(optimizer, { w }, optimizer.stateDict())).toThrow(/has no state yet/);
    optimizer.step();
    const [value, group] = [w.detach().clone(), optimizer.paramGroups[0]];
    const other = torch.zeros(2);
    other.grad = torch.ones(2);
    const state = optimizer.stateDict();
    const expAvg = torch.zeros(2);
    state.state.set(0, {
      ...(state.state.get(0) as object),
      step: torch.tensor(0),
      exp_avg: expAvg,
      exp_avg_sq: torch.zeros(2),
    });
    state.param_groups[0]['lr'] = 0.25;
    swap(optimizer, { w: other }, state, () => optimizer.step());
    // The first step of Adam has the size of the learning rate.
    expect(other.sub(-0.25).abs().max().item()).toBeLessThan(1e-6);
    expect(expAvg.mul(10).round().toArray()).toEqual([1, 1]);
    expect(w.detach().equal(value)).toBe(true);
    expect(optimizer.paramGroups[0]).toBe(group);
    expect([group.lr, optimizer.state.get(w)?.step.item()]).toEqual([0.5, 1]);
  });

  test('refuses a state dict of other groups, and too few tensors', () => {
    const w = withGrad();
    const optimizer = new optim.SGD([w], { lr: 0.5, momentum: 0.9 });
    optimizer.step();
    const state = optimizer.stateDict();
    expect(() => swap(optimizer, {}, state)).toThrow(/fewer parameters than in the groups/);
    expect(() => swap(optimizer, { w }, { ...state, param_groups: [] })).toThrow(
      /different number of parameter groups/,
    );
    expect(() => swap(optimizer, { w }, { ...state, param_groups: [{ params: [0] }] })).toThrow(/do not match: 'lr'/);
    expect(() => swap(optimizer, { w }, 1 as never)).toThrow(/expected a state dict, got number/);
  });
});

test('an optimiser prints its groups', () => {
  const text = [
    'SGD (',
    'Parameter Group 0',
    '    dampening: 0',
    '    differentiable: False',
    '    foreach: None',
    '    fused: None',
    '    lr: 0.1',
    '    maximize: False',
    '    momentum: 0.9',
    '    nesterov: False',
    '    weightDecay: 0',
    ')',
  ].join('\n');
  const optimizer = new optim.SGD([parameter(1)], { lr: 0.1, momentum: 0.9 });
  expect([String(optimizer), inspect(optimizer)]).toEqual([text, text]);
});

test('a scheduler before the first step of its optimiser warns', () => {
  const warnings: string[] = [];
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
  try {
    const optimizer = new optim.SGD([withGrad()], { lr: 0.5 });
    const scheduler = new optim.lrScheduler.StepLR(optimizer, 1);
    scheduler.step();
    expect(warnings.join()).toMatch(/Detected call of `lrScheduler.step\(\)` before `optimizer.step\(\)`/);
    scheduler.getLr();
    expect(warnings.join()).toMatch(/please use `getLastLr\(\)`/);
  } finally {
    emit.mockRestore();
  }
});
