/** Every loss: reductions, weights, gradients through grad and vmap, failures. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure, addWithGradients } from '../../support/nn-functional';

const F = torch.nn.functional;
const REDUCTIONS = ['none', 'mean', 'sum'] as const;

export function losses(cases: Cases): void {
  cases.group('losses between numbers', () => {
    for (const reduction of REDUCTIONS) {
      addWithGradients(cases, `F.mse_loss(x, y, reduction='${reduction}')`, ({ x, y }) =>
        F.mseLoss(x, y, { reduction }),
      );
      cases.add(`F.mse_loss(x, y, reduction='${reduction}', weight=pos)`, ({ x, y, pos }) =>
        F.mseLoss(x, y, reduction, pos),
      );
      addWithGradients(cases, `F.l1_loss(x, y, reduction='${reduction}')`, ({ x, y }) => F.l1Loss(x, y, reduction));
      cases.add(`F.l1_loss(x, y, reduction='${reduction}', weight=pos)`, ({ x, y, pos }) =>
        F.l1Loss(x, y, reduction, { weight: pos }),
      );
      addWithGradients(cases, `F.smooth_l1_loss(x, y, reduction='${reduction}', beta=0.5)`, ({ x, y }) =>
        F.smoothL1Loss(x, y, reduction, 0.5),
      );
      addWithGradients(cases, `F.huber_loss(x, y, '${reduction}', 0.8)`, ({ x, y }) =>
        F.huberLoss(x, y, reduction, 0.8),
      );
      cases.add(`F.huber_loss(x, y, reduction='${reduction}', weight=pos)`, ({ x, y, pos }) =>
        F.huberLoss(x, y, { reduction, weight: pos }),
      );
      addWithGradients(cases, `F.poisson_nll_loss(x, pos, reduction='${reduction}')`, ({ x, pos }) =>
        F.poissonNllLoss(x, pos, { reduction }),
      );
      cases.add(`F.gaussian_nll_loss(x, y, pos, reduction='${reduction}')`, ({ x, y, pos }) =>
        F.gaussianNllLoss(x, y, pos, { reduction }),
      );
    }
    addWithGradients(cases, 'F.mse_loss(x, y, weight=pos)', ({ x, y, pos }) => F.mseLoss(x, y, { weight: pos }));
    addWithGradients(cases, 'F.l1_loss(x, y, weight=pos)', ({ x, y, pos }) => F.l1Loss(x, y, { weight: pos }));
    addWithGradients(cases, 'F.huber_loss(x, y, weight=pos)', ({ x, y, pos }) => F.huberLoss(x, y, { weight: pos }));
    addWithGradients(cases, 'F.poisson_nll_loss(x.abs(), pos, False, True, eps=1e-6)', ({ x, pos }) =>
      F.poissonNllLoss(x.abs(), pos, false, true, 1e-6),
    );
    addWithGradients(cases, 'F.gaussian_nll_loss(x, y, pos, True)', ({ x, y, pos }) =>
      F.gaussianNllLoss(x, y, pos, true),
    );
    addWithGradients(cases, 'F.gaussian_nll_loss(x, y, 0.5, eps=0.7)', ({ x, y }) =>
      F.gaussianNllLoss(x, y, 0.5, { eps: 0.7 }),
    );
    cases.add('F.gaussian_nll_loss(x, y, pos[:, 0])', ({ x, y, pos }) => F.gaussianNllLoss(x, y, pos.select(1, 0)));
    cases.add('F.gaussian_nll_loss(x, y, pos[:, :1])', ({ x, y, pos }) => F.gaussianNllLoss(x, y, pos.narrow(1, 0, 1)));
    cases.add('grad(lambda v: F.gaussian_nll_loss(x, y, v))(pos)', ({ x, y, pos }) =>
      torch.func.grad((v: Tensor) => F.gaussianNllLoss(x, y, v))(pos),
    );
    cases.add('F.mse_loss(x, row)', ({ x, row }) => F.mseLoss(x, row));
    cases.add('F.mse_loss(f, y)', ({ f, y }) => F.mseLoss(f, y));
    cases.add('F.mse_loss(z, z.conj())', ({ z }) => F.mseLoss(z, z.conj()));
    cases.add('F.smooth_l1_loss(x, y, beta=0)', ({ x, y }) => F.smoothL1Loss(x, y, { beta: 0 }));
    cases.add('hessian(lambda x: F.huber_loss(x, row))(row * 2)', ({ row }) =>
      torch.func.hessian((v: Tensor) => F.huberLoss(v, row))(row.mul(2)),
    );
    addWithGradients(cases, 'F.kl_div(F.log_softmax(x, 1), F.softmax(y, 1))', ({ x, y }) =>
      F.klDiv(F.logSoftmax(x, 1), F.softmax(y, 1)),
    );
    cases.add("F.kl_div(x, y, reduction='batchmean', log_target=True)", ({ x, y }) => F.klDiv(x, y, 'batchmean', true));
    cases.add("F.kl_div(x, pos, reduction='none')", ({ x, pos }) => F.klDiv(x, pos, { reduction: 'none' }));
    cases.add("F.kl_div(s, s.abs(), reduction='batchmean')", ({ s }) => F.klDiv(s, s.abs(), 'batchmean'));

    addFailure(cases, "F.mse_loss(x, y, reduction='average')", ({ x, y }) => F.mseLoss(x, y, 'average' as any));
    addFailure(cases, "F.mse_loss(x, y, reduction='average', weight=pos)", ({ x, y, pos }) =>
      F.mseLoss(x, y, 'average' as any, pos),
    );
    addFailure(cases, 'F.l1_loss(x, y, weight=row)', ({ x, y, row }) => F.l1Loss(x, y, { weight: row }));
    addFailure(cases, "F.huber_loss(x, y, 'average', 1.0, pos)", ({ x, y, pos }) =>
      F.huberLoss(x, y, 'average' as any, 1, pos),
    );
    addFailure(cases, 'F.mse_loss(x, seq)', ({ x, seq }) => F.mseLoss(x, seq));
    addFailure(cases, "F.poisson_nll_loss(x, y, reduction='x')", ({ x, y }) =>
      F.poissonNllLoss(x, y, { reduction: 'x' as any }),
    );
    addFailure(cases, 'F.gaussian_nll_loss(x, y, x)', ({ x, y }) => F.gaussianNllLoss(x, y, x));
    addFailure(cases, 'F.gaussian_nll_loss(x, y, -1.0)', ({ x, y }) => F.gaussianNllLoss(x, y, -1));
    addFailure(cases, 'F.gaussian_nll_loss(x, y, pos.T)', ({ x, y, pos }) => F.gaussianNllLoss(x, y, pos.T));
    addFailure(cases, "F.gaussian_nll_loss(x, y, pos, reduction='x')", ({ x, y, pos }) =>
      F.gaussianNllLoss(x, y, pos, { reduction: 'x' as any }),
    );
  });

  cases.group('losses between scores and classes', () => {
    for (const reduction of REDUCTIONS) {
      addWithGradients(cases, `F.cross_entropy(x, c, reduction='${reduction}')`, ({ x, c }) =>
        F.crossEntropy(x, c, { reduction }),
      );
      addWithGradients(cases, `F.nll_loss(F.log_softmax(x, 1), c, reduction='${reduction}')`, ({ x, c }) =>
        F.nllLoss(F.logSoftmax(x, 1), c, null, -100, reduction),
      );
      addWithGradients(cases, `F.binary_cross_entropy(x.sigmoid(), p, reduction='${reduction}')`, ({ x, p }) =>
        F.binaryCrossEntropy(x.sigmoid(), p, { reduction }),
      );
      addWithGradients(cases, `F.binary_cross_entropy_with_logits(x, p, reduction='${reduction}')`, ({ x, p }) =>
        F.binaryCrossEntropyWithLogits(x, p, { reduction }),
      );
      addWithGradients(cases, `F.multilabel_soft_margin_loss(x, p, reduction='${reduction}')`, ({ x, p }) =>
        F.multilabelSoftMarginLoss(x, p, { reduction }),
      );
      cases.add(`F.multi_margin_loss(x, c, reduction='${reduction}')`, ({ x, c }) =>
        F.multiMarginLoss(x, c, { reduction }),
      );
      cases.add(`F.multilabel_margin_loss(x, labels, reduction='${reduction}')`, ({ x, labels }) =>
        F.multilabelMarginLoss(x, labels, reduction),
      );
      addWithGradients(cases, `F.soft_margin_loss(x, y.sign(), reduction='${reduction}')`, ({ x, y }) =>
        F.softMarginLoss(x, y.sign(), { reduction }),
      );
      cases.add(`F.ctc_loss(logp, words, lengths, wordlengths, reduction='${reduction}')`, (i) =>
        F.ctcLoss(i.logp, i.words, i.lengths, i.wordlengths, { reduction }),
      );
    }
    addWithGradients(cases, 'F.cross_entropy(x, c, pos[0], ignore_index=0, label_smoothing=0.1)', ({ x, c, pos }) =>
      F.crossEntropy(x, c, pos.select(0, 0), { ignoreIndex: 0, labelSmoothing: 0.1 }),
    );
    addWithGradients(cases, 'F.cross_entropy(x, F.softmax(y, 1))', ({ x, y }) => F.crossEntropy(x, F.softmax(y, 1)));
    cases.add('hessian(lambda v: F.cross_entropy(v, c[0]))(row)', ({ row, c }) =>
      torch.func.hessian((v: Tensor) => F.crossEntropy(v, c.select(0, 0)))(row),
    );
    cases.add('F.cross_entropy(img, (img[:, 0] > 0).long())', ({ img }) =>
      F.crossEntropy(img, img.select(1, 0).gt(0).long()),
    );
    addWithGradients(cases, 'F.nll_loss(x, c, pos[0], ignore_index=1)', ({ x, c, pos }) =>
      F.nllLoss(x, c, pos.select(0, 0), 1),
    );
    addWithGradients(cases, 'F.linear_cross_entropy(x, square, c, linear_bias=row)', ({ x, square, c, row }) =>
      F.linearCrossEntropy(x, square, c, { linearBias: row }),
    );
    cases.add('F.linear_cross_entropy(row, square, c[0], weight=row.abs())', ({ row, square, c }) =>
      F.linearCrossEntropy(row, square, c.select(0, 0), { weight: row.abs() }),
    );
    cases.add('F.linear_cross_entropy(x, seq[0, :, :8].reshape(3, 2, 4), c[:, None].expand(3, 2) % 3)', (i) =>
      F.linearCrossEntropy(
        i.x,
        i.seq.select(0, 0).narrow(1, 0, 8).reshape(3, 2, 4),
        i.c.unsqueeze(1).expand(3, 2).remainder(3),
      ),
    );
    addWithGradients(cases, 'F.binary_cross_entropy(x.sigmoid(), p, pos[0])', ({ x, p, pos }) =>
      F.binaryCrossEntropy(x.sigmoid(), p, pos.select(0, 0)),
    );
    addWithGradients(cases, 'F.binary_cross_entropy_with_logits(x, p, pos, pos_weight=pos[1])', ({ x, p, pos }) =>
      F.binaryCrossEntropyWithLogits(x, p, pos, { posWeight: pos.select(0, 1) }),
    );
    addWithGradients(cases, 'F.multilabel_soft_margin_loss(x, p, pos[0])', ({ x, p, pos }) =>
      F.multilabelSoftMarginLoss(x, p, pos.select(0, 0)),
    );
    cases.add('grad(lambda x: F.multi_margin_loss(x, c, 2, 0.5, pos[0]))(x)', ({ x, c, pos }) =>
      torch.func.grad((v: Tensor) => F.multiMarginLoss(v, c, 2, 0.5, pos.select(0, 0)))(x),
    );
    cases.add('grad(lambda x: F.multilabel_margin_loss(x, labels))(x)', ({ x, labels }) =>
      torch.func.grad((v: Tensor) => F.multilabelMarginLoss(v, labels))(x),
    );
    cases.add('F.ctc_loss(logp, words, (5, 4), (2, 1), blank=1, zero_infinity=True)', ({ logp, words }) =>
      F.ctcLoss(logp, words, [5, 4], [2, 1], 1, { zeroInfinity: true }),
    );
    cases.add("grad(lambda v: F.ctc_loss(v.log_softmax(2), words, (5, 4), (2, 1), reduction='sum'))(logp)", (inputs) =>
      torch.func.grad((v: Tensor) => F.ctcLoss(v.logSoftmax(2), inputs.words, [5, 4], [2, 1], { reduction: 'sum' }))(
        inputs.logp,
      ),
    );

    addFailure(cases, "F.cross_entropy(x, c, reduction='x')", ({ x, c }) =>
      F.crossEntropy(x, c, { reduction: 'x' as any }),
    );
    addFailure(cases, 'F.cross_entropy(x, c + 9)', ({ x, c }) => F.crossEntropy(x, c.add(9)));
    addFailure(cases, 'F.nll_loss(x, c[:2])', ({ x, c }) => F.nllLoss(x, c.narrow(0, 0, 2)));
    addFailure(cases, 'F.binary_cross_entropy(pos, row)', ({ pos, row }) => F.binaryCrossEntropy(pos, row));
    addFailure(cases, 'F.binary_cross_entropy(x * 3, p)', ({ x, p }) => F.binaryCrossEntropy(x.mul(3), p));
    addFailure(cases, 'F.binary_cross_entropy_with_logits(x, row)', ({ x, row }) =>
      F.binaryCrossEntropyWithLogits(x, row),
    );
    addFailure(cases, "F.multilabel_soft_margin_loss(x, p, reduction='x')", ({ x, p }) =>
      F.multilabelSoftMarginLoss(x, p, { reduction: 'x' as any }),
    );
    addFailure(cases, 'F.multi_margin_loss(x, c, 3)', ({ x, c }) => F.multiMarginLoss(x, c, 3));
    addFailure(cases, 'F.multi_margin_loss(x, c, weight=x)', ({ x, c }) => F.multiMarginLoss(x, c, { weight: x }));
    addFailure(cases, 'F.linear_cross_entropy(seq, x, c)', ({ seq, x, c }) => F.linearCrossEntropy(seq, x, c));
    addFailure(cases, 'F.linear_cross_entropy(x, row, c)', ({ x, row, c }) => F.linearCrossEntropy(x, row, c));
    addFailure(cases, 'F.linear_cross_entropy(x, y.T, c)', ({ x, y, c }) => F.linearCrossEntropy(x, y.T, c));
    addFailure(cases, 'F.linear_cross_entropy(x, y, c, linear_bias=row)', ({ x, y, c, row }) =>
      F.linearCrossEntropy(x, y, c, { linearBias: row }),
    );
    addFailure(cases, 'F.linear_cross_entropy(row, x[None], c)', ({ x, row, c }) =>
      F.linearCrossEntropy(row, x.unsqueeze(0), c),
    );
    addFailure(cases, 'F.linear_cross_entropy(x, y, x[:, :3], ignore_index=1)', ({ x, y }) =>
      F.linearCrossEntropy(x, y, x.narrow(1, 0, 3), { ignoreIndex: 1 }),
    );
  });

  cases.group('losses between samples', () => {
    for (const reduction of REDUCTIONS) {
      addWithGradients(cases, `F.margin_ranking_loss(x, y, p.sign(), 0.2, reduction='${reduction}')`, (i) =>
        F.marginRankingLoss(i.x, i.y, i.p.sign(), 0.2, reduction),
      );
      addWithGradients(cases, `F.hinge_embedding_loss(x, y.sign(), reduction='${reduction}')`, ({ x, y }) =>
        F.hingeEmbeddingLoss(x, y.sign(), { reduction }),
      );
      addWithGradients(cases, `F.cosine_embedding_loss(x, y, y[:, 0].sign(), reduction='${reduction}')`, ({ x, y }) =>
        F.cosineEmbeddingLoss(x, y, y.select(1, 0).sign(), { reduction }),
      );
      addWithGradients(cases, `F.triplet_margin_loss(x, y, pos, reduction='${reduction}')`, ({ x, y, pos }) =>
        F.tripletMarginLoss(x, y, pos, { reduction }),
      );
      addWithGradients(
        cases,
        `F.triplet_margin_with_distance_loss(x, y, pos, reduction='${reduction}')`,
        ({ x, y, pos }) => F.tripletMarginWithDistanceLoss(x, y, pos, { reduction }),
      );
    }
    cases.add('F.cosine_embedding_loss(x, y, -y[:, 0].sign(), 0.5)', ({ x, y }) =>
      F.cosineEmbeddingLoss(x, y, y.select(1, 0).sign().neg(), 0.5),
    );
    cases.add('F.triplet_margin_loss(x, y, pos, 2.0, 1, 1e-3, True)', ({ x, y, pos }) =>
      F.tripletMarginLoss(x, y, pos, 2, 1, 1e-3, true),
    );
    addWithGradients(
      cases,
      'F.triplet_margin_with_distance_loss(x, y, pos, distance_function=lambda a, b: (a - b).abs().sum(-1), margin=2, swap=True)',
      ({ x, y, pos }) =>
        F.tripletMarginWithDistanceLoss(x, y, pos, {
          distanceFunction: (a, b) => a.sub(b).abs().sum(-1),
          margin: 2,
          swap: true,
        }),
    );
    addFailure(cases, 'F.margin_ranking_loss(x, row, y)', ({ x, row, y }) => F.marginRankingLoss(x, row, y));
    addFailure(cases, 'F.triplet_margin_loss(x, y, pos, -1)', ({ x, y, pos }) => F.tripletMarginLoss(x, y, pos, -1));
    addFailure(cases, "F.triplet_margin_loss(x, y, pos, reduction='x')", ({ x, y, pos }) =>
      F.tripletMarginLoss(x, y, pos, { reduction: 'x' as any }),
    );
    addFailure(cases, 'F.triplet_margin_with_distance_loss(x, y, row)', ({ x, y, row }) =>
      F.tripletMarginWithDistanceLoss(x, y, row),
    );
    addFailure(cases, 'F.triplet_margin_with_distance_loss(x, y, pos, margin=0)', ({ x, y, pos }) =>
      F.tripletMarginWithDistanceLoss(x, y, pos, { margin: 0 }),
    );
    addFailure(cases, "F.triplet_margin_with_distance_loss(x, y, pos, reduction='x')", ({ x, y, pos }) =>
      F.tripletMarginWithDistanceLoss(x, y, pos, { reduction: 'x' as any }),
    );
  });
}
