/** Layers that take a size from the input of their first call. */

import { noGrad } from '../../autograd/modes';
import { RuntimeError } from '../../errors';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Module } from '../module';
import { registryOf } from '../registry';
import { isUninitialized } from '../uninitialized';

/** What lazy layers have in addition to the methods of the layer that they become. */
export interface LazyLayer {
  /** Whether parameters or buffers have no shape yet; `has_uninitialized_params`. */
  hasUninitializedParams(): boolean;
  /** Gives parameters and buffers the shapes that an input needs, and initial values; `initialize_parameters`. */
  initializeParameters(input: Tensor): void;
}

interface Resettable extends Module {
  resetParameters(): void;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each layer has its own arguments
type Constructor<T> = new (...args: any[]) => T;

function hasUninitialized(module: Module): boolean {
  const registry = registryOf(module);
  return [...registry.entries('parameter'), ...registry.entries('buffer')].some(([, tensor]) =>
    isUninitialized(tensor),
  );
}

/**
 * The base class of a lazy layer: `target`, constructed with the size 0, which becomes an instance of `target` in its
 * first call.
 *
 * @param size - The property with the size that comes from the input.
 * @param sizeOf - That size, for an input.
 * @param materialize - Gives the parameters and buffers their shapes.
 */
export function lazy<T extends Resettable>(
  target: Constructor<T>,
  size: keyof T & string,
  sizeOf: (layer: T, input: Tensor) => number,
  materialize: (layer: T) => void,
): Constructor<T & LazyLayer> {
  class Lazy extends (target as Constructor<Resettable>) implements LazyLayer {
    hasUninitializedParams(): boolean {
      return hasUninitialized(this);
    }

    initializeParameters(input: Tensor): void {
      checkTensors(this.constructor.name, { input });
      const self = this as unknown as T;
      if (!this.hasUninitializedParams()) {
        // A state dict was loaded.
        if (self[size] === 0) Object.assign(this, { [size]: sizeOf(self, input) });
        return;
      }
      Object.assign(this, { [size]: sizeOf(self, input) });
      noGrad(() => materialize(self));
      this.resetParameters();
    }

    // The constructor of the target calls it before there is anything to reset.
    override resetParameters(): void {
      const isReady = (this as unknown as T)[size] !== 0 && !this.hasUninitializedParams();
      if (isReady) super.resetParameters();
    }

    override forward(...args: unknown[]): unknown {
      this.initializeParameters(args[0] as Tensor);
      if (this.hasUninitializedParams()) {
        throw new RuntimeError(`module ${this.constructor.name} has not been fully initialized`);
      }
      Object.setPrototypeOf(this, target.prototype as object);
      return this.forward(...args);
    }
  }
  return Lazy as unknown as Constructor<T & LazyLayer>;
}
