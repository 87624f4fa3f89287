/** Recurrent networks, their cells, and packed sequences against PyTorch's. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';
import { addFailure } from '../support/nn-functional';
import { addInputDerivatives, addModule, CAMEL } from '../support/nn-modules';

const { nn, func, vmap } = torch;
const { rnn } = nn.utils;
type Module = torch.nn.Module;

/** Results of both languages as one list. */
const FLAT = '[r[0], *r[1]] if isinstance(r[1], tuple) else list(r)';
const flatOf = (r: any): unknown[] => [r[0], ...(Array.isArray(r[1]) ? (r[1] as unknown[]) : [r[1]])];

const networks: [python: string, build: () => Module, input: string][] = [
  ['nn.RNN(4, 3)', () => new nn.RNN(4, 3), 'x'],
  ["nn.RNN(4, 3, 2, 'relu', bidirectional=True)", () => new nn.RNN(4, 3, 2, 'relu', { bidirectional: true }), 'x'],
  ['nn.LSTM(4, 3)', () => new nn.LSTM(4, 3), 'x'],
  [
    'nn.LSTM(4, 3, 2, False, True, bidirectional=True)',
    () => new nn.LSTM(4, 3, 2, false, true, { bidirectional: true }),
    'x',
  ],
  [
    'nn.LSTM(4, 3, num_layers=2, proj_size=2, bidirectional=True)',
    () => new nn.LSTM(4, 3, { numLayers: 2, projSize: 2, bidirectional: true }),
    'x',
  ],
  ['nn.LSTM(4, 3, proj_size=1, bias=False)', () => new nn.LSTM(4, 3, { projSize: 1, bias: false }), 'one'],
  ['nn.GRU(4, 3)', () => new nn.GRU(4, 3), 'x'],
  ['nn.GRU(4, 3, 3, bias=False, batch_first=True)', () => new nn.GRU(4, 3, 3, { bias: false, batchFirst: true }), 'x'],
  ['nn.GRU(4, 3, bidirectional=True)', () => new nn.GRU(4, 3, { bidirectional: true }), 'one'],
];

const dropouts: [python: string, build: () => Module][] = [
  ['nn.LSTM(4, 3, 2, dropout=0.5)', () => new nn.LSTM(4, 3, 2, { dropout: 0.5 })],
  [
    'nn.GRU(4, 3, 3, dropout=0.25, bidirectional=True)',
    () => new nn.GRU(4, 3, 3, { dropout: 0.25, bidirectional: true }),
  ],
];

const cells: [python: string, build: () => Module, input: string, pair?: boolean][] = [
  ['nn.RNNCell(4, 3)', () => new nn.RNNCell(4, 3), 'row'],
  [
    "nn.RNNCell(4, 3, bias=False, nonlinearity='relu')",
    () => new nn.RNNCell(4, 3, { bias: false, nonlinearity: 'relu' }),
    'row',
  ],
  ['nn.LSTMCell(4, 3)', () => new nn.LSTMCell(4, 3), 'row', true],
  ['nn.LSTMCell(4, 3, False)', () => new nn.LSTMCell(4, 3, false), 'vector', true],
  ['nn.GRUCell(4, 3)', () => new nn.GRUCell(4, 3), 'row'],
  ['nn.GRUCell(4, 3, bias=False)', () => new nn.GRUCell(4, 3, { bias: false }), 'vector'],
];

const PACK = 'nn.utils.rnn.pack_padded_sequence(x, [3, 5], enforce_sorted=False)';
const pack = (x: Tensor) => rnn.packPaddedSequence(x, [3, 5], { enforceSorted: false });

