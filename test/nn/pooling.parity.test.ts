/** Pooling, padding and other layers of images and sequences against PyTorch's. */

import * as torch from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';
import { addInputDerivatives, addModule } from '../support/nn-modules';

const { nn } = torch;
type Row = [python: string, build: () => torch.nn.Module, input: string, more?: string[]];

const pooling: Row[] = [
  ['nn.MaxPool1d(2, padding=1, dilation=2)', () => new nn.MaxPool1d(2, { padding: 1, dilation: 2 }), 'seq'],
  ['nn.MaxPool2d(2, 1, 0, 1, False, True)', () => new nn.MaxPool2d(2, 1, 0, 1, false, true), 'img'],
  ['nn.MaxPool3d((1, 2, 2), 1)', () => new nn.MaxPool3d([1, 2, 2], 1), 'vol'],
  ['nn.AvgPool1d(3, 2, 1, True, False)', () => new nn.AvgPool1d(3, 2, 1, true, false), 'seq'],
  ['nn.AvgPool2d(2, divisor_override=3)', () => new nn.AvgPool2d(2, { divisorOverride: 3 }), 'img'],
  [
    'nn.AvgPool3d((2, 1, 2), stride=1, padding=(1, 0, 1))',
    () => new nn.AvgPool3d([2, 1, 2], { stride: 1, padding: [1, 0, 1] }),
    'vol',
  ],
  ['nn.AdaptiveAvgPool3d((2, None, 1))', () => new nn.AdaptiveAvgPool3d([2, null, 1]), 'vol'],
  ['nn.AdaptiveMaxPool1d(3)', () => new nn.AdaptiveMaxPool1d(3), 'seq'],
  ['nn.AdaptiveMaxPool2d((2, None))', () => new nn.AdaptiveMaxPool2d([2, null]), 'img'],
  ['nn.AdaptiveMaxPool3d(2)', () => new nn.AdaptiveMaxPool3d(2), 'vol'],
  ['nn.LPPool1d(2, 3, stride=2)', () => new nn.LPPool1d(2, 3, { stride: 2 }), 'seq'],
  ['nn.LPPool2d(3.5, (2, 1), ceil_mode=True)', () => new nn.LPPool2d(3.5, [2, 1], { ceilMode: true }), 'pos'],
  ['nn.LPPool3d(1, 2, 1)', () => new nn.LPPool3d(1, 2, 1), 'vol'],
  ['nn.FractionalMaxPool2d(2, output_ratio=0.5)', () => new nn.FractionalMaxPool2d(2, { outputRatio: 0.5 }), 'img'],
  ['nn.FractionalMaxPool2d((2, 1), 3)', () => new nn.FractionalMaxPool2d([2, 1], 3), 'img'],
  ['nn.FractionalMaxPool3d(2, (2, 3, 2))', () => new nn.FractionalMaxPool3d(2, [2, 3, 2]), 'vol'],
];

const padding: Row[] = [
  ['nn.ConstantPad1d((2, 1), 3.5)', () => new nn.ConstantPad1d([2, 1], 3.5), 'seq'],
  ['nn.ConstantPad2d(1, -1)', () => new nn.ConstantPad2d(1, -1), 'img'],
  ['nn.ConstantPad3d((1, 0, 2, 1, 0, -1), 2)', () => new nn.ConstantPad3d([1, 0, 2, 1, 0, -1], 2), 'vol'],
  ['nn.ZeroPad1d(2)', () => new nn.ZeroPad1d(2), 'seq'],
  ['nn.ZeroPad2d((1, 2, 0, 1))', () => new nn.ZeroPad2d([1, 2, 0, 1]), 'img'],
  ['nn.ZeroPad3d(1)', () => new nn.ZeroPad3d(1), 'vol'],
  ['nn.ReflectionPad1d((3, 1))', () => new nn.ReflectionPad1d([3, 1]), 'seq'],
  ['nn.ReflectionPad2d(2)', () => new nn.ReflectionPad2d(2), 'img'],
  ['nn.ReflectionPad3d(1)', () => new nn.ReflectionPad3d(1), 'vol'],
  ['nn.ReplicationPad1d((3, 1))', () => new nn.ReplicationPad1d([3, 1]), 'seq'],
  ['nn.ReplicationPad2d((1, 2, 3, 4))', () => new nn.ReplicationPad2d([1, 2, 3, 4]), 'img'],
  ['nn.ReplicationPad3d(2)', () => new nn.ReplicationPad3d(2), 'vol'],
  ['nn.CircularPad1d((3, 1))', () => new nn.CircularPad1d([3, 1]), 'seq'],
  ['nn.CircularPad2d((1, 2, 3, 4))', () => new nn.CircularPad2d([1, 2, 3, 4]), 'img'],
  ['nn.CircularPad3d(1)', () => new nn.CircularPad3d(1), 'vol'],
];

