/** Tensors of equal values that lie differently in memory. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

export type Layout = (x: Tensor) => Tensor;

/** What lies between the elements: whoever reads it gets a wrong result. */
function filler(x: Tensor): number | boolean {
  if (x.dtype === 'bool') return true;
  return x.isFloatingPoint() || x.isComplex() ? NaN : 77;
}

function filled(shape: readonly number[], x: Tensor): Tensor {
  return torch.full([...shape], filler(x) as number, { dtype: x.dtype });
}

const reversed = (x: Tensor): number[] => Array.from({ length: x.dim() }, (_, i) => x.dim() - 1 - i);

/** Row-major, the first dimension outermost. */
export const contiguous: Layout = (x) => x.detach().clone({ memoryFormat: 'contiguous_format' });

/** The same values in another layout; where a layout does not apply, the tensor is contiguous. */
export const LAYOUTS: Record<string, Layout> = {
  /** The first dimension is the innermost. */
  transposed: (x) => contiguous(x.permute(reversed(x))).permute(reversed(x)),
  /** Each matrix is column-major, as LAPACK returns it. */
  'column-major': (x) => (x.dim() < 2 ? contiguous(x) : contiguous(x.transpose(-1, -2)).transpose(-1, -2)),
  /** Every second element, in every dimension's last place. */
  strided(x) {
    const whole = filled([...x.shape, 2], x);
    whole.select(-1, 1).copy_(x);
    return whole.select(-1, 1);
  },
  /** A part of something larger, with an offset and gaps. */
  narrowed(x) {
    let part = filled(
      x.shape.map((size) => size + 3),
      x,
    );
    x.shape.forEach((size, dim) => (part = part.narrow(dim, 2, size)));
    part.copy_(x);
    return part;
  },
  /** A dimension of one element has whatever stride it was given. */
  'odd strides of ones'(x) {
    const plain = contiguous(x);
    return plain.asStrided(
      x.shape,
      plain.stride().map((stride, dim) => (x.shape[dim] === 1 ? 1 : stride)),
    );
  },
  /** Conjugated and negated when read. */
  lazy(x) {
    if (x.isComplex()) return contiguous(x).conj().resolveConj().conj();
    return x.isFloatingPoint() ? torch._negView(contiguous(x).neg()) : contiguous(x);
  },
};

/** The values along a dimension all like the first: what an expanded tensor holds. */
export function repeated(x: Tensor, dim: number): Tensor {
  return x.narrow(dim, 0, 1).expand([...x.shape]);
}
