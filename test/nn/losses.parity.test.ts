/** The losses of torch.nn against PyTorch's. */

import * as torch from '../../lib';
import { flat, parity, some, tensorOf } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';
import { addInputDerivatives, addModule, CAMEL } from '../support/nn-modules';

const { nn } = torch;
type Row = [python: string, build: () => torch.nn.Module, input: string, more: string[]];

const losses: Row[] = [
  ['nn.HingeEmbeddingLoss()', () => new nn.HingeEmbeddingLoss(), 'x', ['sign']],
  [
    "nn.HingeEmbeddingLoss(0.5, reduction='sum')",
    () => new nn.HingeEmbeddingLoss(0.5, { reduction: 'sum' }),
    'x',
    ['sign'],
  ],
  ['nn.CosineEmbeddingLoss(0.2)', () => new nn.CosineEmbeddingLoss(0.2), 'x', ['y', 'signs']],
  [
    "nn.MarginRankingLoss(margin=0.5, reduction='none')",
    () => new nn.MarginRankingLoss({ margin: 0.5, reduction: 'none' }),
    'x',
    ['y', 'sign'],
  ],
  ['nn.TripletMarginLoss()', () => new nn.TripletMarginLoss(), 'x', ['y', 'z']],
  [
    "nn.TripletMarginLoss(2.0, 1.5, 1e-3, True, reduction='sum')",
    () => new nn.TripletMarginLoss(2, 1.5, 1e-3, true, 'sum'),
    'x',
    ['y', 'z'],
  ],
  [
    'nn.TripletMarginWithDistanceLoss(swap=True)',
    () => new nn.TripletMarginWithDistanceLoss({ swap: true }),
    'x',
    ['y', 'z'],
  ],
  [
    'nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(1), margin=0.5)',
    () => new nn.TripletMarginWithDistanceLoss({ distanceFunction: (a, b) => a.sub(b).abs().sum(1), margin: 0.5 }),
    'x',
    ['y', 'z'],
  ],
  ['nn.MultiLabelMarginLoss()', () => new nn.MultiLabelMarginLoss(), 'x', ['labels']],
  ["nn.SoftMarginLoss(reduction='sum')", () => new nn.SoftMarginLoss('sum'), 'x', ['sign']],
  [
    'nn.MultiLabelSoftMarginLoss(torch.tensor([1.0, 2.0, 0.5, 1.0]))',
    () => new nn.MultiLabelSoftMarginLoss({ weight: torch.tensor([1, 2, 0.5, 1]) }),
    'x',
    ['zeros'],
  ],
  ['nn.MultiMarginLoss()', () => new nn.MultiMarginLoss(), 'x', ['c']],
  [
    'nn.MultiMarginLoss(2, 0.5, torch.tensor([1.0, 2.0, 0.5, 1.0]))',
    () => new nn.MultiMarginLoss(2, 0.5, torch.tensor([1, 2, 0.5, 1])),
    'x',
    ['c'],
  ],
  ['nn.PoissonNLLLoss()', () => new nn.PoissonNLLLoss(), 'x', ['counts']],
  [
    "nn.PoissonNLLLoss(False, True, eps=1e-4, reduction='none')",
    () => new nn.PoissonNLLLoss(false, true, { eps: 1e-4, reduction: 'none' }),
    'p',
    ['counts'],
  ],
  ['nn.GaussianNLLLoss(full=True)', () => new nn.GaussianNLLLoss({ full: true }), 'x', ['y', 'p']],
  [
    "nn.CTCLoss(blank=1, reduction='sum')",
    () => new nn.CTCLoss({ blank: 1, reduction: 'sum' }),
    'logs',
    ['targets', 'lengths', 'counted'],
  ],
  [
    'nn.CTCLoss(1, zero_infinity=True)',
    () => new nn.CTCLoss(1, { zeroInfinity: true }),
    'logs',
    ['targets', 'lengths', 'counted'],
  ],
  ["nn.NLLLoss2d(reduction='sum')", () => new nn.NLLLoss2d({ reduction: 'sum' }), 'x', ['c']],
  ['nn.LinearCrossEntropyLoss(4, 5)', () => new nn.LinearCrossEntropyLoss(4, 5), 'x', ['c']],
  [
    'nn.LinearCrossEntropyLoss(4, 5, out_features=(2,), bias=True, ignore_index=1, label_smoothing=0.1, reduction="sum")',
    () =>
      new nn.LinearCrossEntropyLoss(4, 5, {
        outFeatures: [2],
        bias: true,
        ignoreIndex: 1,
        labelSmoothing: 0.1,
        reduction: 'sum',
      }),
    'x',
    ['classes'],
  ],
];

const ADAPTIVE = 'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5], div_value=2.0, head_bias=True)';
const adaptive = () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5], { divValue: 2, headBias: true });

