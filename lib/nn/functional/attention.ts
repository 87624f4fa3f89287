/** Multi-head attention with its projections. `scaledDotProductAttention` itself is an operator. */

import { readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError, RuntimeError } from '../../errors';
import { nnFunctionalFunctions, torchFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkOptionalTensors, checkTensors } from '../../tensor-arguments';
import { canonicalMask, checkAttentionMask, checkKeyPaddingMask, checkShapes } from './attention-masks';
import { project, projectPacked } from './attention-projection';
import { dropout } from './dropout';

/** The optional arguments of {@link multiHeadAttentionForward}. */
export interface MultiHeadAttentionOptions {
  /** Whether dropout applies; true by default. */
  training?: boolean;
  /** Keys to ignore, `(N, S)`: bool (true ignores), or values added to the scores. */
  keyPaddingMask?: Tensor | null;
  /** Whether the attention weights are returned; true by default. */
  needWeights?: boolean;
  /** Pairs to ignore, `(L, S)` or `(N * heads, L, S)`: bool (true ignores), or values added to the scores. */
  attnMask?: Tensor | null;
  /** Whether query, key and value have separate projection weights; false by default (one packed weight). */
  useSeparateProjWeight?: boolean;
  qProjWeight?: Tensor | null;
  kProjWeight?: Tensor | null;
  vProjWeight?: Tensor | null;
  /** Keys that replace the projected keys, `(N * heads, S, E / heads)`; `staticV` replaces the values. */
  staticK?: Tensor | null;
  staticV?: Tensor | null;
  /** Whether the weights are averaged over heads; true by default. */
  averageAttnWeights?: boolean;
  /** A hint that attnMask is causal; false by default. */
  isCausal?: boolean;
}

type Positional = [
  training: boolean,
  keyPaddingMask: Tensor | null,
  needWeights: boolean,
  attnMask: Tensor | null,
  useSeparateProjWeight: boolean,
  qProjWeight: Tensor | null,
  kProjWeight: Tensor | null,
  vProjWeight: Tensor | null,
  staticK: Tensor | null,
  staticV: Tensor | null,
  averageAttnWeights: boolean,
  isCausal: boolean,
];

const NAMES = [
  ...(['training', 'keyPaddingMask', 'needWeights', 'attnMask', 'useSeparateProjWeight'] as const),
  ...(['qProjWeight', 'kProjWeight', 'vProjWeight', 'staticK', 'staticV'] as const),
  ...(['averageAttnWeights', 'isCausal'] as const),
];

interface Heads {
  batch: number;
  count: number;
  size: number;
}

// Reshapes (T, N, E) to (N * heads, T, E / heads), or returns the static tensor of the caller.
function splitHeads(x: Tensor, heads: Heads, fixed: Tensor | null, name: string): Tensor {
  const rows = heads.batch * heads.count;
  if (fixed === null) return x.view([x.size(0), rows, heads.size]).transpose(0, 1);
  if (fixed.size(0) !== rows) {
    throw new AssertionError(`expecting ${name}.size(0) of ${rows}, but got ${fixed.size(0)}`);
  }
  if (fixed.size(2) !== heads.size) {
    throw new AssertionError(`expecting ${name}.size(2) of ${heads.size}, but got ${fixed.size(2)}`);
  }
  return fixed;
}

const padMask = (mask: Tensor | null): Tensor | null => mask && nnFunctionalFunctions.pad(mask, [0, 1]);

function appendZero(x: Tensor, heads: Heads): Tensor {
  const zeros = torchFunctions.zeros([heads.batch * heads.count, 1, heads.size], { dtype: x.dtype, device: x.device });
  return torchFunctions.cat([x, zeros], 1);
}

function checkBiases(biasK: Tensor | null, biasV: Tensor | null, staticK: Tensor | null, staticV: Tensor | null) {
  if (biasK !== null && biasV !== null) {
    if (staticK !== null) throw new AssertionError('bias cannot be added to static key.');
    if (staticV !== null) throw new AssertionError('bias cannot be added to static value.');
    return true;
  }
  if (biasK !== null) throw new AssertionError('bias_k is set but bias_v is None');
  if (biasV !== null) throw new AssertionError('bias_v is set but bias_k is None');
  return false;
}

