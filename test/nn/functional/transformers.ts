/** Normalization, embeddings, distances, products and attention. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure, addWithGradients } from '../../support/nn-functional';

const F = torch.nn.functional;

function normalization(cases: Cases): void {
  cases.group('normalization', () => {
    cases.add('F.batch_norm(x, row, row.abs())', ({ x, row }) => F.batchNorm(x, row, row.abs()));
    addWithGradients(
      cases,
      'F.batch_norm(x, None, None, pos[0], pos[1], True) * y',
      ({ x, pos, y }) => F.batchNorm(x, null, null, pos.select(0, 0), pos.select(0, 1), true).mul(y),
      { tolerance: 1e-11 },
    );
    cases.add(
      'm = row.clone(); v = row.abs(); r = F.batch_norm(x, m, v, training=True, momentum=0.3); return [r, m, v]',
      ({ x, row }) => {
        const [m, v] = [row.clone(), row.abs()];
        return [F.batchNorm(x, m, v, { training: true, momentum: 0.3 }), m, v];
      },
      { name: 'F.batch_norm updates running statistics' },
    );
    cases.add('F.instance_norm(seq, eps=0.1)', ({ seq }) => F.instanceNorm(seq, { eps: 0.1 }));
    cases.add('F.instance_norm(img, row, row.abs(), row, -row, False)', ({ img, row }) =>
      F.instanceNorm(img, row, row.abs(), row, row.neg(), false),
    );
    cases.add(
      'm = row.clone(); v = row.abs(); F.instance_norm(img, m, v, momentum=0.2); return [m, v]',
      ({ img, row }) => {
        const [m, v] = [row.clone(), row.abs()];
        F.instanceNorm(img, m, v, { momentum: 0.2 });
        return [m, v];
      },
      { name: 'F.instance_norm updates running statistics' },
    );
    addWithGradients(cases, 'F.layer_norm(x, (4,)) * y', ({ x, y }) => F.layerNorm(x, [4]).mul(y), {
      tolerance: 1e-11,
    });
    cases.add('F.layer_norm(x, (3, 4), y, pos, 0.1)', ({ x, y, pos }) => F.layerNorm(x, [3, 4], y, pos, 0.1));
    addWithGradients(cases, 'F.rms_norm(x, (4,), row) * y', ({ x, row, y }) => F.rmsNorm(x, [4], row).mul(y));
    cases.add('F.rms_norm(f, [3, 4], eps=0.1)', ({ f }) => F.rmsNorm(f, [3, 4], { eps: 0.1 }));
    cases.add('F.group_norm(img, 2, row, -row)', ({ img, row }) => F.groupNorm(img, 2, row, row.neg()));
    cases.add('F.group_norm(img, 4, eps=0.5)', ({ img }) => F.groupNorm(img, 4, { eps: 0.5 }));
    cases.add('F.local_response_norm(seq, 2)', ({ seq }) => F.localResponseNorm(seq, 2));
    cases.add('F.local_response_norm(img, 3, 0.5, 0.6, k=2.0)', ({ img }) =>
      F.localResponseNorm(img, 3, 0.5, 0.6, { k: 2 }),
    );
    cases.add('grad(lambda v: F.local_response_norm(v, 3).sum())(vol)', ({ vol }) =>
      torch.func.grad((v: Tensor) => F.localResponseNorm(v, 3).sum())(vol),
    );
    cases.add('F.local_response_norm(vol[:0], 3)', ({ vol }) => F.localResponseNorm(vol.narrow(0, 0, 0), 3));
    addWithGradients(cases, 'F.normalize(x) * y', ({ x, y }) => F.normalize(x).mul(y));
    cases.add('hessian(lambda v: F.normalize(v, dim=0).sin().sum())(row)', ({ row }) =>
      torch.func.hessian((v: Tensor) => F.normalize(v, { dim: 0 }).sin().sum())(row),
    );
    cases.add('F.normalize(x, 1, 0)', ({ x }) => F.normalize(x, 1, 0));
    cases.add('F.normalize(img, math.inf, (1, 2), eps=5.0)', ({ img }) =>
      F.normalize(img, Infinity, [1, 2], { eps: 5 }),
    );
    cases.add('F.normalize(z)', ({ z }) => F.normalize(z));
    cases.add('o = torch.empty_like(x); F.normalize(x, out=o); return o', ({ x }) => {
      const out = torch.emptyLike(x);
      F.normalize(x, { out });
      return out;
    });
    addFailure(cases, 'F.batch_norm(row[None], None, None, training=True)', ({ row }) =>
      F.batchNorm(row.unsqueeze(0), null, null, { training: true }),
    );
    addFailure(cases, 'F.batch_norm(x, None, None, training=True, eps=-1.5)', ({ x }) =>
      F.batchNorm(x, null, null, { training: true, eps: -1.5 }),
    );
    addFailure(cases, 'F.batch_norm(x, row, row, eps=-0.5)', ({ x, row }) => F.batchNorm(x, row, row, { eps: -0.5 }));
    addFailure(cases, 'F.batch_norm(x, row[:2], row[:2])', ({ x, row }) =>
      F.batchNorm(x, row.narrow(0, 0, 2), row.narrow(0, 0, 2)),
    );
    addFailure(cases, 'F.instance_norm(x[:, :, None])', ({ x }) => F.instanceNorm(x.unsqueeze(2)));
    addFailure(cases, 'F.layer_norm(x, (3,))', ({ x }) => F.layerNorm(x, [3]));
    addFailure(cases, 'F.group_norm(row, 2)', ({ row }) => F.groupNorm(row, 2));
    addFailure(cases, 'F.group_norm(row[None], 4)', ({ row }) => F.groupNorm(row.unsqueeze(0), 4));
    addFailure(cases, 'F.group_norm(img, 3)', ({ img }) => F.groupNorm(img, 3));
    addFailure(cases, 'F.local_response_norm(x, 2)', ({ x }) => F.localResponseNorm(x, 2));
    addFailure(cases, 'F.normalize(x, dim=3)', ({ x }) => F.normalize(x, { dim: 3 }));
  });
}

function embeddings(cases: Cases): void {
  cases.group('embeddings', () => {
    cases.add('F.embedding(words, img[0, 0])', ({ words, img }) => F.embedding(words, img.index(0, 0)));
    cases.add('grad(lambda w: F.embedding(words, w, padding_idx=-5).sum())(img[0, 0])', ({ words, img }) =>
      torch.func.grad((w: Tensor) => F.embedding(words, w, { paddingIdx: -5 }).sum())(img.index(0, 0)),
    );
    cases.add('w = img[0, 0].clone(); r = F.embedding(words, w, None, 0.5, 1.0); return [r, w]', ({ words, img }) => {
      const w = img.index(0, 0).clone();
      return [F.embedding(words, w, null, 0.5, 1), w];
    });
    for (const mode of ['sum', 'mean', 'max'] as const) {
      cases.add(`F.embedding_bag(words, img[0, 0], mode='${mode}')`, ({ words, img }) =>
        F.embeddingBag(words, img.index(0, 0), { mode }),
      );
      cases.add(`grad(lambda w: F.embedding_bag(flat, w, start, mode='${mode}').sin().sum())(img[0, 0])`, (i) =>
        torch.func.grad((w: Tensor) => F.embeddingBag(i.flat, w, i.start, { mode }).sin().sum())(i.img.index(0, 0)),
      );
    }
    cases.add("F.embedding_bag(words, img[0, 0], mode='sum', per_sample_weights=p[:2, :2], padding_idx=1)", (i) =>
      F.embeddingBag(i.words, i.img.index(0, 0), {
        mode: 'sum',
        perSampleWeights: i.p.index(':2', ':2'),
        paddingIdx: 1,
      }),
    );
    cases.add('F.embedding_bag(flat, img[0, 0].clone(), start, 0.5, include_last_offset=True)', (i) =>
      F.embeddingBag(i.flat, i.img.index(0, 0).clone(), i.start, 0.5, { includeLastOffset: true }),
    );
    cases.add(
      'F.embedding_bag(img[0, 0].clone(), flat, start)',
      (i) => F.embeddingBag(i.img.index(0, 0).clone(), i.flat, i.start),
      { name: 'F.embedding_bag with swapped arguments' },
    );
    cases.add('vmap(F.embedding, in_dims=(0, None))(words, img[0, 0])', ({ words, img }) =>
      torch.vmap((w: Tensor, table: Tensor) => F.embedding(w, table), { inDims: [0, null] })(words, img.index(0, 0)),
    );
    cases.add('F.one_hot(c)', ({ c }) => F.oneHot(c));
    cases.add('F.one_hot(c, 6)', ({ c }) => F.oneHot(c, 6));
    const table = ({ img }: any): Tensor => img.index(0, 0);
    addFailure(cases, 'F.embedding(words, img[0, 0], 6)', (i) => F.embedding(i.words, table(i), 6));
    addFailure(cases, 'F.embedding(words, img[0, 0], -7)', (i) => F.embedding(i.words, table(i), -7));
    addFailure(cases, 'F.embedding(words + 9, img[0, 0])', (i) => F.embedding(i.words.add(9), table(i)));
    addFailure(cases, 'F.embedding_bag(words, img[0, 0], start)', (i) => F.embeddingBag(i.words, table(i), i.start));
    addFailure(cases, 'F.embedding_bag(flat, img[0, 0])', (i) => F.embeddingBag(i.flat, table(i)));
    addFailure(cases, 'F.embedding_bag(flat, img[0, 0], words)', (i) => F.embeddingBag(i.flat, table(i), i.words));
    addFailure(cases, 'F.embedding_bag(words[None], img[0, 0])', (i) => F.embeddingBag(i.words.unsqueeze(0), table(i)));
    addFailure(cases, 'F.embedding_bag(words, row)', (i) => F.embeddingBag(i.words, i.row));
    addFailure(cases, "F.embedding_bag(words, img[0, 0], mode='min')", (i) =>
      F.embeddingBag(i.words, table(i), { mode: 'min' as any }),
    );
    addFailure(cases, "F.embedding_bag(words, img[0, 0], mode='max', sparse=True)", (i) =>
      F.embeddingBag(i.words, table(i), { mode: 'max', sparse: true }),
    );
    addFailure(cases, "F.embedding_bag(words, img[0, 0], mode='max', scale_grad_by_freq=True)", (i) =>
      F.embeddingBag(i.words, table(i), { mode: 'max', scaleGradByFreq: true }),
    );
    addFailure(cases, 'F.embedding_bag(words, img[0, 0], per_sample_weights=row)', (i) =>
      F.embeddingBag(i.words, table(i), { perSampleWeights: i.row }),
    );
    addFailure(cases, 'F.embedding_bag(words, img[0, 0], per_sample_weights=p[:2, :2])', (i) =>
      F.embeddingBag(i.words, table(i), { perSampleWeights: i.p.index(':2', ':2') }),
    );
    addFailure(cases, 'F.one_hot(x)', ({ x }) => F.oneHot(x));
  });

  cases.group('distances and products', () => {
    addWithGradients(cases, 'F.pairwise_distance(x, y)', ({ x, y }) => F.pairwiseDistance(x, y));
    cases.add('F.pairwise_distance(x, y, 1, 1e-3, True)', ({ x, y }) => F.pairwiseDistance(x, y, 1, 1e-3, true));
    addWithGradients(cases, 'F.cosine_similarity(x, y, dim=0)', ({ x, y }) => F.cosineSimilarity(x, y, { dim: 0 }));
    cases.add('F.pdist(x, 3)', ({ x }) => F.pdist(x, 3));
    addWithGradients(cases, 'F.linear(x, square, row)', ({ x, square, row }) => F.linear(x, square, row));
    addWithGradients(cases, 'F.bilinear(x, y, img[0, :, :4, :4], row)', ({ x, y, img, row }) =>
      F.bilinear(x, y, img.index(0, ':', ':4', ':4'), row),
    );
    cases.add('F.grouped_mm(b3, b3.transpose(1, 2))', ({ b3 }) => F.groupedMm(b3, b3.transpose(1, 2)));
    cases.add('F.grouped_mm(b3[0], b3, offs=ends)', ({ b3, ends }) => F.groupedMm(b3.select(0, 0), b3, { offs: ends }));
    addFailure(cases, 'F.grouped_mm(x, y)', ({ x, y }) => F.groupedMm(x, y));
  });
}

/** The arguments of attention in Python and here, positional ones given. */
const ATTENTION = ['wi', 'bi', 'None', 'None'] as const;
const attention = (
  i: any,
  [query, key, value]: readonly Tensor[],
  [weight, bias, biasK, biasV]: readonly (Tensor | null)[],
  addZero: boolean,
  options: object,
  dropout = 0,
) =>
  F.multiHeadAttentionForward(
    ...([query, key, value, 8, 2, weight, bias, biasK, biasV, addZero, dropout, i.wo, i.bo] as const),
    options,
  );

