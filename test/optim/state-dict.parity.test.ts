/** State dicts of optimisers and schedulers: training continues in the other language as if it had not moved. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from '../../lib';
import { python } from '../support/parity/files';

const { optim } = torch;
const { lrScheduler } = optim;

let folder: string;

beforeAll(() => {
  torch.setNumThreads(1);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-optim-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);

const SETUP = `
torch.set_num_threads(1)
w = [torch.arange(6.0).reshape(2, 3) / 7 - 0.3, torch.tensor([0.5, -0.25], dtype=torch.float64)]
params = [torch.nn.Parameter(x) for x in w]
def train(optimizer, steps, scheduler=None):
    for i in range(steps):
        def closure():
            optimizer.zero_grad()
            loss = (params[0].sin() * params[0]).sum() + (params[1] ** 4).sum() + params[1].sum()
            loss.backward()
            return loss
        optimizer.step(closure)
        if scheduler is not None:
            scheduler.step()
def values():
    return [p.detach().double().flatten().tolist() for p in params]
`;

/** LBFGS needs parameters of one dtype. */
function parametersOf(name: string, values?: readonly (readonly number[])[]): torch.nn.Parameter[] {
  const start = [
    torch.arange(6, { dtype: 'float32' }).reshape(2, 3).div(7).sub(0.3),
    torch.tensor([0.5, -0.25], { dtype: 'float64' }),
  ];
  return start.map((given, i) => {
    const value = name === 'LBFGS' ? given.double() : given;
    if (values === undefined) return new torch.nn.Parameter(value);
    return new torch.nn.Parameter(torch.tensor([...values[i]], { dtype: value.dtype }).reshapeAs(value));
  });
}

function train(
  params: readonly torch.Tensor[],
  optimizer: torch.optim.AnyOptimizer,
  steps: number,
  scheduler?: { step(): void },
): void {
  for (let i = 0; i < steps; i++) {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = params[0].sin().mul(params[0]).sum().add(params[1].pow(4).sum()).add(params[1].sum());
      loss.backward();
      return loss;
    });
    scheduler?.step();
  }
}

const valuesOf = (params: readonly torch.Tensor[]): number[][] =>
  params.map((param) => Array.from(param.detach().double().flatten().data() as Float64Array));

type Class = new (params: Iterable<torch.Tensor>, options: object) => torch.optim.AnyOptimizer;

const OPTIMIZERS: readonly (readonly [name: string, python: string, options: object])[] = [
  ['SGD', 'lr=0.1, momentum=0.9, nesterov=True', { lr: 0.1, momentum: 0.9, nesterov: true }],
  ['SGD', 'lr=0.1', { lr: 0.1 }],
  ['Adam', 'lr=0.1, amsgrad=True', { lr: 0.1, amsgrad: true }],
  ['Adam', 'lr=torch.tensor(0.1)', { lr: torch.tensor(0.1) }],
  ['AdamW', 'lr=0.1, weight_decay=0.1', { lr: 0.1, weightDecay: 0.1 }],
  ['AdamW', 'lr=0.1, fused=True', { lr: 0.1, fused: true }],
  ['Adagrad', 'lr=0.1', { lr: 0.1 }],
  ['Adadelta', 'lr=0.1', { lr: 0.1 }],
  ['RMSprop', 'lr=0.1, momentum=0.9, centered=True', { lr: 0.1, momentum: 0.9, centered: true }],
  ['Adamax', 'lr=0.1', { lr: 0.1 }],
  ['NAdam', 'lr=0.1', { lr: 0.1 }],
  ['RAdam', 'lr=0.1', { lr: 0.1 }],
  ['Rprop', 'lr=0.1', { lr: 0.1 }],
  ['ASGD', 'lr=0.1, t0=1', { lr: 0.1, t0: 1 }],
  ['Adafactor', 'lr=0.1', { lr: 0.1 }],
  ['LBFGS', 'lr=0.1, max_iter=3', { lr: 0.1, maxIter: 3 }],
];

type Values = number[][];

/** Python code that does something with each optimiser: `name` is its number, `call` makes it. */
const each = (body: string): string => `
for name, call in enumerate(${JSON.stringify(OPTIMIZERS.map(([name, options]) => [name, options]))}):
    params = [torch.nn.Parameter(x.double() if call[0] == 'LBFGS' else x.clone()) for x in w]
    optimizer = eval(f"torch.optim.{call[0]}(params, {call[1]})")
${body.replace(/^(?=.)/gm, '    ')}
`;

