/** `torch.signal.windows`: the window functions of signal processing. */

import { checkOptions } from '../arguments';
import { describeType } from '../describe';
import type { DeviceLike } from '../device';
import type { Dtype } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { getDefaultDtype } from '../runtime';
import type { Tensor } from '../tensor';
import type { Layout } from '../types';

/** The options of all windows. */
export interface WindowOptions {
  /** True (the default): symmetric, for filters; false: periodic, for spectral analysis. */
  sym?: boolean;
  /** The dtype, float32 or float64; by default the default dtype. */
  dtype?: Dtype | null;
  layout?: Layout;
  device?: DeviceLike | null;
  requiresGrad?: boolean;
}

const COMMON = ['sym', 'dtype', 'layout', 'device', 'requiresGrad'] as const;

type Factory = { dtype: Dtype; layout: Layout; device: DeviceLike | null; requiresGrad: boolean };

/** The checked options of a window, and the options of the factory functions that it calls. */
function readWindowOptions<O extends WindowOptions>(
  name: string,
  M: number,
  given: O,
  own: readonly (keyof O & string)[] = [],
): { options: Partial<O>; sym: boolean; factory: Factory } {
  const options = checkOptions<O>(name, given, [...own, ...COMMON]);
  const dtype = options.dtype ?? getDefaultDtype();
  const { layout = 'strided', sym = true, device = null, requiresGrad = false } = options;
  if (typeof M !== 'number' || !Number.isInteger(M)) {
    throw new TypeError(
      `${name}(): argument 'M' must be an integer, not ${typeof M === 'number' ? M : describeType(M)}`,
    );
  }
  if (M < 0) throw new ValueError(`${name} requires non-negative window length, got M=${M}`);
  if (layout !== 'strided') {
    throw new ValueError(`${name} is implemented for strided tensors only, got: torch.${String(layout)}`);
  }
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw new ValueError(`${name} expects float32 or float64 dtypes, got: torch.${String(dtype)}`);
  }
  return { options, sym, factory: { dtype, layout, device, requiresGrad } };
}

function empty(factory: Factory): Tensor {
  return torchFunctions.empty([0], factory);
}

function one(factory: Factory): Tensor {
  return torchFunctions.ones([1], factory);
}

/** The options of {@link exponential}. */
export interface ExponentialOptions extends WindowOptions {
  /** The position of the peak; only for a periodic window. By default the middle. */
  center?: number | null;
  /** Decay constant; 1 by default. */
  tau?: number;
}

/**
 * The exponential (Poisson) window of `M` points, exp(-|n - center| / tau);
 * `torch.signal.windows.exponential`.
 *
 * @throws ValueError for a negative `M`, a dtype other than float32 and float64, a `tau` that is not
 * positive, or a `center` for a symmetric window.
 * @example
 * ```ts
 * torch.signal.windows.exponential(10, { tau: 0.5, sym: false });
 * ```
 */
export function exponential(M: number, options: ExponentialOptions = {}): Tensor {
  const { options: own, sym, factory } = readWindowOptions('exponential', M, options, ['center', 'tau']);
  const { tau = 1 } = own;
  if (tau <= 0) throw new ValueError(`Tau must be positive, got: ${tau} instead.`);
  if (sym && own.center != null) throw new ValueError('Center must be None for symmetric windows');
  if (M === 0) return empty(factory);
  const center = own.center ?? (!sym && M > 1 ? M : M - 1) / 2;
  const constant = 1 / tau;
  const k = torchFunctions.linspace(-center * constant, (-center + (M - 1)) * constant, M, factory);
  return k.abs().neg().exp();
}

/**
 * The cosine (sine) window of `M` points, sin(π (n + 0.5) / M); `torch.signal.windows.cosine`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.cosine(10);
 * ```
 */
export function cosine(M: number, options: WindowOptions = {}): Tensor {
  const { sym, factory } = readWindowOptions('cosine', M, options);
  if (M === 0) return empty(factory);
  const start = 0.5;
  const constant = Math.PI / (!sym && M > 1 ? M + 1 : M);
  return torchFunctions.linspace(start * constant, (start + (M - 1)) * constant, M, factory).sin();
}

/** The options of {@link gaussian}. */
export interface GaussianOptions extends WindowOptions {
  /** The standard deviation, in points; 1 by default. */
  std?: number;
}

/**
 * The Gaussian window of `M` points; `torch.signal.windows.gaussian`.
 *
 * @throws ValueError for a negative `M`, a dtype other than float32 and float64, or a `std` that is
 * not positive.
 * @example
 * ```ts
 * torch.signal.windows.gaussian(10, { std: 2 });
 * ```
 */
export function gaussian(M: number, options: GaussianOptions = {}): Tensor {
  const { options: own, sym, factory } = readWindowOptions('gaussian', M, options, ['std']);
  const { std = 1 } = own;
  if (std <= 0) throw new ValueError(`Standard deviation must be positive, got: ${std} instead.`);
  if (M === 0) return empty(factory);
  const start = -(!sym && M > 1 ? M : M - 1) / 2;
  const constant = 1 / (std * Math.sqrt(2));
  const k = torchFunctions.linspace(start * constant, (start + (M - 1)) * constant, M, factory);
  return k.pow(2).neg().exp();
}

/** The options of {@link kaiser}. */
export interface KaiserOptions extends WindowOptions {
  /** The shape parameter, non-negative; 12 by default. */
  beta?: number;
}

/**
 * The Kaiser window of `M` points; `torch.signal.windows.kaiser`.
 *
 * @throws ValueError for a negative `M` or `beta`, or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.kaiser(5, { beta: 0.9, sym: false });
 * ```
 */