const resizing: Row[] = [
  ['nn.Upsample(scale_factor=2)', () => new nn.Upsample({ scaleFactor: 2 }), 'seq'],
  [
    "nn.Upsample((4, 7), mode='bilinear', align_corners=True)",
    () => new nn.Upsample([4, 7], null, 'bilinear', true),
    'img',
  ],
  [
    "nn.Upsample(scale_factor=(1.5, 2, 1), mode='trilinear', recompute_scale_factor=True)",
    () => new nn.Upsample({ scaleFactor: [1.5, 2, 1], mode: 'trilinear', recomputeScaleFactor: true }),
    'vol',
  ],
  ['nn.UpsamplingNearest2d(scale_factor=2)', () => new nn.UpsamplingNearest2d({ scaleFactor: 2 }), 'img'],
  ['nn.UpsamplingBilinear2d((4, 9))', () => new nn.UpsamplingBilinear2d([4, 9]), 'img'],
  ['nn.PixelShuffle(2)', () => new nn.PixelShuffle(2), 'wide'],
  ['nn.PixelUnshuffle(2)', () => new nn.PixelUnshuffle(2), 'even'],
  ['nn.ChannelShuffle(2)', () => new nn.ChannelShuffle(2), 'wide'],
  [
    'nn.Unfold(2, dilation=2, padding=1, stride=(2, 1))',
    () => new nn.Unfold(2, { dilation: 2, padding: 1, stride: [2, 1] }),
    'img',
  ],
  ['nn.Fold((4, 5), (2, 2), 1, 0, (2, 1))', () => new nn.Fold([4, 5], [2, 2], 1, 0, [2, 1]), 'columns'],
];

const others: Row[] = [
  ['nn.Hardshrink(0.7)', () => new nn.Hardshrink(0.7), 'x'],
  ['nn.Softshrink()', () => new nn.Softshrink(), 'x'],
  ['nn.Softmax2d()', () => new nn.Softmax2d(), 'img'],
  ['nn.LocalResponseNorm(2, alpha=0.1)', () => new nn.LocalResponseNorm(2, { alpha: 0.1 }), 'img'],
  ['nn.LocalResponseNorm(3, 1e-4, 0.5, 2.0)', () => new nn.LocalResponseNorm(3, 1e-4, 0.5, 2), 'seq'],
  ['nn.PairwiseDistance()', () => new nn.PairwiseDistance(), 'x', ['y']],
  ['nn.PairwiseDistance(1.0, 0.1, True)', () => new nn.PairwiseDistance(1, 0.1, true), 'x', ['y']],
  ['nn.CosineSimilarity()', () => new nn.CosineSimilarity(), 'x', ['y']],
  ['nn.CosineSimilarity(dim=0, eps=0.5)', () => new nn.CosineSimilarity({ dim: 0, eps: 0.5 }), 'x', ['y']],
];

// Python's window never loses its first channel: the sums of more channels than these are wrong.
const CROSS_MAP = 'nn.CrossMapLRN2d(5, 0.1, 0.5, 2)';

