/** Attention and transformers against PyTorch's. */

import * as torch from '../../lib';
import { flat, parity, some } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';
import { addInputDerivatives, addModule, CAMEL } from '../support/nn-modules';

const { nn } = torch;
type Module = torch.nn.Module;

const FUSED = 'torch.backends.mha.set_fastpath_enabled(False), torch.backends.cuda.enable_flash_sdp(False)';

// Without the fused kernels: one is not used here, and the other has no second derivative.
const slowly = (python: string): string => `(${FUSED}, ${python})[-1]`;

// Dropout draws other numbers for a batch than for its samples.
const inEval = (python: string, build: () => Module) => ({
  python: slowly(`${python}.eval()`),
  build: () => build().eval(),
});

const attentions: [python: string, build: () => Module, more: string[]][] = [
  ['nn.MultiheadAttention(8, 2)', () => new nn.MultiheadAttention(8, 2), ['y', 'y']],
  [
    'nn.MultiheadAttention(8, 4, 0, False, True, True)',
    () => new nn.MultiheadAttention(8, 4, 0, false, true, true),
    ['y', 'y'],
  ],
  [
    'nn.MultiheadAttention(8, 2, kdim=5, vdim=6, batch_first=True, dropout=0.5)',
    () => new nn.MultiheadAttention(8, 2, { kdim: 5, vdim: 6, batchFirst: true, dropout: 0.5 }),
    ['k', 'v'],
  ],
  [
    'nn.MultiheadAttention(8, 2, batch_first=True, dtype=torch.float64).float()',
    () => new nn.MultiheadAttention(8, 2, { batchFirst: true, dtype: 'float64' }).float(),
    ['y', 'y'],
  ],
];

const ENCODER = 'nn.TransformerEncoderLayer(8, 2, 12, dropout=0)';
const DECODER = 'nn.TransformerDecoderLayer(8, 2, 12, dropout=0)';
const encoderLayer = () => new nn.TransformerEncoderLayer(8, 2, 12, { dropout: 0 });
const decoderLayer = () => new nn.TransformerDecoderLayer(8, 2, 12, { dropout: 0 });

const encoders: [python: string, build: () => Module][] = [
  [ENCODER, encoderLayer],
  [
    "nn.TransformerEncoderLayer(8, 2, 12, 0.5, 'gelu', 1e-3, True, True, False)",
    () => new nn.TransformerEncoderLayer(8, 2, 12, 0.5, 'gelu', 1e-3, true, true, false),
  ],
  [
    'nn.TransformerEncoderLayer(8, 1, 12, activation=nn.Tanh(), norm_first=True, dropout=0)',
    () => new nn.TransformerEncoderLayer(8, 1, 12, { activation: new nn.Tanh(), normFirst: true, dropout: 0 }),
  ],
  [
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, activation=nn.GELU('tanh'), dropout=0), 2)",
    () =>
      new nn.TransformerEncoder(
        new nn.TransformerEncoderLayer(8, 2, 12, { activation: new nn.GELU('tanh'), dropout: 0 }),
        2,
      ),
  ],
  [
    `nn.TransformerEncoder(${ENCODER}, 2, nn.LayerNorm(8), enable_nested_tensor=False)`,
    () => new nn.TransformerEncoder(encoderLayer(), 2, new nn.LayerNorm(8)),
  ],
];

const decoders: [python: string, build: () => Module][] = [
  [DECODER, decoderLayer],
  [
    'nn.TransformerDecoderLayer(8, 2, 12, norm_first=True, batch_first=True, dropout=0.25)',
    () => new nn.TransformerDecoderLayer(8, 2, 12, { normFirst: true, batchFirst: true, dropout: 0.25 }),
  ],
  [`nn.TransformerDecoder(${DECODER}, 2)`, () => new nn.TransformerDecoder(decoderLayer(), 2)],
];

const TRANSFORMER = 'nn.Transformer(8, 2, 2, 1, 12, 0)';
const transformer = () => new nn.Transformer(8, 2, 2, 1, 12, 0);

