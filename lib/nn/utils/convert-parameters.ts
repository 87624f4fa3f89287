/** Parameters as one vector, and back. */

import { noGrad } from '../../autograd/modes';
import { ValueError } from '../../errors';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import { aten } from '../../ops';
import type { Tensor } from '../../tensor';
import { checkTensor } from '../../tensor-arguments';
import { tensorsOf } from './clip-grad';

function checkDevices(parameters: readonly Tensor[]): void {
  const places = new Set(parameters.map(({ device }) => (device.type === 'cuda' ? device.toString() : 'others')));
  if (places.size > 1) {
    throw new TypeError('Found two parameters on different devices, this is currently not supported.');
  }
}

/**
 * All elements of some tensors in one vector, which keeps the graph; `torch.nn.utils.parameters_to_vector`.
 *
 * @throws TypeError for tensors on different devices.
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 3);
 * torch.nn.utils.parametersToVector(net.parameters()).shape; // [9]
 * ```
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const tensors = tensorsOf('parametersToVector', 'parameters', parameters);
  checkDevices(tensors);
  return torchFunctions.cat(tensors.map((parameter) => parameter.reshape(-1)));
}

/**
 * Makes parameters views of the parts of a vector; `torch.nn.utils.vector_to_parameters`. As in PyTorch, nothing is
 * copied: later steps also change the vector.
 *
 * @throws TypeError for tensors on different devices, or a value that is not a tensor; ValueError for a vector that is
 * too short.
 * @example
 * ```ts
 * const { parametersToVector, vectorToParameters } = torch.nn.utils;
 * const net = new torch.nn.Linear(2, 3);
 * const vector = parametersToVector(net.parameters()).detach();
 * vectorToParameters(vector.mul(2), net.parameters()); // doubles all parameters
 * ```
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  checkTensor('vectorToParameters', 'vec', vec);
  const tensors = tensorsOf('vectorToParameters', 'parameters', parameters);
  checkDevices(tensors);
  const count = tensors.reduce((sum, tensor) => sum + tensor.numel(), 0);
  if (vec.numel() < count) {
    throw new ValueError(`vectorToParameters(): expected a vector of ${count} elements, got ${vec.numel()}`);
  }
  let offset = 0;
  noGrad(() => {
    for (const parameter of tensors) {
      const part = vec.detach().narrow(0, offset, parameter.numel()).viewAs(parameter);
      aten.set_data.default(parameter, part);
      offset += parameter.numel();
    }
  });
  native.moduleChanged();
}
