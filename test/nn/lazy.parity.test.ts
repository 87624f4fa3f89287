/** Transposed convolutions, embedding bags and lazy layers against PyTorch's. */

import * as torch from '../../lib';
import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';
import { addGradients, addInputDerivatives, addModule, CAMEL, facts } from '../support/nn-modules';

const { nn } = torch;
type Row = [python: string, build: () => torch.nn.Module, input: string];

const transposed: Row[] = [
  ['nn.ConvTranspose1d(4, 3, 2)', () => new nn.ConvTranspose1d(4, 3, 2), 'seq'],
  [
    'nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, False, 2)',
    () => new nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, false, 2),
    'seq',
  ],
  [
    'nn.ConvTranspose2d(3, 5, (3, 2), stride=2, padding=(1, 0), output_padding=1)',
    () => new nn.ConvTranspose2d(3, 5, [3, 2], { stride: 2, padding: [1, 0], outputPadding: 1 }),
    'img',
  ],
  ['nn.ConvTranspose3d(2, 4, 2, groups=2)', () => new nn.ConvTranspose3d(2, 4, 2, { groups: 2 }), 'vol'],
];

const lazies: Row[] = [
  ['nn.LazyLinear(3)', () => new nn.LazyLinear(3), 'x'],
  ['nn.LazyLinear(3, bias=False)', () => new nn.LazyLinear(3, { bias: false }), 'x'],
  ['nn.LazyConv1d(6, 3, padding=1)', () => new nn.LazyConv1d(6, 3, { padding: 1 }), 'seq'],
  ['nn.LazyConv2d(6, (3, 2), 2, groups=3)', () => new nn.LazyConv2d(6, [3, 2], 2, { groups: 3 }), 'img'],
  ['nn.LazyConv3d(3, 2, bias=False)', () => new nn.LazyConv3d(3, 2, { bias: false }), 'vol'],
  ['nn.LazyConvTranspose1d(3, 2, stride=2)', () => new nn.LazyConvTranspose1d(3, 2, { stride: 2 }), 'seq'],
  ['nn.LazyConvTranspose2d(3, 2)', () => new nn.LazyConvTranspose2d(3, 2), 'img'],
  ['nn.LazyConvTranspose3d(3, 2)', () => new nn.LazyConvTranspose3d(3, 2), 'vol'],
  ['nn.LazyBatchNorm1d()', () => new nn.LazyBatchNorm1d(), 'seq'],
  [
    'nn.LazyBatchNorm2d(momentum=None, affine=False)',
    () => new nn.LazyBatchNorm2d({ momentum: null, affine: false }),
    'img',
  ],
  [
    'nn.LazyBatchNorm3d(1e-3, track_running_stats=False)',
    () => new nn.LazyBatchNorm3d(1e-3, { trackRunningStats: false }),
    'vol',
  ],
  ['nn.LazyInstanceNorm1d()', () => new nn.LazyInstanceNorm1d(), 'seq'],
  ['nn.LazyInstanceNorm2d(affine=True)', () => new nn.LazyInstanceNorm2d({ affine: true }), 'img'],
  ['nn.LazyInstanceNorm3d()', () => new nn.LazyInstanceNorm3d(), 'vol'],
];

