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