function multiHeadAttention(cases: Cases): void {
  const call = (inputs: string, rest = '', given: readonly string[] = ATTENTION, addZero = 'False', p = '0.0') =>
    `F.multi_head_attention_forward(${inputs}, 8, 2, ${given.join(', ')}, ${addZero}, ${p}, wo, bo${rest})`;
  const packed = (i: any) => [i.wi, i.bi, null, null];

  cases.group('attention', () => {
    cases.add('F.scaled_dot_product_attention(seq, seq, seq, is_causal=True)', ({ seq }) =>
      F.scaledDotProductAttention(seq, seq, seq, { isCausal: true }),
    );
    cases.add(call('q, q, q'), (i) => attention(i, [i.q, i.q, i.q], packed(i), false, {}));
    cases.add(call('q, k, k', ', need_weights=False'), (i) =>
      attention(i, [i.q, i.k, i.k], packed(i), false, { needWeights: false }),
    );
    cases.add(call('q, k, k + 1', ', average_attn_weights=False'), (i) =>
      attention(i, [i.q, i.k, i.k.add(1)], packed(i), false, { averageAttnWeights: false }),
    );
    cases.add(call('q[:, 0], k[:, 0], k[:, 0]', '', ['wi', 'None', 'None', 'None']), (i) =>
      attention(i, [i.q.select(1, 0), i.k.select(1, 0), i.k.select(1, 0)], [i.wi, null, null, null], false, {}),
    );
    cases.add(call('q, k, k', ', attn_mask=mask, key_padding_mask=kmask'), (i) =>
      attention(i, [i.q, i.k, i.k], packed(i), false, { attnMask: i.mask, keyPaddingMask: i.kmask }),
    );
    cases.add(call('q, k, k', ', True, kmask.double(), False'), (i) =>
      attention(i, [i.q, i.k, i.k], packed(i), false, {
        training: true,
        keyPaddingMask: i.kmask.double(),
        needWeights: false,
      }),
    );
    cases.add(call('q, k, k', ', attn_mask=mask, key_padding_mask=kmask', ['wi', 'bi', 'bk', 'bk'], 'True'), (i) =>
      attention(i, [i.q, i.k, i.k], [i.wi, i.bi, i.bk, i.bk], true, { attnMask: i.mask, keyPaddingMask: i.kmask }),
    );
    cases.add(call('q, q, q', ', attn_mask=square4, is_causal=True, need_weights=False'), (i) =>
      attention(i, [i.q, i.q, i.q], packed(i), false, { attnMask: i.square4, isCausal: true, needWeights: false }),
    );
    cases.add(
      call('q, k, k', ', use_separate_proj_weight=True, q_proj_weight=wo, k_proj_weight=wo, v_proj_weight=wo', [
        ...['None', 'bi', 'None', 'None'],
      ]),
      (i) =>
        attention(i, [i.q, i.k, i.k], [null, i.bi, null, null], false, {
          useSeparateProjWeight: true,
          qProjWeight: i.wo,
          kProjWeight: i.wo,
          vProjWeight: i.wo,
        }),
    );
    cases.add(call('q, k, k', ', static_k=fixed, static_v=fixed'), (i) =>
      attention(i, [i.q, i.k, i.k], packed(i), false, { staticK: i.fixed, staticV: i.fixed }),
    );
    cases.add(call('q, q, q', '', ATTENTION, 'False', '0.5'), (i) =>
      attention(i, [i.q, i.q, i.q], packed(i), false, {}, 0.5),
    );
    cases.add(call('q, q, q', ', False', ATTENTION, 'False', '0.5'), (i) =>
      attention(i, [i.q, i.q, i.q], packed(i), false, { training: false }, 0.5),
    );
    cases.add(`grad(lambda q: ${call('q, k, k')}[0].sin().sum())(q)`, (i) =>
      torch.func.grad((q: Tensor) => attention(i, [q, i.k, i.k], packed(i), false, {})[0].sin().sum())(i.q),
    );

    const failing = (inputs: string, rest: string, tensors: (i: any) => Tensor[], options: (i: any) => object) =>
      addFailure(cases, call(inputs, rest), (i) => attention(i, tensors(i), packed(i), false, options(i)));
    const plain = (i: any) => [i.q, i.k, i.k];
    failing(
      'q[None], k, k',
      '',
      (i) => [i.q.unsqueeze(0), i.k, i.k],
      () => ({}),
    );
    failing(
      'q, k[0], k',
      '',
      (i) => [i.q, i.k.select(0, 0), i.k],
      () => ({}),
    );
    failing(
      'q[0], k, k',
      '',
      (i) => [i.q.select(0, 0), i.k, i.k],
      () => ({}),
    );
    failing(
      'q, k, k[:2]',
      '',
      (i) => [i.q, i.k, i.k.narrow(0, 0, 2)],
      () => ({}),
    );
    failing('q, k, k', ', key_padding_mask=row', plain, (i) => ({ keyPaddingMask: i.row }));
    failing('q, k, k', ', key_padding_mask=kmask.long()', plain, (i) => ({ keyPaddingMask: i.kmask.long() }));
    failing('q, k, k', ', key_padding_mask=kmask[:1]', plain, (i) => ({ keyPaddingMask: i.kmask.narrow(0, 0, 1) }));
    failing('q, k, k', ', attn_mask=row', plain, (i) => ({ attnMask: i.row }));
    failing('q, k, k', ', attn_mask=square', plain, (i) => ({ attnMask: i.square }));
    failing('q, k, k', ', attn_mask=seq', plain, (i) => ({ attnMask: i.seq }));
    failing('q, k, k', ', is_causal=True', plain, () => ({ isCausal: true }));
    failing('q, k, k', ', static_k=q', plain, (i) => ({ staticK: i.q }));
    failing('q, k, k', ', use_separate_proj_weight=True', plain, () => ({ useSeparateProjWeight: true }));
    failing(
      'seq, seq, seq',
      '',
      (i) => [i.seq, i.seq, i.seq],
      () => ({}),
    );
    addFailure(cases, call('q, k, k', '', ['None', 'bi', 'None', 'None']), (i) =>
      attention(i, plain(i), [null, i.bi, null, null], false, {}),
    );
    addFailure(cases, call('q, k, k', '', ['wi', 'bi', 'bk', 'None']), (i) =>
      attention(i, plain(i), [i.wi, i.bi, i.bk, null], false, {}),
    );
    addFailure(cases, call('q, k, k', '', ['wi', 'bi', 'None', 'bk']), (i) =>
      attention(i, plain(i), [i.wi, i.bi, null, i.bk], false, {}),
    );
  });
}

export function transformers(cases: Cases): void {
  normalization(cases);
  embeddings(cases);
  multiHeadAttention(cases);
}
