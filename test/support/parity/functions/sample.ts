/** What a function for the tests of nested transforms consists of, and the inputs that most of them share. */

import * as torch from '../../../../lib';
import type { Tensor } from '../../../../lib';
import type { TensorSpec } from '../inputs';
import { some, tensorOf } from '../inputs';

/** A function of one tensor, in both languages. Its result is real and has few elements, so that a Hessian of a Hessian stays small. */
export interface SampleFunction {
  name: string;
  /**
   * An expression of `x`, or a body that returns. Where PyTorch itself computes wrong derivatives of
   * an operator, or none, the formula is written out, and `because` says so.
   */
  python: string;
  because?: string;
  /** The same for nested forward modes, which PyTorch refuses for in-place operators: "ZeroTensors are immutable". */
  forwardTwice?: string;
  javascript: (x: Tensor) => Tensor;
  x: TensorSpec;
}

export const F = torch.nn.functional;

export const matrix = some([2, 2], 'float64', 21);
export const vector = some([3], 'float64', 22);
// Apart from ties and from zero, where derivatives have no single value.
export const distinct = tensorOf([0.7, -1.3, 0.2]);
export const image = some([1, 1, 2, 3], 'float64', 23);

const weights = [
  [0.5, -1.25],
  [2, 0.75],
  [-0.375, 1.5],
];
export const W = (): Tensor => torch.tensor(weights, { dtype: 'float64' });
export const PYTHON_W = `torch.tensor(${JSON.stringify(weights)}, dtype=torch.float64)`;
