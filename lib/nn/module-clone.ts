/** Copies of modules. */

import { noGrad } from '../autograd/modes';
import type { Tensor } from '../tensor';
import type { Module } from './module';
import { Parameter } from './parameter';
import { registryOf } from './registry';

/**
 * Makes `copy`, a module of the same structure, equal to `source`: its parameters and buffers become copies with the same
 * values, and its properties that are neither tensors nor objects get the same values.
 */
export function becomeCopyOf(source: Module, copy: Module): void {
  const originals = source.modules();
  copy.modules().forEach((module, i) => {
    const original = originals[i] as unknown as Record<string, unknown>;
    const properties = module as unknown as Record<string, unknown>;
    for (const name of Object.keys(original)) {
      const value = original[name];
      if (typeof value !== 'object' && typeof value !== 'function') properties[name] = value;
    }
    const registry = registryOf(originals[i]);
    const duplicate = (tensor: Tensor): Tensor => noGrad(() => tensor.detach().clone());
    for (const [name, parameter] of registry.entries('parameter')) {
      if (parameter !== null) properties[name] = new Parameter(duplicate(parameter), parameter.requiresGrad);
    }
    for (const [name, buffer] of registry.entries('buffer')) {
      if (buffer !== null) properties[name] = duplicate(buffer);
    }
  });
}
