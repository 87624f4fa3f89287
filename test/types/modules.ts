// The types of modules and of what torch.func does with them, checked by `npm run typecheck` alone.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is } from './equal';

const { nn } = torch;
const { functionalCall, grad, stackModuleState } = torch.func;

declare const x: Tensor;

class Net extends nn.Module {
  fc = new nn.Linear(2, 3);
  scale = new nn.Parameter(x);
  bias = this.registerParameter('bias', null);
  mean = this.registerBuffer('mean', x, { persistent: false });
  layers = new nn.ModuleList([new nn.Linear(1, 1)]);
  override forward(x: Tensor, count: number): { y: Tensor; count: number } {
    return { y: this.fc(x).mul(this.scale), count };
  }
}

const net = new Net();

export function calls(): void {
  is<{ y: Tensor; count: number }>()(net(x, 2));
  is<{ y: Tensor; count: number }>()(net.forward(x, 2));
  is<Tensor>()(net.fc(x));
  is<Tensor>()(new nn.Sequential(net.fc, new nn.ReLU())(x));
  is<{ y: Tensor; count: number }>()(torch.vmap(net)(x, 2));
  is<Tensor>()(grad(net.fc)(x));
  // @ts-expect-error the mapped function has the arguments of forward
  torch.vmap(net)(x);
  // @ts-expect-error one argument is missing
  net(x);
  // @ts-expect-error the arguments are those of forward
  net.fc('x');
  // @ts-expect-error a loss takes a target
  new nn.MSELoss()(x);
}

export function parts(): void {
  is<torch.nn.Parameter>()(net.scale);
  is<Tensor>()(net.mean);
  is<torch.nn.Parameter>()(net.fc.weight);
  is<torch.nn.Parameter | null>()(net.fc.bias);
  is<torch.nn.Linear>()(net.layers[0]);
  is<torch.nn.Linear>()(net.layers.at(-1));
  for (const layer of net.layers) is<torch.nn.Linear>()(layer);
  is<torch.nn.Linear | undefined>()(new nn.ModuleDict({ a: net.fc }).get('a'));
  is<[string, torch.nn.Parameter][]>()(net.namedParameters({ recurse: false }));
  is<Tensor[]>()(net.buffers());
  is<torch.nn.StateDict>()(net.stateDict());
  is<string[]>()(net.loadStateDict(net.stateDict(), { strict: false }).missingKeys);
  is<Net>()(net.train().eval().double().to('cpu', 'float32').requiresGrad_(false));
  // @ts-expect-error a tensor is no parameter
  net.scale = x;
  // @ts-expect-error a linear layer has no such option
  new nn.Linear(2, 3, { stride: 2 });
  // @ts-expect-error the positional arguments are Python's
  new nn.Linear(2, 3, 'cpu');
  is<Tensor>()(nn.init.kaimingUniform_(net.scale, { mode: 'fan_out', nonlinearity: 'relu' }));
  // @ts-expect-error there is no such nonlinearity
  nn.init.kaimingUniform_(net.scale, { nonlinearity: 'swish' });
}

export function layers(): void {
  is<Tensor>()(new nn.MaxPool2d(2, { stride: 1 })(x));
  is<Tensor>()(new nn.AdaptiveMaxPool1d(3)(x));
  is<[values: Tensor, indices: Tensor]>()(new nn.MaxPool2d(2, { returnIndices: true })(x));
  is<[values: Tensor, indices: Tensor]>()(new nn.MaxPool3d(2, 1, 0, 1, true)(x));
  is<[values: Tensor, indices: Tensor]>()(new nn.FractionalMaxPool2d(2, 3, null, true)(x));
  is<Tensor>()(new nn.MaxUnpool2d(2)(...new nn.MaxPool2d(2, { returnIndices: true })(x)));
  is<Tensor>()(new nn.ConvTranspose2d(1, 2, 3, { outputPadding: 1 })(x, [4, 4]));
  is<Tensor>()(new nn.LazyConv2d(2, 3)(x));
  is<boolean>()(new nn.LazyLinear(2).hasUninitializedParams());
  is<Tensor>()(new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2])(x, x).loss);
  is<torch.nn.Parameter>()(new nn.ParameterList([x])[0]);
  is<torch.nn.Parameter | undefined>()(new nn.ParameterDict({ a: x }).get('a'));
  is<Tensor>()(new nn.LSTM(4, 8)(x)[1][1]);
  const packed = nn.utils.rnn.packSequence([x]);
  is<torch.nn.utils.rnn.PackedSequence>()(new nn.GRU(4, 8)(packed)[0]);
  is<Tensor>()(new nn.GRU(4, 8)(x, x)[0]);
  is<[hidden: Tensor, cell: Tensor]>()(new nn.LSTMCell(4, 8)(x, [x, x]));
  is<Tensor | null>()(new nn.MultiheadAttention(8, 2)(x, x, x, { attnMask: null })[1]);
  is<Tensor>()(new nn.Transformer({ dModel: 8, nhead: 2 })(x, x, { tgtMask: x }));
  new nn.TransformerEncoder(new nn.TransformerEncoderLayer(8, 2), 2);
  new nn.TransformerDecoder(() => new nn.TransformerDecoderLayer(8, 2), 2);
  using _ = net.fc.registerForwardHook((module) => is<torch.nn.Linear>()(module), { prepend: true });
  // @ts-expect-error a GRU has one state
  new nn.GRU(4, 8)(x, [x, x]);
  // @ts-expect-error a transposed convolution pads with zeros only
  new nn.ConvTranspose2d(1, 2, 3, { paddingMode: 'reflect' });
  // @ts-expect-error max pooling has no such option
  new nn.MaxPool2d(2, { countIncludePad: true });
}

export function functions(): void {
  const params = Object.fromEntries(net.namedParameters());
  is<{ y: Tensor; count: number }>()(functionalCall(net, params, [x, 2]));
  is<Tensor>()(functionalCall(net.fc, [params, {}], x, { tieWeights: false, strict: true, kwargs: null }));
  // @ts-expect-error the arguments are those of forward
  functionalCall(net.fc, params, 'x');
  // @ts-expect-error there is no such option
  functionalCall(net.fc, params, x, { tie_weights: false });
  // @ts-expect-error the module comes first
  functionalCall(params, net.fc, x);

  const loss = (params: Record<string, Tensor>, x: Tensor): Tensor => functionalCall(net.fc, params, x).sum();
  is<Record<string, Tensor>>()(grad(loss)(params, x));
  is<[params: Record<string, Tensor>, buffers: Record<string, Tensor>]>()(stackModuleState([net, net]));
  is<Net>()(torch.func.replaceAllBatchNormModules_(net));
}

export function training(): void {
  const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.1 });
  is<number | Tensor>()(optimizer.paramGroups[0].lr);
  is<number>()(optimizer.paramGroups[0].momentum);
  is<number>()(optimizer.step(() => 1));
  is<undefined>()(optimizer.step());
  new torch.optim.SGD(net.namedParameters(), 0.1, 0.9, { nesterov: true });
  new torch.optim.AdamW([{ params: net.parameters(), lr: 0.1 }, { params: x }]);
  // @ts-expect-error a misspelled option
  new torch.optim.SGD(net.parameters(), { momentun: 0.9 });
  // @ts-expect-error a group cannot have options of another optimiser
  new torch.optim.SGD([{ params: x, betas: [0.9, 0.99] }]);
  new torch.optim.lrScheduler.StepLR(optimizer, 3);
  // @ts-expect-error a scheduler needs an optimiser
  new torch.optim.lrScheduler.StepLR(net, 3);
}
