// The types of compiled functions, checked by `npm run typecheck` alone: nothing here runs.

import type { Tensor } from 'torch-func';
import * as torch from 'torch-func';

import { is } from './equal';

declare const x: Tensor;
declare const signal: AbortSignal;
declare function scaled(x: Tensor, factor?: number): { y: Tensor };

export function asynchronous(): void {
  const compiled = torch.compile(scaled);
  is<{ y: Tensor }>()(compiled(x, 2));
  is<Promise<{ y: Tensor }>>()(compiled.async(x));
  is<Promise<{ y: Tensor }>>()(compiled.async(x, 2));
  is<Promise<{ y: Tensor }>>()(compiled.async(x, 2, { signal }));
  is<Promise<{ y: Tensor }>>()(compiled.async(x, { signal }));
  // @ts-expect-error the function takes a tensor
  void compiled.async({ signal });
  // @ts-expect-error and a number
  void compiled.async(x, 'two', { signal });
  // @ts-expect-error options have a signal and nothing else
  void compiled.async(x, 2, { signal, priority: 1 });
}

export function modules(): void {
  const net = torch.compile(new torch.nn.Linear(2, 1));
  is<Tensor>()(net(x));
  is<Promise<Tensor>>()(net.async(x));
  is<torch.nn.Parameter[]>()(net.parameters());
  is<typeof net>()(net.train().eval());
  is<number>()(net.inFeatures);
}

class Counter {
  count = 0;
  add(this: Counter, y: Tensor): Tensor {
    return y.add(this.count);
  }
}

export function methods(counter: Counter): void {
  counter.add = torch.compile(counter.add);
  is<Tensor>()(counter.add(x));
}

export function operators(): void {
  is<Promise<Tensor>>()(torch.callAsync(torch.sin, [x]));
  is<Promise<boolean>>()(torch.callAsync(torch.equal, [x, x], { signal }));
  is<Promise<Tensor>>()(torch.callAsync(torch.sum, [x, { dim: 0, keepdim: true }]));
  is<Promise<Tensor>>()(torch.callAsync(torch.add, [x, 3]));
  const svd = torch.callAsync(torch.linalg.svd, [x, { fullMatrices: false }]);
  is<Promise<Tensor>>()(svd.then(({ S }) => S));
  // @ts-expect-error the second argument is a tensor
  void torch.callAsync(torch.equal, [x, 'x']);
  // @ts-expect-error the arguments are an array
  void torch.callAsync(torch.sin, x);
  is<Promise<ReturnType<Tensor['data']>>>()(x.dataAsync({ signal }));
}

export function files(): void {
  is<Promise<{ w: Tensor }>>()(torch.load.async<{ w: Tensor }>('x.pt', { mmap: true, signal }));
  is<Promise<unknown>>()(torch.load.async('x.pt'));
  is<Promise<void>>()(torch.save.async({ x }, 'x.pt', { signal }));
  is<Promise<Tensor>>()(torch.npy.load.async('x.npy'));
  is<Promise<void>>()(torch.npz.save.async('x.npz', { x }, { compress: true, signal }));
  is<Promise<Record<string, Tensor>>>()(torch.safetensors.loadFile.async('x', { device: 'cpu', signal }));
  // @ts-expect-error there is no such option
  void torch.npy.load.async('x.npy', { mmap: true });
}
