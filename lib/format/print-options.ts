/** Print options: `torch.set_printoptions`. */

import { checkOptions } from '../arguments';
import { ValueError } from '../errors';

/** The options of {@link setPrintOptions}, with PyTorch's meaning. */
export interface PrintOptions {
  /** Digits after the point; 4 by default. */
  precision: number;
  /** Tensors with more elements are summarised; 1000 by default. */
  threshold: number;
  /** Elements shown at each end of a summarised dimension; 3 by default. */
  edgeitems: number;
  /** Characters per line; 80 by default. */
  linewidth: number;
  /** Whether to use scientific notation; null (the default) decides by the values. */
  sciMode: boolean | null;
}

const PROFILES = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};

let current: PrintOptions = { ...PROFILES.default, sciMode: null };

function checkCount(name: keyof PrintOptions, value: number, minimum: number, maximum: number): void {
  if (
    typeof value !== 'number' ||
    !(value >= minimum && value <= maximum) ||
    !(Number.isInteger(value) || value === Infinity)
  ) {
    throw new ValueError(
      `setPrintOptions(): option '${name}' must be an integer from ${minimum} to ${maximum}, not ${String(value)}`,
    );
  }
}

/**
 * Sets the print options; `torch.set_printoptions`. `profile` (`'default'`, `'short'` or `'full'`) is applied
 * first, then the other options. As in PyTorch, `sciMode` is reset to null unless it is given.
 *
 * @throws ValueError for an unknown profile or a number out of range, TypeError for an unknown option.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.setPrintOptions({ precision: 2 });
 * String(torch.tensor([1.12345])); // 'tensor([1.12])'
 * torch.setPrintOptions({ profile: 'default' });
 * ```
 */
export function setPrintOptions(options: Partial<PrintOptions> & { profile?: keyof typeof PROFILES }): void {
  const next: PrintOptions = { ...current, sciMode: null };
  checkOptions('setPrintOptions', options, ['profile', ...(Object.keys(current) as (keyof PrintOptions)[])]);
  for (const [name, value] of Object.entries(options) as [string, never][]) {
    if (value === undefined) continue;
    switch (name) {
      case 'profile':
        if (!Object.hasOwn(PROFILES, value)) {
          throw new ValueError(
            `setPrintOptions(): option 'profile' must be 'default', 'short' or 'full', not '${String(value)}'`,
          );
        }
        break;
      case 'precision':
        checkCount(name, value, 0, 100);
        break;
      case 'threshold':
        checkCount(name, value, 0, Infinity);
        break;
      case 'edgeitems':
        checkCount(name, value, 0, Number.MAX_SAFE_INTEGER);
        break;
      case 'linewidth':
        checkCount(name, value, 0, Infinity);
        break;
      case 'sciMode':
        if (value !== null && typeof value !== 'boolean') {
          throw new ValueError(`setPrintOptions(): option 'sciMode' must be true, false or null, not ${String(value)}`);
        }
        break;
    }
  }
  const { profile, ...given } = options;
  if (profile !== undefined) Object.assign(next, PROFILES[profile]);
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) Object.assign(next, { [name]: value });
  }
  current = next;
}

/** The current print options; `torch.get_printoptions`. */
export function getPrintOptions(): PrintOptions {
  return { ...current };
}
