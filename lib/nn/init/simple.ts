/** Initialisation with constants and plain distributions. */

import { readOptions, checkNumbers } from '../../arguments';
import type { Optional } from '../../arguments';
import { noGrad } from '../../autograd/modes';
import { ValueError } from '../../errors';
import type { Generator } from '../../generator';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';

/** The source of random numbers. */
export interface GeneratorOptions {
  /** The generator; by default the one that `torch.manualSeed` seeds. */
  generator?: Generator | null;
}

/** Fills a tensor outside autograd and returns it. */
export function filled(api: string, tensor: Tensor, fill: () => unknown): Tensor {
  checkTensors(api, { tensor });
  noGrad(() => void fill());
  return tensor;
}

/**
 * Fills a tensor from the uniform distribution over `[a, b)`, by default `[0, 1)`; `torch.nn.init.uniform_`.
 * Returns the tensor, as all functions of `nn.init` do.
 */
export function uniform_(
  tensor: Tensor,
  ...optional: Optional<
    [a: number, b: number, generator: Generator | null],
    { a?: number; b?: number } & GeneratorOptions
  >
): Tensor {
  const {
    a = 0,
    b = 1,
    generator = null,
  } = readOptions<{ a: number; b: number; generator: Generator | null }>('uniform_', optional, ['a', 'b', 'generator']);
  return filled('uniform_', tensor, () => tensor.uniform_(a, b, { generator }));
}

/** The options of {@link normal_}. */
export interface NormalOptions extends GeneratorOptions {
  /** The mean; 0 by default. */
  mean?: number;
  /** The standard deviation; 1 by default. */
  std?: number;
}

/** Fills a tensor from a normal distribution, by default the standard one; `torch.nn.init.normal_`. */
export function normal_(
  tensor: Tensor,
  ...optional: Optional<[mean: number, std: number, generator: Generator | null], NormalOptions>
): Tensor {
  const names = ['mean', 'std', 'generator'] as const;
  const { mean = 0, std = 1, generator = null } = readOptions<NormalOptions>('normal_', optional, names);
  return filled('normal_', tensor, () => tensor.normal_(mean, std, { generator }));
}

/**
 * Fills a tensor with one value; `torch.nn.init.constant_`.
 *
 * @example
 * ```ts
 * torch.nn.init.constant_(torch.empty(2), 0.3); // [0.3, 0.3]
 * ```
 */
export function constant_(tensor: Tensor, val: number): Tensor {
  return filled('constant_', tensor, () => tensor.fill_(val));
}

/** Fills a tensor with ones; `torch.nn.init.ones_`. */
export function ones_(tensor: Tensor): Tensor {
  return filled('ones_', tensor, () => tensor.fill_(1));
}

/** Fills a tensor with zeros; `torch.nn.init.zeros_`. */
export function zeros_(tensor: Tensor): Tensor {
  return filled('zeros_', tensor, () => tensor.zero_());
}

/**
 * Fills a matrix with ones on the diagonal and zeros elsewhere; `torch.nn.init.eye_`.
 *
 * @throws ValueError unless the tensor has two dimensions.
 */
export function eye_(tensor: Tensor): Tensor {
  checkTensors('eye_', { tensor });
  if (tensor.dim() !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  const [rows, columns] = tensor.shape;
  return filled('eye_', tensor, () => torchFunctions.eye(rows, columns, { out: tensor }));
}

/**
 * Fills a convolution's weight with Dirac deltas, so that as many channels as possible pass through
 * unchanged; `torch.nn.init.dirac_`.
 *
 * @throws ValueError unless the tensor has three to five dimensions, the first divisible by `groups`.
 */
export function dirac_(tensor: Tensor, ...optional: Optional<[groups: number], { groups?: number }>): Tensor {
  const { groups = 1 } = readOptions<{ groups: number }>('dirac_', optional, ['groups']);
  checkTensors('dirac_', { tensor });
  checkNumbers('dirac_', { groups });
  const [outputs, inputs, ...field] = tensor.shape;
  if (field.length < 1 || field.length > 3) {
    throw new ValueError('Only tensors with 3, 4, or 5 dimensions are supported');
  }
  if (outputs % groups !== 0) throw new ValueError('dim 0 must be divisible by groups');
  if (tensor.isMeta) return tensor;
  const perGroup = outputs / groups;
  const middle = field.map((size) => Math.floor(size / 2));
  return filled('dirac_', tensor, () => {
    tensor.zero_();
    for (let group = 0; group < groups; group++) {
      for (let d = 0; d < Math.min(perGroup, inputs); d++) tensor.indexPut_([group * perGroup + d, d, ...middle], 1);
    }
  });
}