describe('optimisers', () => {
  let theirs: [before: Values, after: Values][];
  let continued: [same: boolean, after: Values][];

  beforeAll(async () => {
    // Python trains, saves, loads, and trains on; this package does the same; then Python continues from its files.
    theirs = await python<[Values, Values][]>(
      folder,
      `${SETUP}
result = []
${each(`
train(optimizer, 3)
torch.save(optimizer.state_dict(), f"{folder}/python-{name}.pt")
before = values()
optimizer = getattr(torch.optim, call[0])(params)
optimizer.load_state_dict(torch.load(f"{folder}/python-{name}.pt"))
train(optimizer, 3)
result.append([before, values()])`)}`,
    );
    OPTIMIZERS.forEach(([name, , options], i) => {
      const params = parametersOf(name);
      const optimizer = new (optim as unknown as Record<string, Class>)[name](params, options);
      train(params, optimizer, 3);
      expect([name, valuesOf(params)]).toEqual([name, theirs[i][0]]);
      torch.save(optimizer.stateDict(), at(`ours-${i}.pt`));
    });
    continued = await python<[boolean, Values][]>(
      folder,
      `${SETUP}
import json
result = []
starts = json.loads(${JSON.stringify(JSON.stringify(theirs))})
${each(`
theirs, ours = (torch.load(f"{folder}/{side}-{name}.pt", weights_only=True) for side in ("python", "ours"))
for p, x in zip(params, starts[name][0]):
    p.data.copy_(torch.tensor(x, dtype=torch.float64).reshape(p.shape))
optimizer = getattr(torch.optim, call[0])(params)
optimizer.load_state_dict(ours)
state = {k: {n: described(v) for n, v in s.items()} for k, s in ours["state"].items()}
same = state == {k: {n: described(v) for n, v in s.items()} for k, s in theirs["state"].items()}
same = same and described(ours["param_groups"]) == described(theirs["param_groups"])
train(optimizer, 3)
result.append([same, values()])`)}`,
    );
  }, 300_000);

  const numbered = OPTIMIZERS.map(([name, options], i) => [name, options, i] as const);

  test.each(numbered)('%s(%s): a file of Python is continued here', (name, _, i) => {
    const [before, after] = theirs[i];
    const params = parametersOf(name, before);
    // Without options: those of the file are taken.
    const optimizer = new (optim as unknown as Record<string, Class>)[name](params, {});
    optimizer.loadStateDict(torch.load<Record<string, unknown>>(at(`python-${i}.pt`)));
    train(params, optimizer, 3);
    expect(valuesOf(params)).toEqual(after);
  });

  test.each(numbered)('%s(%s): a file of this package is what Python writes, and is continued there', (_, __, i) => {
    expect(continued[i]).toEqual([true, theirs[i][1]]);
  });
});

const SCHEDULERS: readonly (readonly [
  python: string,
  make: (o: torch.optim.AnyOptimizer) => torch.optim.lrScheduler.AnyScheduler,
])[] = [
  ['StepLR(o, 2, 0.5)', (o) => new lrScheduler.StepLR(o, 2, 0.5)],
  ['MultiStepLR(o, [2, 4, 4], 0.5)', (o) => new lrScheduler.MultiStepLR(o, [2, 4, 4], 0.5)],
  ['MultiStepLR(o, [])', (o) => new lrScheduler.MultiStepLR(o, [])],
  ['ConstantLR(o, 0.5, 4)', (o) => new lrScheduler.ConstantLR(o, 0.5, 4)],
  ['LinearLR(o, total_iters=4)', (o) => new lrScheduler.LinearLR(o, { totalIters: 4 })],
  ['ExponentialLR(o, 0.9)', (o) => new lrScheduler.ExponentialLR(o, 0.9)],
  ['PolynomialLR(o, 5, 2.0)', (o) => new lrScheduler.PolynomialLR(o, 5, 2)],
  ['CosineAnnealingLR(o, 5)', (o) => new lrScheduler.CosineAnnealingLR(o, 5)],
  ['CosineAnnealingWarmRestarts(o, 2, 2)', (o) => new lrScheduler.CosineAnnealingWarmRestarts(o, 2, 2)],
  ['CyclicLR(o, 0.01, 0.1, 3)', (o) => new lrScheduler.CyclicLR(o, 0.01, 0.1, 3)],
  ['OneCycleLR(o, 0.1, 8)', (o) => new lrScheduler.OneCycleLR(o, 0.1, 8)],
  ['LambdaLR(o, lambda i: 1 / (i + 1))', (o) => new lrScheduler.LambdaLR(o, (i) => 1 / (i + 1))],
  [
    'SequentialLR(o, [ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.9)], [4])',
    (o) =>
      new lrScheduler.SequentialLR(
        o,
        [new lrScheduler.ConstantLR(o, 0.1, 2), new lrScheduler.ExponentialLR(o, 0.9)],
        [4],
      ),
  ],
  [
    'ChainedScheduler([ConstantLR(o, 0.1, 2), ExponentialLR(o, 0.9)])',
    (o) =>
      new lrScheduler.ChainedScheduler([new lrScheduler.ConstantLR(o, 0.1, 2), new lrScheduler.ExponentialLR(o, 0.9)]),
  ],
  ['ReduceLROnPlateau(o, patience=0)', (o) => new lrScheduler.ReduceLROnPlateau(o, { patience: 0 })],
];

