/** libtorch's settings for the whole process, and its version and build. */

import { checkOptions } from './arguments';
import { currentDevice } from './cuda';
import { describeType } from './describe';
import { Device, type DeviceLike } from './device';
import type { Dtype } from './dtype';
import { RuntimeError } from './errors';
import { native } from './native';

/**
 * Sets the default dtype of numbers and factory functions, as `torch.set_default_dtype`. It also determines the dtype of
 * complex numbers: complex128 for float64, complex64 for float32.
 *
 * @param dtype - float16, bfloat16, float32 or float64.
 * @throws TypeError for any other dtype.
 */
export function setDefaultDtype(dtype: Dtype): void {
  native.setDefaultDtype(dtype);
}

/** The default dtype of numbers and factory functions, as `torch.get_default_dtype`. */
export function getDefaultDtype(): Dtype {
  return native.getDefaultDtype();
}

/**
 * Sets the device of tensors that are created without the option `device`, as `torch.set_default_device`: by factory
 * functions such as `zeros`, by modules, and by `tensor`, `asTensor`, `asarray` and `fromTypedArray`. `asTensor` and
 * `asarray` then also move given tensors. It applies to this thread; null restores the CPU. Whether the device exists is
 * checked when a tensor is created.
 *
 * Functions such as `zerosLike` and methods such as `newZeros` use the device of their tensor, sparse tensors that of
 * their values.
 *
 * @throws RuntimeError for a string that does not name a device, TypeError for a value that is not a device.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * torch.setDefaultDevice('meta');
 * torch.zeros(2).device.type; // 'meta'
 * torch.zeros(2, { device: 'cpu' }).device.type; // 'cpu'
 * torch.setDefaultDevice(null);
 * ```
 */
export function setDefaultDevice(device: DeviceLike | null): void {
  native.setDefaultDevice(device === null ? null : new Device(device).toString());
}

/** The device of tensors that are created without the option `device`, as `torch.get_default_device`. */
export function getDefaultDevice(): Device {
  const device = new Device(native.getDefaultDevice() ?? 'cpu');
  if (device.type !== 'cuda' || device.index !== null) return device;
  return new Device('cuda', currentDevice());
}

/**
 * Sets the number of threads that one operator may use on the CPU, as `torch.set_num_threads`, and how many asynchronous
 * calls run at once, each on one thread (`async` of a compiled function).
 *
 * @throws RuntimeError unless `count` is a positive integer.
 */
export function setNumThreads(count: number): void {
  native.setNumThreads(count);
}

/**
 * The number of threads that one operator may use on the CPU, as `torch.get_num_threads`. The default is at most the
 * number of processors whose time the control groups of the process grant, as in a container with a CPU limit, unless
 * the environment sets `OMP_NUM_THREADS` or `MKL_NUM_THREADS`.
 */
export function getNumThreads(): number {
  return native.getNumThreads();
}

/**
 * Sets the number of threads that run independent operators in parallel, as `torch.set_num_interop_threads`. Possible
 * once, before the first parallel work.
 *
 * @throws RuntimeError unless `count` is a positive integer, and after the first parallel work.
 */
export function setNumInteropThreads(count: number): void {
  native.setNumInteropThreads(count);
}

/** The number of threads that run independent operators in parallel, as `torch.get_num_interop_threads`. */
export function getNumInteropThreads(): number {
  return native.getNumInteropThreads();
}

/** The instruction set that libtorch uses, as `torch.backends.cpu.get_cpu_capability`: `'AVX2'`, ... */
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

/**
 * Restricts operators to deterministic algorithms; `torch.use_deterministic_algorithms`. An operator that
 * has none throws a RuntimeError, or warns with `warnOnly`. Uninitialised memory is filled with NaN or the
 * largest integer.
 *
 * @throws TypeError unless `mode` is a boolean.
 * @example
 * ```ts
 * torch.useDeterministicAlgorithms(true, { warnOnly: true });
 * torch.useDeterministicAlgorithms(false);
 * ```
 */
export function useDeterministicAlgorithms(mode: boolean, options: { warnOnly?: boolean } = {}): void {
  const { warnOnly = false } = checkOptions('useDeterministicAlgorithms', options, ['warnOnly']);
  native.setDeterministicAlgorithms(mode, warnOnly);
}

/** Whether only deterministic algorithms are used; `torch.are_deterministic_algorithms_enabled`. */
export function areDeterministicAlgorithmsEnabled(): boolean {
  return native.deterministicAlgorithms();
}

/** Whether nondeterministic algorithms only warn; `torch.is_deterministic_algorithms_warn_only_enabled`. */
export function isDeterministicAlgorithmsWarnOnlyEnabled(): boolean {
  return native.deterministicAlgorithmsWarnOnly();
}

const DEBUG_MODES = ['default', 'warn', 'error'] as const;

/**
 * {@link useDeterministicAlgorithms} as one string or number;
 * `torch.set_deterministic_debug_mode`: `'default'` or 0, `'warn'` or 1, `'error'` or 2.
 *
 * @throws RuntimeError for another string or number, TypeError for any other value.
 * @example
 * ```ts
 * torch.setDeterministicDebugMode('warn');
 * torch.getDeterministicDebugMode(); // 1
 * torch.setDeterministicDebugMode('default');
 * ```
 */
export function setDeterministicDebugMode(debugMode: 'default' | 'warn' | 'error' | 0 | 1 | 2): void {
  const given: unknown = debugMode;
  if (typeof given !== 'string' && !Number.isInteger(given)) {
    throw new TypeError(`debug_mode must be str or int, but got ${describeType(given)}`);
  }
  const level = typeof debugMode === 'string' ? DEBUG_MODES.indexOf(debugMode) : debugMode;
  if (level < 0 || level > 2) {
    const expected = typeof debugMode === 'string' ? 'one of `default`, `warn`, `error`' : '0, 1, or 2';
    throw new RuntimeError(`invalid value of debug_mode, expected ${expected}, but got ${String(given)}`);
  }
  native.setDeterministicAlgorithms(level > 0, level === 1);
}

/** 0, 1 or 2, as {@link setDeterministicDebugMode} takes them; `torch.get_deterministic_debug_mode`. */
export function getDeterministicDebugMode(): 0 | 1 | 2 {
  if (!native.deterministicAlgorithms()) return 0;
  return native.deterministicAlgorithmsWarnOnly() ? 1 : 2;
}

/** The precision of float32 matrix products; see {@link setFloat32MatmulPrecision}. */
export type MatmulPrecision = 'highest' | 'high' | 'medium';

/**
 * Sets the precision of float32 matrix products; `torch.set_float32_matmul_precision`. `'highest'` (the
 * default) computes in float32; `'high'` and `'medium'` may use TensorFloat32 or bfloat16, which is
 * faster on GPUs that support them. Any other string has no effect except a warning.
 *
 * @throws RuntimeError for a value that is not a string.
 * @example
 * ```ts
 * torch.setFloat32MatmulPrecision('high');
 * torch.getFloat32MatmulPrecision(); // 'high'
 * torch.setFloat32MatmulPrecision('highest');
 * ```
 */
export function setFloat32MatmulPrecision(precision: MatmulPrecision): void {
  if (typeof precision !== 'string') {
    throw new RuntimeError(`set_float32_matmul_precision expects a str, but got ${describeType(precision)}`);
  }
  native.setFloat32MatmulPrecision(precision);
}

/** The precision of float32 matrix products; `torch.get_float32_matmul_precision`. */
export function getFloat32MatmulPrecision(): MatmulPrecision {
  return native.float32MatmulPrecision();
}
