/**
 * Fused operators that lack a batching rule or a derivative, as the operators that they fuse. Where neither is needed,
 * they run as they are.
 */

import { isOptions } from '../arguments';
import { native } from '../native';
import { nnFunctionalFunctions, torchFunctions } from '../operators';
import { aten } from '../ops';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';

type Arguments = Record<string, unknown>;

interface Decomposition {
  /** The names of the positional arguments, in order. */
  readonly names: readonly string[];
  readonly run: (args: Arguments) => unknown;
  /** Also for derivatives outside of transforms, of which the operator has not even the first. */
  readonly differentiates?: boolean;
}

const insideTransform = (): boolean => native.levelDepth() > 0;

/** Whether autograd records a call. */
const isRecorded = (args: readonly unknown[]): boolean =>
  native.gradMode() && args.some((arg) => native.isTensor(arg) && native.requiresGrad(arg));

/** A mask that is added to the scores; a boolean one is true where a key takes part. */
function additive(mask: Tensor, { dtype }: Tensor): Tensor {
  if (mask.dtype !== 'bool') return mask;
  return torchFunctions.zerosLike(mask, { dtype }).maskedFill(mask.logicalNot(), -Infinity);
}

function attention(args: Arguments): [output: Tensor, weights: Tensor] {
  const { query, key, value, attnMask, dropoutP = 0, isCausal = false, scale = null, enableGqa = false } = args;
  const mask = native.isTensor(attnMask) ? additive(attnMask, query as Tensor) : null;
  const math = aten._scaled_dot_product_attention_math.default as AnyFunction;
  const result: unknown = math(query, key, value, mask, dropoutP, isCausal, null, { scale, enableGqa });
  return result as [Tensor, Tensor];
}

/** Attention with the logarithm of the sum of exponentials, which only the operator's own derivative uses. */
function flashAttention(args: Arguments): [Tensor, Tensor] {
  const [output] = attention(args);
  const { query, key, attnMask = null, isCausal = false, scale = null } = args as Record<string, Tensor>;
  const factor = (scale as unknown as number | null) ?? 1 / Math.sqrt(query.size(-1));
  let scores = query.matmul(key.transpose(-2, -1)).mul(Number(factor));
  if (attnMask !== null) scores = scores.add(attnMask);
  if (isCausal as unknown as boolean) {
    const mask = torchFunctions.ones(scores.shape.slice(-2), { dtype: 'bool', device: scores.device }).tril();
    scores = scores.maskedFill(mask.logicalNot(), -Infinity);
  }
  return [output, scores.logsumexp(-1)];
}

/** `batch_norm` in evaluation mode. */
function batchNormEvaluation(args: Arguments): unknown {
  const { input, weight, bias, runningMean, runningVar, momentum, eps } = args;
  return aten.native_batch_norm.default(input, weight, bias, runningMean, runningVar, false, momentum, eps);
}

/** `batch_norm` in training mode that returns the new statistics. */
function batchNormTraining(args: Arguments): unknown {
  const { input, weight, bias, runningMean, runningVar, training, momentum, eps } = args;
  if (training !== true) {
    const results = batchNormEvaluation(args) as Tensor[];
    return [...results, (runningMean as Tensor).clone(), (runningVar as Tensor).clone()];
  }
  const legit = aten._native_batch_norm_legit.no_stats as AnyFunction;
  const [output, mean, rstd] = legit(input, weight, bias, true, momentum, eps) as Tensor[];
  const [factor, epsilon] = [Number(momentum), Number(eps)];
  const shape = (input as Tensor).shape;
  const count = shape.reduce((product, size) => product * size, 1) / shape[1];
  const variance = rstd
    .pow(-2)
    .sub(epsilon)
    .mul(count / (count - 1));
  const updated = (running: unknown, current: Tensor): Tensor => {
    const old = running as Tensor;
    return old.mul(1 - factor).add(current.to(old.dtype).mul(factor));
  };
  return [output, mean, rstd, updated(runningMean, mean), updated(runningVar, variance)];
}

/** The values of one tensor in the shape and the dtype of another; `copy_` without the write. */
function copy(args: Arguments): Tensor {
  const { input, src } = args as Record<string, Tensor>;
  return src.to(input.device, input.dtype).expand(input.shape).clone();
}