/**
 * Multi-head attention with input and output projections;
 * `torch.nn.functional.multi_head_attention_forward`, which `torch.nn.MultiheadAttention` calls.
 *
 * Query `(L, N, E)` or `(L, E)`, key and value `(S, N, E)` or `(S, E)`, floating-point. Returns the output,
 * shaped as the query, and the attention weights `(N, L, S)`, `(N, heads, L, S)` unless averaged, or null.
 *
 * @throws AssertionError or RuntimeError for shapes or options that do not match.
 * @example
 * ```ts
 * const [x, w, b] = [torch.randn(5, 2, 8), torch.randn(24, 8), torch.zeros(24)];
 * const { multiHeadAttentionForward } = torch.nn.functional;
 * const [output, weights] = multiHeadAttentionForward(
 *   ...([x, x, x, 8, 2, w, b, null, null, false, 0, torch.eye(8), torch.zeros(8)] as const),
 *   { averageAttnWeights: false },
 * );
 * output.shape; // [5, 2, 8]
 * ```
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  ...optional: Optional<Positional, MultiHeadAttentionOptions>
): [output: Tensor, weights: Tensor | null] {
  const name = 'multiHeadAttentionForward';
  const options = readOptions<MultiHeadAttentionOptions>(name, optional, NAMES, [], 13);
  const { training = true, needWeights = true, useSeparateProjWeight = false } = options;
  const { qProjWeight = null, kProjWeight = null, vProjWeight = null } = options;
  const { staticK = null, staticV = null, averageAttnWeights = true } = options;
  let { keyPaddingMask = null, attnMask = null, isCausal = false } = options;
  checkTensors(name, { query, key, value, outProjWeight });
  checkOptionalTensors(name, { keyPaddingMask, attnMask, inProjWeight, inProjBias, biasK, biasV });
  checkOptionalTensors(name, { qProjWeight, kProjWeight, vProjWeight, staticK, staticV });

  const isBatched = checkShapes(query, key, value, keyPaddingMask, attnMask, numHeads);
  if (!isBatched) {
    [query, key, value] = [query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)];
    keyPaddingMask = keyPaddingMask && keyPaddingMask.unsqueeze(0);
  }
  const [targetLength, batch, embedDim] = query.shape;
  keyPaddingMask = canonicalMask(keyPaddingMask, 'key_padding_mask', query.dtype, attnMask);
  if (isCausal && attnMask === null) {
    throw new RuntimeError(
      'Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.',
    );
  }
  if (isCausal && keyPaddingMask === null && !needWeights) {
    // The causal kernel needs no mask.
    attnMask = null;
  } else {
    attnMask = canonicalMask(attnMask, 'attn_mask', query.dtype, null);
    if (keyPaddingMask !== null) isCausal = false;
  }
  if (embedDim !== embedDimToCheck) {
    throw new AssertionError(`was expecting embedding dimension of ${embedDimToCheck}, but got ${embedDim}`);
  }
  const heads: Heads = { batch, count: numHeads, size: Math.floor(embedDim / numHeads) };
  if (heads.size * numHeads !== embedDim) {
    throw new AssertionError(`embed_dim ${embedDim} not divisible by num_heads ${numHeads}`);
  }
  const [keyShape, valueShape] = [key.shape, value.shape];
  if (useSeparateProjWeight) {
    if (!sameShape(keyShape.slice(0, 2), valueShape.slice(0, 2))) {
      throw new AssertionError(
        `key's sequence and batch dims ${sizeText(keyShape.slice(0, 2))} do not match value's ${sizeText(valueShape.slice(0, 2))}`,
      );
    }
  } else if (!sameShape(keyShape, valueShape)) {
    throw new AssertionError(`key shape ${sizeText(keyShape)} does not match value shape ${sizeText(valueShape)}`);
  }

  let [q, k, v] = useSeparateProjWeight
    ? project([query, key, value], [qProjWeight, kProjWeight, vProjWeight], inProjBias)
    : projectPacked(query, key, value, inProjWeight, inProjBias);
  attnMask = attnMask && checkAttentionMask(attnMask, batch * numHeads, targetLength, keyShape[0]);

  if (checkBiases(biasK, biasV, staticK, staticV)) {
    k = torchFunctions.cat([k, (biasK as Tensor).repeat([1, batch, 1])]);
    v = torchFunctions.cat([v, (biasV as Tensor).repeat([1, batch, 1])]);
    [attnMask, keyPaddingMask] = [padMask(attnMask), padMask(keyPaddingMask)];
  }
  q = splitHeads(q, heads, null, 'query');
  k = splitHeads(k, heads, staticK, 'static_k');
  v = splitHeads(v, heads, staticV, 'static_v');
  if (addZeroAttn) {
    [k, v] = [appendZero(k, heads), appendZero(v, heads)];
    [attnMask, keyPaddingMask] = [padMask(attnMask), padMask(keyPaddingMask)];
  }
  const sourceLength = k.size(1);
  if (keyPaddingMask !== null) {
    checkKeyPaddingMask(keyPaddingMask, sourceLength, batch);
    const expanded = keyPaddingMask
      .view([batch, 1, 1, sourceLength])
      .expand([-1, numHeads, -1, -1])
      .reshape([batch * numHeads, 1, sourceLength]);
    attnMask = attnMask === null ? expanded : attnMask.add(expanded);
  }
  const p = training ? dropoutP : 0;
  const outward = (x: Tensor): Tensor => {
    const output = nnFunctionalFunctions.linear(x, outProjWeight, outProjBias);
    const shaped = output.view([targetLength, batch, output.size(1)]);
    return isBatched ? shaped : shaped.squeeze(1);
  };

  if (!needWeights) {
    const shape = (length: number) => [batch, numHeads, length, heads.size];
    if (attnMask !== null) {
      attnMask =
        attnMask.size(0) === 1 && attnMask.dim() === 3
          ? attnMask.unsqueeze(0)
          : attnMask.view([batch, numHeads, -1, sourceLength]);
    }
    const attended = nnFunctionalFunctions.scaledDotProductAttention(
      ...([q.view(shape(targetLength)), k.view(shape(sourceLength)), v.view(shape(sourceLength))] as const),
      ...([attnMask, p, isCausal] as const),
    );
    return [outward(attended.permute([2, 0, 1, 3]).reshape([batch * targetLength, embedDim])), null];
  }

  const scaled = q.mul(Math.sqrt(1 / heads.size));
  const keys = k.transpose(-2, -1);
  const scores = attnMask === null ? torchFunctions.bmm(scaled, keys) : torchFunctions.baddbmm(attnMask, scaled, keys);
  let weights = scores.softmax(-1);
  if (p > 0) weights = dropout(weights, p);
  const attended = torchFunctions.bmm(weights, v);
  const output = outward(attended.transpose(0, 1).reshape([targetLength * batch, embedDim]));
  weights = weights.view([batch, numHeads, targetLength, sourceLength]);
  if (averageAttnWeights) weights = weights.mean(1);
  return [output, isBatched ? weights : weights.squeeze(0)];
}
