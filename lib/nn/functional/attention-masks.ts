/** The shapes and masks of attention: checks, and conversion of masks to the form that the operators accept. */

import { tupleText } from '../../describe';
import type { Dtype } from '../../dtype';
import { AssertionError, RuntimeError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { emitLibtorchWarning } from '../../warnings';

/** Checks the ranks of all inputs and returns whether they have a batch dimension. */
export function checkShapes(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  keyPaddingMask: Tensor | null,
  attnMask: Tensor | null,
  numHeads: number,
): boolean {
  const rank = query.dim();
  if (rank !== 2 && rank !== 3) {
    throw new AssertionError(`query should be unbatched 2D or batched 3D tensor but received ${rank}-D query tensor`);
  }
  const kind = rank === 3 ? 'batched (3-D)' : 'unbatched (2-D)';
  if (key.dim() !== rank || value.dim() !== rank) {
    throw new AssertionError(
      `For ${kind} \`query\`, expected \`key\` and \`value\` to be ${rank}-D but found ${key.dim()}-D and ${value.dim()}-D tensors respectively`,
    );
  }
  if (keyPaddingMask !== null && keyPaddingMask.dim() !== rank - 1) {
    throw new AssertionError(
      `For ${kind} \`query\`, expected \`key_padding_mask\` to be \`None\` or ${rank - 1}-D but found ${keyPaddingMask.dim()}-D tensor instead`,
    );
  }
  if (attnMask !== null) {
    const maskRank = attnMask.dim();
    if (maskRank !== 2 && maskRank !== 3) {
      throw new AssertionError(
        `For ${kind} \`query\`, expected \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${maskRank}-D tensor instead`,
      );
    }
    const expected = [numHeads, query.size(0), key.size(0)];
    if (rank === 2 && maskRank === 3 && !sameShape(attnMask.shape, expected)) {
      throw new AssertionError(
        `Expected \`attn_mask\` shape to be ${tupleText(expected)} but got ${sizeText(attnMask.shape)}`,
      );
    }
  }
  return rank === 3;
}

/**
 * Converts a mask to a term that is added to the scores: minus infinity where a bool mask is true.
 *
 * @param other - another mask that should have the same dtype, if any.
 */
export function canonicalMask(
  mask: Tensor | null,
  name: string,
  dtype: Dtype,
  other: Tensor | null,
  otherName = 'attn_mask',
): Tensor | null {
  if (mask === null) return null;
  const isFloat = mask.isFloatingPoint();
  if (mask.dtype !== 'bool' && !isFloat) {
    throw new AssertionError(`only bool and floating types of ${name} are supported`);
  }
  if (other !== null && other.dtype !== mask.dtype) {
    emitLibtorchWarning(
      'UserWarning',
      `Support for mismatched ${name} and ${otherName} is deprecated. Use same type for both instead.`,
    );
  }
  return isFloat ? mask : torchFunctions.zerosLike(mask, { dtype }).maskedFill_(mask, -Infinity);
}

/** Checks the mask's shape and adds a dimension for batch and heads. */
export function checkAttentionMask(mask: Tensor, rows: number, targetLength: number, sourceLength: number): Tensor {
  const shape = mask.shape;
  const expected = shape.length === 2 ? [targetLength, sourceLength] : [rows, targetLength, sourceLength];
  if (shape.length !== 2 && shape.length !== 3) {
    throw new RuntimeError(`attn_mask's dimension ${shape.length} is not supported`);
  }
  if (!sameShape(shape, expected)) {
    throw new RuntimeError(
      `The shape of the ${shape.length}D attn_mask is ${sizeText(shape)}, but should be ${tupleText(expected)}.`,
    );
  }
  return shape.length === 2 ? mask.unsqueeze(0) : mask;
}

/** Checks the mask's shape against the batch and the keys, including added keys. */
export function checkKeyPaddingMask(mask: Tensor, sourceLength: number, batch: number): void {
  const shape = mask.shape;
  [batch, sourceLength].forEach((size, i) => {
    if (shape[i] === size) return;
    throw new AssertionError(`Expected key_padded_mask.shape[${i}] to be ${size}, but got ${shape[i]}`);
  });
}
