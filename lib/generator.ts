/** Streams of random numbers: `torch.Generator`. */

import { Device, type DeviceLike } from './device';
import { native } from './native';
import type { Tensor } from './tensor';

/** Marks calls of the constructor from this file. */
const FROM = Symbol('generator source');

interface Source {
  readonly [FROM]: 'default' | Generator;
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && FROM in value;
}

/**
 * A stream of random numbers with its own state, as `torch.Generator`. Random operators take it as their option
 * `generator`; by default they use the generator of their device. A seed gives the same numbers as in PyTorch.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const generator = new torch.Generator().manualSeed(42);
 * torch.rand([2], { generator }); // tensor([0.8823, 0.9150])
 * ```
 */
export class Generator {
  // See Tensor.
  private readonly uncloneable = Symbol('a torch.Generator: send its seed or its state, from getState()');

  /**
   * @param options - The device of the random numbers (the CPU by default), as a device or as `{ device }`.
   * @throws RuntimeError if the device does not exist or has no random numbers (`meta`).
   */
  constructor(options?: DeviceLike | { device?: DeviceLike });
  constructor(options: DeviceLike | { device?: DeviceLike } | Source = {}) {
    if (isSource(options)) {
      const source = options[FROM];
      if (source === 'default') native.generatorInitDefault(this);
      else native.generatorInitClone(this, source);
      return;
    }
    const isDevice = typeof options !== 'object' || options === null || 'type' in options;
    native.generatorInit(this, new Device(isDevice ? options : (options.device ?? 'cpu')));
  }

  /** The device of the random numbers. */
  get device(): Device {
    return new Device(native.generatorDevice(this));
  }

  /**
   * Seeds the stream.
   *
   * @param seed - An integer from -2^63 to 2^64-1; a negative seed stands for the unsigned integer with the same bits.
   * @returns This generator.
   * @throws RuntimeError for a value that is not an integer, ValueError for an integer out of range.
   */
  manualSeed(seed: number | bigint): this {
    native.generatorManualSeed(this, seed);
    return this;
  }

  /** Seeds the stream from the system's source of randomness, and returns the seed. */
  seed(): number | bigint {
    return native.generatorSeed(this);
  }

  /** The seed of the stream; a bigint beyond 2^53. */
  initialSeed(): number | bigint {
    return native.generatorInitialSeed(this);
  }

  /** The state, as a uint8 tensor for {@link Generator.setState}. */
  getState(): Tensor {
    return native.generatorGetState(this);
  }

  /**
   * Restores a state from {@link Generator.getState}.
   *
   * @throws TypeError if the state is not a uint8 tensor, RuntimeError if it is not a valid state for the device.
   */
  setState(state: Tensor): this {
    native.generatorSetState(this, state);
    return this;
  }

  /** A new generator with the current state of this one. */
  cloneState(): Generator {
    return new Generator({ [FROM]: this } as object);
  }
}

/** The generator that random operators on the CPU use by default, as `torch.default_generator`. */
export const defaultGenerator: Generator = new Generator({ [FROM]: 'default' } as object);
