/** libtorch's settings for the whole process, and what it says about itself. */

import type { Dtype } from './dtype';
import { native } from './native';

/**
 * Sets the dtype that numbers and factory functions get when none is given, as
 * `torch.set_default_dtype`. Complex numbers follow: complex128 with float64, complex64 with float32.
 *
 * @param dtype - float16, bfloat16, float32 or float64.
 * @throws TypeError for any other dtype.
 */
export function setDefaultDtype(dtype: Dtype): void {
  native.setDefaultDtype(dtype);
}

/** The dtype that numbers and factory functions get when none is given, as `torch.get_default_dtype`. */
export function getDefaultDtype(): Dtype {
  return native.getDefaultDtype();
}

/**
 * Sets how many threads one operator may use on the CPU, as `torch.set_num_threads`.
 *
 * @throws RuntimeError unless `count` is a positive integer.
 */
export function setNumThreads(count: number): void {
  native.setNumThreads(count);
}

/** How many threads one operator may use on the CPU, as `torch.get_num_threads`. */
export function getNumThreads(): number {
  return native.getNumThreads();
}

/**
 * Sets how many threads run operators that are independent of each other, as
 * `torch.set_num_interop_threads`. Only once, before any such work has begun.
 *
 * @throws RuntimeError unless `count` is a positive integer, or if it is too late.
 */
export function setNumInteropThreads(count: number): void {
  native.setNumInteropThreads(count);
}

/** How many threads run independent operators, as `torch.get_num_interop_threads`. */
export function getNumInteropThreads(): number {
  return native.getNumInteropThreads();
}

/** The processor's instructions that libtorch uses, as `torch.backends.cpu.get_cpu_capability`: `'AVX2'`, ... */
export function cpuCapability(): string {
  return native.cpuCapability();
}

/** The version of the libtorch in use: `'2.13.0'`. */
export function libtorchVersion(): string {
  return native.libtorchVersion();
}

/** The file of the libtorch in use. */
export function libtorchPath(): string {
  return native.libtorchPath();
}

/** How the libtorch in use was built, as `torch.__config__.show`. */
export function showConfig(): string {
  return native.showConfig();
}
