/** Checks that derivatives for a batch of vectors agree with those for each vector. */

import { jvp } from '../../func/jvp';
import { vmap } from '../../func/vmap';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { allowContextForward } from '../function/context-forward';
import { grad } from '../grad';
import { checkedInputs, GradcheckError, isDifferentiableTensor } from './check';
import type { Outputs } from './check';

const HINT =
  'The vectors are batched with vmap over the derivative. The most common cause is an operator, or a custom function, that vmap cannot batch or that reads values. If this is expected, pass checkBatchedGrad: false (checkBatchedForwardGrad: false for forward mode).';

function compare(compute: (vector: Tensor) => Tensor[], vectors: Tensor[], output: number): void {
  const each = vectors.map(compute);
  let batched: Tensor[];
  try {
    batched = vmap(compute)(torchFunctions.stack(vectors));
  } catch (error) {
    throw new GradcheckError(
      `While computing batched gradients, got: ${error instanceof Error ? error.message : String(error)}\n\n${HINT}`,
      { cause: error },
    );
  }
  batched.forEach((result, input) => {
    const expected = torchFunctions.stack(each.map((one) => one[input]));
    if (torchFunctions.allclose(result, expected)) return;
    throw new GradcheckError(
      `For output ${output} and input ${input}:\n\n${HINT}\n\nGot:\n${String(result)}\n\nExpected:\n${String(expected)}`,
    );
  });
}

/** Checks the gradients for a batch of gradients of one output. */
export function checkBatchedGrads(inputs: readonly unknown[], output: Tensor, index: number): void {
  const list = checkedInputs(inputs).map(({ input }) => input);
  const vjp = (vector: Tensor): Tensor[] =>
    grad(output, list, { gradOutputs: vector, retainGraph: true, allowUnused: true }).map(
      (gradient, i) => gradient ?? torchFunctions.zerosLike(list[i]),
    );
  compare(vjp, [torchFunctions.randnLike(output), torchFunctions.randnLike(output)], index);
}

/** Checks the tangents of the outputs for a batch of tangents of each input. */
export function checkBatchedTangents(func: Outputs, inputs: readonly unknown[]): void {
  const outside = native.levelDepth() === 0;
  for (const { index, input } of checkedInputs(inputs)) {
    const others = inputs.map((other) => (isDifferentiableTensor(other) ? other.detach() : other));
    // `jvp` instead of `makeDual`, for which vmap has no batching rule.
    const ofInput = (primal: Tensor): Tensor[] => {
      const call = (): Tensor[] => func(...others.map((other, i) => (i === index ? primal : other)));
      return (outside ? allowContextForward(call) : call()).filter(isDifferentiableTensor);
    };
    const tangents = (tangent: Tensor): Tensor[] => jvp(ofInput, [input.detach()], [tangent])[1];
    compare(tangents, [torchFunctions.randnLike(input), torchFunctions.randnLike(input)], index);
  }
}
