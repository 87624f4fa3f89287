/** Converting all tensors of a module to another device or dtype. */

import { noGrad } from '../autograd/modes';
import { textOf } from '../describe';
import { isDifferentiable, isDtype } from '../dtype';
import { NotImplementedError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { aten } from '../ops';
import type { Tensor } from '../tensor';
import { readToArguments } from '../to-arguments';
import type { Module } from './module';
import { Parameter } from './parameter';
import type { Registry } from './registry';

type Convert = (tensor: Tensor) => Tensor;

// Optimizers and other modules refer to the parameter, so keep the object and replace its data if possible.
function replaceData(tensor: Tensor, converted: Tensor): boolean {
  if (!torchFunctions._hasCompatibleShallowCopyType(tensor, converted)) return false;
  aten.set_data.default(tensor, converted);
  native.moduleChanged();
  return true;
}

/** Converts a module's own parameters, their gradients, and its buffers. */
export function convertOwn(module: Module, registry: Registry, convert: Convert): void {
  const properties = module as unknown as Record<string, Tensor>;
  for (const [name, parameter] of registry.entries('parameter')) {
    if (parameter === null) continue;
    const grad = parameter.grad;
    const converted = noGrad(() => convert(parameter));
    let result = parameter;
    if (!replaceData(parameter, converted)) {
      properties[name] = result = new Parameter(converted, parameter.requiresGrad);
    }
    if (grad === null) continue;
    const convertedGrad = noGrad(() => convert(grad));
    if (result !== parameter || !replaceData(grad, convertedGrad)) {
      result.grad = convertedGrad.requiresGrad_(grad.requiresGrad);
    }
  }
  for (const [name, buffer] of registry.entries('buffer')) {
    if (buffer !== null) properties[name] = convert(buffer);
  }
}

/**
 * The conversion that the arguments of `Module.to` describe. The dtype applies to floating-point and complex
 * tensors only.
 *
 * @throws TypeError for a dtype that is neither floating-point nor complex.
 */
export function conversionTo(args: readonly unknown[]): Convert {
  const { dtype = null, memoryFormat = null, ...rest } = readToArguments(args[0], args.slice(1));
  if (dtype !== null && !(isDtype(dtype) && isDifferentiable(dtype))) {
    throw new TypeError(
      `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.${textOf(dtype)}`,
    );
  }
  return (tensor) => {
    const takesDtype = tensor.isFloatingPoint() || tensor.isComplex();
    const takesFormat = tensor.dim() === 4 || tensor.dim() === 5;
    try {
      return tensor.to({
        ...rest,
        dtype: takesDtype ? dtype : null,
        memoryFormat: takesFormat ? memoryFormat : null,
      });
    } catch (error) {
      if (!(error instanceof NotImplementedError) || !error.message.startsWith('Cannot copy out of meta tensor')) {
        throw error;
      }
      throw new NotImplementedError(
        'Cannot copy out of meta tensor; no data! Please use torch.nn.Module.toEmpty() instead of torch.nn.Module.to() when moving module from meta to a different device.',
      );
    }
  };
}
