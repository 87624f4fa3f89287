/** Sampling at grid points, and the grids of affine maps. */

import { readOptions, checkList } from '../../arguments';
import type { Optional } from '../../arguments';
import { listText } from '../../describe';
import { NotImplementedError, ValueError } from '../../errors';
import { torchFunctions } from '../../operators';
import { sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import { checkTensors } from '../../tensor-arguments';
import type { Size } from '../../types';
import { emitLibtorchWarning } from '../../warnings';

/** The operator's numbers for the modes; `torch.nn.functional.GRID_SAMPLE_INTERPOLATION_MODES`. */
export const GRID_SAMPLE_INTERPOLATION_MODES = Object.freeze({ bilinear: 0, nearest: 1, bicubic: 2 });

/** The operator's numbers for the padding modes; `torch.nn.functional.GRID_SAMPLE_PADDING_MODES`. */
export const GRID_SAMPLE_PADDING_MODES = Object.freeze({ zeros: 0, border: 1, reflection: 2 });

/** The options of {@link gridSample}. */
export interface GridSampleOptions {
  /** The interpolation between elements; `'bilinear'` (trilinear for volumes) by default. */
  mode?: keyof typeof GRID_SAMPLE_INTERPOLATION_MODES;
  /** The values outside the input; `'zeros'` by default. */
  paddingMode?: keyof typeof GRID_SAMPLE_PADDING_MODES;
  /** Whether -1 and 1 are the centres of the corner elements, not their corners; warns if omitted. */
  alignCorners?: boolean | null;
}

function readAlignCorners(alignCorners: boolean | null): boolean {
  if (alignCorners === null) {
    emitLibtorchWarning(
      'UserWarning',
      'Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if the old behavior is desired. See the documentation of grid_sample for details.',
    );
  }
  return alignCorners ?? false;
}

/**
 * The input's values at the points of a grid; `torch.nn.functional.grid_sample`. Input `(N, C, H, W)` with
 * grid `(N, h, w, 2)`, or `(N, C, D, H, W)` with `(N, d, h, w, 3)`; points are (x, y) or (x, y, z) from -1
 * to 1; floating-point. The result is `(N, C, h, w)` or `(N, C, d, h, w)`.
 *
 * @throws ValueError for an unknown mode; RuntimeError for shapes that do not match.
 * @example
 * ```ts
 * const { affineGrid, gridSample } = torch.nn.functional;
 * const mirror = torch.tensor([[[-1, 0, 0], [0, 1, 0]]]);
 * const grid = affineGrid(mirror, [1, 1, 1, 3], { alignCorners: false });
 * gridSample(torch.tensor([[[[1, 2, 3]]]]), grid, { alignCorners: false }).toArray(); // [[[[3, 2, 1]]]]
 * ```
 */
export function gridSample(
  input: Tensor,
  grid: Tensor,
  ...optional: Optional<
    [
      mode: keyof typeof GRID_SAMPLE_INTERPOLATION_MODES,
      paddingMode: keyof typeof GRID_SAMPLE_PADDING_MODES,
      alignCorners: boolean | null,
    ],
    GridSampleOptions
  >
): Tensor {
  const {
    mode = 'bilinear',
    paddingMode = 'zeros',
    alignCorners = null,
  } = readOptions<GridSampleOptions>('gridSample', optional, ['mode', 'paddingMode', 'alignCorners'], [], 2);
  if (!Object.hasOwn(GRID_SAMPLE_INTERPOLATION_MODES, mode)) {
    throw new ValueError(
      `nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${String(mode)}'`,
    );
  }
  if (!Object.hasOwn(GRID_SAMPLE_PADDING_MODES, paddingMode)) {
    throw new ValueError(
      `nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${String(paddingMode)}'`,
    );
  }
  return torchFunctions.gridSampler(
    input,
    grid,
    GRID_SAMPLE_INTERPOLATION_MODES[mode],
    GRID_SAMPLE_PADDING_MODES[paddingMode],
    readAlignCorners(alignCorners),
  );
}

/**
 * The grid of a batch of affine maps, for {@link gridSample}; `torch.nn.functional.affine_grid`.
 * Maps `(N, 2, 3)` with size `(N, C, H, W)`, or `(N, 3, 4)` with `(N, C, D, H, W)`; floating-point.
 *
 * @throws ValueError for maps that are not floating-point or do not match the size, or a size of 0;
 * NotImplementedError for a size of another length.
 */
export function affineGrid(
  theta: Tensor,
  size: Size,
  ...optional: Optional<[alignCorners: boolean | null], { alignCorners?: boolean | null }>
): Tensor {
  const { alignCorners = null } = readOptions<{ alignCorners?: boolean | null }>(
    'affineGrid',
    optional,
    ['alignCorners'],
    [],
    2,
  );
  checkTensors('affineGrid', { theta });
  checkList('affineGrid', 'size', size);
  const align = readAlignCorners(alignCorners);
  if (!theta.isFloatingPoint()) {
    throw new ValueError(`Expected theta to have floating point type, but got torch.${theta.dtype}`);
  }
  const shape = theta.shape;
  const shown = listText(size);
  const dims = size.length - 2;
  if (dims !== 2 && dims !== 3) {
    throw new NotImplementedError(
      `affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size ${shown}.`,
    );
  }
  if (shape.length !== 3 || shape[1] !== dims || shape[2] !== dims + 1) {
    throw new ValueError(
      `Expected a batch of ${dims}D affine matrices of shape Nx${dims}x${dims + 1} for size ${shown}. Got ${sizeText(shape)}.`,
    );
  }
  if (align && Math.min(...size.slice(2)) === 1) {
    emitLibtorchWarning(
      'UserWarning',
      'Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an intended use case of affine_grid. See the documentation of affine_grid for details.',
    );
  } else if (Math.min(...size) <= 0) {
    throw new ValueError(`Expected non-zero, positive output size. Got ${shown}`);
  }
  return torchFunctions.affineGridGenerator(theta, size, align);
}
