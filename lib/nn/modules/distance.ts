/** Distances and similarities of vectors. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { Module } from '../module';

/** The options of {@link PairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** The order of the norm; 2 by default. */
  p?: number;
  /** Added to each difference, which keeps the gradient finite; 1e-6 by default. */
  eps?: number;
  /** Whether the result keeps the dimension of the vectors; false by default. */
  keepdim?: boolean;
}

/**
 * The p-norms of the differences of vectors; `torch.nn.PairwiseDistance`. Inputs `(N, D)` or `(D)`, output `(N)` or
 * `()`.
 *
 * @example
 * ```ts
 * new torch.nn.PairwiseDistance({ p: 1, eps: 0 })(torch.tensor([[1, 2]]), torch.tensor([[4, 6]])); // [7]
 * ```
 */
export class PairwiseDistance extends Module {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(...optional: Optional<[p: number, eps: number, keepdim: boolean], PairwiseDistanceOptions>) {
    super();
    const names = ['p', 'eps', 'keepdim'] as const;
    const options = readOptions<PairwiseDistanceOptions>('PairwiseDistance', optional, names, [], 0);
    this.norm = options.p ?? 2;
    this.eps = options.eps ?? 1e-6;
    this.keepdim = options.keepdim ?? false;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return nnFunctionalFunctions.pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

/** The options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors; 1 by default. */
  dim?: number;
  /** The least norm that the product is divided by; 1e-8 by default. */
  eps?: number;
}

/**
 * The cosine of the angle between vectors; `torch.nn.CosineSimilarity`. Two inputs of shapes that broadcast.
 *
 * @example
 * ```ts
 * new torch.nn.CosineSimilarity({ dim: 0 })(torch.tensor([1, 0]), torch.tensor([2, 0])).item(); // 1
 * ```
 */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(...optional: Optional<[dim: number, eps: number], CosineSimilarityOptions>) {
    super();
    const options = readOptions<CosineSimilarityOptions>('CosineSimilarity', optional, ['dim', 'eps'], [], 0);
    this.dim = options.dim ?? 1;
    this.eps = options.eps ?? 1e-8;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return nnFunctionalFunctions.cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}
