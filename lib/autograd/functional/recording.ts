/**
 * How the functions record a graph. The user's function gets new tensors as inputs, so that gradients with respect to
 * them do not mix with gradients of the same tensors captured by the function.
 */

import { atGradLevel } from '../../interpreter/levels';
import { unwrapOwn } from '../../interpreter/wrapping';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { enableGrad } from '../modes';

/** One recorded call: how tensors enter and leave it. */
export interface Recording {
  /** New tensors to differentiate with respect to. */
  inputs(tensors: readonly Tensor[]): Tensor[];
  /** The vectors to multiply with; with createGraph the result stays connected to their graph. */
  vectors(tensors: readonly Tensor[]): Tensor[];
  /** Zeros to differentiate with respect to, for the double-backward trick. */
  zeros(like: readonly Tensor[]): Tensor[];
  /** Outputs as the caller gets them: detached, unless createGraph. */
  outputs(tensors: readonly Tensor[]): Tensor[];
  /** The same for derivatives, whose handles nobody else holds: they are disposed. */
  derivatives(tensors: readonly Tensor[]): Tensor[];
}

function graphRecording(createGraph: boolean): Recording {
  const enter = (tensor: Tensor, differentiable: boolean): Tensor => {
    if (!createGraph || !tensor.requiresGrad) return tensor.detach().requiresGrad_(differentiable);
    // A sparse tensor cannot be viewed.
    return tensor.layout === 'strided' ? tensor.viewAs(tensor) : tensor.clone();
  };
  return {
    inputs: (tensors) => tensors.map((tensor) => enter(tensor, true)),
    vectors: (tensors) => tensors.map((tensor) => enter(tensor, false)),
    zeros: (like) => like.map((tensor) => torchFunctions.zerosLike(tensor, { requiresGrad: true })),
    outputs: (tensors) => (createGraph ? [...tensors] : tensors.map((tensor) => tensor.detach())),
    derivatives: (tensors) => (createGraph ? [...tensors] : tensors.map(detachOwn)),
  };
}

function detachOwn(tensor: Tensor): Tensor {
  const detached = tensor.detach();
  tensor.dispose();
  return detached;
}

// Tensors created in inference mode can never have a graph. A Grad level records nevertheless, because it wraps every
// tensor. There is no outer graph that results could stay connected to.
function levelRecording(level: number): Recording {
  return {
    inputs: (tensors) => tensors.map((tensor) => native.wrapForGrad(tensor, level, true)),
    vectors: (tensors) => [...tensors],
    zeros: (like) =>
      like.map((tensor) => {
        const zeros = torchFunctions.zerosLike(native.unwrapForGrad(tensor, level));
        return native.wrapForGrad(native.unwrapForGrad(zeros, level), level, true);
      }),
    outputs: (tensors) => tensors.map((tensor) => native.unwrapForGrad(tensor, level)),
    derivatives: (tensors) => tensors.map((tensor) => unwrapOwn(tensor, level)),
  };
}

/** Runs `body` with gradients enabled, in any mode of the caller. */
export function record<T>(createGraph: boolean, body: (recording: Recording) => T): T {
  // Inside a transform, marking tensors is an error; that holds in inference mode too.
  if (native.isInferenceMode() && native.levelDepth() === 0) return atGradLevel((level) => body(levelRecording(level)));
  return enableGrad(() => body(graphRecording(createGraph)));
}
