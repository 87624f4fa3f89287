/** Learning-rate schedulers: every learning rate and momentum equals Python's to the last bit. */

import * as torch from '../../lib';
import { parity } from '../support/parity/cases';

const { lrScheduler, SGD, AdamW } = torch.optim;

type Optimizer = torch.optim.AnyOptimizer;
type Scheduler = torch.optim.lrScheduler.AnyScheduler;

const PYTHON = `
from torch.optim.lr_scheduler import (
    LambdaLR, MultiplicativeLR, StepLR, MultiStepLR, ConstantLR, LinearLR, ExponentialLR, SequentialLR, CosineAnnealingLR,
    ChainedScheduler, ReduceLROnPlateau, CyclicLR, CosineAnnealingWarmRestarts, OneCycleLR, PolynomialLR)
def sgd(lr=0.1):
    a, b = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3))
    return torch.optim.SGD([{'params': [a]}, {'params': [b], 'lr': 0.03}], lr=lr, momentum=0.9)
def adamw():
    return torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))], lr=0.1)
def number(x):
    return x.item() if isinstance(x, torch.Tensor) else x
def rates(o, make, steps=12, arguments=None):
    s = make(o)
    found = []
    for i in range(steps):
        found.append([[number(g['lr']), number(g.get('momentum', g.get('betas', [0])[0]))] for g in o.param_groups])
        found.append([number(x) for x in s.get_last_lr()])
        o.step()
        s.step(*([arguments[i]] if arguments is not None else []))
    return found
`;

function sgd(lr: number | torch.Tensor = 0.1): Optimizer {
  const [a, b] = [torch.ones(2, { requiresGrad: true }), torch.ones(3, { requiresGrad: true })];
  return new SGD([{ params: [a] }, { params: [b], lr: 0.03 }], { lr, momentum: 0.9 });
}

const adamw = (): Optimizer => new AdamW([torch.ones(2, { requiresGrad: true })], { lr: 0.1 });

const number = (x: number | torch.Tensor): number => (typeof x === 'number' ? x : x.item());

function rates(o: Optimizer, make: (o: Optimizer) => Scheduler, steps = 12, given?: readonly number[]): unknown {
  const s = make(o);
  const found: unknown[] = [];
  for (let i = 0; i < steps; i++) {
    const groups = o.paramGroups as unknown as { lr: number; momentum?: number; betas?: number[] }[];
    found.push(groups.map(({ lr, momentum, betas }) => [number(lr), momentum ?? betas?.[0] ?? 0]));
    found.push(s.getLastLr().map(number));
    o.step();
    (s as { step(x?: number): void }).step(given?.[i]);
  }
  return found;
}

const LOSSES = [5, 4, 3, 3, 3, 2.9999, 3, 3, 3, 3, 1, 1, 1, 1, 1];