/** The output of multi-head self-attention with packed weights; `mask` is true where a key does not take part. */
function selfAttention(input: Tensor, heads: number, args: Arguments): [output: Tensor, weights: Tensor] {
  const { qkvWeight, qkvBias, projWeight, projBias, mask = null, maskType = null } = args as Record<string, Tensor>;
  const [batch, length, width] = input.shape;
  const split = (x: Tensor): Tensor => x.reshape([batch, length, heads, width / heads]).transpose(1, 2);
  const [query, key, value] = nnFunctionalFunctions.linear(input, qkvWeight, qkvBias).chunk(3, -1).map(split);
  const type = maskType as unknown as number | null;
  // 0: of the sequence, 1: of the keys, 2: of both, with the heads.
  const shaped = mask === null ? null : type === 1 ? mask.reshape([batch, 1, 1, length]) : mask;
  const attnMask = shaped === null ? null : shaped.dtype === 'bool' ? shaped.logicalNot() : shaped;
  const [output, weights] = attention({ query, key, value, attnMask });
  const merged = output.transpose(1, 2).reshape([batch, length, width]);
  return [nnFunctionalFunctions.linear(merged, projWeight, projBias), weights];
}

function encoderLayer(args: Arguments): Tensor {
  const { src, normWeight1, normBias1, normWeight2, normBias2 } = args as Record<string, Tensor>;
  const { ffnWeight1, ffnBias1, ffnWeight2, ffnBias2 } = args as Record<string, Tensor>;
  const eps = Number(args.eps);
  const norm = (x: Tensor, weight: Tensor, bias: Tensor): Tensor =>
    torchFunctions.layerNorm(x, [Number(args.embedDim)], weight, bias, eps);
  const attend = (x: Tensor): Tensor => selfAttention(x, Number(args.numHeads), args)[0];
  const feed = (x: Tensor): Tensor => {
    const hidden = nnFunctionalFunctions.linear(x, ffnWeight1, ffnBias1);
    const active = args.useGelu === true ? (aten.gelu.default(hidden) as Tensor) : hidden.relu();
    return nnFunctionalFunctions.linear(active, ffnWeight2, ffnBias2);
  };
  if (args.normFirst === true) {
    const x = src.add(attend(norm(src, normWeight1, normBias1)));
    return x.add(feed(norm(x, normWeight2, normBias2)));
  }
  const x = norm(src.add(attend(src)), normWeight1, normBias1);
  return norm(x.add(feed(x)), normWeight2, normBias2);
}

const BATCH_NORM = ['input', 'weight', 'bias', 'runningMean', 'runningVar'];
const HEADS = ['qkvWeight', 'qkvBias', 'projWeight', 'projBias'];
const FEED_FORWARD = ['ffnWeight1', 'ffnBias1', 'ffnWeight2', 'ffnBias2'];

const DECOMPOSITIONS: Readonly<Record<string, Decomposition>> = {
  'aten._scaled_dot_product_flash_attention_for_cpu.default': {
    names: ['query', 'key', 'value', 'dropoutP', 'isCausal'],
    run: flashAttention,
  },
  'aten.copy.default': { names: ['input', 'src', 'nonBlocking'], run: copy, differentiates: true },
  'aten._native_batch_norm_legit_no_training.default': {
    names: [...BATCH_NORM, 'momentum', 'eps'],
    run: batchNormEvaluation,
  },
  'aten._native_batch_norm_legit_functional.default': {
    names: [...BATCH_NORM, 'training', 'momentum', 'eps'],
    run: batchNormTraining,
  },
  'aten._transformer_encoder_layer_fwd.default': {
    names: [
      ...['src', 'embedDim', 'numHeads', ...HEADS, 'useGelu', 'normFirst', 'eps'],
      ...['normWeight1', 'normBias1', 'normWeight2', 'normBias2', ...FEED_FORWARD, 'mask', 'maskType'],
    ],
    run: encoderLayer,
    differentiates: true,
  },
};

function decomposed({ names, run, differentiates = false }: Decomposition, fused: AnyFunction): AnyFunction {
  return (...args: unknown[]) => {
    if (!insideTransform() && !(differentiates && isRecorded(args))) return fused(...args) as unknown;
    const last = args.at(-1);
    const options = isOptions(last) ? last : {};
    const positional = isOptions(last) ? args.slice(0, -1) : args;
    const given: Arguments = { ...options };
    positional.forEach((value, i) => {
      if (value !== undefined) given[names[i]] = value;
    });
    return run(given);
  };
}

/** The function to call for an operator: with its decomposition, if there is one. */
export function withDecomposition(target: string, fused: AnyFunction): AnyFunction {
  return Object.hasOwn(DECOMPOSITIONS, target) ? decomposed(DECOMPOSITIONS[target], fused) : fused;
}
