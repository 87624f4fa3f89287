/** Batches of the arguments of a sample for `vmap`, in different dimensions and layouts. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { contiguous, LAYOUTS, type Layout } from './layouts';

/** The value of each argument for each example of a batch. */
export type Variants = Tensor[][];

const FACTORS = [1, 0.75, 0.875];

/**
 * The value of an argument for the example at `position`. It stays in the domain of nearly every operator: the elements
 * of floating-point tensors are scaled, indices and masks are reordered.
 */
export function variant(x: Tensor, position: number): Tensor {
  if (position === 0) return x;
  if (x.isFloatingPoint() || x.isComplex()) return x.mul(FACTORS[position]);
  const dims = Array.from({ length: x.dim() }, (_, dim) => dim);
  return position % 2 === 1 ? x.flip(dims) : x.clone();
}

/** The batch dimension of each argument, null for one that is not mapped, and the memory layout of the batches. */
export interface Mapping {
  dims: (number | null)[];
  layout: string;
}

const MAPPED: Record<string, Layout> = {
  contiguous,
  transposed: LAYOUTS.transposed,
  strided: LAYOUTS.strided,
  narrowed: LAYOUTS.narrowed,
};

/** The batch of an argument. In the layout `expanded` all examples are the first one. */
export function batch(samples: Tensor[], dim: number, layout: string): Tensor {
  if (layout !== 'expanded') return MAPPED[layout](torch.stack(samples, dim));
  const [first] = samples;
  const at = dim < 0 ? dim + first.dim() + 1 : dim;
  return first.unsqueeze(at).expand([...first.shape.slice(0, at), samples.length, ...first.shape.slice(at)]);
}

function subsets(count: number, limit: number): boolean[][] {
  const all = Array.from({ length: 2 ** Math.min(count, 10) - 1 }, (_, i) =>
    Array.from({ length: count }, (_, bit) => ((i + 1) >> bit) % 2 === 1),
  );
  if (all.length <= limit) return all;
  // All arguments, each argument alone, and all but one.
  const alone = Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => i === j));
  const others = alone.map((subset) => subset.map((mapped) => !mapped));
  return [Array<boolean>(count).fill(true), ...alone, ...others].slice(0, limit);
}

/**
 * Mappings of arguments: every combination of mapped arguments, at most `limit` of them, each `rounds` times. Batch
 * dimensions and layouts take turns.
 */
export function mappings(args: readonly Tensor[], limit: number, rounds: number): Mapping[] {
  const layouts = [...Object.keys(MAPPED), 'expanded'];
  const found: Mapping[] = [];
  for (const subset of subsets(args.length, limit)) {
    for (let round = 0; round < rounds; round++) {
      const turn = found.length;
      const dims = subset.map((mapped, i) => {
        if (!mapped) return null;
        const dim = [0, 1, -1][(turn + i) % 3];
        return dim > args[i].dim() ? 0 : dim;
      });
      found.push({ dims, layout: layouts[turn % layouts.length] });
    }
  }
  return found;
}

export function describe({ dims, layout }: Mapping): string {
  return `[${dims.map((dim) => dim ?? '-').join(', ')}] ${layout}`;
}
