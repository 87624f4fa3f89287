/** The default random state: `torch.random`. */

import { defaultGenerator, type Generator } from './generator';
import { native } from './native';
import type { Tensor } from './tensor';

export { defaultGenerator };

/**
 * Seeds the random numbers of every device, as `torch.manual_seed`. A seed gives the same numbers as in PyTorch.
 *
 * @param seed - From -2^63 to 2^64-1; a negative seed stands for the unsigned integer with the same bits, and a
 *   fraction is truncated.
 * @returns The CPU's default generator.
 * @throws ValueError for NaN, an infinity or a number out of range, TypeError for a value that is not a number.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.manualSeed(0);
 * torch.rand([2]); // tensor([0.4963, 0.7682])
 * ```
 */
export function manualSeed(seed: number | bigint): Generator {
  native.manualSeed(seed);
  return defaultGenerator;
}

/** Seeds every device from the system's source of randomness, and returns the seed, as `torch.seed`. */
export function seed(): number | bigint {
  return native.seed();
}

/** The seed of the CPU's random numbers, as `torch.initial_seed`. */
export function initialSeed(): number | bigint {
  return defaultGenerator.initialSeed();
}

/** The state of the CPU's random numbers, a uint8 tensor, as `torch.get_rng_state`. */
export function getRngState(): Tensor {
  return defaultGenerator.getState();
}

/**
 * Restores the state of the CPU's random numbers, as `torch.set_rng_state`.
 *
 * @throws TypeError if `state` is not a uint8 tensor, RuntimeError if it is not a valid state.
 */
export function setRngState(state: Tensor): void {
  defaultGenerator.setState(state);
}
