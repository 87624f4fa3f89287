/** torch.nn.init: the same values as in Python, to the last bit. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure } from '../../support/nn-functional';

const { init } = torch.nn;
type Fill = (tensor: Tensor) => Tensor;

const fills: [python: string, fill: Fill, shape: number[]][] = [
  ['uniform_(t)', (t) => init.uniform_(t), [3, 40]],
  ['uniform_(t, -1.0, 2.0)', (t) => init.uniform_(t, -1, { b: 2 }), [7]],
  ['uniform_(t, generator=torch.Generator().manual_seed(5))', (t) => init.uniform_(t, { generator: seeded() }), [7]],
  ['normal_(t)', (t) => init.normal_(t), [3, 40]],
  ['normal_(t, 2.0, std=0.5)', (t) => init.normal_(t, 2, { std: 0.5 }), [5]],
  ['constant_(t, 0.3)', (t) => init.constant_(t, 0.3), [2, 2]],
  ['ones_(t)', (t) => init.ones_(t), [2, 2]],
  ['zeros_(t)', (t) => init.zeros_(t), [2, 2]],
  ['eye_(t)', (t) => init.eye_(t), [2, 3]],
  ['dirac_(t)', (t) => init.dirac_(t), [4, 2, 3]],
  ['dirac_(t, 2)', (t) => init.dirac_(t, { groups: 2 }), [4, 2, 3, 2]],
  ['dirac_(t)', (t) => init.dirac_(t), [2, 2, 1, 3, 2]],
  ['xavier_uniform_(t)', (t) => init.xavierUniform_(t), [5, 3]],
  ['xavier_uniform_(t, gain=2.0)', (t) => init.xavierUniform_(t, { gain: 2 }), [5, 3, 2]],
  ['xavier_normal_(t, 0.5)', (t) => init.xavierNormal_(t, 0.5), [5, 30]],
  ['kaiming_uniform_(t)', (t) => init.kaimingUniform_(t), [5, 3]],
  ["kaiming_uniform_(t, 0.1, 'fan_out', 'tanh')", (t) => init.kaimingUniform_(t, 0.1, 'fan_out', 'tanh'), [5, 3, 2]],
  ["kaiming_normal_(t, nonlinearity='relu')", (t) => init.kaimingNormal_(t, { nonlinearity: 'relu' }), [5, 30]],
  ["kaiming_normal_(t, mode='FAN_OUT')", (t) => init.kaimingNormal_(t, { mode: 'FAN_OUT' as never }), [5, 3]],
  ['kaiming_uniform_(t)', (t) => init.kaimingUniform_(t), [0, 3]],
  ['sparse_(t, 0.3)', (t) => init.sparse_(t, 0.3), [5, 4]],
  ['sparse_(t, sparsity=0.5, std=1.0)', (t) => init.sparse_(t, 0.5, { std: 1 }), [4, 2]],
  ['trunc_normal_(t)', (t) => init.truncNormal_(t), [3, 40]],
  ['trunc_normal_(t, 0.5, 2.0, -1.0, 1.0)', (t) => init.truncNormal_(t, 0.5, 2, { a: -1, b: 1 }), [3, 40]],
  ['trunc_normal_(t, mean=0.0, a=1.5, b=3.0)', (t) => init.truncNormal_(t, { a: 1.5, b: 3 }), [3, 40]],
  ['trunc_normal_(t, 9.0, 1.0, -1.0, 1.0)', (t) => init.truncNormal_(t, 9, 1, -1, 1), [10]],
];

function seeded(): torch.Generator {
  return new torch.Generator().manualSeed(5);
}

export function initializations(cases: Cases): void {
  cases.group('init', () => {
    for (const [python, fill, shape] of fills) {
      cases.add(
        `t = torch.empty(${JSON.stringify(shape)}); r = nn.init.${python}; return [t, r is t]`,
        () => {
          const t = torch.empty(shape);
          return [t, fill(t) === t];
        },
        { name: `${python} of [${shape.join(', ')}]`, tolerance: 0 },
      );
    }
    // QR factorizations differ in the last bits between machines.
    cases.add('nn.init.orthogonal_(torch.empty(3, 5))', () => init.orthogonal_(torch.empty(3, 5)));
    cases.add('nn.init.orthogonal_(torch.empty(5, 1, 2), gain=2.0)', () =>
      init.orthogonal_(torch.empty(5, 1, 2), { gain: 2 }),
    );
    cases.add('nn.init.orthogonal_(torch.empty(0, 2))', () => init.orthogonal_(torch.empty(0, 2)));
    cases.add(
      't = torch.empty(5, dtype=torch.float64); nn.init.normal_(t); return t',
      () => init.normal_(torch.empty([5], { dtype: 'float64' })),
      { tolerance: 0 },
    );
    cases.add('p = nn.Parameter(torch.zeros(3)); nn.init.ones_(p); return [p, p.requires_grad, p.is_leaf]', () => {
      const p = new torch.nn.Parameter(torch.zeros(3));
      init.ones_(p);
      return [p, p.requiresGrad, p.isLeaf];
    });
    cases.add(
      "[nn.init.calculate_gain(name) * 1.0 for name in ['linear', 'conv2d', 'conv_transpose3d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu']] + [nn.init.calculate_gain('leaky_relu', 0.3)]",
      () => [
        ...(['linear', 'conv2d', 'conv_transpose3d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu'] as const).map(
          (name) => init.calculateGain(name),
        ),
        init.calculateGain('leaky_relu', 0.3),
      ],
      { tolerance: 0 },
    );
    const t = (...shape: number[]) => torch.empty(shape);
    addFailure(cases, 'nn.init.xavier_uniform_(torch.empty(3))', () => init.xavierUniform_(t(3)));
    addFailure(cases, 'nn.init.kaiming_normal_(torch.empty(3))', () => init.kaimingNormal_(t(3)));
    addFailure(cases, "nn.init.kaiming_normal_(torch.empty(3, 2), mode='Fan')", () =>
      init.kaimingNormal_(t(3, 2), { mode: 'Fan' as never }),
    );
    addFailure(cases, "nn.init.calculate_gain('elu')", () => init.calculateGain('elu' as never));
    addFailure(cases, "nn.init.calculate_gain('leaky_relu', 'x')", () =>
      init.calculateGain('leaky_relu', 'x' as never),
    );
    addFailure(cases, 'nn.init.eye_(torch.empty(3))', () => init.eye_(t(3)));
    addFailure(cases, 'nn.init.dirac_(torch.empty(3, 3))', () => init.dirac_(t(3, 3)));
    addFailure(cases, 'nn.init.dirac_(torch.empty(3, 3, 1), 2)', () => init.dirac_(t(3, 3, 1), 2));
    addFailure(cases, 'nn.init.orthogonal_(torch.empty(3))', () => init.orthogonal_(t(3)));
    addFailure(cases, 'nn.init.sparse_(torch.empty(3), 0.5)', () => init.sparse_(t(3), 0.5));
  });
}
