/** The warnings of torch.nn.functional, in PyTorch's words. Each is given once per process. */

import * as torch from '../../lib';
import { flat, parity, some } from '../support/parity/cases';

const F = torch.nn.functional;

function warningsOf(call: () => unknown): string[] {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    call();
    return emit.mock.calls.map(([message]) => String(message));
  } finally {
    emit.mockRestore();
  }
}

const inputs = {
  x: some([3, 4]),
  y: some([3, 4], 'float64', 2),
  row: some([4], 'float64', 3),
  seq: some([2, 3, 8], 'float64', 4),
  img: some([2, 4, 6, 6], 'float64', 5),
  grid: some([2, 3, 2, 2], 'float64', 6),
  theta: some([2, 2, 3], 'float64', 7),
  long: flat([0, 1, 1], [3], 'int64'),
  q: some([4, 2, 8], 'float64', 9),
  w: some([24, 8], 'float64', 10),
  wo: some([8, 8], 'float64', 11),
  kmask: flat([false, true, false, false, false, true, true, false], [2, 4], 'bool'),
  mask: some([4, 4], 'float64', 12),
};

parity('the warnings of torch.nn.functional', (cases) => {
  cases.inputs(inputs);

  const warns = (python: string, javascript: (inputs: any) => unknown) =>
    cases.add(
      `with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    ${python}
return [str(warning.message) for warning in caught]`,
      (given) => warningsOf(() => javascript(given)),
      { name: python },
    );

  warns('F.mse_loss(x, row)', ({ x, row }) => F.mseLoss(x, row));
  warns("F.kl_div(x, y, reduction='mean')", ({ x, y }) => F.klDiv(x, y));
  warns("F.l1_loss(x, y, reduction='elementwise_mean')", ({ x, y }) => F.l1Loss(x, y, 'elementwise_mean' as any));
  warns('F.softmax(x)', ({ x }) => F.softmax(x));
  warns('F.softmin(x)', ({ x }) => F.softmin(x));
  warns('F.log_softmax(x)', ({ x }) => F.logSoftmax(x));
  warns('F.gumbel_softmax(x, eps=1.0)', ({ x }) => F.gumbelSoftmax(x, { eps: 1 }));
  warns('F.dropout2d(seq)', ({ seq }) => F.dropout2d(seq));
  warns('F.dropout2d(x)', ({ x }) => F.dropout2d(x));
  warns('F.dropout3d(seq)', ({ seq }) => F.dropout3d(seq));
  warns('F.upsample(img, 3)', ({ img }) => F.upsample(img, 3));
  warns('F.upsample_nearest(img, 3)', ({ img }) => F.upsampleNearest(img, 3));
  warns('F.upsample_bilinear(img, 3)', ({ img }) => F.upsampleBilinear(img, 3));
  warns('F.grid_sample(img, grid)', ({ img, grid }) => F.gridSample(img, grid));
  warns('F.affine_grid(theta, [2, 1, 1, 3], align_corners=True)', ({ theta }) =>
    F.affineGrid(theta, [2, 1, 1, 3], { alignCorners: true }),
  );
  warns('F.embedding_bag(x, long, torch.tensor([0]))', ({ x, long }) => F.embeddingBag(x, long, torch.tensor([0n])));
  warns(
    'F.multi_head_attention_forward(q, q, q, 8, 2, w, None, None, None, False, 0.0, wo, None, attn_mask=mask, key_padding_mask=kmask)',
    ({ q, w, wo, mask, kmask }) =>
      F.multiHeadAttentionForward(...([q, q, q, 8, 2, w, null, null, null, false, 0, wo, null] as const), {
        attnMask: mask,
        keyPaddingMask: kmask,
      }),
  );

  cases.add(
    'return []',
    ({ x, row }) =>
      warningsOf(() => {
        F.mseLoss(x, row);
        F.softmax(x);
      }),
    { name: 'the second time nothing is said' },
  );
});
