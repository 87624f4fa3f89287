/** Checks of zero and undefined gradients and tangents: the derivatives must be zero. */

import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { sameShape } from '../../shapes';
import type { Tensor } from '../../tensor';
import { dualLevel, makeDual, unpackDual } from '../forward-ad';
import { grad } from '../grad';
import { checkedInputs, GradcheckError, isDifferentiableTensor } from './check';
import type { Check, Outputs } from './check';

function tensorsOf(inputs: readonly unknown[]): Tensor[] {
  return checkedInputs(inputs).map(({ input }) => input);
}

const zerosLike = (tensor: Tensor): Tensor => torchFunctions.zerosLike(tensor.detach());

const isNonZero = (tensor: Tensor): boolean =>
  tensor.numel() > 0 && Number(tensor.detach().toDense().abs().max().item()) !== 0;

/** Zero gradients of the outputs must give zero gradients of the inputs. */
export function checkZeroGrads(outputs: readonly Tensor[], inputs: readonly unknown[]): void {
  if (outputs.length === 0) return;
  const list = tensorsOf(inputs);
  const gradients = grad(outputs, list, { gradOutputs: outputs.map(zerosLike), allowUnused: true, retainGraph: true });
  gradients.forEach((gradient, i) => {
    if (gradient === null) return;
    if (isNonZero(gradient)) throw new GradcheckError('backward not multiplied by grad_output');
    if (gradient.dtype !== list[i].dtype) throw new GradcheckError('grad is incorrect type');
    if (String(gradient.device) !== String(list[i].device)) throw new GradcheckError('grad is incorrect device');
    if (!sameShape(gradient.shape, list[i].shape)) throw new GradcheckError('grad is incorrect size');
  });
}

/** Backward must treat undefined gradients, of all outputs and of each single output, as zeros. */
export function checkUndefinedGrads(func: Outputs, inputs: readonly unknown[]): void {
  const list = tensorsOf(inputs);
  const differentiable = (): Tensor[] => func(...inputs).filter((output) => output.requiresGrad);
  const run = (outputs: Tensor[]): void => {
    if (outputs.length === 0) return;
    let gradients: (Tensor | null)[];
    try {
      gradients = grad(outputs, list, { gradOutputs: outputs.map(zerosLike), allowUnused: true });
    } catch (error) {
      throw new GradcheckError(
        `Expected backward function to handle undefined output grads, which are null, or zeros for custom functions that materialize gradients; but it failed with: ${error instanceof Error ? error.message : String(error)}. Pass checkUndefinedGrad: false if undefined gradients cannot occur.`,
        { cause: error },
      );
    }
    for (const gradient of gradients) {
      if (gradient === null || !isNonZero(gradient)) continue;
      throw new GradcheckError(
        'Expected all input grads to be undefined or zero when all output grads are undefined or zero. Pass checkUndefinedGrad: false if undefined gradients cannot occur.',
      );
    }
  };
  const all = differentiable();
  run(all.map((output) => native.undefinedGrad(output)));
  if (all.length < 2) return;
  for (let left = 0; left < all.length; left++) {
    run(differentiable().map((output, i) => (i === left ? native.undefinedGrad(output) : output)));
  }
}

/** An input without a tangent must be treated as one with a zero tangent. */
export function checkUndefinedTangents({ func, inputs }: Check): void {
  const checked = checkedInputs(inputs);
  dualLevel(() => {
    const duals = [...inputs];
    for (const { index, input } of checked) {
      duals[index] = makeDual(input.detach(), torchFunctions.randnLike(input.detach()));
    }
    const tangents = (replaced: unknown, index: number): (Tensor | null)[] => {
      const given = [...duals];
      given[index] = replaced;
      return func(...given)
        .filter(isDifferentiableTensor)
        .map((output) => unpackDual(output).tangent);
    };
    for (const { index, input } of checked) {
      const zeros = tangents(makeDual(input.detach(), zerosLike(input)), index);
      const none = tangents(input.detach(), index);
      zeros.forEach((expected, i) => {
        const found = none[i];
        if (expected === null || found === null || torchFunctions.allclose(expected, found)) return;
        throw new GradcheckError(
          `Mismatch in tangent values for output with index: ${i} when input ${index} has an undefined tangent value. Got: ${String(found)} but expected: ${String(expected)}`,
        );
      });
    }
  });
}