parity('learning-rate schedulers', (cases) => {
  const add = (python: string, make: (o: Optimizer) => Scheduler, steps = 12, given?: readonly number[]): void => {
    for (const [name, optimizer] of [
      ['sgd()', sgd],
      ['sgd(torch.tensor(0.1))', () => sgd(torch.tensor(0.1))],
      ['adamw()', adamw],
    ] as const) {
      // Tensors of groups are compared where the scheduler takes no list with a value for each group.
      if (name === 'adamw()' && python.includes('[0.')) continue;
      const call = `rates(${name}, lambda o: ${python}, ${steps}${given ? `, ${JSON.stringify(given)}` : ''})`;
      cases.add(`${PYTHON}\nreturn ${call}`, () => rates(optimizer(), make, steps, given), {
        name: `${python}, ${name}${given ? ` and ${given.length} arguments` : ''}`,
        tolerance: 0,
      });
    }
  };
  add(
    'LambdaLR(o, lambda i: 0.95**i)',
    (o) => new lrScheduler.LambdaLR(o, (i) => torch.tensor(0.95, { dtype: 'float64' }).pow(i).item()),
  );
  add(
    'LambdaLR(o, [lambda i: 1 / (i + 1)] * len(o.param_groups))',
    (o) =>
      new lrScheduler.LambdaLR(
        o,
        o.paramGroups.map(() => (i: number) => 1 / (i + 1)),
      ),
  );
  add('MultiplicativeLR(o, lambda i: 0.95)', (o) => new lrScheduler.MultiplicativeLR(o, () => 0.95));
  add('StepLR(o, 3)', (o) => new lrScheduler.StepLR(o, 3));
  add('StepLR(o, 2, gamma=0.7)', (o) => new lrScheduler.StepLR(o, 2, { gamma: 0.7 }));
  add('StepLR(o, 3, 0.7)', (o) => new lrScheduler.StepLR(o, 3, 0.7), 6, [0, 1, 5, 6, 3, 20]);
  add('MultiStepLR(o, [2, 5, 5, 7], 0.3)', (o) => new lrScheduler.MultiStepLR(o, [2, 5, 5, 7], 0.3));
  add('MultiStepLR(o, [2, 5, 5, 7], 0.3)', (o) => new lrScheduler.MultiStepLR(o, [2, 5, 5, 7], 0.3), 4, [1, 5, 7, 2]);
  add('ConstantLR(o)', (o) => new lrScheduler.ConstantLR(o));
  add('ConstantLR(o, factor=0.3, total_iters=4)', (o) => new lrScheduler.ConstantLR(o, { factor: 0.3, totalIters: 4 }));
  add('ConstantLR(o, 0.3, 4)', (o) => new lrScheduler.ConstantLR(o, 0.3, 4), 3, [1, 6, 3]);
  add('LinearLR(o)', (o) => new lrScheduler.LinearLR(o));
  add('LinearLR(o, 0.7, 0.2, 8)', (o) => new lrScheduler.LinearLR(o, 0.7, 0.2, 8));
  add('LinearLR(o, 0.7, 0.2, 8)', (o) => new lrScheduler.LinearLR(o, 0.7, 0.2, 8), 3, [1, 9, 3]);
  add('ExponentialLR(o, 0.9)', (o) => new lrScheduler.ExponentialLR(o, 0.9));
  add('ExponentialLR(o, 0.9)', (o) => new lrScheduler.ExponentialLR(o, 0.9), 3, [1, 9, 3]);
  add('PolynomialLR(o, total_iters=7)', (o) => new lrScheduler.PolynomialLR(o, { totalIters: 7 }));
  add('PolynomialLR(o, 9, 2.5)', (o) => new lrScheduler.PolynomialLR(o, 9, 2.5));
  add('PolynomialLR(o, 9, 2.5)', (o) => new lrScheduler.PolynomialLR(o, 9, 2.5), 3, [1, 10, 3]);
  add('CosineAnnealingLR(o, 5)', (o) => new lrScheduler.CosineAnnealingLR(o, 5), 25);
  add('CosineAnnealingLR(o, 4, eta_min=0.01)', (o) => new lrScheduler.CosineAnnealingLR(o, 4, { etaMin: 0.01 }), 25);
  add('CosineAnnealingLR(o, 4, 0.01)', (o) => new lrScheduler.CosineAnnealingLR(o, 4, 0.01), 4, [1, 10, 3, 4]);
  add('CosineAnnealingWarmRestarts(o, 3)', (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3));
  add(
    'CosineAnnealingWarmRestarts(o, 3, 2, 0.01)',
    (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3, 2, 0.01),
    25,
  );
  add(
    'CosineAnnealingWarmRestarts(o, 3, 2)',
    (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    6,
    [0.5, 1.5, 3, 8.25, 9, 2],
  );
  add(
    'CosineAnnealingWarmRestarts(o, 3)',
    (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 3),
    4,
    [0.5, 1.5, 3, 8.25],
  );
  add('CyclicLR(o, 0.01, 0.2, 4)', (o) => new lrScheduler.CyclicLR(o, 0.01, 0.2, 4), 20);
  add(
    'CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 2, 5)',
    (o) => new lrScheduler.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 2, 5),
    20,
  );
  add(
    "CyclicLR(o, 0.01, 0.2, 3, mode='triangular2', base_momentum=0.5)",
    (o) => new lrScheduler.CyclicLR(o, 0.01, 0.2, 3, { mode: 'triangular2', baseMomentum: 0.5 }),
    20,
  );
  add(
    "CyclicLR(o, 0.01, 0.2, 3, mode='exp_range', gamma=0.9, cycle_momentum=False)",
    (o) => new lrScheduler.CyclicLR(o, 0.01, 0.2, 3, { mode: 'exp_range', gamma: 0.9, cycleMomentum: false }),
    20,
  );
  add(
    "CyclicLR(o, 0.01, 0.2, 3, scale_fn=lambda x: 1 / (5 * x), scale_mode='cycle')",
    (o) => new lrScheduler.CyclicLR(o, 0.01, 0.2, 3, { scaleFn: (x) => 1 / (5 * x), scaleMode: 'cycle' }),
    20,
  );
  add('OneCycleLR(o, 0.5, total_steps=20)', (o) => new lrScheduler.OneCycleLR(o, 0.5, { totalSteps: 20 }), 20);
  add(
    "OneCycleLR(o, 0.5, epochs=4, steps_per_epoch=5, anneal_strategy='linear', pct_start=0.4)",
    (o) => new lrScheduler.OneCycleLR(o, 0.5, { epochs: 4, stepsPerEpoch: 5, annealStrategy: 'linear', pctStart: 0.4 }),
    20,
  );
  add(
    'OneCycleLR(o, 0.5, 20, three_phase=True, div_factor=10.0, final_div_factor=100.0)',
    (o) => new lrScheduler.OneCycleLR(o, 0.5, 20, { threePhase: true, divFactor: 10, finalDivFactor: 100 }),
    20,
  );
  add(
    'OneCycleLR(o, [0.5, 0.2], 20, cycle_momentum=False)',
    (o) => new lrScheduler.OneCycleLR(o, [0.5, 0.2], 20, { cycleMomentum: false }),
    20,
  );
  add('ReduceLROnPlateau(o, patience=1)', (o) => new lrScheduler.ReduceLROnPlateau(o, { patience: 1 }), 15, LOSSES);
  add(
    "ReduceLROnPlateau(o, 'max', 0.5, 0, cooldown=2, min_lr=0.02)",
    (o) => new lrScheduler.ReduceLROnPlateau(o, 'max', 0.5, 0, { cooldown: 2, minLr: 0.02 }),
    15,
    LOSSES,
  );
  add(
    "ReduceLROnPlateau(o, factor=0.3, patience=2, threshold=0.5, threshold_mode='abs')",
    (o) => new lrScheduler.ReduceLROnPlateau(o, { factor: 0.3, patience: 2, threshold: 0.5, thresholdMode: 'abs' }),
    15,
    LOSSES,
  );
  add(
    "ReduceLROnPlateau(o, 'max', threshold=0.5, threshold_mode='abs', patience=0, min_lr=[0.01, 0.02])",
    (o) =>
      new lrScheduler.ReduceLROnPlateau(o, 'max', {
        threshold: 0.5,
        thresholdMode: 'abs',
        patience: 0,
        minLr: [0.01, 0.02],
      }),
    15,
    LOSSES,
  );
  add(
    'SequentialLR(o, [LinearLR(o, 0.1, total_iters=3), CosineAnnealingLR(o, 6)], [4])',
    (o) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.LinearLR(o, 0.1, { totalIters: 3 }), new lrScheduler.CosineAnnealingLR(o, 6)],
        [4],
      ),
  );
  add(
    'SequentialLR(o, [ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.9), StepLR(o, 2)], [2, 5])',
    (o) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.ConstantLR(o, 0.1, 2), new lrScheduler.ExponentialLR(o, 0.9), new lrScheduler.StepLR(o, 2)],
        [2, 5],
      ),
  );
  add(
    'ChainedScheduler([LinearLR(o, 0.1, total_iters=3), ExponentialLR(o, 0.9)])',
    (o) =>
      new lrScheduler.ChainedScheduler([
        new lrScheduler.LinearLR(o, 0.1, { totalIters: 3 }),
        new lrScheduler.ExponentialLR(o, 0.9),
      ]),
  );
  add(
    'SequentialLR(o, [ChainedScheduler([ConstantLR(o, 0.1, 3), ExponentialLR(o, 0.9)]), StepLR(o, 2)], [5])',
    (o) =>
      new lrScheduler.SequentialLR(
        o,
        [
          new lrScheduler.ChainedScheduler([
            new lrScheduler.ConstantLR(o, 0.1, 3),
            new lrScheduler.ExponentialLR(o, 0.9),
          ]),
          new lrScheduler.StepLR(o, 2),
        ],
        [5],
      ),
  );

  cases.group('continued', () => {
    cases.add(
      `${PYTHON}
o = sgd()
for g in o.param_groups:
    g['initial_lr'] = g['lr'] * 3
return rates(o, lambda o: StepLR(o, 3, last_epoch=4)) + rates(o, lambda o: CosineAnnealingLR(o, 7, last_epoch=4))`,
      () => {
        const o = sgd();
        for (const group of o.paramGroups as unknown as { lr: number; initialLr: number }[])
          group.initialLr = group.lr * 3;
        return [
          ...(rates(o, (o) => new lrScheduler.StepLR(o, 3, { lastEpoch: 4 })) as unknown[]),
          ...(rates(o, (o) => new lrScheduler.CosineAnnealingLR(o, 7, { lastEpoch: 4 })) as unknown[]),
        ];
      },
      { name: 'lastEpoch', tolerance: 0 },
    );
  });

  cases.group('errors', () => {
    const fails = (python: string, make: (o: Optimizer) => unknown): void =>
      cases.add(`${PYTHON}\no = sgd()\nreturn str(${python})`, () => make(sgd()), { name: python });
    fails('StepLR(1, 2)', () => new lrScheduler.StepLR(1 as never, 2));
    fails('StepLR(o, 2, last_epoch=3)', (o) => new lrScheduler.StepLR(o, 2, { lastEpoch: 3 }));
    fails('LambdaLR(o, [lambda i: 1])', (o) => new lrScheduler.LambdaLR(o, [() => 1]));
    fails('MultiplicativeLR(o, [1, 2])', (o) => new lrScheduler.MultiplicativeLR(o, [1, 2] as never));
    fails('ConstantLR(o, 1.5)', (o) => new lrScheduler.ConstantLR(o, 1.5));
    fails('LinearLR(o, 0)', (o) => new lrScheduler.LinearLR(o, 0));
    fails('LinearLR(o, 0.5, 1.5)', (o) => new lrScheduler.LinearLR(o, 0.5, 1.5));
    fails('CosineAnnealingWarmRestarts(o, 0)', (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 0));
    fails('CosineAnnealingWarmRestarts(o, 2, 1.5)', (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 2, 1.5));
    fails('CosineAnnealingWarmRestarts(o, 2).step(-1)', (o) =>
      new lrScheduler.CosineAnnealingWarmRestarts(o, 2).step(-1),
    );
    fails("CyclicLR(o, 0.1, 0.2, mode='x')", (o) => new lrScheduler.CyclicLR(o, 0.1, 0.2, { mode: 'x' as never }));
    fails('CyclicLR(o, [0.1], 0.2)', (o) => new lrScheduler.CyclicLR(o, [0.1], 0.2));
    fails('OneCycleLR(o, 0.1)', (o) => new lrScheduler.OneCycleLR(o, 0.1));
    fails('OneCycleLR(o, 0.1, 0)', (o) => new lrScheduler.OneCycleLR(o, 0.1, 0));
    fails('OneCycleLR(o, 0.1, 5, pct_start=1.5)', (o) => new lrScheduler.OneCycleLR(o, 0.1, 5, { pctStart: 1.5 }));
    fails(
      "OneCycleLR(o, 0.1, 5, anneal_strategy='x')",
      (o) => new lrScheduler.OneCycleLR(o, 0.1, 5, { annealStrategy: 'x' as never }),
    );
    fails('[s.step() for s in [OneCycleLR(o, 0.1, 2)] for _ in range(4)]', (o) => {
      const s = new lrScheduler.OneCycleLR(o, 0.1, 2);
      for (let i = 0; i < 4; i++) s.step();
    });
    fails('ReduceLROnPlateau(o, factor=1.0)', (o) => new lrScheduler.ReduceLROnPlateau(o, { factor: 1 }));
    fails("ReduceLROnPlateau(o, 'x')", (o) => new lrScheduler.ReduceLROnPlateau(o, 'x' as never));
    fails(
      "ReduceLROnPlateau(o, threshold_mode='x')",
      (o) => new lrScheduler.ReduceLROnPlateau(o, { thresholdMode: 'x' as never }),
    );
    fails('ReduceLROnPlateau(o, min_lr=[0.1])', (o) => new lrScheduler.ReduceLROnPlateau(o, { minLr: [0.1] }));
    fails('ReduceLROnPlateau(o).step()', (o) => new lrScheduler.ReduceLROnPlateau(o).step(undefined as never));
    fails('SequentialLR(o, [], [])', (o) => new lrScheduler.SequentialLR(o, [], []));
    fails(
      'SequentialLR(o, [StepLR(o, 2)], [1])',
      (o) => new lrScheduler.SequentialLR(o, [new lrScheduler.StepLR(o, 2)], [1]),
    );
    fails(
      'SequentialLR(o, [ReduceLROnPlateau(o)], [])',
      (o) => new lrScheduler.SequentialLR(o, [new lrScheduler.ReduceLROnPlateau(o)], []),
    );
    fails(
      'ChainedScheduler([StepLR(o, 2), StepLR(sgd(), 2)])',
      (o) => new lrScheduler.ChainedScheduler([new lrScheduler.StepLR(o, 2), new lrScheduler.StepLR(sgd(), 2)]),
    );
  });
});
