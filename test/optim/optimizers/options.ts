/** Each optimiser with each of its options, in float32, float64 and complex numbers. */

import * as torch from '../../../lib';
import type { Dtype } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { INPUTS, PYTHON, train } from './training';

const { optim } = torch;

type Class = new (params: Iterable<torch.Tensor>, options: object) => torch.optim.AnyOptimizer;

interface Entry {
  python: string;
  options: object;
  /** The dtypes; float32 and float64 by default. */
  dtypes?: readonly Dtype[];
}

const REAL: readonly Dtype[] = ['float32', 'float64'];
const ALL: readonly Dtype[] = [...REAL, 'complex64', 'complex128'];

const entry = (python: string, options: object, dtypes: readonly Dtype[] = REAL): Entry => ({
  python,
  options,
  dtypes,
});

/** What every optimiser with these options is tried with. */
const COMMON = [
  entry('', {}, ALL),
  entry('maximize=True', { maximize: true }),
  entry('foreach=True', { foreach: true }),
  entry('foreach=False, maximize=True', { foreach: false, maximize: true }, ALL),
];
const DECAY = [entry('weight_decay=0.1', { weightDecay: 0.1 }, ALL)];
const FUSED = [
  entry('fused=True', { fused: true }),
  entry('fused=True, maximize=True', { fused: true, maximize: true }),
];
const TENSOR_RATES = [
  entry('lr=torch.tensor(0.03)', { lr: torch.tensor(0.03) }),
  entry('lr=torch.tensor([0.03], dtype=torch.float64)', { lr: torch.tensor([0.03], { dtype: 'float64' }) }),
];

const TABLE: readonly [Class: unknown, entries: readonly Entry[]][] = [
  [
    optim.SGD,
    [
      ...[...COMMON, ...DECAY, ...FUSED, ...TENSOR_RATES],
      entry('lr=0.1, momentum=0.9', { lr: 0.1, momentum: 0.9 }, ALL),
      entry('lr=0.1, momentum=0.9, dampening=0.3', { lr: 0.1, momentum: 0.9, dampening: 0.3 }),
      entry('lr=0.1, momentum=0.9, nesterov=True', { lr: 0.1, momentum: 0.9, nesterov: true }, ALL),
      entry('lr=0.1, momentum=0.9, fused=True', { lr: 0.1, momentum: 0.9, fused: true }),
      entry('momentum=0.9, nesterov=True, weight_decay=0.1, fused=True', {
        ...{ momentum: 0.9, nesterov: true, weightDecay: 0.1, fused: true },
      }),
      entry('lr=0.1, momentum=0.9, weight_decay=0.1, maximize=True', {
        ...{ lr: 0.1, momentum: 0.9, weightDecay: 0.1, maximize: true },
      }),
    ],
  ],
  ...([optim.Adam, optim.AdamW] as const).map((Class): [unknown, readonly Entry[]] => [
    Class,
    [
      ...[...COMMON, ...DECAY, ...FUSED, ...TENSOR_RATES],
      entry('lr=0.1, betas=(0.8, 0.95), eps=1e-3', { lr: 0.1, betas: [0.8, 0.95], eps: 1e-3 }),
      entry('lr=0.1, amsgrad=True', { lr: 0.1, amsgrad: true }, ALL),
      entry('lr=0.1, amsgrad=True, weight_decay=0.2, fused=True', {
        ...{ lr: 0.1, amsgrad: true, weightDecay: 0.2, fused: true },
      }),
      entry('betas=(torch.tensor(0.8), torch.tensor(0.95))', { betas: [torch.tensor(0.8), torch.tensor(0.95)] }),
    ],
  ]),
  [
    optim.Adam,
    [entry('weight_decay=0.1, decoupled_weight_decay=True', { weightDecay: 0.1, decoupledWeightDecay: true })],
  ],
  [
    optim.Adagrad,
    [
      ...[...COMMON, ...DECAY, ...FUSED, ...TENSOR_RATES],
      entry('lr=0.1, lr_decay=0.2', { lr: 0.1, lrDecay: 0.2 }, ALL),
      entry('initial_accumulator_value=0.3, eps=1e-3', { initialAccumulatorValue: 0.3, eps: 1e-3 }, ALL),
      entry('lr=0.1, lr_decay=0.2, weight_decay=0.1, fused=True', {
        ...{ lr: 0.1, lrDecay: 0.2, weightDecay: 0.1, fused: true },
      }),
    ],
  ],
  [optim.Adadelta, [...COMMON, ...DECAY, ...TENSOR_RATES, entry('rho=0.8, eps=1e-3', { rho: 0.8, eps: 1e-3 }, ALL)]],
  [
    optim.RMSprop,
    [
      ...[...COMMON, ...DECAY, ...TENSOR_RATES],
      entry('lr=0.1, alpha=0.9, eps=1e-3', { lr: 0.1, alpha: 0.9, eps: 1e-3 }),
      entry('momentum=0.9', { momentum: 0.9 }, ALL),
      entry('centered=True', { centered: true }, ALL),
      entry('momentum=0.9, centered=True, weight_decay=0.1', { momentum: 0.9, centered: true, weightDecay: 0.1 }, ALL),
    ],
  ],
  [
    optim.Adamax,
    [...COMMON, ...DECAY, ...TENSOR_RATES, entry('betas=(0.8, 0.95), eps=1e-3', { betas: [0.8, 0.95], eps: 1e-3 })],
  ],
  [
    optim.NAdam,
    [
      ...[...COMMON, ...DECAY, ...TENSOR_RATES],
      entry('betas=(0.8, 0.95), momentum_decay=0.1', { betas: [0.8, 0.95], momentumDecay: 0.1 }, ALL),
      entry('weight_decay=0.1, decoupled_weight_decay=True', { weightDecay: 0.1, decoupledWeightDecay: true }, ALL),
    ],
  ],
  [
    optim.RAdam,
    [
      ...[...COMMON, ...DECAY, ...TENSOR_RATES],
      entry('betas=(0.8, 0.95), eps=1e-3', { betas: [0.8, 0.95], eps: 1e-3 }, ALL),
      entry('weight_decay=0.1, decoupled_weight_decay=True', { weightDecay: 0.1, decoupledWeightDecay: true }, ALL),
    ],
  ],
  [
    optim.Rprop,
    [
      ...COMMON,
      entry(
        'lr=0.1, etas=(0.4, 1.5), step_sizes=(0.01, 0.2)',
        { lr: 0.1, etas: [0.4, 1.5], stepSizes: [0.01, 0.2] },
        ALL,
      ),
    ],
  ],
  [
    optim.ASGD,
    [
      ...[...COMMON, ...DECAY, ...TENSOR_RATES],
      entry('lr=0.1, lambd=0.1, alpha=0.6, t0=2', { lr: 0.1, lambd: 0.1, alpha: 0.6, t0: 2 }, ALL),
    ],
  ],
  [
    optim.Adafactor,
    [
      entry('', {}),
      entry('maximize=True', { maximize: true }),
      entry('lr=0.5, weight_decay=0.1', { lr: 0.5, weightDecay: 0.1 }),
      entry('lr=0.5, beta2_decay=-0.3, eps=(1e-3, 1e-2), d=2.0', {
        lr: 0.5,
        beta2Decay: -0.3,
        eps: [1e-3, 1e-2],
        d: 2,
      }),
    ],
  ],
];

