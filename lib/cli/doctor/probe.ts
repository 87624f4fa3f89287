/**
 * The test of the addon, as a separate program: loads the package, computes a known derivative, and prints
 * its findings as JSON. Any failure ends the process.
 */

import * as torch from '../../index';
import { deviceCount, getDeviceProperties } from '../../cuda';
import { addonFile, native } from '../../native';
import { cpuCapability, getNumThreads, libtorchPath, libtorchVersion } from '../../runtime';

/** The output of the probe. */
export interface AddonReport {
  /** The file of the addon that was loaded. */
  readonly addonFile: string;
  readonly torchVersion: string;
  /** The libtorch library that is loaded. */
  readonly libtorchFile: string;
  /** The instruction set that libtorch's kernels use, such as AVX2. */
  readonly cpuCapability: string;
  readonly threads: number;
  readonly cuda: boolean;
  /** Why CUDA is unavailable; empty if it is available. */
  readonly cudaReason: string;
  readonly cudaDevices: readonly { readonly name: string; readonly totalMemory: number }[];
}

/** The diagonal of d(x^3)/dx at 1, 2, 3 must be 3 x^2. */
function checkJacobian(device: string): void {
  const x = torch.tensor([[1, 2, 3]], { dtype: torch.float64, device });
  const cube = (sample: torch.Tensor): torch.Tensor => sample.pow(3);
  const jacobian = torch.vmap(torch.func.jacrev(cube))(x) as torch.Tensor;
  const expected = [3, 0, 0, 0, 12, 0, 0, 0, 27];
  const actual = jacobian.flatten().toArray();
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`the Jacobian of x^3 on ${device} is ${JSON.stringify(actual)}`);
  }
}

function findCuda(): Pick<AddonReport, 'cuda' | 'cudaReason' | 'cudaDevices'> {
  const loadError = native.cudaLoadError();
  if (loadError !== null) return { cuda: false, cudaReason: loadError, cudaDevices: [] };
  if (!native.cudaIsBuilt()) return { cuda: false, cudaReason: 'this libtorch is a CPU build', cudaDevices: [] };
  const count = deviceCount();
  if (count === 0) return { cuda: false, cudaReason: 'no device or no driver', cudaDevices: [] };
  const cudaDevices = Array.from({ length: count }, (_, index) => {
    checkJacobian(`cuda:${index}`);
    const { name, totalMemory } = getDeviceProperties(index);
    return { name, totalMemory };
  });
  return { cuda: true, cudaReason: '', cudaDevices };
}

checkJacobian('cpu');
const report: AddonReport = {
  addonFile,
  torchVersion: libtorchVersion(),
  libtorchFile: libtorchPath(),
  cpuCapability: cpuCapability(),
  threads: getNumThreads(),
  ...findCuda(),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
