/** The projections of query, key and value before attention. */

import { tupleText } from '../../describe';
import { AssertionError } from '../../errors';
import { nnFunctionalFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import type { Size } from '../../types';

type Triple<T> = [query: T, key: T, value: T];

const { linear } = nnFunctionalFunctions;

// Reshapes (..., count * E) to (count, ..., E).
function unpack(projected: Tensor, count: number, embedDim: number): Tensor {
  return projected.unflatten(-1, [count, embedDim]).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous();
}

/**
 * Projects with one packed weight, `(3 * E, E)`. If query, key and value are the same tensor, it uses a single
 * product, as PyTorch does, so the results are bitwise equal.
 */
export function projectPacked(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
): Triple<Tensor> {
  if (weight === null) throw new AssertionError('use_separate_proj_weight is False but in_proj_weight is None');
  const embedDim = query.size(-1);
  if (key !== value) {
    const [wq, wk, wv] = weight.chunk(3);
    const [bq, bk, bv] = bias === null ? [null, null, null] : bias.chunk(3);
    return [linear(query, wq, bq), linear(key, wk, bk), linear(value, wv, bv)];
  }
  if (query === key) {
    const packed = unpack(linear(query, weight, bias), 3, embedDim);
    return [packed.select(0, 0), packed.select(0, 1), packed.select(0, 2)];
  }
  const [wq, wkv] = weight.split([embedDim, embedDim * 2]);
  const [bq, bkv] = bias === null ? [null, null] : bias.split([embedDim, embedDim * 2]);
  const q = linear(query, wq, bq);
  const packed = unpack(linear(key, wkv, bkv), 2, embedDim);
  return [q, packed.select(0, 0), packed.select(0, 1)];
}

const LETTERS = ['q', 'k', 'v'] as const;
const NAMES = ['query', 'key', 'value'] as const;

function checkShape(tensor: Tensor, expected: Size, what: string): void {
  const shape = tensor.shape;
  if (!sameShape(shape, expected)) {
    throw new AssertionError(`expecting ${what} shape of ${tupleText(expected)}, but got ${sizeText(shape)}`);
  }
}

/** Projects with separate weights, `(E, E)`, `(E, Ek)` and `(E, Ev)`, and one bias `(3 * E)`. */
export function project(
  inputs: Triple<Tensor>,
  weights: Triple<Tensor | null>,
  inProjBias: Tensor | null,
): Triple<Tensor> {
  const given = weights.map((weight, i) => {
    if (weight !== null) return weight;
    throw new AssertionError(`use_separate_proj_weight is True but ${LETTERS[i]}_proj_weight is None`);
  });
  const biases: readonly (Tensor | null)[] = inProjBias === null ? [null, null, null] : inProjBias.chunk(3);
  const embedDim = inputs[0].size(-1);
  given.forEach((weight, i) => checkShape(weight, [embedDim, inputs[i].size(-1)], `${NAMES[i]} weights`));
  biases.forEach((bias, i) => bias && checkShape(bias, [embedDim], `${NAMES[i]} bias`));
  return inputs.map((input, i) => linear(input, given[i], biases[i])) as Triple<Tensor>;
}