parity('pooling, padding and resizing', (cases) => {
  cases.inputs({
    x: some([3, 4], 'float32'),
    y: some([3, 4], 'float32', 2),
    seq: some([2, 4, 8], 'float32', 5),
    img: some([2, 3, 5, 6], 'float32', 6),
    vol: some([2, 2, 3, 4, 3], 'float32', 7),
    wide: some([2, 8, 2, 3], 'float32', 8),
    even: some([2, 2, 4, 6], 'float32', 9),
    columns: some([2, 8, 8], 'float32', 10),
    pos: some([2, 3, 4, 4], 'float32', 11),
    rs: some([2, 3, 2], 'float32', 12),
    long: tensorOf([1, 0, 2], 'int64'),
  });
  for (const rows of [pooling, padding, resizing, others]) {
    for (const [python, build, input, more] of rows) addModule(cases, python, build, input, more);
  }
  cases.group('derivatives', () => {
    for (const rows of [pooling, padding, resizing, others]) {
      for (const [python, build, input, more = []] of rows) {
        addInputDerivatives(cases, {
          python,
          build,
          input,
          more: more.join(', '),
          moreOf: (i) => more.map((n) => i[n]),
        });
      }
    }
  });
  addModule(cases, CROSS_MAP, () => new nn.CrossMapLRN2d(5, 0.1, 0.5, 2), 'img');
  cases.add(
    `s = torch.stack([wide[:, max(c - 1, 0):c + 2].square().sum(1) for c in range(8)], 1)
return wide / (2 + 0.1 / 4 * s) ** 0.5`,
    ({ wide }) => new nn.CrossMapLRN2d(4, 0.1, 0.5, 2)(wide),
    { name: 'nn.CrossMapLRN2d of many channels' },
  );

  cases.add('m = nn.Container(act=nn.Tanh(), fc=nn.Linear(2, 3)); return [str(m), m.fc.weight]', () => {
    const m = new nn.Container({ act: new nn.Tanh(), fc: new nn.Linear(2, 3) });
    return [String(m), m.getParameter('fc.weight')];
  });

  cases.group('indices', () => {
    cases.add('nn.MaxPool1d(2, return_indices=True)(seq)', ({ seq }) =>
      new nn.MaxPool1d(2, { returnIndices: true })(seq),
    );
    cases.add('nn.MaxPool3d(2, 1, return_indices=True)(vol)', ({ vol }) =>
      new nn.MaxPool3d(2, 1, { returnIndices: true })(vol),
    );
    cases.add('nn.AdaptiveMaxPool2d(2, True)(img)', ({ img }) => new nn.AdaptiveMaxPool2d(2, true)(img));
    cases.add('nn.AdaptiveMaxPool1d(3, return_indices=True)(seq)', ({ seq }) =>
      new nn.AdaptiveMaxPool1d(3, { returnIndices: true })(seq),
    );
    cases.add(
      'm = nn.FractionalMaxPool2d(2, output_size=2, return_indices=True, _random_samples=rs.abs().fmod(1)); return [m(img), m.state_dict()]',
      ({ img, rs }) => {
        const m = new nn.FractionalMaxPool2d(2, {
          outputSize: 2,
          returnIndices: true,
          _randomSamples: rs.abs().fmod(1),
        });
        return [m(img), { _random_samples: m.stateDict()._randomSamples }];
      },
    );
    for (const [python, javascript] of [
      ['str(nn.MaxUnpool1d(2, 1, 0))', () => String(new nn.MaxUnpool1d(2, 1, 0))],
      ['str(nn.MaxUnpool2d((2, 3), padding=1))', () => String(new nn.MaxUnpool2d([2, 3], { padding: 1 }))],
    ] as const) {
      cases.add(python, javascript);
    }
    cases.add('v, i = nn.MaxPool1d(2, return_indices=True)(seq); return nn.MaxUnpool1d(2)(v, i)', ({ seq }) =>
      new nn.MaxUnpool1d(2)(...new nn.MaxPool1d(2, { returnIndices: true })(seq)),
    );
    cases.add(
      'v, i = nn.MaxPool2d(2, return_indices=True)(img); return nn.MaxUnpool2d(2)(v, i, output_size=[5, 6])',
      ({ img }) => {
        const [v, i] = new nn.MaxPool2d(2, { returnIndices: true })(img);
        return new nn.MaxUnpool2d(2)(v, i, [5, 6]);
      },
    );
    cases.add(
      'v, i = nn.MaxPool3d((1, 2, 1), return_indices=True)(vol); return nn.MaxUnpool3d((1, 2, 1))(v, i)',
      ({ vol }) => new nn.MaxUnpool3d([1, 2, 1])(...new nn.MaxPool3d([1, 2, 1], { returnIndices: true })(vol)),
    );
  });

  cases.group('failures', () => {
    // Python divides by zero in the call.
    test('nn.LPPool2d of order 0 fails', () => {
      expect(() => new nn.LPPool2d(0, 2)).toThrow('norm_type must be a non-zero value, but got 0');
    });
    addFailure(cases, 'nn.FractionalMaxPool2d(2)', () => new nn.FractionalMaxPool2d(2));
    addFailure(cases, 'nn.FractionalMaxPool3d(2, 2, 0.5)', () => new nn.FractionalMaxPool3d(2, 2, 0.5));
    addFailure(cases, 'nn.FractionalMaxPool3d(0, 2)', () => new nn.FractionalMaxPool3d(0, 2));
    addFailure(
      cases,
      'nn.FractionalMaxPool2d(2, output_ratio=(0.5, 1.5))',
      () => new nn.FractionalMaxPool2d(2, { outputRatio: [0.5, 1.5] }),
    );
    addFailure(cases, 'nn.CircularPad2d(1)(x)', ({ x }) => new nn.CircularPad2d(1)(x));
    addFailure(cases, 'nn.ReflectionPad1d(9)(seq)', ({ seq }) => new nn.ReflectionPad1d(9)(seq));
    addFailure(cases, 'nn.Upsample()(img)', ({ img }) => new nn.Upsample()(img));
    addFailure(cases, 'nn.Softmax2d()(x)', ({ x }) => new nn.Softmax2d()(x));
    addFailure(cases, 'nn.PixelShuffle(3)(wide)', ({ wide }) => new nn.PixelShuffle(3)(wide));
    addFailure(cases, 'nn.CrossMapLRN2d(3)(x)', ({ x }) => new nn.CrossMapLRN2d(3)(x));
    addFailure(cases, 'nn.LocalResponseNorm(3)(x)', ({ x }) => new nn.LocalResponseNorm(3)(x));
    addFailure(
      cases,
      'v, i = nn.MaxPool2d(2, return_indices=True)(img); nn.MaxUnpool2d(2)(v, i, output_size=[9, 9])',
      ({ img }) => {
        const [v, i] = new nn.MaxPool2d(2, { returnIndices: true })(img);
        return new nn.MaxUnpool2d(2)(v, i, [9, 9]);
      },
    );
  });
});
