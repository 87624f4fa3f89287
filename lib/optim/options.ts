/** Checks of the options that optimisers share. */

import { describeType } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Rate } from './arithmetic';
import { valueOf } from './arithmetic';

/** The options of all optimisers that change how a step is computed, not what it computes. */
export interface ImplementationOptions {
  /**
   * Accepted as in PyTorch and without effect: all parameters of a group in one call (true) or one after the other
   * (false) give the same numbers. By default null.
   */
  foreach?: boolean | null;
}

/** The option of optimisers that can maximise. */
export interface MaximizeOptions {
  /** Whether to go up the gradient instead of down; false by default. */
  maximize?: boolean;
}

/** The option of optimisers whose steps autograd can record. */
export interface DifferentiableOptions {
  /**
   * Whether autograd records the step, so that what follows can be differentiated through it. The parameters must then
   * not be leaves. False by default: a step runs without recording.
   */
  differentiable?: boolean;
}

/** The option of optimisers whose step can be part of a CUDA graph. */
export interface CapturableOptions {
  /**
   * Whether the step count is a tensor on the device of the parameters, and nothing is read from the device. Needs
   * parameters on CUDA devices; false by default.
   */
  capturable?: boolean;
}

/** The option of optimisers with a kernel of libtorch for the whole step. */
export interface FusedOptions {
  /**
   * Whether one kernel of libtorch computes the whole step, which takes less time; its results differ in the last bits.
   * Null by default: the step is a sequence of operators, as in PyTorch on the CPU.
   */
  fused?: boolean | null;
}

/**
 * Checks options that must be numbers.
 *
 * @throws TypeError for anything else.
 */
export function checkNumberOptions(api: string, options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number') continue;
    throw new TypeError(`${api}(): option '${name}' must be a number, not ${describeType(value)}`);
  }
}

/**
 * Checks options that must be booleans; those that may also be null are in `orNull`.
 *
 * @throws TypeError for anything else.
 */
export function checkBooleanOptions(
  api: string,
  options: Readonly<Record<string, unknown>>,
  orNull: Readonly<Record<string, unknown>> = {},
): void {
  for (const [name, value] of Object.entries({ ...options, ...orNull })) {
    if (typeof value === 'boolean' || (value === null && name in orNull)) continue;
    const expected = name in orNull ? 'a boolean or null' : 'a boolean';
    throw new TypeError(`${api}(): option '${name}' must be ${expected}, not ${describeType(value)}`);
  }
}

/**
 * Checks a number that may also be a tensor of one element.
 *
 * @throws TypeError for anything else; ValueError for a tensor of several elements.
 */
export function checkRateOption(api: string, name: string, value: unknown): asserts value is Rate {
  if (typeof value === 'number') return;
  if (!native.isTensor(value)) {
    throw new TypeError(`${api}(): option '${name}' must be a number or a Tensor, not ${describeType(value)}`);
  }
  if (value.numel() !== 1) throw new ValueError(`Tensor ${name} must be 1-element`);
}

/**
 * Checks a learning rate.
 *
 * @throws TypeError unless it is a number or a tensor; ValueError for several elements, or a negative number.
 */
export function checkLearningRate(api: string, lr: unknown, message = 'Invalid learning rate'): void {
  checkRateOption(api, 'lr', lr);
  if (!(valueOf(lr) >= 0)) throw new ValueError(`${message}: ${String(valueOf(lr))}`);
}

/**
 * Checks numbers that must not be negative; the keys are the names in messages, such as `momentum`.
 *
 * @throws TypeError unless each is a number; ValueError for a negative one.
 */
export function checkNonNegative(api: string, options: Readonly<Record<string, unknown>>): void {
  checkNumberOptions(api, options);
  for (const [name, value] of Object.entries(options)) {
    if ((value as number) >= 0) continue;
    throw new ValueError(`Invalid ${name === 'eps' ? 'epsilon' : name} value: ${String(value)}`);
  }
}

/**
 * Checks an option that must be an array of numbers of a given length, and returns it frozen: a tuple in Python.
 *
 * @throws TypeError for anything else.
 */
export function tupleOption<T extends readonly unknown[]>(api: string, name: string, value: T, length: number): T {
  const given: unknown = value;
  if (!Array.isArray(given)) {
    throw new TypeError(`${api}(): option '${name}' must be an array of ${length} numbers, not ${describeType(given)}`);
  }
  if (given.length !== length) {
    throw new TypeError(`${api}(): option '${name}' must be an array of ${length} numbers, not ${given.length}`);
  }
  return Object.freeze([...given]) as unknown as T;
}

/** The decay rates of the averages of the gradient and its square. */
export type Betas = readonly [number, number];

/**
 * Checks decay rates, and returns them frozen.
 *
 * @throws TypeError unless they are two numbers; ValueError for a number outside `[0, 1)`.
 */
export function checkBetas<T extends readonly [Rate, Rate]>(api: string, given: T): T {
  const betas = tupleOption(api, 'betas', given, 2);
  for (const [i, beta] of betas.entries()) {
    checkRateOption(api, `betas[${i}]`, beta);
    const value = valueOf(beta);
    if (!(value >= 0 && value < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${value}`);
  }
  return betas;
}