describe('schedulers', () => {
  type Rates = number[][];
  let theirs: [before: Rates, after: Rates][];
  let continued: [ours: string[], theirs: string[], after: Rates][];

  const PYTHON = (body: string): string => `
from torch.optim.lr_scheduler import *
import warnings
warnings.simplefilter("ignore")
def rates(scheduler, o, count):
    found = []
    for i in range(count):
        o.step()
        scheduler.step(1.0) if isinstance(scheduler, ReduceLROnPlateau) else scheduler.step()
        found.append([o.param_groups[0]["lr"], scheduler.get_last_lr()[0]])
    return found
result = []
for name, call in enumerate(${JSON.stringify(SCHEDULERS.map(([call]) => call))}):
    o = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.2, momentum=0.9)
    s = eval(call, {**globals(), "o": o})
${body.replace(/^(?=.)/gm, '    ')}
`;

  const newOptimizer = () => new optim.SGD([torch.ones(2, { requiresGrad: true })], { lr: 0.2, momentum: 0.9 });

  const rates = (scheduler: torch.optim.lrScheduler.AnyScheduler, o: torch.optim.SGD, count: number): Rates =>
    Array.from({ length: count }, () => {
      o.step();
      if (scheduler instanceof lrScheduler.ReduceLROnPlateau) scheduler.step(1);
      else (scheduler as torch.optim.lrScheduler.LRScheduler).step();
      return [o.paramGroups[0].lr as number, scheduler.getLastLr()[0] as number];
    });

  beforeAll(async () => {
    theirs = await python(
      folder,
      PYTHON(`
before = rates(s, o, 3)
torch.save([o.state_dict(), s.state_dict()], f"{folder}/schedule-{name}.pt")
result.append([before, rates(s, o, 4)])`),
    );
    SCHEDULERS.forEach(([call, make], i) => {
      const o = newOptimizer();
      const scheduler = make(o);
      expect([call, rates(scheduler, o, 3)]).toEqual([call, theirs[i][0]]);
      torch.save([o.stateDict(), scheduler.stateDict()], at(`our-schedule-${i}.pt`));
    });
    continued = await python(
      folder,
      PYTHON(`
ours, theirs = (torch.load(f"{folder}/{side}-{name}.pt", weights_only=True) for side in ("our-schedule", "schedule"))
names = [sorted(ours[1]), sorted(theirs[1])]
o.load_state_dict(ours[0])
s.load_state_dict(ours[1])
result.append([*names, rates(s, o, 4)])`),
    );
  }, 300_000);

  const numbered = SCHEDULERS.map(([call, make], i) => [call, make, i] as const);

  test.each(numbered)('%s: a file of Python is continued here', (_, make, i) => {
    const o = newOptimizer();
    const scheduler = make(o);
    const [optimizerState, schedulerState] = torch.load<Record<string, unknown>[]>(at(`schedule-${i}.pt`));
    o.loadStateDict(optimizerState);
    scheduler.loadStateDict(schedulerState);
    expect(rates(scheduler, o, 4)).toEqual(theirs[i][1]);
  });

  test.each(numbered)('%s: a file of this package is continued in Python', (_, __, i) => {
    const [ours, names, after] = continued[i];
    expect([ours, after]).toEqual([names, theirs[i][1]]);
  });
});