export function addOptionCases(cases: Cases): void {
  cases.inputs(INPUTS);
  for (const [given, entries] of TABLE) {
    const Class = given as Class;
    for (const { python, options, dtypes = REAL } of entries) {
      for (const dtype of dtypes) {
        const call = `torch.optim.${Class.name}(p${python && `, ${python}`})`;
        cases.add(
          `${PYTHON}\nreturn train(lambda p: ${call}, torch.${dtype})`,
          (inputs) => train((params) => new Class(params, options), inputs, dtype),
          // Not Python's default on the CPU, and rounded otherwise: the step size of ASGD has 32 bits there.
          { name: `${call}, ${dtype}`, tolerance: python.includes('foreach=True') ? 1e-5 : 0 },
        );
      }
    }
  }
  for (const [python, options] of [
    ['', {}],
    [
      'lr=0.1, momentum=0.8, nesterov=False, weight_decay=0.3',
      { lr: 0.1, momentum: 0.8, nesterov: false, weightDecay: 0.3 },
    ],
    ["adjust_lr_fn='match_rms_adamw', ns_steps=3", { adjustLrFn: 'match_rms_adamw', nsSteps: 3 }],
    ['ns_coefficients=(3.0, -4.0, 2.0), eps=1e-3', { nsCoefficients: [3, -4, 2], eps: 1e-3 }],
  ] as const) {
    for (const dtype of REAL) {
      for (const transposed of [false, true]) {
        const call = `train(lambda p: torch.optim.Muon(p[:1]${python && `, ${python}`}), torch.${dtype})`;
        cases.add(
          `${transposed ? 'w = w.t()' : ''}\n${PYTHON.trim()}\nreturn ${call}`,
          (inputs) => {
            const given = transposed ? { ...inputs, w: inputs.w.t() } : inputs;
            return train((params) => new optim.Muon(params.slice(0, 1), options), given, dtype);
          },
          { name: `Muon(${python}), ${dtype}, ${transposed ? 'a wide' : 'a tall'} matrix`, tolerance: 0 },
        );
      }
    }
  }
}
