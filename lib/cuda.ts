/**
 * CUDA devices: `torch.cuda`. All functions can be called without CUDA; those that PyTorch refuses then throw
 * PyTorch's error.
 */

import { describeType } from './describe';
import { Device, type DeviceLike } from './device';
import { AssertionError, RuntimeError, ValueError } from './errors';
import { native } from './native';

export { Event, Stream } from './streams';

/** A CUDA device: its number, or a device of type `cuda`. By default the current device. */
export type CudaDevice = number | DeviceLike;

/** The properties of a CUDA device. */
export interface CudaDeviceProperties {
  readonly name: string;
  /** The compute capability, `major.minor`. */
  readonly major: number;
  readonly minor: number;
  readonly multiProcessorCount: number;
  /** The device's memory in bytes. */
  readonly totalMemory: number;
}

/** Whether libtorch was built with CUDA and this machine has a device, as `torch.cuda.is_available`. */
export function isAvailable(): boolean {
  return deviceCount() > 0;
}

/** The number of CUDA devices, as `torch.cuda.device_count`; 0 without CUDA. */
export function deviceCount(): number {
  return native.cudaIsBuilt() ? native.cudaDeviceCount() : 0;
}

function requireCuda(): void {
  if (!native.cudaIsBuilt()) {
    const problem = native.cudaLoadError();
    throw new AssertionError(
      'Torch not compiled with CUDA enabled' +
        (problem === null ? '' : `: libtorch's CUDA libraries could not be loaded (${problem})`),
    );
  }
  if (native.cudaDeviceCount() === 0) throw new RuntimeError('No CUDA GPUs are available');
}

/** The number of a device. Throws without CUDA, and for a device that does not exist. */
function indexOf(device: CudaDevice | undefined, needsIndex = false): number {
  requireCuda();
  if (device === undefined) return native.cudaCurrentDevice();
  if (typeof device === 'number') {
    if (!Number.isInteger(device)) {
      throw new ValueError(`Expected a torch.device with a specified index or an integer, but got:${device}`);
    }
    return device;
  }
  const { type, index } = new Device(device);
  if (type !== 'cuda') throw new ValueError(`Expected a cuda device, but got: ${type}`);
  if (index !== null) return index;
  if (needsIndex) {
    throw new ValueError('Expected a torch.device with a specified index or an integer, but got:cuda');
  }
  return native.cudaCurrentDevice();
}

/**
 * The number of the current device, which `'cuda'` stands for, as `torch.cuda.current_device`.
 *
 * @throws AssertionError if libtorch was built without CUDA, RuntimeError if this machine has no device; the same holds
 *   for the other functions that need a device.
 */
export function currentDevice(): number {
  return indexOf(undefined);
}

/**
 * Sets the current device, as `torch.cuda.set_device`. A negative number has no effect.
 *
 * @throws RuntimeError for a device that does not exist, ValueError for a device without a number.
 */
export function setDevice(device: CudaDevice): void {
  const index = indexOf(device, true);
  if (index >= 0) native.cudaSetDevice(index);
}

/** Waits until a device has finished all its queued work, as `torch.cuda.synchronize`. */
export function synchronize(device?: CudaDevice): void {
  native.cudaSynchronize(indexOf(device));
}

/** The name of a device, as `torch.cuda.get_device_name`. */
export function getDeviceName(device?: CudaDevice): string {
  return native.cudaDeviceProperties(indexOf(device)).name;
}

/** The compute capability of a device, as `torch.cuda.get_device_capability`: `[major, minor]`. */
export function getDeviceCapability(device?: CudaDevice): [number, number] {
  const { major, minor } = native.cudaDeviceProperties(indexOf(device));
  return [major, minor];
}

/** The properties of a device, as `torch.cuda.get_device_properties`. */
export function getDeviceProperties(device?: CudaDevice): CudaDeviceProperties {
  const index = indexOf(device);
  return { ...native.cudaDeviceProperties(index), totalMemory: native.cudaMemGetInfo(index)[1] };
}

/** The free and the total memory of a device in bytes, as `torch.cuda.mem_get_info`. */
export function memGetInfo(device?: CudaDevice): [number, number] {
  return native.cudaMemGetInfo(indexOf(device));
}

/**
 * The statistics of the CUDA allocator, as `torch.cuda.memory_stats`, under PyTorch's keys, such as
 * `'allocated_bytes.all.current'`. Empty without CUDA and before the first CUDA tensor.
 */
export function memoryStats(device?: CudaDevice): Record<string, number> {
  return isAvailable() ? native.cudaMemoryStats(indexOf(device)) : {};
}

/** The bytes of CUDA memory that tensors occupy, as `torch.cuda.memory_allocated`. */
export function memoryAllocated(device?: CudaDevice): number {
  return memoryStats(device)['allocated_bytes.all.current'] ?? 0;
}

/** The peak number of bytes that tensors have occupied, as `torch.cuda.max_memory_allocated`. */
export function maxMemoryAllocated(device?: CudaDevice): number {
  return memoryStats(device)['allocated_bytes.all.peak'] ?? 0;
}

/** The bytes of CUDA memory that the allocator has reserved, as `torch.cuda.memory_reserved`. */
export function memoryReserved(device?: CudaDevice): number {
  return memoryStats(device)['reserved_bytes.all.current'] ?? 0;
}

/** Resets the peaks of {@link memoryStats}, as `torch.cuda.reset_peak_memory_stats`. */
export function resetPeakMemoryStats(device?: CudaDevice): void {
  native.cudaResetPeakMemoryStats(indexOf(device));
}

/** Releases the cached CUDA memory that is not in use, as `torch.cuda.empty_cache`. */
export function emptyCache(): void {
  if (isAvailable()) native.cudaEmptyCache();
}

/**
 * Seeds the random numbers of the current CUDA device, as `torch.cuda.manual_seed`; a no-op without CUDA.
 * `torch.manualSeed` seeds every device.
 *
 * @throws ValueError unless the seed is an integer from -2^63 to 2^64-1, TypeError if it is not a number.
 */
export function manualSeed(seed: number | bigint): void {
  const bits = seedBits(seed);
  if (isAvailable()) native.cudaManualSeed(native.cudaCurrentDevice(), bits);
}

/** Seeds the random numbers of all CUDA devices, as `torch.cuda.manual_seed_all`. */
export function manualSeedAll(seed: number | bigint): void {
  const bits = seedBits(seed);
  for (let index = 0; index < deviceCount(); ++index) native.cudaManualSeed(index, bits);
}

function seedBits(seed: number | bigint): bigint {
  if (typeof seed !== 'number' && typeof seed !== 'bigint') {
    throw new TypeError(`manualSeed(): argument 'seed' must be a number or a bigint, not ${describeType(seed)}`);
  }
  if (typeof seed === 'number' && !Number.isInteger(seed)) {
    throw new ValueError(`cannot convert ${seed} to an integer seed`);
  }
  const value = BigInt(seed);
  if (value < -(2n ** 63n) || value >= 2n ** 64n) throw new ValueError('Overflow when unpacking long long');
  return BigInt.asUintN(64, value);
}