parity('recurrent networks', (cases) => {
  cases.inputs({
    x: some([5, 2, 4], 'float32'),
    x64: some([5, 2, 4], 'float64', 2),
    one: some([5, 4], 'float32', 3),
    row: some([2, 4], 'float32', 4),
    vector: some([4], 'float32', 5),
    h: some([2, 2, 3], 'float32', 6),
    c: some([2, 2, 3], 'float32', 7),
    small: some([2, 3], 'float32', 8),
    a: some([3, 2], 'float32', 9),
    b: some([5, 2], 'float32', 10),
    lengths: tensorOf([5, 2], 'int64'),
  });

  cases.group('networks', () => {
    for (const [python, build, input] of networks) {
      addModule(cases, python, build, input, [], { python: FLAT, of: flatOf });
      const all = `torch.cat([v.flatten() for v in (${FLAT})])`;
      const allOf = (r: any) => torch.cat((flatOf(r) as Tensor[]).map((v) => v.flatten()));
      addInputDerivatives(cases, { python, build, input, part: all, partOf: allOf, tolerance: 1e-4 });
      cases.add(
        `${CAMEL}m = ${python}; m(${input})[0].square().sum().backward(); return {camel(n): p.grad for n, p in m.named_parameters()}`,
        (inputs) => {
          const m = build();
          (m(inputs[input]) as [Tensor])[0].square().sum().backward();
          return Object.fromEntries(m.namedParameters().map(([n, p]) => [n, p.grad]));
        },
        { name: `${python}: gradients of the weights`, tolerance: 1e-5 },
      );
    }
    for (const [python, build] of dropouts) addModule(cases, python, build, 'x', [], { python: FLAT, of: flatOf });
    cases.add(
      'm = nn.LSTM(4, 3, 2); return list(m(x, (h, c))[1])',
      ({ x, h, c }) => new nn.LSTM(4, 3, 2)(x, [h, c])[1],
    );
    cases.add('m = nn.GRU(4, 3, 2); return list(m(x, h))', ({ x, h }) => new nn.GRU(4, 3, 2)(x, h));
    cases.add('m = nn.RNN(4, 3, 2); return list(m(one, h[:, 0]))', ({ one, h }) =>
      new nn.RNN(4, 3, 2)(one, h.select(1, 0)),
    );
    cases.add(
      `m = nn.LSTM(4, 3, dtype=torch.float64); f = lambda x: m(x)[0].square().sum()
return torch.autograd.functional.hessian(f, x64)`,
      ({ x64 }) => {
        const m = new nn.LSTM(4, 3, { dtype: 'float64' });
        return func.hessian((x: Tensor) => m(x)[0].square().sum())(x64);
      },
      { name: 'the Hessian of an LSTM', tolerance: 1e-11 },
    );
    cases.add(
      `${CAMEL}m = nn.GRU(4, 3, 2, dropout=0.0, bidirectional=True)
def gradients(x):
    for p in m.parameters(): p.grad = None
    m(x)[0].square().sum().backward()
    return {camel(n): p.grad for n, p in m.named_parameters()}
both = [gradients(x), gradients(x * 0.5)]
return {n: torch.stack([g[n] for g in both]) for n in both[0]}`,
      ({ x }) => {
        const m = new nn.GRU(4, 3, 2, { bidirectional: true });
        const params = Object.fromEntries(m.namedParameters());
        const loss = (p: Record<string, Tensor>, rows: Tensor): Tensor =>
          func.functionalCall(m, p, rows)[0].square().sum();
        return vmap(func.grad(loss), { inDims: [null, 0] })(params, torch.stack([x, x.mul(0.5)]));
      },
      { name: 'gradients per sample', tolerance: 1e-5 },
    );
    cases.add(
      `m = nn.RNNBase('LSTM', 4, 3, 2, bidirectional=True); return [str(m), len(m.all_weights), len(m.all_weights[0]), m.all_weights[3][0]]`,
      () => {
        const m = new nn.RNNBase('LSTM', 4, 3, 2, { bidirectional: true });
        return [String(m), m.allWeights.length, m.allWeights[0].length, m.allWeights[3][0]];
      },
      { tolerance: 0 },
    );
    cases.add(
      'm = nn.LSTM(4, 3, bidirectional=True); return list(m.state_dict())',
      () => Object.keys(new nn.LSTM(4, 3, { bidirectional: true }).stateDict({ names: 'python' })),
      { name: 'names of Python' },
    );
  });

  cases.group('cells', () => {
    for (const [python, build, input, isPair = false] of cells) {
      const part = isPair ? { python: 'list(r)', of: (r: any) => r as unknown } : undefined;
      addModule(cases, python, build, input, [], part);
      addInputDerivatives(cases, {
        ...{ python, build, input, tolerance: 1e-4 },
        ...(isPair ? { part: 'torch.cat(r, -1)', partOf: (r: any) => torch.cat(r, -1) } : {}),
      });
    }
    cases.add('list(nn.LSTMCell(4, 3)(row, (small, small * 2)))', ({ row, small }) =>
      new nn.LSTMCell(4, 3)(row, [small, small.mul(2)]),
    );
    cases.add('nn.GRUCell(4, 3)(vector, small[0])', ({ vector, small }) =>
      new nn.GRUCell(4, 3)(vector, small.select(0, 0)),
    );
    cases.add('nn.RNNCellBase(2, 3, True, 4).bias_hh', () => new nn.RNNCellBase(2, 3, true, 4).biasHh, {
      tolerance: 0,
    });
    addFailure(cases, 'nn.GRUCell(4, 3)(x)', ({ x }) => new nn.GRUCell(4, 3)(x));
    addFailure(cases, 'nn.RNNCell(4, 3)(row, h)', ({ row, h }) => new nn.RNNCell(4, 3)(row, h));
    addFailure(cases, 'nn.LSTMCell(4, 3)(row, (small, h))', ({ row, small, h }) =>
      new nn.LSTMCell(4, 3)(row, [small, h]),
    );
    addFailure(cases, "nn.RNNCell(4, 3, nonlinearity='gelu')(row)", ({ row }) =>
      new nn.RNNCell(4, 3, { nonlinearity: 'gelu' as never })(row),
    );
  });

  cases.group('packed sequences', () => {
    const fields = (p: torch.nn.utils.rnn.PackedSequence) => [...p];
    cases.add(`list(${PACK})`, ({ x }) => fields(pack(x)));
    cases.add('list(nn.utils.rnn.pack_padded_sequence(x, lengths))', ({ x, lengths }) =>
      fields(rnn.packPaddedSequence(x, lengths)),
    );
    cases.add('list(nn.utils.rnn.pack_sequence([b, a]))', ({ a, b }) => fields(rnn.packSequence([b, a])));
    cases.add('nn.utils.rnn.unpack_sequence(nn.utils.rnn.pack_sequence([a, b], False))', ({ a, b }) =>
      rnn.unpackSequence(rnn.packSequence([a, b], false)),
    );
    cases.add(`list(nn.utils.rnn.pad_packed_sequence(${PACK}, True, -1.0, 7))`, ({ x }) =>
      rnn.padPackedSequence(pack(x), true, -1, 7),
    );
    cases.add("nn.utils.rnn.pad_sequence([a, b], padding_value=2.0, padding_side='left')", ({ a, b }) =>
      rnn.padSequence([a, b], { paddingValue: 2, paddingSide: 'left' }),
    );
    cases.add('nn.utils.rnn.unpad_sequence(x.clone(), lengths)', ({ x, lengths }) => rnn.unpadSequence(x, lengths));
    cases.add('nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))', () =>
      rnn.invertPermutation(torch.tensor([2n, 0n, 1n])),
    );
    cases.add(`[str(${PACK}.double().data.dtype), ${PACK}.to(torch.float16).sorted_indices]`, ({ x }) => [
      `torch.${pack(x).double().data.dtype}`,
      pack(x).to('float16').sortedIndices,
    ]);

    for (const [python, build] of networks.filter(([p, , input]) => input === 'x' && !p.includes('True, bidir'))) {
      const all = (r: any): Tensor => torch.cat([r[0].data, ...flatOf(r).slice(1)].map((v: Tensor) => v.flatten()));
      cases.add(
        `m = ${python}; r = m(${PACK}); r = (${FLAT}); return [list(r[0]), *r[1:]]`,
        ({ x }) => {
          const [output, ...states] = flatOf(build()(pack(x)));
          return [[...(output as torch.nn.utils.rnn.PackedSequence)], ...states];
        },
        { name: `${python}: packed`, tolerance: 1e-5 },
      );
      const setup = `m = ${python}
def f(x):
    r = m(${PACK}); r = (${FLAT})
    return torch.cat([v.flatten() for v in (r[0].data, *r[1:])])
`;
      cases.add(
        `${setup}return [torch.stack([f(x), f(x * 0.5)]), torch.stack([torch.autograd.functional.vjp(lambda v: f(v).square().sum(), v)[1] for v in (x, x * 0.5)]), torch.autograd.functional.jvp(f, x, x.flip(0))[1]]`,
        ({ x }) => {
          const m = build();
          const f = (v: Tensor): Tensor => all(m(pack(v)));
          const xs = torch.stack([x, x.mul(0.5)]);
          const gradient = func.grad((v: Tensor) => f(v).square().sum());
          return [vmap(f)(xs), vmap(gradient)(xs), func.jvp(f, [x], [x.flip(0)])[1]];
        },
        { name: `${python}: derivatives of packed sequences`, tolerance: 1e-4 },
      );
    }
    cases.add(
      `p = lambda x: nn.utils.rnn.pad_packed_sequence(${PACK}, padding_value=3.0)[0]
return [torch.stack([p(x), p(x + 1)]), torch.autograd.functional.jvp(p, x, x.flip(0))[1]]`,
      ({ x }) => {
        const p = (v: Tensor): Tensor => rnn.padPackedSequence(pack(v), { paddingValue: 3 })[0];
        return [vmap(p)(torch.stack([x, x.add(1)])), func.jvp(p, [x], [x.flip(0)])[1]];
      },
      { name: 'packing and padding under transforms' },
    );
    test('a packed sequence is a pytree of its data', () => {
      const packed = rnn.packSequence([torch.tensor([1, 2]), torch.tensor([3])]);
      const squares = (p: torch.nn.utils.rnn.PackedSequence): Tensor => p.data.square().sum();
      const gradient = func.grad(squares)(packed) as unknown as torch.nn.utils.rnn.PackedSequence;
      expect(gradient).toBeInstanceOf(rnn.PackedSequence);
      expect(rnn.unpackSequence(gradient).map((s) => s.toArray())).toEqual([[2, 4], [6]]);
    });
    test('lengths that are not sorted', () => {
      expect(() => rnn.packPaddedSequence(torch.ones(5, 2), [3, 5])).toThrow(
        '`lengths` array must be sorted in decreasing order when `enforce_sorted` is True.',
      );
    });
    addFailure(cases, 'nn.utils.rnn.pack_padded_sequence(x, [5])', ({ x }) => rnn.packPaddedSequence(x, [5]));
    addFailure(cases, 'nn.utils.rnn.pack_padded_sequence(x, [5, 0])', ({ x }) => rnn.packPaddedSequence(x, [5, 0]));
    addFailure(cases, `nn.utils.rnn.pad_packed_sequence(${PACK}, total_length=4)`, ({ x }) =>
      rnn.padPackedSequence(pack(x), { totalLength: 4 }),
    );
    test('bad arguments', () => {
      expect(() => rnn.padPackedSequence(torch.ones(2) as never)).toThrow(
        "padPackedSequence(): argument 'sequence' must be a PackedSequence, not Tensor",
      );
      expect(() => rnn.padSequence(3 as never)).toThrow('padSequence: Expected iterable for input sequences');
      expect(() => rnn.unpadSequence(torch.ones(2, 3), [1, 2])).toThrow('expected 3 lengths, one per sequence, got 2');
    });
  });

  cases.group('failures', () => {
    addFailure(cases, 'nn.LSTM(4, 3, dropout=1.5)', () => new nn.LSTM(4, 3, { dropout: 1.5 }));
    addFailure(cases, 'nn.LSTM(0, 3)', () => new nn.LSTM(0, 3));
    addFailure(cases, 'nn.LSTM(4, 0)', () => new nn.LSTM(4, 0));
    addFailure(cases, 'nn.LSTM(4, 3, 0)', () => new nn.LSTM(4, 3, 0));
    addFailure(cases, 'nn.LSTM(4, 3, proj_size=3)', () => new nn.LSTM(4, 3, { projSize: 3 }));
    addFailure(cases, 'nn.LSTM(4, 3, proj_size=-1)', () => new nn.LSTM(4, 3, { projSize: -1 }));
    addFailure(cases, "nn.RNN(4, 3, nonlinearity='gelu')", () => new nn.RNN(4, 3, { nonlinearity: 'gelu' as never }));
    addFailure(cases, "nn.RNNBase('CNN', 4, 3)", () => new nn.RNNBase('CNN' as never, 4, 3));
    addFailure(cases, 'nn.LSTM(3, 3)(x)', ({ x }) => new nn.LSTM(3, 3)(x));
    addFailure(cases, 'nn.GRU(4, 3)(vector)', ({ vector }) => new nn.GRU(4, 3)(vector));
    addFailure(cases, 'nn.RNN(4, 3)(vector)', ({ vector }) => new nn.RNN(4, 3)(vector));
    addFailure(cases, 'nn.GRU(4, 3)(x, h)', ({ x, h }) => new nn.GRU(4, 3)(x, h));
    addFailure(cases, 'nn.GRU(4, 3)(x, small)', ({ x, small }) => new nn.GRU(4, 3)(x, small));
    addFailure(cases, 'nn.LSTM(4, 3)(one, (h, c))', ({ one, h, c }) => new nn.LSTM(4, 3)(one, [h, c]));
    addFailure(cases, 'nn.LSTM(4, 3, 2)(x, (h, c[:1]))', ({ x, h, c }) =>
      new nn.LSTM(4, 3, 2)(x, [h, c.narrow(0, 0, 1)]),
    );
    test('of arguments that Python takes otherwise', () => {
      expect(() => new nn.LSTM(4, 2.5)).toThrow("LSTM(): argument 'hiddenSize' must be an integer, not 2.5");
      expect(() => new nn.GRU(4, 3, { projSize: 1 } as never)).toThrow("GRU(): unknown option 'projSize'");
      expect(() => new nn.LSTM(4, 3, { bias: 1 as never })).toThrow("LSTM(): argument 'bias' must be a boolean");
      expect(() => new nn.LSTM(4, 3)(torch.ones([1, 1, 4], { dtype: 'float64' }))).toThrow(
        "RNN input dtype (torch.float64) does not match weight dtype (torch.float32). Convert input: input.to('float32')",
      );
      expect(() => new nn.LSTM(4, 3)(3 as never)).toThrow("LSTM(): argument 'input' must be Tensor, not number");
    });
  });
});
