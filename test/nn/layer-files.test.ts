/** State dicts of the layers, in files and under Python's names. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { nn } = torch;

const small = { dModel: 4, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 6 };

const models: Record<
  string,
  { build: () => torch.nn.Module; call: (module: any, x: Tensor) => Tensor; names: string[] }
> = {
  LSTM: {
    build: () => new nn.LSTM(4, 3, { bidirectional: true, projSize: 2 }),
    call: (module, x) => module(x)[0],
    names: ['weight_ih_l0', 'weight_hh_l0_reverse', 'bias_hh_l0', 'weight_hr_l0_reverse'],
  },
  GRUCell: {
    build: () => new nn.GRUCell(4, 3),
    call: (module, x) => module(x.select(0, 0)),
    names: ['weight_ih', 'bias_hh'],
  },
  MultiheadAttention: {
    build: () => new nn.MultiheadAttention(4, 2, { addBiasKv: true }),
    call: (module, x) => module(x, x, x)[0],
    names: ['in_proj_weight', 'in_proj_bias', 'bias_k', 'out_proj.weight'],
  },
  Transformer: {
    build: () => new nn.Transformer(small),
    call: (module, x) => module(x, x),
    names: [
      'encoder.layers.0.self_attn.in_proj_weight',
      'decoder.layers.0.multihead_attn.out_proj.bias',
      'decoder.norm.bias',
    ],
  },
  'ConvTranspose1d and batch norm': {
    build: () => new nn.Sequential(new nn.ConvTranspose1d(5, 2, 3), new nn.BatchNorm1d(2)),
    call: (module, x) => module(x.transpose(0, 1)),
    names: ['0.weight', '1.running_mean', '1.num_batches_tracked'],
  },
  AdaptiveLogSoftmaxWithLoss: {
    build: () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5], { divValue: 2 }),
    call: (module, x) => module.logProb(x.flatten(0, 1)),
    names: ['head.weight', 'tail.0.0.weight', 'tail.1.1.weight'],
  },
  EmbeddingBag: {
    build: () => new nn.EmbeddingBag(6, 3),
    call: (module) => module(torch.tensor([[1n, 2n]])),
    names: ['weight'],
  },
  'lazy layers': {
    build: () => new nn.Sequential(new nn.LazyLinear(3), new nn.LazyInstanceNorm1d()),
    call: (module, x) => module(x),
    names: ['0.weight', '1.running_var'],
  },
};

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-layers-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const x = torch.randn([5, 2, 4], { generator: new torch.Generator().manualSeed(0) });

describe.each(Object.entries(models))('%s', (name, { build, call, names }) => {
  const first = build();
  call(first, x); // lazy layers have weights only then
  first.eval();
  const state = first.stateDict({ names: 'python' });

  test('has names of Python', () => {
    expect(Object.keys(state)).toEqual(expect.arrayContaining(names));
  });

  test.each(['pt', 'safetensors'])('loads what it saved as .%s', (format) => {
    const file = path.join(folder, `${name}.${format}`);
    if (format === 'pt') torch.save(state, file);
    else torch.safetensors.saveFile(state, file);
    const second = build();
    second.loadStateDict(format === 'pt' ? torch.load<torch.nn.StateDict>(file) : torch.safetensors.loadFile(file));
    expect(call(second.eval(), x).equal(call(first, x))).toBe(true);
    expect(Object.keys(second.stateDict({ names: 'python' }))).toEqual(Object.keys(state));
  });
});

test('an uninitialized parameter cannot be saved', () => {
  const file = path.join(folder, 'lazy.pt');
  expect(() => torch.save(new nn.LazyLinear(2).stateDict(), file)).toThrow(
    'has no shape yet; call the lazy module that it belongs to first',
  );
});
