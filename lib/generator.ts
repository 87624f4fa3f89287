/** Streams of random numbers: `torch.Generator`. */

import { Device, type DeviceLike } from './device';
import { native } from './native';
import type { Tensor } from './tensor';

/** Marks the calls of the constructor that come from this file. */
const FROM = Symbol('generator source');

interface Source {
  readonly [FROM]: 'default' | Generator;
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && FROM in value;
}

/**
 * A stream of random numbers with a state of its own, as `torch.Generator`. Operators that draw
 * random numbers take one as their option `generator`; without it they use the default generator of
 * their device. The same seed gives the numbers that PyTorch gives.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const generator = new torch.Generator().manualSeed(42);
 * torch.rand([2], { generator }); // tensor([0.8823, 0.9150])
 * ```
 */
export class Generator {
  /**
   * @param options - The device whose random numbers it makes (the CPU by default), as a device or
   *   as `{ device }`.
   * @throws RuntimeError if there is no such device, or it has no random numbers (`meta`).
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

  /** The device whose random numbers this generator makes. */
  get device(): Device {
    return new Device(native.generatorDevice(this));
  }

  /**
   * Starts the stream that belongs to a seed.
   *
   * @param seed - An integer from -2^63 to 2^64-1; a negative one stands for the unsigned integer of
   *   the same bits.
   * @returns This generator.
   * @throws RuntimeError for anything but an integer, ValueError for one out of range.
   */
  manualSeed(seed: number | bigint): this {
    native.generatorManualSeed(this, seed);
    return this;
  }

  /** Takes a seed from the system's randomness, and returns it. */
  seed(): number | bigint {
    return native.generatorSeed(this);
  }

  /** The seed that this generator was started with; a bigint beyond 2^53. */
  initialSeed(): number | bigint {
    return native.generatorInitialSeed(this);
  }

  /** The state, as a uint8 tensor to hand to {@link Generator.setState}. */
  getState(): Tensor {
    return native.generatorGetState(this);
  }

  /**
   * Goes on from a state that {@link Generator.getState} gave.
   *
   * @throws TypeError if the state is no uint8 tensor, RuntimeError if it is no state of such a
   *   generator.
   */
  setState(state: Tensor): this {
    native.generatorSetState(this, state);
    return this;
  }

  /** A new generator that goes on from where this one is. */
  cloneState(): Generator {
    return new Generator({ [FROM]: this } as object);
  }
}

/** The generator that random operators on the CPU use when none is given, as `torch.default_generator`. */
export const defaultGenerator: Generator = new Generator({ [FROM]: 'default' } as object);
