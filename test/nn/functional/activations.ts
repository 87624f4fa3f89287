/** Activation functions, softmax and its relatives, dropout. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure, addWithGradients } from '../../support/nn-functional';

const F = torch.nn.functional;

export function activations(cases: Cases): void {
  cases.group('activations', () => {
    addWithGradients(cases, 'F.relu(x)', ({ x }) => F.relu(x));
    addWithGradients(cases, 'F.relu6(x * 9)', ({ x }) => F.relu6(x.mul(9)));
    addWithGradients(cases, 'F.selu(x)', ({ x }) => F.selu(x));
    addWithGradients(cases, 'F.silu(x)', ({ x }) => F.silu(x));
    addWithGradients(cases, 'F.mish(x)', ({ x }) => F.mish(x));
    addWithGradients(cases, 'F.hardswish(x * 3)', ({ x }) => F.hardswish(x.mul(3)));
    // In float32: in float64, PyTorch's gradient has the precision of float32.
    addWithGradients(cases, 'F.hardsigmoid(x.float() * 3)', ({ x }) => F.hardsigmoid(x.float().mul(3)));
    addWithGradients(cases, 'F.elu(x, 0.7)', ({ x }) => F.elu(x, 0.7));
    addWithGradients(cases, 'F.celu(x, alpha=0.7)', ({ x }) => F.celu(x, { alpha: 0.7 }));
    addWithGradients(cases, 'F.leaky_relu(x)', ({ x }) => F.leakyRelu(x));
    addWithGradients(cases, 'F.leaky_relu(x, 0.3)', ({ x }) => F.leakyRelu(x, 0.3));
    addWithGradients(cases, 'F.rrelu(x)', ({ x }) => F.rrelu(x));
    cases.add('F.rrelu(x, 0.1, 0.4, True)', ({ x }) => F.rrelu(x, 0.1, 0.4, true));
    addWithGradients(cases, 'F.hardtanh(x)', ({ x }) => F.hardtanh(x));
    addWithGradients(cases, 'F.hardtanh(x, -0.5, max_val=0.8)', ({ x }) => F.hardtanh(x, -0.5, { maxVal: 0.8 }));
    addWithGradients(cases, 'F.threshold(x, 0.2, -3)', ({ x }) => F.threshold(x, 0.2, -3));
    addWithGradients(cases, 'F.glu(x)', ({ x }) => F.glu(x));
    addWithGradients(cases, 'F.tanhshrink(x)', ({ x }) => F.tanhshrink(x));
    addWithGradients(cases, 'F.softsign(x)', ({ x }) => F.softsign(x));
    addWithGradients(cases, 'F.tanh(x)', ({ x }) => F.tanh(x));
    addWithGradients(cases, 'F.sigmoid(x)', ({ x }) => F.sigmoid(x));
    addWithGradients(cases, 'F.gelu(x)', ({ x }) => F.gelu(x));
    addWithGradients(cases, "F.gelu(x, approximate='tanh')", ({ x }) => F.gelu(x, { approximate: 'tanh' }));
    addWithGradients(cases, 'F.softplus(x, 2, 3)', ({ x }) => F.softplus(x, 2, 3));
    addWithGradients(cases, 'F.logsigmoid(x)', ({ x }) => F.logsigmoid(x));
    addWithGradients(cases, 'F.prelu(x, row)', ({ x, row }) => F.prelu(x, row));
    addWithGradients(cases, 'F.hardshrink(x, 0.4)', ({ x }) => F.hardshrink(x, 0.4));
    addWithGradients(cases, 'F.softshrink(x)', ({ x }) => F.softshrink(x));
    cases.add('F.softsign(i)', ({ i }) => F.softsign(i));
    cases.add('F.sigmoid(i)', ({ i }) => F.sigmoid(i));
    addFailure(cases, 'F.glu(torch.tensor(1.0))', () => F.glu(torch.tensor(1)));
    addFailure(cases, 'F.hardtanh(x, 1.0, -1.0)', ({ x }) => F.hardtanh(x, 1, -1));
  });

  cases.group('in place', () => {
    for (const [name, method] of [
      ['relu', F.relu],
      ['relu6', F.relu6],
      ['selu', F.selu],
      ['silu', F.silu],
      ['mish', F.mish],
      ['hardswish', F.hardswish],
      ['hardsigmoid', F.hardsigmoid],
      ['elu', F.elu],
      ['celu', F.celu],
      ['leaky_relu', F.leakyRelu],
      ['rrelu', F.rrelu],
      ['hardtanh', F.hardtanh],
      ['dropout', F.dropout],
      ['dropout1d', F.dropout1d],
      ['dropout2d', F.dropout2d],
    ] as const) {
      cases.add(`r = F.${name}(x, inplace=True); r.add_(1); return [r, x, bool((r == x).all())]`, ({ x }) => {
        const r = method(x, { inplace: true });
        r.add_(1);
        return [r, x, r.equal(x)];
      });
    }
    for (const [name, method] of [
      ['celu_', F.celu_],
      ['elu_', F.elu_],
      ['hardtanh_', F.hardtanh_],
      ['leaky_relu_', F.leakyRelu_],
      ['relu_', F.relu_],
      ['rrelu_', F.rrelu_],
      ['selu_', F.selu_],
    ] as const) {
      cases.add(`F.${name}(x); return x`, ({ x }) => {
        method(x);
        return x;
      });
    }
    cases.add('F.threshold_(x, 0.2, -3); return x', ({ x }) => {
      F.threshold_(x, 0.2, -3);
      return x;
    });
    cases.add('F.threshold(x, 0.2, -3, True); return x', ({ x }) => {
      F.threshold(x, 0.2, -3, true);
      return x;
    });
  });

  cases.group('softmax', () => {
    addWithGradients(cases, 'F.softmax(x, 1)', ({ x }) => F.softmax(x, 1));
    addWithGradients(cases, 'F.log_softmax(x, dim=0)', ({ x }) => F.logSoftmax(x, { dim: 0 }));
    addWithGradients(cases, 'F.softmin(x, -1)', ({ x }) => F.softmin(x, -1));
    cases.add('F.softmax(f, 1, dtype=torch.float64)', ({ f }) => F.softmax(f, 1, { dtype: 'float64' }));
    cases.add('F.log_softmax(i, 1, dtype=torch.float32)', ({ i }) => F.logSoftmax(i, 1, 'float32'));
    cases.add('F.softmin(f, 1, dtype=torch.float64)', ({ f }) => F.softmin(f, { dim: 1, dtype: 'float64' }));
    cases.add('[F.softmax(x), F.softmin(row), F.log_softmax(seq)]', ({ x, row, seq }) => [
      F.softmax(x),
      F.softmin(row),
      F.logSoftmax(seq),
    ]);
    cases.add('F.gumbel_softmax(x)', ({ x }) => F.gumbelSoftmax(x));
    cases.add('F.gumbel_softmax(x, 0.5, True, dim=0)', ({ x }) => F.gumbelSoftmax(x, 0.5, true, { dim: 0 }));
    cases.add('F.gumbel_softmax(x, 2, eps=1e-9)', ({ x }) => F.gumbelSoftmax(x, 2, { eps: 1e-9 }));
    cases.add('grad(lambda x: (F.gumbel_softmax(x, hard=True) * y).sum())(x)', ({ x, y }) =>
      torch.func.grad((z: torch.Tensor) => F.gumbelSoftmax(z, { hard: true }).mul(y).sum())(x),
    );
    addFailure(cases, 'F.softmax(x, 2)', ({ x }) => F.softmax(x, 2));
  });

  cases.group('dropout', () => {
    cases.add('F.dropout(x)', ({ x }) => F.dropout(x));
    cases.add('F.dropout(x, 0.2, training=False)', ({ x }) => F.dropout(x, 0.2, { training: false }));
    cases.add('F.alpha_dropout(x)', ({ x }) => F.alphaDropout(x));
    cases.add('F.alpha_dropout(x, 0.3, True)', ({ x }) => F.alphaDropout(x, 0.3, true));
    cases.add('F.alpha_dropout(x, 0.3, True, True); return x', ({ x }) => {
      F.alphaDropout(x, 0.3, true, true);
      return x;
    });
    cases.add('F.feature_alpha_dropout(seq, 0.4, training=True)', ({ seq }) =>
      F.featureAlphaDropout(seq, 0.4, { training: true }),
    );
    cases.add('F.feature_alpha_dropout(seq, 0.4, True, True); return seq', ({ seq }) => {
      F.featureAlphaDropout(seq, 0.4, true, true);
      return seq;
    });
    cases.add('F.dropout1d(seq)', ({ seq }) => F.dropout1d(seq));
    cases.add('F.dropout1d(x, 0.3)', ({ x }) => F.dropout1d(x, 0.3));
    cases.add('F.dropout2d(img, 0.3)', ({ img }) => F.dropout2d(img, 0.3));
    cases.add('F.dropout2d(seq, 0.3)', ({ seq }) => F.dropout2d(seq, 0.3));
    cases.add('F.dropout3d(vol)', ({ vol }) => F.dropout3d(vol));
    cases.add('F.dropout3d(img)', ({ img }) => F.dropout3d(img));
    cases.add('F.dropout3d(img, inplace=True); return img', ({ img }) => {
      F.dropout3d(img, { inplace: true });
      return img;
    });
    cases.add("vmap(F.dropout, randomness='different')(x)", ({ x }) =>
      torch.vmap((row: torch.Tensor) => F.dropout(row), { randomness: 'different' })(x),
    );
    for (const [name, method] of [
      ['dropout', F.dropout],
      ['alpha_dropout', F.alphaDropout],
      ['dropout1d', F.dropout1d],
      ['dropout2d', F.dropout2d],
      ['dropout3d', F.dropout3d],
      ['feature_alpha_dropout', F.featureAlphaDropout],
    ] as const) {
      addFailure(cases, `F.${name}(x, 1.5)`, ({ x }) => method(x, 1.5));
    }
    addFailure(cases, 'F.dropout1d(row)', ({ row }) => F.dropout1d(row));
  });
}