export function kaiser(M: number, options: KaiserOptions = {}): Tensor {
  const { options: own, sym, factory } = readWindowOptions('kaiser', M, options, ['beta']);
  const { beta: shape = 12 } = own;
  if (shape < 0) throw new ValueError(`beta must be non-negative, got: ${shape} instead.`);
  if (M === 0) return empty(factory);
  if (M === 1) return one(factory);
  // A tensor, so that values are rounded to the dtype.
  const beta = torchFunctions.full([], shape, { dtype: factory.dtype, device: factory.device });
  const start = beta.neg();
  const constant = beta.mul(2).div(sym ? M - 1 : M);
  const end = torchFunctions.minimum(beta, start.add(constant.mul(M - 1)));
  const k = torchFunctions.linspace(start, end, M, factory);
  return beta.mul(beta).sub(k.pow(2)).sqrt().i0().div(beta.i0());
}

/**
 * The Hamming window of `M` points, 0.54 - 0.46 cos(2πn / (M - 1)); `torch.signal.windows.hamming`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.hamming(10);
 * ```
 */
export function hamming(M: number, options: WindowOptions = {}): Tensor {
  return generalHamming(M, { ...options, alpha: 0.54 });
}

/**
 * The Hann window of `M` points, 0.5 - 0.5 cos(2πn / (M - 1)); `torch.signal.windows.hann`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.hann(10, { sym: false });
 * ```
 */
export function hann(M: number, options: WindowOptions = {}): Tensor {
  return generalHamming(M, { ...options, alpha: 0.5 });
}

/**
 * The Blackman window of `M` points; `torch.signal.windows.blackman`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.blackman(5);
 * ```
 */
export function blackman(M: number, options: WindowOptions = {}): Tensor {
  readWindowOptions('blackman', M, options);
  return generalCosine(M, { ...options, a: [0.42, 0.5, 0.08] });
}

/**
 * The Bartlett (triangular) window of `M` points; `torch.signal.windows.bartlett`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.bartlett(10);
 * ```
 */
export function bartlett(M: number, options: WindowOptions = {}): Tensor {
  const { sym, factory } = readWindowOptions('bartlett', M, options);
  if (M === 0) return empty(factory);
  if (M === 1) return one(factory);
  const constant = 2 / (sym ? M - 1 : M);
  const k = torchFunctions.linspace(-1, -1 + (M - 1) * constant, M, factory);
  return torchFunctions.rsub(k.abs(), 1);
}

/** The options of {@link generalCosine}. */
export interface GeneralCosineOptions extends WindowOptions {
  /** The coefficients of the cosines, starting with the constant term. */
  a: Iterable<number>;
}

/**
 * The sum of cosines with the coefficients `a` and alternating signs;
 * `torch.signal.windows.general_cosine`.
 *
 * @throws ValueError for a negative `M`, a dtype other than float32 and float64, or no coefficients;
 * TypeError if `a` is not iterable.
 * @example
 * ```ts
 * torch.signal.windows.generalCosine(10, { a: [0.46, 0.23, 0.31] });
 * ```
 */
export function generalCosine(M: number, options: GeneralCosineOptions): Tensor {
  const { options: own, sym, factory } = readWindowOptions('general_cosine', M, options, ['a']);
  if (own.a === undefined) throw new TypeError("general_cosine() missing 1 required keyword-only argument: 'a'");
  if (M === 0) return empty(factory);
  if (M === 1) return one(factory);
  if (typeof own.a !== 'object' || own.a === null || !(Symbol.iterator in own.a)) {
    throw new TypeError('Coefficients must be a list/tuple');
  }
  const coefficients = Array.from(own.a, (weight, i) => (i % 2 === 0 ? weight : -weight));
  if (coefficients.length === 0) throw new ValueError('Coefficients cannot be empty');
  const constant = (2 * Math.PI) / (sym ? M - 1 : M);
  const { dtype, device, requiresGrad } = factory;
  const k = torchFunctions.linspace(0, (M - 1) * constant, M, factory);
  const a = native.tensorFromList(coefficients, dtype, device);
  if (requiresGrad) native.requiresGrad_(a, true);
  const i = torchFunctions.arange(coefficients.length, { dtype, device, requiresGrad });
  return a.unsqueeze(-1).mul(i.unsqueeze(-1).mul(k).cos()).sum(0);
}

/** The options of {@link generalHamming}. */
export interface GeneralHammingOptions extends WindowOptions {
  /** The constant term; 0.54 by default. */
  alpha?: number;
}

/**
 * The general Hamming window of `M` points, alpha - (1 - alpha) cos(2πn / (M - 1));
 * `torch.signal.windows.general_hamming`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.generalHamming(10, { alpha: 0.5 });
 * ```
 */
export function generalHamming(M: number, options: GeneralHammingOptions = {}): Tensor {
  const { alpha = 0.54, ...common } = checkOptions('generalHamming', options, ['alpha', ...COMMON]);
  return generalCosine(M, { ...common, a: [alpha, 1 - alpha] });
}

/**
 * Nuttall's minimum 4-term Blackman-Harris window of `M` points; `torch.signal.windows.nuttall`.
 *
 * @throws ValueError for a negative `M` or a dtype other than float32 and float64.
 * @example
 * ```ts
 * torch.signal.windows.nuttall(5);
 * ```
 */
export function nuttall(M: number, options: WindowOptions = {}): Tensor {
  return generalCosine(M, { ...options, a: [0.3635819, 0.4891775, 0.1365995, 0.0106411] });
}