parity('losses', (cases) => {
  cases.inputs({
    x: some([3, 4], 'float32'),
    y: some([3, 4], 'float32', 2),
    z: some([3, 4], 'float32', 3),
    p: flat([0.5, 1, 1.5, 2, 0.25, 3, 1, 1, 0.75, 2, 1.5, 0.5], [3, 4], 'float32'),
    sign: flat([1, -1, 1, 1, -1, -1, 1, -1, 1, -1, 1, 1], [3, 4], 'float32'),
    signs: flat([1, -1, 1], [3], 'float32'),
    zeros: flat([1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1], [3, 4], 'float32'),
    counts: flat([1, 0, 2, 3, 4, 0, 1, 5, 2, 1, 0, 1], [3, 4], 'float32'),
    labels: flat([3, 0, -1, 1, 1, -1, 0, 0, 2, 1, 0, -1], [3, 4], 'int64'),
    c: tensorOf([1, 0, 3], 'int64'),
    deep: tensorOf([1, 4, 9], 'int64'),
    shallow: tensorOf([1, 0, 1], 'int64'),
    classes: flat([1, 0, 3, 4, 2, 2], [3, 2], 'int64'),
    logs: some([6, 2, 4], 'float32', 4),
    targets: flat([0, 2, 3, 3, 2, 0], [2, 3], 'int64'),
    lengths: tensorOf([6, 5], 'int64'),
    counted: tensorOf([3, 2], 'int64'),
  });
  for (const [python, build, input, more] of losses) {
    addModule(cases, python, build, input, more);
    const isTwice = !/Multi(Label)?MarginLoss|CTCLoss/.test(python);
    const call = { more: more.join(', '), moreOf: (i: any) => more.map((n) => i[n]) };
    addInputDerivatives(cases, { python, build, input, ...call, isTwice });
  }

  cases.group('adaptive log softmax', () => {
    for (const target of ['deep', 'shallow']) {
      addModule(cases, ADAPTIVE, adaptive, 'x', [target], { python: 'list(r)', of: ([a, b]) => [a, b] });
      addInputDerivatives(cases, {
        ...{ python: ADAPTIVE, build: adaptive, input: 'x', more: target, moreOf: (i) => [i[target]] },
        ...{ part: 'r.output', partOf: (r) => r.output },
      });
    }
    cases.add(
      `m = ${ADAPTIVE}; return [m.log_prob(x), m.predict(x), m.predict(x * 20), m(x[0], deep[1]).output, m(x[0], deep[1]).loss]`,
      ({ x, deep }) => {
        const m = adaptive();
        const { output, loss } = m(x.select(0, 0), deep.select(0, 1));
        return [m.logProb(x), m.predict(x), m.predict(x.mul(20)), output, loss];
      },
    );
    cases.add(`m = ${ADAPTIVE}; return torch.stack([m.predict(x), m.predict(-x)])`, ({ x }) => {
      const m = adaptive();
      return torch.vmap((rows: torch.Tensor) => m.predict(rows))(torch.stack([x, x.neg()]));
    });
    cases.add(
      `${CAMEL}m = ${ADAPTIVE}; m(x, deep).loss.backward(); return {camel(n): p.grad for n, p in m.named_parameters()}`,
      ({ x, deep }) => {
        const m = adaptive();
        m(x, deep).loss.backward();
        return Object.fromEntries(m.namedParameters().map(([n, p]) => [n, p.grad]));
      },
    );
    addFailure(cases, 'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [])', () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, []));
    addFailure(
      cases,
      'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 2])',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [5, 2]),
    );
    addFailure(
      cases,
      'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [10])',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [10]),
    );
    addFailure(cases, `${ADAPTIVE}(x, deep + 1)`, ({ x, deep }) => adaptive()(x, deep.add(1)));
    addFailure(cases, `${ADAPTIVE}(x, deep[:2])`, ({ x, deep }) => adaptive()(x, deep.narrow(0, 0, 2)));
    addFailure(cases, `${ADAPTIVE}(x[0], deep[:1])`, ({ x, deep }) => adaptive()(x.select(0, 0), deep.narrow(0, 0, 1)));
    addFailure(cases, `${ADAPTIVE}(x, classes)`, ({ x, classes }) => adaptive()(x, classes));
  });

  cases.group('failures', () => {
    addFailure(cases, 'nn.TripletMarginLoss(0)', () => new nn.TripletMarginLoss(0));
    addFailure(
      cases,
      'nn.TripletMarginWithDistanceLoss(margin=-1)',
      () => new nn.TripletMarginWithDistanceLoss({ margin: -1 }),
    );
    addFailure(cases, 'nn.MultiMarginLoss(3)', () => new nn.MultiMarginLoss(3));
    addFailure(cases, 'nn.MultiMarginLoss(weight=x)', ({ x }) => new nn.MultiMarginLoss({ weight: x }));
    addFailure(
      cases,
      'nn.LinearCrossEntropyLoss(4, 5, label_smoothing=2.5)',
      () => new nn.LinearCrossEntropyLoss(4, 5, { labelSmoothing: 2.5 }),
    );
    addFailure(
      cases,
      'nn.LinearCrossEntropyLoss(4, 5, weight=torch.ones(4))',
      () => new nn.LinearCrossEntropyLoss(4, 5, { weight: torch.ones(4) }),
    );
    addFailure(cases, 'nn.GaussianNLLLoss()(x, y, -1.0)', ({ x, y }) => new nn.GaussianNLLLoss()(x, y, -1));
    addFailure(
      cases,
      "nn.CTCLoss(reduction='other')(logs, targets, lengths, counted)",
      ({ logs, targets, lengths, counted }) =>
        new nn.CTCLoss({ reduction: 'other' as never })(logs, targets, lengths, counted),
    );
    test('unknown options', () => {
      expect(() => new nn.GaussianNLLLoss({ sum: true } as never)).toThrow("GaussianNLLLoss(): unknown option 'sum'");
      expect(() => new nn.TripletMarginWithDistanceLoss({ distanceFunction: 3 as never })).toThrow(
        "argument 'distanceFunction' must be a function",
      );
    });
  });
});
