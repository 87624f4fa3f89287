/** The device of a run that compares devices; the worker processes read it from their environment. */

import type { Case } from '../../opdb/corpus';

export const deviceVariable = 'TORCH_FUNC_PARITY_DEVICE';

/** The device of this run, or null. */
export const deviceOfRun = (): string | null => process.env[deviceVariable] ?? null;

/**
 * Whether a case cannot run on the device. Kernels of CUDA check indices by assertions; one that fails ends all
 * computations of the process there.
 */
export function endsDevice({ message = '' }: Case): boolean {
  return deviceOfRun() === 'cuda' && /^index -?\d+ is out of bounds/.test(message);
}
