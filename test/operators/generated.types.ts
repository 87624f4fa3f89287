// What the generated declarations accept and give, checked by `npm run typecheck` alone: nothing
// here runs.

import type { Tensor } from '../../lib/tensor';
import type { FftFunctions } from '../../lib/generated/fft-functions';
import type { LinalgFunctions } from '../../lib/generated/linalg-functions';
import type { NnFunctionalFunctions } from '../../lib/generated/nn-functional-functions';
import type { SpecialFunctions } from '../../lib/generated/special-functions';
import type { TensorMethods } from '../../lib/generated/tensor-methods';
import type { TorchFunctions } from '../../lib/generated/torch-functions';

declare const torch: TorchFunctions;
declare const linalg: LinalgFunctions;
declare const fft: FftFunctions;
declare const special: SpecialFunctions;
declare const F: NnFunctionalFunctions;
declare const x: Tensor;
declare const m: TensorMethods;

/** Holds a value to one exact type. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<Expected>(): <Actual>(
  value: Actual,
  ...same: Equal<Actual, Expected> extends true ? [] : [never]
) => void;

export function results(): void {
  is<Tensor>()(m.sin());
  is<Tensor>()(m.add_(1));
  is<boolean>()(m.isFloatingPoint());
  is<Tensor[]>()(m.unbind());
  is<Tensor[]>()(torch._foreachAdd_([x], 1));

  const { values, indices } = m.max(0);
  m.add(values).add(indices);
  is<2>()(m.max(0).length);
  const [sign, logabsdet] = linalg.slogdet(x);
  is<Tensor>()(sign);
  is<Tensor>()(logabsdet);
  const { U, S, Vh } = linalg.svd(x);
  is<Tensor[]>()([U, S, Vh]);
  is<Tensor>()(m.max());
}

export function positionalAndNamed(): void {
  m.sum();
  m.sum({ dtype: 'float64' });
  m.sum(0);
  m.sum([0, 1], true, { dtype: 'float64' });
  m.sum([0, 1], { keepdim: true });
  m.sum({ dim: 0, keepdim: true });
  m.softmax(-1);
  m.softmax({ dim: -1 });
  torch.stack([x, x], 1);
  torch.stack([x, x], { dim: 1, out: x });
  torch.conv2d(x, x, { stride: 2, padding: [1, 1] });
  torch.conv2d(x, x, null, { padding: 'same' });
  torch.conv2d(x, x, x, 1, 0, 1, 4);
  F.gelu(x, { approximate: 'tanh' });
  F.avgPool2d(x, 2, { stride: 1 });
  fft.fft(x, { dim: 0, norm: 'ortho' });

  // @ts-expect-error no such option
  m.sum(0, { keepDim: true });
  // @ts-expect-error keyword-only in Python
  torch.add(x, x, 2);
  // @ts-expect-error `size` must be given
  torch.zeros({ dtype: 'int64' }, { device: 'cpu' });
  // @ts-expect-error `upper` has no default
  linalg.solveTriangular(x, x);
}

export function listsAndSpreads(): void {
  m.view(2, 3);
  m.view([2, 3]);
  m.view('int32');
  m.permute(0, 2, 1);
  torch.zeros(2, 3);
  torch.zeros(2, 3, { dtype: 'int64', device: 'cuda:1', requiresGrad: false });
  torch.zeros([2, 3], { device: { type: 'cpu' } });
  torch.zeros([] as const);
  torch.rand(2, { dtype: 'float64' });
  m.sum([0, 1] as const);

  // @ts-expect-error `dims` is a list here
  torch.permute(x, 0, 1);
  // @ts-expect-error not a dtype
  torch.zeros(2, { dtype: 'float' });
}

export function numbersAndTensors(): void {
  torch.add(x, 1, { alpha: 2 });
  torch.add(1, x, { out: x });
  m.mul({ re: 0, im: 1 });
  m.eq(1n);
  m.pow(x);
  torch.pow(2, x);
  m.div(3, { roundingMode: 'floor' });
  torch.randint(0, 2n ** 60n, [3]);
  special.xlogy(1, x);
  torch.clamp(x, null, 1);
  torch.clamp(x, { max: x });

  // @ts-expect-error PyTorch takes no number here
  torch.maximum(x, 1);
  // @ts-expect-error null is no tensor
  m.add(null);
}

export function outputs(): void {
  torch.max(x, 0, { out: [x, x] });
  torch.sort(x, { dim: 0, descending: true, out: [x, x] });
  // @ts-expect-error one tensor for two results
  torch.max(x, 0, { out: x });
  // @ts-expect-error methods have no `out`
  m.add(x, { out: x });
}
