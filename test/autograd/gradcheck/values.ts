/** Inputs for checks of derivatives: every time the same, and where the operators are smooth. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

/** Distinct values between low and high, in an order that looks random; they require a gradient. */
function values(shape: number[], low: number, high: number, shift = 0): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const data = Float64Array.from({ length: count }, (_, i) => {
    const fraction = ((i + 1 + shift) * 0.6180339887498949) % 1;
    return low + (high - low) * fraction;
  });
  return torch.tensor(data).reshape(shape).requiresGrad_();
}

export const any = (...shape: number[]): Tensor => values(shape, -1.5, 1.5);
export const other = (...shape: number[]): Tensor => values(shape, -1.2, 1.4, 7);
export const positive = (...shape: number[]): Tensor => values(shape, 0.3, 2);
export const unit = (...shape: number[]): Tensor => values(shape, -0.8, 0.8);
export const fraction = (...shape: number[]): Tensor => values(shape, 0.1, 0.9);
export const above = (...shape: number[]): Tensor => values(shape, 1.2, 3);
/** Square and well conditioned. */
export const square = (n: number): Tensor =>
  torch.eye(n, { dtype: 'float64' }).mul(2).add(any(n, n).detach().mul(0.4)).requiresGrad_();
export const symmetric = (m: Tensor): Tensor => m.matmul(m.mT).add(torch.eye(m.shape[0], { dtype: 'float64' }));
export const complexOf = (...shape: number[]): Tensor =>
  torch.complex(any(...shape).detach(), other(...shape).detach()).requiresGrad_();

export const indices = (data: number[] | number[][]): Tensor => torch.tensor(data, { dtype: 'int64' });
