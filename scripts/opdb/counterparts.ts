/** The functions for Python's special methods, which JavaScript does not have. */

import * as torch from 'torch-func';
import type { Index, Scalar, Tensor } from 'torch-func';

type AnyFunction = (...args: any[]) => unknown;

export const counterparts: Readonly<Record<string, AnyFunction>> = {
  'torch.Tensor.__getitem__': (x: Tensor, ...index: Index[]) => x.index(...index),
  'torch.Tensor.__abs__': (x: Tensor) => x.abs(),
  'torch.Tensor.__neg__': (x: Tensor) => x.neg(),
  'torch.Tensor.__pos__': (x: Tensor) => x.positive(),
  'torch.Tensor.__radd__': (x: Tensor, other: Scalar | Tensor) => x.add(other as Tensor),
  'torch.Tensor.__rmul__': (x: Tensor, other: Scalar | Tensor) => x.mul(other as Tensor),
  'torch.Tensor.__rsub__': (x: Tensor, other: Scalar | Tensor) => torch.rsub(x, other as Tensor),
  'torch.Tensor.__rdiv__': (x: Tensor, other: Scalar | Tensor) => x.reciprocal().mul(other as Tensor),
  'torch.Tensor.__rmod__': (x: Tensor, other: Scalar | Tensor) => torch.remainder(other as Tensor, x),
  'torch.Tensor.__rpow__': (x: Tensor, other: Scalar | Tensor) => torch.pow(other as Tensor, x),
  'torch.Tensor.__rmatmul__': (x: Tensor, other: Tensor) => torch.matmul(other, x),
  'torch.Tensor.__rand__': (x: Tensor, other: Scalar | Tensor) => x.bitwiseAnd(other as Tensor),
  'torch.Tensor.__ror__': (x: Tensor, other: Scalar | Tensor) => x.bitwiseOr(other as Tensor),
  'torch.Tensor.__rxor__': (x: Tensor, other: Scalar | Tensor) => x.bitwiseXor(other as Tensor),
};
