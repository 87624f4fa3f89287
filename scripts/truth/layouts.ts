/** Tensors of equal values in different memory layouts. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

export type Layout = (x: Tensor) => Tensor;

/** The value of the memory between the elements. It makes the result wrong if an operator reads it. */
function filler(x: Tensor): number | boolean {
  if (x.dtype === 'bool') return true;
  return x.isFloatingPoint() || x.isComplex() ? NaN : 77;
}

function filled(shape: readonly number[], x: Tensor): Tensor {
  return torch.full([...shape], filler(x) as number, { dtype: x.dtype });
}

const reversed = (x: Tensor): number[] => Array.from({ length: x.dim() }, (_, i) => x.dim() - 1 - i);

/** Row-major: the last dimension is the innermost. */
export const contiguous: Layout = (x) => x.detach().clone({ memoryFormat: 'contiguous_format' });

/** The same values in another layout. If a layout does not apply to a tensor, the copy is contiguous. */
export const LAYOUTS: Record<string, Layout> = {
  /** The first dimension is the innermost. */
  transposed: (x) => contiguous(x.permute(reversed(x))).permute(reversed(x)),
  /** Each matrix is column-major, as LAPACK returns it. */
  'column-major': (x) => (x.dim() < 2 ? contiguous(x) : contiguous(x.transpose(-1, -2)).transpose(-1, -2)),
  /** Every second element of a larger tensor. */
  strided(x) {
    const whole = filled([...x.shape, 2], x);
    whole.select(-1, 1).copy_(x);
    return whole.select(-1, 1);
  },
  /** A part of a larger tensor, with an offset and gaps in every dimension. */
  narrowed(x) {
    let part = filled(
      x.shape.map((size) => size + 3),
      x,
    );
    x.shape.forEach((size, dim) => (part = part.narrow(dim, 2, size)));
    part.copy_(x);
    return part;
  },
  /** Dimensions of size 1 have the stride 1, whatever the strides of the other dimensions are. */
  'odd strides of ones'(x) {
    const plain = contiguous(x);
    return plain.asStrided(
      x.shape,
      plain.stride().map((stride, dim) => (x.shape[dim] === 1 ? 1 : stride)),
    );
  },
  /** Views with the conjugate bit or the negative bit set. */
  lazy(x) {
    if (x.isComplex()) return contiguous(x).conj().resolveConj().conj();
    return x.isFloatingPoint() ? torch._negView(contiguous(x).neg()) : contiguous(x);
  },
};

/** An expanded view that repeats the first elements along a dimension. */
export function repeated(x: Tensor, dim: number): Tensor {
  return x.narrow(dim, 0, 1).expand([...x.shape]);
}
