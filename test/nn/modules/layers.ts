/** The layers: text, initial values, results, and gradients by their parameters. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure } from '../../support/nn-functional';
import { addGradients, addModule } from '../../support/nn-modules';

const { nn } = torch;
type Build = () => torch.nn.Module;

const withParameters: [python: string, build: Build, input: string][] = [
  ['nn.Linear(4, 3)', () => new nn.Linear(4, 3), 'x'],
  ['nn.Linear(4, 100)', () => new nn.Linear(4, 100), 'x'],
  ['nn.Linear(4, 3, bias=False)', () => new nn.Linear(4, 3, { bias: false }), 'x'],
  ['nn.Conv1d(4, 6, 3)', () => new nn.Conv1d(4, 6, 3), 'seq'],
  [
    "nn.Conv1d(4, 6, 3, 2, 1, 2, 2, False, 'circular')",
    () => new nn.Conv1d(4, 6, 3, 2, 1, 2, 2, false, 'circular'),
    'seq',
  ],
  ['nn.Conv2d(3, 5, 3)', () => new nn.Conv2d(3, 5, 3), 'img'],
  [
    'nn.Conv2d(3, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=3)',
    () => new nn.Conv2d(3, 6, [3, 2], { stride: [2, 1], padding: [1, 0], groups: 3 }),
    'img',
  ],
  ["nn.Conv2d(3, 5, 3, padding='same')", () => new nn.Conv2d(3, 5, 3, { padding: 'same' }), 'img'],
  [
    "nn.Conv2d(3, 5, (2, 3), padding='same', padding_mode='reflect')",
    () => new nn.Conv2d(3, 5, [2, 3], { padding: 'same', paddingMode: 'reflect' }),
    'img',
  ],
  [
    "nn.Conv2d(3, 5, 3, padding=1, padding_mode='replicate', dilation=2)",
    () => new nn.Conv2d(3, 5, 3, { padding: 1, paddingMode: 'replicate', dilation: 2 }),
    'img',
  ],
  ['nn.Conv3d(2, 3, 2)', () => new nn.Conv3d(2, 3, 2), 'vol'],
  ['nn.LayerNorm(4)', () => new nn.LayerNorm(4), 'x'],
  ['nn.LayerNorm((3, 4), eps=0.1, bias=False)', () => new nn.LayerNorm([3, 4], { eps: 0.1, bias: false }), 'x'],
  ['nn.GroupNorm(2, 4, 1e-3)', () => new nn.GroupNorm(2, 4, 1e-3), 'seq'],
  ['nn.GroupNorm(2, 4, bias=False)', () => new nn.GroupNorm(2, 4, { bias: false }), 'seq'],
  ['nn.RMSNorm(4, eps=1e-6)', () => new nn.RMSNorm(4, { eps: 1e-6 }), 'x'],
  ['nn.PReLU()', () => new nn.PReLU(), 'x'],
  ['nn.PReLU(4, init=0.5)', () => new nn.PReLU(4, { init: 0.5 }), 'x'],
  ['nn.InstanceNorm1d(4, affine=True)', () => new nn.InstanceNorm1d(4, { affine: true }), 'seq'],
  ['nn.BatchNorm1d(4, track_running_stats=False)', () => new nn.BatchNorm1d(4, { trackRunningStats: false }), 'x'],
];

const others: [python: string, build: Build, input: string, more?: string[]][] = [
  ['nn.Bilinear(4, 4, 2)', () => new nn.Bilinear(4, 4, 2), 'x', ['y']],
  ['nn.Identity(3, unused=1)', () => new nn.Identity(3, { unused: 1 }), 'x'],
  ['nn.Flatten()', () => new nn.Flatten(), 'img'],
  ['nn.Flatten(0, 2)', () => new nn.Flatten(0, { endDim: 2 }), 'img'],
  ['nn.Unflatten(1, (2, 2))', () => new nn.Unflatten(1, [2, 2]), 'x'],
  ['nn.BatchNorm1d(4)', () => new nn.BatchNorm1d(4), 'x'],
  ['nn.BatchNorm1d(4, 1e-3, None)', () => new nn.BatchNorm1d(4, 1e-3, null), 'seq'],
  ['nn.BatchNorm1d(4, momentum=0.5, affine=False)', () => new nn.BatchNorm1d(4, { momentum: 0.5, affine: false }), 'x'],
  ['nn.BatchNorm2d(3, bias=False)', () => new nn.BatchNorm2d(3, { bias: false }), 'img'],
  ['nn.BatchNorm3d(2)', () => new nn.BatchNorm3d(2), 'vol'],
  ['nn.InstanceNorm1d(4)', () => new nn.InstanceNorm1d(4), 'seq'],
  [
    'nn.InstanceNorm2d(3, track_running_stats=True)',
    () => new nn.InstanceNorm2d(3, { trackRunningStats: true }),
    'img',
  ],
  ['nn.InstanceNorm3d(2, affine=True)', () => new nn.InstanceNorm3d(2, { affine: true }), 'vol'],
  ['nn.Dropout()', () => new nn.Dropout(), 'x'],
  ['nn.Dropout(0.25, inplace=False)', () => new nn.Dropout(0.25, { inplace: false }), 'x'],
  ['nn.Dropout1d(0.5)', () => new nn.Dropout1d(0.5), 'seq'],
  ['nn.Dropout2d(0.5)', () => new nn.Dropout2d(0.5), 'img'],
  ['nn.Dropout3d(0.5)', () => new nn.Dropout3d(0.5), 'vol'],
  ['nn.AlphaDropout(0.5)', () => new nn.AlphaDropout(0.5), 'x'],
  ['nn.FeatureAlphaDropout(0.5)', () => new nn.FeatureAlphaDropout(0.5), 'img'],
  ['nn.Embedding(10, 3)', () => new nn.Embedding(10, 3), 'i'],
  [
    'nn.Embedding(10, 3, padding_idx=-1, scale_grad_by_freq=True)',
    () => new nn.Embedding(10, 3, { paddingIdx: -1, scaleGradByFreq: true }),
    'i',
  ],
  ['nn.Embedding(10, 3, 2, 1.5, 1.0)', () => new nn.Embedding(10, 3, 2, 1.5, 1), 'i'],
  ['nn.ReLU()', () => new nn.ReLU(), 'x'],
  ['nn.ReLU6()', () => new nn.ReLU6(), 'x'],
  ['nn.SELU()', () => new nn.SELU(), 'x'],
  ['nn.SiLU()', () => new nn.SiLU(), 'x'],
  ['nn.Mish()', () => new nn.Mish(), 'x'],
  ['nn.Hardswish()', () => new nn.Hardswish(), 'x'],
  ['nn.Hardsigmoid()', () => new nn.Hardsigmoid(), 'x'],
  ['nn.Sigmoid()', () => new nn.Sigmoid(), 'x'],
  ['nn.Tanh()', () => new nn.Tanh(), 'x'],
  ['nn.LogSigmoid()', () => new nn.LogSigmoid(), 'x'],
  ['nn.Softsign()', () => new nn.Softsign(), 'x'],
  ['nn.Tanhshrink()', () => new nn.Tanhshrink(), 'x'],
  ['nn.GELU()', () => new nn.GELU(), 'x'],
  ["nn.GELU('tanh')", () => new nn.GELU('tanh'), 'x'],
  ['nn.ELU()', () => new nn.ELU(), 'x'],
  ['nn.ELU(0.5)', () => new nn.ELU(0.5), 'x'],
  ['nn.CELU(0.5)', () => new nn.CELU({ alpha: 0.5 }), 'x'],
  ['nn.LeakyReLU()', () => new nn.LeakyReLU(), 'x'],
  ['nn.LeakyReLU(0.2)', () => new nn.LeakyReLU({ negativeSlope: 0.2 }), 'x'],
  ['nn.RReLU()', () => new nn.RReLU(), 'x'],
  ['nn.Hardtanh()', () => new nn.Hardtanh(), 'x'],
  ['nn.Hardtanh(-0.5, 0.25)', () => new nn.Hardtanh(-0.5, { maxVal: 0.25 }), 'x'],
  ['nn.Threshold(0.1, 20)', () => new nn.Threshold(0.1, 20), 'x'],
  ['nn.Softplus()', () => new nn.Softplus(), 'x'],
  ['nn.Softplus(2.0, 1.0)', () => new nn.Softplus(2, 1), 'x'],
  ['nn.GLU()', () => new nn.GLU(), 'x'],
  ['nn.GLU(1)', () => new nn.GLU({ dim: 1 }), 'seq'],
  ['nn.Softmax(dim=1)', () => new nn.Softmax({ dim: 1 }), 'x'],
  ['nn.Softmin(0)', () => new nn.Softmin(0), 'x'],
  ['nn.LogSoftmax(dim=-1)', () => new nn.LogSoftmax({ dim: -1 }), 'x'],
  ['nn.MaxPool1d(2)', () => new nn.MaxPool1d(2), 'seq'],
  [
    'nn.MaxPool2d((3, 2), stride=2, padding=1, ceil_mode=True)',
    () => new nn.MaxPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true }),
    'img',
  ],
  ['nn.AvgPool1d(2)', () => new nn.AvgPool1d(2), 'seq'],
  [
    'nn.AvgPool2d(2, 1, 1, count_include_pad=False)',
    () => new nn.AvgPool2d(2, 1, 1, { countIncludePad: false }),
    'img',
  ],
  ['nn.AdaptiveAvgPool1d(3)', () => new nn.AdaptiveAvgPool1d(3), 'seq'],
  ['nn.AdaptiveAvgPool2d((2, None))', () => new nn.AdaptiveAvgPool2d([2, null]), 'img'],
  ['nn.MSELoss()', () => new nn.MSELoss(), 'x', ['y']],
  ["nn.MSELoss(reduction='sum')", () => new nn.MSELoss('sum'), 'x', ['y']],
  ["nn.L1Loss(reduction='none')", () => new nn.L1Loss({ reduction: 'none' }), 'x', ['y']],
  ['nn.SmoothL1Loss(beta=0.5)', () => new nn.SmoothL1Loss({ beta: 0.5 }), 'x', ['y']],
  ["nn.HuberLoss('sum', 0.5)", () => new nn.HuberLoss('sum', 0.5), 'x', ['y']],
  ["nn.KLDivLoss(reduction='batchmean', log_target=True)", () => new nn.KLDivLoss('batchmean', true), 'x', ['y']],
  ['nn.CrossEntropyLoss()', () => new nn.CrossEntropyLoss(), 'x', ['c']],
  [
    'nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0, 0.5]), ignore_index=0, label_smoothing=0.1)',
    () => new nn.CrossEntropyLoss({ weight: torch.tensor([1, 2, 3, 0.5]), ignoreIndex: 0, labelSmoothing: 0.1 }),
    'x',
    ['c'],
  ],
  ["nn.NLLLoss(reduction='sum')", () => new nn.NLLLoss({ reduction: 'sum' }), 'x', ['c']],
  ['nn.BCELoss()', () => new nn.BCELoss(), 'p', ['q']],
  [
    'nn.BCEWithLogitsLoss(pos_weight=torch.ones(4) * 2)',
    () => new nn.BCEWithLogitsLoss({ posWeight: torch.ones(4).mul(2) }),
    'x',
    ['q'],
  ],
  [
    'nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Sequential(nn.Linear(8, 2), nn.Tanh()))',
    () =>
      new nn.Sequential(
        new nn.Linear(4, 8),
        new nn.ReLU({ inplace: true }),
        new nn.Sequential(new nn.Linear(8, 2), new nn.Tanh()),
      ),
    'x',
  ],
  [
    "nn.Sequential(__import__('collections').OrderedDict([('first', nn.Linear(4, 2)), ('last', nn.Sigmoid())]))",
    () => new nn.Sequential({ first: new nn.Linear(4, 2), last: new nn.Sigmoid() }),
    'x',
  ],
];

function factories(cases: Cases): void {
  cases.group('dtype and device', () => {
    cases.add(
      'm = nn.Linear(4, 3, dtype=torch.float64); return [m.weight, m.bias]',
      () => Object.values(new nn.Linear(4, 3, { dtype: 'float64' }).stateDict()),
      { tolerance: 0 },
    );
    cases.add(
      'torch.set_default_dtype(torch.float64); m = nn.Conv2d(1, 2, 3); e = nn.Embedding(5, 2); return [m.weight, m.bias, e.weight]',
      () => {
        torch.setDefaultDtype('float64');
        const m = new nn.Conv2d(1, 2, 3);
        return [m.weight, m.bias, new nn.Embedding(5, 2).weight];
      },
      { tolerance: 0 },
    );
    cases.add("m = nn.BatchNorm1d(3, device='meta', dtype=torch.float16); return list(m.state_dict().values())", () =>
      Object.values(new nn.BatchNorm1d(3, { device: 'meta', dtype: 'float16' }).stateDict()),
    );
    cases.add('nn.Linear(70, 70).weight', () => new nn.Linear(70, 70).weight, { tolerance: 0 });
    cases.add(
      'e = nn.Embedding.from_pretrained(x, freeze=False, padding_idx=1); return [str(e), e.weight, e.weight.requires_grad, e(i)]',
      ({ x, i }) => {
        const e = nn.Embedding.fromPretrained(x, { freeze: false, paddingIdx: 1 });
        return [String(e), e.weight, e.weight.requiresGrad, e(i)];
      },
    );
    cases.add('nn.Embedding.from_pretrained(x).weight.requires_grad', ({ x }) => {
      return nn.Embedding.fromPretrained(x).weight.requiresGrad;
    });
  });
}

function failures(cases: Cases): void {
  cases.group('failures', () => {
    addFailure(cases, 'nn.Linear(3, 2)(x)', ({ x }) => new nn.Linear(3, 2)(x));
    addFailure(cases, 'nn.Conv2d(3, 4, 2, groups=0)', () => new nn.Conv2d(3, 4, 2, { groups: 0 }));
    addFailure(cases, 'nn.Conv2d(3, 4, 2, groups=2)', () => new nn.Conv2d(3, 4, 2, { groups: 2 }));
    addFailure(cases, 'nn.Conv2d(4, 3, 2, groups=2)', () => new nn.Conv2d(4, 3, 2, { groups: 2 }));
    addFailure(cases, "nn.Conv2d(4, 3, 2, 2, padding='same')", () => new nn.Conv2d(4, 3, 2, 2, { padding: 'same' }));
    addFailure(cases, 'nn.GroupNorm(2, 3)', () => new nn.GroupNorm(2, 3));
    addFailure(cases, 'nn.Dropout(1.5)', () => new nn.Dropout(1.5));
    addFailure(cases, 'nn.BatchNorm1d(4)(img)', ({ img }) => new nn.BatchNorm1d(4)(img));
    addFailure(cases, 'nn.BatchNorm2d(4)(x)', ({ x }) => new nn.BatchNorm2d(4)(x));
    addFailure(cases, 'nn.BatchNorm1d(4)(x[:1])', ({ x }) => new nn.BatchNorm1d(4)(x.narrow(0, 0, 1)));
    addFailure(cases, 'nn.InstanceNorm2d(4)(x)', ({ x }) => new nn.InstanceNorm2d(4)(x));
    addFailure(cases, 'nn.InstanceNorm1d(3, affine=True)(seq)', ({ seq }) =>
      new nn.InstanceNorm1d(3, { affine: true })(seq),
    );
    addFailure(cases, 'nn.Embedding(3, 2, padding_idx=3)', () => new nn.Embedding(3, 2, 3));
    addFailure(cases, 'nn.Embedding(3, 2, padding_idx=-4)', () => new nn.Embedding(3, 2, -4));
    addFailure(cases, 'nn.Embedding(3, 2, _weight=x)', ({ x }) => new nn.Embedding(3, 2, { _weight: x }));
    addFailure(cases, 'nn.Embedding.from_pretrained(seq)', ({ seq }) => nn.Embedding.fromPretrained(seq));
    addFailure(cases, 'nn.Hardtanh(1.0, 1.0)', () => new nn.Hardtanh(1, 1));
    addFailure(cases, 'nn.Bilinear(0, 1, 1)', () => new nn.Bilinear(0, 1, 1));
  });
}

export function layers(cases: Cases): void {
  cases.group('layers with parameters', () => {
    for (const [python, build, input] of withParameters) {
      addModule(cases, python, build, input);
      addGradients(cases, python, build, input);
    }
  });
  cases.group('other layers', () => {
    for (const [python, build, input, more] of others) addModule(cases, python, build, input, more);
  });
  factories(cases);
  failures(cases);
}