parity('transposed convolutions, embedding bags and lazy layers', (cases) => {
  cases.inputs({
    x: some([3, 4], 'float32'),
    seq: some([2, 4, 8], 'float32', 5),
    img: some([2, 3, 5, 6], 'float32', 6),
    vol: some([2, 2, 3, 4, 3], 'float32', 7),
    i: flat([1, 0, 3, 1, 2, 2], [2, 3], 'int64'),
    flat: tensorOf([1, 0, 3, 1, 2], 'int64'),
    offsets: tensorOf([0, 2, 2], 'int64'),
    ends: tensorOf([0, 2, 5], 'int64'),
    w: some([5], 'float32', 8),
  });

  for (const [python, build, input] of transposed) {
    addModule(cases, python, build, input);
    addGradients(cases, python, build, input);
    addInputDerivatives(cases, { python, build, input });
  }
  cases.group('the size of the output', () => {
    const python = 'nn.ConvTranspose2d(3, 2, 3, stride=2)';
    const build = () => new nn.ConvTranspose2d(3, 2, 3, { stride: 2 });
    cases.add(`${python}(img, [12, 13])`, ({ img }) => build()(img, [12, 13]));
    cases.add(`${python}(img, [2, 2, 11, 14])`, ({ img }) => build()(img, [2, 2, 11, 14]));
    cases.add(`${python}(img[0], [2, 11, 14])`, ({ img }) => build()(img.select(0, 0), [2, 11, 14]));
    cases.add(
      'c = nn.ConvTranspose2d(3, 2, 3, stride=2, output_padding=1).eval(); b = nn.BatchNorm2d(2); b(c(img)); b.eval(); f = nn.utils.fuse_conv_bn_eval(c, b, True); return [f(img), str(f)]',
      ({ img }) => {
        const c = new nn.ConvTranspose2d(3, 2, 3, { stride: 2, outputPadding: 1 }).eval();
        const b = new nn.BatchNorm2d(2);
        b(c(img));
        const f = nn.utils.fuseConvBnEval(c, b.eval(), true);
        return [f(img), String(f)];
      },
      { name: 'a transposed convolution with a batch norm in one', tolerance: 1e-5 },
    );
    addFailure(cases, `${python}(img, [13, 13])`, ({ img }) => build()(img, [13, 13]));
    addFailure(cases, `${python}(img, [13])`, ({ img }) => build()(img, [13]));
    addFailure(
      cases,
      "nn.ConvTranspose1d(4, 3, 2, padding_mode='reflect')",
      () => new nn.ConvTranspose1d(4, 3, 2, { paddingMode: 'reflect' as never }),
    );
    addFailure(cases, 'nn.ConvTranspose1d(4, 3, 2, groups=3)', () => new nn.ConvTranspose1d(4, 3, 2, { groups: 3 }));
  });

  cases.group('embedding bags', () => {
    const bags: Row[] = [
      ['nn.EmbeddingBag(5, 3)', () => new nn.EmbeddingBag(5, 3), 'i'],
      [
        "nn.EmbeddingBag(5, 3, mode='max', padding_idx=-4)",
        () => new nn.EmbeddingBag(5, 3, { mode: 'max', paddingIdx: -4 }),
        'i',
      ],
      ["nn.EmbeddingBag(5, 3, 1, 1.0, True, 'sum')", () => new nn.EmbeddingBag(5, 3, 1, 1, true, 'sum'), 'i'],
    ];
    for (const [python, build, input] of bags) addModule(cases, python, build, input);
    cases.add("m = nn.EmbeddingBag(5, 3, mode='sum'); return m(flat, offsets, w)", ({ flat: input, offsets, w }) =>
      new nn.EmbeddingBag(5, 3, { mode: 'sum' })(input, offsets, w),
    );
    cases.add('m = nn.EmbeddingBag(5, 3, include_last_offset=True); return m(flat, ends)', ({ flat: input, ends }) =>
      new nn.EmbeddingBag(5, 3, { includeLastOffset: true })(input, ends),
    );
    cases.add(
      "m = nn.EmbeddingBag.from_pretrained(x.T, mode='max', freeze=False); return [str(m), m(i), m.weight.requires_grad, nn.EmbeddingBag.from_pretrained(x).weight.requires_grad]",
      ({ x, i }) => {
        const m = nn.EmbeddingBag.fromPretrained(x.t(), { mode: 'max', freeze: false });
        return [String(m), m(i), m.weight.requiresGrad, nn.EmbeddingBag.fromPretrained(x).weight.requiresGrad];
      },
    );
    cases.add(
      "m = nn.EmbeddingBag(5, 3, mode='sum'); m(i).square().sum().backward(); return m.weight.grad",
      ({ i }) => {
        const m = new nn.EmbeddingBag(5, 3, { mode: 'sum' });
        m(i).square().sum().backward();
        return m.weight.grad;
      },
    );
    addFailure(cases, 'nn.EmbeddingBag(5, 3, padding_idx=5)', () => new nn.EmbeddingBag(5, 3, { paddingIdx: 5 }));
    addFailure(cases, 'nn.EmbeddingBag(5, 3, _weight=x)', ({ x }) => new nn.EmbeddingBag(5, 3, { _weight: x }));
    addFailure(cases, 'nn.EmbeddingBag.from_pretrained(seq)', ({ seq }) => nn.EmbeddingBag.fromPretrained(seq));
    addFailure(cases, 'nn.EmbeddingBag(5, 3)(flat)', ({ flat: input }) => new nn.EmbeddingBag(5, 3)(input));
  });

  cases.group('lazy layers', () => {
    for (const [python, build, input] of lazies) {
      cases.add(
        `${CAMEL}m = ${python}\nbefore = str(m), m.has_uninitialized_params(), sorted(map(camel, m.state_dict()))
r = m(${input})\nreturn [before, r, str(m), type(m).__name__, state(m), m.eval()(${input})]`,
        (inputs) => {
          const m = build();
          const lazy = m as unknown as torch.nn.LazyLayer;
          const before = [String(m), lazy.hasUninitializedParams(), Object.keys(m.stateDict()).toSorted()];
          const r = m(inputs[input]) as torch.Tensor;
          return [before, r, String(m), m.constructor.name, m.stateDict(), m.eval()(inputs[input])];
        },
        { name: python },
      );
    }
    cases.add(
      `${CAMEL}s = nn.Linear(4, 3).state_dict(); m = nn.LazyLinear(3); m.load_state_dict(s); return [state(m), m(x), m.in_features]`,
      ({ x }) => {
        const state = new nn.Linear(4, 3).stateDict();
        const m = new nn.LazyLinear(3);
        m.loadStateDict(state);
        return [m.stateDict(), m(x), m.inFeatures];
      },
      { name: 'a lazy layer loads a state' },
    );
    cases.add(
      `${CAMEL}m = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2)).double(); m(x.double()); return [str(m), state(m)]`,
      ({ x }) => {
        const m = new nn.Sequential(new nn.LazyLinear(3), new nn.ReLU(), new nn.LazyLinear(2)).double();
        m(x.double());
        return facts(m).filter((_, i) => i !== 1);
      },
      { name: 'lazy layers are converted before their first call', tolerance: 0 },
    );
    cases.add(
      'str(nn.UninitializedParameter()) + str(nn.UninitializedBuffer())',
      () => String(new nn.UninitializedParameter()) + String(new nn.UninitializedBuffer()),
    );
    addFailure(cases, 'nn.LazyConv2d(2, 1)(x)', ({ x }) => new nn.LazyConv2d(2, 1)(x));
    addFailure(cases, 'nn.LazyConv1d(4, 1, groups=2)(seq[:, :3])', ({ seq }) =>
      new nn.LazyConv1d(4, 1, { groups: 2 })(seq.narrow(1, 0, 3)),
    );
    addFailure(cases, 'nn.LazyBatchNorm2d()(seq)', ({ seq }) => new nn.LazyBatchNorm2d()(seq));
  });

  test('the shape of an uninitialized parameter', () => {
    const { weight } = new nn.LazyLinear(3, { dtype: 'float64' });
    expect(weight.dtype).toBe('float64');
    expect(() => weight.shape).toThrow("Can't access the shape of an uninitialized parameter or buffer.");
  });
});