parity('attention and transformers', (cases) => {
  beforeAll(() => torch.func.setBatchingFallback('error'));
  afterAll(() => torch.func.setBatchingFallback('warn'));

  cases.inputs({
    x: some([4, 3, 8], 'float32'),
    y: some([4, 3, 8], 'float32', 2),
    k: some([4, 5, 5], 'float32', 3),
    v: some([4, 5, 6], 'float32', 4),
    mem: some([6, 3, 8], 'float32', 5),
    mask: flat(
      [...Array(16)].map((_, i) => i % 4 > Math.floor(i / 4)),
      [4, 4],
      'bool',
    ),
    added: some([6, 4, 4], 'float32', 6),
    pad: flat(
      [...Array(12)].map((_, i) => i % 4 === 3),
      [3, 4],
      'bool',
    ),
    wrong: flat(
      [...Array(9)].map(() => false),
      [3, 3],
      'bool',
    ),
  });

  cases.group('attention', () => {
    for (const [python, build, more] of attentions) {
      addModule(cases, slowly(python), build, 'x', more, { python: 'list(r)', of: (r) => r });
      addInputDerivatives(cases, {
        ...inEval(python, build),
        ...{ input: 'x', more: more.join(', '), moreOf: (i: any) => more.map((n) => i[n]) },
        ...{ part: 'r[0]', partOf: (r: any) => r[0] },
      });
    }
    const python = 'nn.MultiheadAttention(8, 2)';
    const build = () => new nn.MultiheadAttention(8, 2);
    cases.add(`${python}(x, x, x, pad, False, mask)`, ({ x, pad, mask }) => build()(x, x, x, pad, false, mask));
    cases.add(`${python}(x, x, x, attn_mask=added, average_attn_weights=False)`, ({ x, added }) =>
      build()(x, x, x, { attnMask: added, averageAttnWeights: false }),
    );
    cases.add(`${python}(x, x, x, need_weights=False, attn_mask=mask, is_causal=True)`, ({ x, mask }) =>
      build()(x, x, x, { needWeights: false, attnMask: mask, isCausal: true }),
    );
    cases.add(`${python}(x[:, 0], x[:, 0], x[:, 0], key_padding_mask=pad[0])`, ({ x, pad }) => {
      const one = x.select(1, 0);
      return build()(one, one, one, { keyPaddingMask: pad.select(0, 0) });
    });
    addFailure(cases, 'nn.MultiheadAttention(8, 3)', () => new nn.MultiheadAttention(8, 3));
    addFailure(cases, 'nn.MultiheadAttention(0, 3)', () => new nn.MultiheadAttention(0, 3));
    addFailure(cases, `${python}(k, k, k)`, ({ k }) => build()(k, k, k));
    addFailure(cases, `${python}(x, x, x, attn_mask=wrong)`, ({ x, wrong }) => build()(x, x, x, { attnMask: wrong }));
    addFailure(cases, `${python}(x, x, x, is_causal=True)`, ({ x }) => build()(x, x, x, { isCausal: true }));
  });

  cases.group('encoders', () => {
    for (const [python, build] of encoders) {
      addModule(cases, slowly(python), build, 'x');
      addInputDerivatives(cases, { ...inEval(python, build), input: 'x', tolerance: 1e-4 });
    }
    const stack = encoders.at(-1)!;
    cases.add(`${stack[0]}(x, mask, pad)`, ({ x, mask, pad }) => stack[1]()(x, mask, pad));
    cases.add(`${stack[0]}(x, mask=mask, is_causal=True)`, ({ x, mask }) => stack[1]()(x, { mask, isCausal: true }));
    cases.add(`${stack[0]}(x, mask=nn.Transformer.generate_square_subsequent_mask(4))`, ({ x }) =>
      stack[1]()(x, { mask: nn.Transformer.generateSquareSubsequentMask(4) }),
    );
    cases.add(`m = ${ENCODER}; return m(x, added, pad)`, ({ x, added, pad }) => encoderLayer()(x, added, pad));
    addFailure(
      cases,
      "nn.TransformerEncoderLayer(8, 2, activation='tanh')",
      () => new nn.TransformerEncoderLayer(8, 2, { activation: 'tanh' as never }),
    );
    cases.add(
      `${CAMEL}m = ${stack[0]}; m(x).square().sum().backward(); return {camel(n): p.grad for n, p in m.named_parameters()}`,
      ({ x }) => {
        const m = stack[1]();
        (m(x) as torch.Tensor).square().sum().backward();
        return Object.fromEntries(m.namedParameters().map(([n, p]) => [n, p.grad]));
      },
      { name: 'the gradients of an encoder', tolerance: 1e-4 },
    );
  });

  cases.group('decoders', () => {
    for (const [python, build] of decoders) {
      const memory = python.includes('batch_first') ? 'y' : 'mem';
      addModule(cases, slowly(python), build, 'x', [memory]);
      addInputDerivatives(cases, {
        ...inEval(python, build),
        ...{ input: 'x', more: memory, moreOf: (i: any) => [i[memory]], tolerance: 1e-4 },
      });
    }
    const stack = decoders.at(-1)!;
    cases.add(`${stack[0]}(x, x, tgt_mask=mask, memory_mask=mask, tgt_key_padding_mask=pad)`, ({ x, mask, pad }) =>
      stack[1]()(x, x, { tgtMask: mask, memoryMask: mask, tgtKeyPaddingMask: pad }),
    );
    cases.add(`${DECODER}(x, x, memory_key_padding_mask=pad, tgt_mask=mask, tgt_is_causal=True)`, ({ x, pad, mask }) =>
      decoderLayer()(x, x, { memoryKeyPaddingMask: pad, tgtMask: mask, tgtIsCausal: true }),
    );
  });

  cases.group('transformer', () => {
    addModule(cases, slowly(TRANSFORMER), transformer, 'mem', ['y']);
    addInputDerivatives(cases, {
      ...{
        python: slowly(TRANSFORMER),
        build: transformer,
        input: 'mem',
        more: 'y',
        moreOf: (i: any) => [i.y],
        tolerance: 1e-4,
      },
    });
    cases.add(`${TRANSFORMER}(mem, x, tgt_mask=mask, src_is_causal=False)`, ({ mem, x, mask }) =>
      transformer()(mem, x, { tgtMask: mask, srcIsCausal: false }),
    );
    cases.add('nn.Transformer.generate_square_subsequent_mask(3, dtype=torch.float64)', () =>
      nn.Transformer.generateSquareSubsequentMask(3, { dtype: 'float64' }),
    );
    cases.add(
      'm = nn.Transformer(8, 2, 1, 1, custom_encoder=nn.Identity(), custom_decoder=nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 4), 1)); return [len(list(m.parameters())), next(m.parameters())]',
      () => {
        const decoder = new nn.TransformerDecoder(new nn.TransformerDecoderLayer(8, 2, 4), 1);
        const m = new nn.Transformer(8, 2, 1, 1, { customEncoder: new nn.Identity(), customDecoder: decoder });
        return [m.parameters().length, m.parameters()[0]];
      },
      { tolerance: 0 },
    );
    addFailure(cases, `${TRANSFORMER}(mem, x[:, :2])`, ({ mem, x }) => transformer()(mem, x.narrow(1, 0, 2)));
    addFailure(cases, `${TRANSFORMER}(mem[..., :4], x)`, ({ mem, x }) => transformer()(mem.narrow(2, 0, 4), x));
  });

  cases.group('copies of layers', () => {
    test('draw no random numbers, and share nothing', () => {
      torch.manualSeed(3);
      const layer = encoderLayer();
      layer.dropout.p = 0.25;
      layer.linear1.weight.requiresGrad_(false);
      const next = torch.rand([]);
      torch.manualSeed(3);
      encoderLayer();
      const { layers } = new nn.TransformerEncoder(layer, 2);
      expect(torch.rand([]).item()).toBe(next.item());
      expect(layers[0].dropout.p).toBe(0.25);
      expect(layers[1].linear1.weight.requiresGrad).toBe(false);
      expect(layers[0].linear2.weight.equal(layer.linear2.weight)).toBe(true);
      torch.noGrad(() => layers[0].linear2.weight.zero_());
      expect(layers[1].linear2.weight.equal(layer.linear2.weight)).toBe(true);
    });
    test('other modules need a method or a function', () => {
      expect(() => new nn.TransformerEncoder(new nn.Identity() as never, 2)).toThrow(
        'TransformerEncoder(): Identity has no method clone(), which copies a layer; pass a function that makes a layer',
      );
      const layer = new nn.TransformerEncoderLayer(8, 2, { activation: new nn.PReLU() });
      expect(() => layer.clone()).toThrow('TransformerEncoderLayer(): PReLU has no method clone()');
      const encoder = new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(8, 2, 4), 3);
      expect(encoder.layers.length).toBe(3);
      expect(encoder.layers[0]).not.toBe(encoder.layers[1]);
    });
  });
});
