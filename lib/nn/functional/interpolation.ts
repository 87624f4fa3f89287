/** Resizing: `interpolate` and the deprecated functions that it replaces. */

import { readOptions, checkList } from '../../arguments';
import type { Optional } from '../../arguments';
import { listText } from '../../describe';
import { NotImplementedError, ValueError } from '../../errors';
import { nnFunctionalFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { emitLibtorchWarning } from '../../warnings';

/** The interpolation method of {@link interpolate}. */
export type InterpolationMode =
  'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'lanczos' | 'area';

/** The options of {@link upsample}. */
export interface UpsampleOptions {
  /** The spatial size of the output. */
  size?: number | Size | null;
  /** The factor of the output size; exactly one of `size` and `scaleFactor` is required. */
  scaleFactor?: number | readonly number[] | null;
  /** The interpolation method; `'nearest'` by default. */
  mode?: InterpolationMode;
  /** Whether the centres of corner elements, not their corners, are aligned; for the linear and cubic modes. */
  alignCorners?: boolean | null;
}

/** The options of {@link interpolate}. */
export interface InterpolateOptions extends UpsampleOptions {
  /** Whether to recompute the scale from the rounded output size. */
  recomputeScaleFactor?: boolean | null;
  /** Whether to apply a filter when downsampling; for 4-D inputs and the modes bilinear, bicubic and lanczos. */
  antialias?: boolean;
}

interface Target {
  size: Size | null;
  scales: readonly number[] | null;
}

const EXPECTED_FORM = 'Please provide input tensor in (N, C, d1, d2, ...,dK) format';

function readTarget(input: Tensor, options: InterpolateOptions): Target {
  const { size = null, scaleFactor = null } = options;
  const spatial = input.shape.slice(2);
  const dims = input.dim() - 2;
  if (size !== null && scaleFactor !== null) {
    throw new ValueError('only one of size or scale_factor should be defined');
  }
  if (size !== null) {
    if (typeof size === 'number') return { size: new Array<number>(Math.max(dims, 0)).fill(size), scales: null };
    checkList('interpolate', 'size', size);
    if (size.length !== dims) {
      throw new ValueError(
        `Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of ${listText(spatial)} and output size of ${listText(size)}. ${EXPECTED_FORM} and output size in (o1, o2, ...,oK) format.`,
      );
    }
    if (!size.every((item) => Number.isInteger(item))) {
      const types = size.map((item) => `<class '${Number.isInteger(item) ? 'int' : 'float'}'>`);
      throw new TypeError(
        `expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with types ${listText(types)}`,
      );
    }
    return { size, scales: null };
  }
  if (scaleFactor === null) throw new ValueError('either size or scale_factor should be defined');
  if (typeof scaleFactor === 'number') {
    return { size: null, scales: new Array<number>(Math.max(dims, 0)).fill(scaleFactor) };
  }
  checkList('interpolate', 'scaleFactor', scaleFactor);
  if (scaleFactor.length !== dims) {
    throw new ValueError(
      `Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of ${listText(spatial)} and scale_factor of shape ${listText(scaleFactor)}. ${EXPECTED_FORM} and scale_factor in (s1, s2, ...,sK) format.`,
    );
  }
  return { size: null, scales: scaleFactor };
}

type Nearest = (input: Tensor, size: Size | null, scales: readonly number[] | null) => Tensor;
type Linear = (input: Tensor, size: Size | null, alignCorners: boolean, scales: readonly number[] | null) => Tensor;

const F = nnFunctionalFunctions;
const NEAREST: Readonly<Record<string, Nearest>> = {
  'nearest 3': F.upsampleNearest1d,
  'nearest 4': F.upsampleNearest2d,
  'nearest 5': F.upsampleNearest3d,
  'nearest-exact 3': F._upsampleNearestExact1d,
  'nearest-exact 4': F._upsampleNearestExact2d,
  'nearest-exact 5': F._upsampleNearestExact3d,
  'area 3': (input, size) => F.adaptiveAvgPool1d(input, size as Size),
  'area 4': (input, size) => F.adaptiveAvgPool2d(input, size as Size),
  'area 5': (input, size) => F.adaptiveAvgPool3d(input, size as Size),
};
const LINEAR: Readonly<Record<string, Linear>> = {
  'linear 3': F.upsampleLinear1d,
  'bilinear 4': F.upsampleBilinear2d,
  'trilinear 5': F.upsampleTrilinear3d,
  'bicubic 4': F.upsampleBicubic2d,
};
const ANTIALIASED: Readonly<Record<string, Linear>> = {
  'bilinear 4': F._upsampleBilinear2dAa,
  'bicubic 4': F._upsampleBicubic2dAa,
  'lanczos 4': F._upsampleLanczos2dAa,
};

/** The rank that each linear mode requires, for the error message. */
const RANKS: Readonly<Record<string, number>> = { linear: 3, bilinear: 4, trilinear: 5 };

function unsupported(rank: number, mode: string): NotImplementedError {
  const needed = RANKS[mode];
  if (needed !== undefined && rank >= 3 && rank <= 5) {
    return new NotImplementedError(`Got ${rank}D input, but ${mode} mode needs ${needed}D input`);
  }
  return new NotImplementedError(
    `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${rank}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got ${mode})`,
  );
}

function resize(input: Tensor, options: InterpolateOptions): Tensor {
  const { mode = 'nearest', antialias = false } = options;
  const isLinear = !['nearest', 'area', 'nearest-exact'].includes(mode);
  if (!isLinear && options.alignCorners != null) {
    throw new ValueError(
      'align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
    );
  }
  const alignCorners = options.alignCorners ?? false;
  let { size, scales } = readTarget(input, options);
  if (options.recomputeScaleFactor && size !== null) {
    throw new ValueError('recompute_scale_factor is not meaningful with an explicit size.');
  }
  if (scales !== null && (mode === 'area' || options.recomputeScaleFactor)) {
    size = scales.map((scale, i) => Math.trunc(input.size(i + 2) * scale));
    scales = null;
  }
  const rank = input.dim();
  if (antialias && !(['bilinear', 'bicubic', 'lanczos'].includes(mode) && rank === 4)) {
    throw new ValueError(
      'Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input',
    );
  }
  const key = `${mode} ${rank}`;
  if (Object.hasOwn(NEAREST, key)) return NEAREST[key](input, size, scales);
  if (key === 'lanczos 4') {
    if (alignCorners) throw new ValueError('Lanczos mode does not support align_corners=True');
    if (!antialias) throw new ValueError('Lanczos mode requires antialias=True');
  }
  const operators = antialias ? ANTIALIASED : LINEAR;
  if (!Object.hasOwn(operators, key)) throw unsupported(rank, mode);
  return operators[key](input, size, alignCorners, scales);
}

/**
 * Resizes the spatial dimensions, to a size or by a factor; `torch.nn.functional.interpolate`.
 *
 * Shape `(N, C, L)` for the modes nearest, nearest-exact, linear and area, `(N, C, H, W)` for nearest,
 * nearest-exact, bilinear, bicubic, lanczos (with antialias) and area, `(N, C, D, H, W)` for nearest,
 * nearest-exact, trilinear and area; floating-point (uint8 too for some).
 *
 * @throws ValueError for options that do not match, NotImplementedError for a mode that does not support this
 * number of dimensions.
 * @example
 * ```ts
 * const { interpolate } = torch.nn.functional;
 * interpolate(torch.ones(1, 1, 4, 4), 8).shape; // [1, 1, 8, 8]
 * interpolate(torch.ones(1, 1, 4, 4), { scaleFactor: 1.5, mode: 'bilinear' }).shape; // [1, 1, 6, 6]
 * ```
 */
export function interpolate(
  input: Tensor,
  ...optional: Optional<
    [
      size: number | Size | null,
      scaleFactor: number | readonly number[] | null,
      mode: InterpolationMode,
      alignCorners: boolean | null,
      recomputeScaleFactor: boolean | null,
      antialias: boolean,
    ],
    InterpolateOptions
  >
): Tensor {
  const options = readOptions<InterpolateOptions>('interpolate', optional, [
    'size',
    'scaleFactor',
    'mode',
    'alignCorners',
    'recomputeScaleFactor',
    'antialias',
  ]);
  checkTensors('interpolate', { input });
  return resize(input, options);
}

function warnDeprecated(name: string): void {
  emitLibtorchWarning(
    'UserWarning',
    `\`nn.functional.${name}\` is deprecated. Use \`nn.functional.interpolate\` instead.`,
  );
}

/** Deprecated, use {@link interpolate}; `torch.nn.functional.upsample`. Warns. */
export function upsample(
  input: Tensor,
  ...optional: Optional<
    [
      size: number | Size | null,
      scaleFactor: number | readonly number[] | null,
      mode: InterpolationMode,
      alignCorners: boolean | null,
    ],
    UpsampleOptions
  >
): Tensor {
  const options = readOptions<UpsampleOptions>('upsample', optional, ['size', 'scaleFactor', 'mode', 'alignCorners']);
  checkTensors('upsample', { input });
  warnDeprecated('upsample');
  return resize(input, options);
}

type SizeOnly = Pick<UpsampleOptions, 'size' | 'scaleFactor'>;
type SizeArguments = Optional<[size: number | Size | null, scaleFactor: number | readonly number[] | null], SizeOnly>;

/** Deprecated, use {@link interpolate} with mode nearest; `torch.nn.functional.upsample_nearest`. Warns. */
export function upsampleNearest(input: Tensor, ...optional: SizeArguments): Tensor {
  const options = readOptions<SizeOnly>('upsampleNearest', optional, ['size', 'scaleFactor']);
  checkTensors('upsampleNearest', { input });
  warnDeprecated('upsample_nearest');
  return resize(input, { ...options, mode: 'nearest' });
}

/**
 * Deprecated, use {@link interpolate} with mode bilinear and aligned corners;
 * `torch.nn.functional.upsample_bilinear`. Warns.
 */
export function upsampleBilinear(input: Tensor, ...optional: SizeArguments): Tensor {
  const options = readOptions<SizeOnly>('upsampleBilinear', optional, ['size', 'scaleFactor']);
  checkTensors('upsampleBilinear', { input });
  warnDeprecated('upsample_bilinear');
  return resize(input, { ...options, mode: 'bilinear', alignCorners: true });
}
