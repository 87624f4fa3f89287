/**
 * Where the functions record: inputs that the user's function gets are new tensors, so that gradients
 * with respect to them do not mix with those of the same tensors captured by the function.
 */

import { atGradLevel } from '../../interpreter/levels';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { enableGrad } from '../modes';

/** How tensors enter and leave the recording. */
export interface Tape {
  /** New tensors to differentiate with respect to. */
  inputs(tensors: readonly Tensor[]): Tensor[];
  /** The vectors to multiply with; differentiable only where the caller's graph goes on in the result. */
  vectors(tensors: readonly Tensor[]): Tensor[];
  /** Zeros to differentiate with respect to, for the double-backward trick. */
  zeros(like: readonly Tensor[]): Tensor[];
  /** Results as the caller gets them: without history unless createGraph. */
  results(tensors: readonly Tensor[]): Tensor[];
}

function graphTape(createGraph: boolean): Tape {
  const enter = (tensor: Tensor, differentiable: boolean): Tensor => {
    if (!createGraph || !tensor.requiresGrad) return tensor.detach().requiresGrad_(differentiable);
    // A sparse tensor cannot be viewed.
    return tensor.layout === 'strided' ? tensor.viewAs(tensor) : tensor.clone();
  };
  return {
    inputs: (tensors) => tensors.map((tensor) => enter(tensor, true)),
    vectors: (tensors) => tensors.map((tensor) => enter(tensor, false)),
    zeros: (like) => like.map((tensor) => torchFunctions.zerosLike(tensor, { requiresGrad: true })),
    results: (tensors) => (createGraph ? [...tensors] : tensors.map((tensor) => tensor.detach())),
  };
}

// Under inference mode tensors carry no graph, and those made in it never can; a Grad level records
// all the same, because it wraps what it meets. There is no outer graph to go on in the results.
function levelTape(level: number): Tape {
  return {
    inputs: (tensors) => tensors.map((tensor) => native.wrapForGrad(tensor, level, true)),
    vectors: (tensors) => [...tensors],
    zeros: (like) =>
      like.map((tensor) => {
        const zeros = torchFunctions.zerosLike(native.unwrapForGrad(tensor, level));
        return native.wrapForGrad(native.unwrapForGrad(zeros, level), level, true);
      }),
    results: (tensors) => tensors.map((tensor) => native.unwrapForGrad(tensor, level)),
  };
}

/** Runs `body` with gradients enabled, whatever mode the caller is in. */
export function recording<T>(createGraph: boolean, body: (tape: Tape) => T): T {
  // Inside a transform the graph's own refusal to mark tensors stands, in inference mode too.
  if (native.isInferenceMode() && native.levelDepth() === 0) return atGradLevel((level) => body(levelTape(level)));
  return enableGrad(() => body(graphTape(createGraph)));
}
