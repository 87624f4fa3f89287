/** Batches of a sample's tensors, in any dimension and layout, and which of them are mapped. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { contiguous, LAYOUTS, type Layout } from './layouts';

/** What each argument is for each sample. */
export type Variants = Tensor[][];

const FACTORS = [1, 0.75, 0.875];

/** Values like those of a tensor: an operator takes either. Indices and masks come in another order. */
export function variant(x: Tensor, position: number): Tensor {
  if (position === 0) return x;
  if (x.isFloatingPoint() || x.isComplex()) return x.mul(FACTORS[position]);
  const dims = Array.from({ length: x.dim() }, (_, dim) => dim);
  return position % 2 === 1 ? x.flip(dims) : x.clone();
}

/** Which arguments are mapped, in which dimension, and how the batches lie in memory. */
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

/** The batch of an argument; an expanded one repeats the first sample. */
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
  // All of them, each alone, and each left out.
  const alone = Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => i === j));
  const others = alone.map((subset) => subset.map((mapped) => !mapped));
  return [Array<boolean>(count).fill(true), ...alone, ...others].slice(0, limit);
}

/**
 * Mappings of arguments: every combination of those that are mapped (a part of them beyond `limit`), each with
 * another dimension and layout in turn; `rounds` times.
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
