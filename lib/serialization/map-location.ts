/** The option `mapLocation` of functions that read tensors. */

import { isPlainObject } from '../arguments';
import { isAvailable } from '../cuda';
import { describeType } from '../describe';
import { Device, type DeviceLike } from '../device';
import { RuntimeError } from '../errors';

/** Where to put tensors; see `torch.load`. */
export type MapLocation =
  DeviceLike | Readonly<Record<string, DeviceLike>> | ((location: string) => DeviceLike | null | undefined);

/** A function from the device of the file to the one to use. */
export function deviceChooser(api: string, mapLocation: MapLocation | null | undefined): (location: string) => Device {
  const choose = (location: string): DeviceLike => {
    if (typeof mapLocation === 'function') return mapLocation(location) ?? location;
    if (isTable(mapLocation)) return Object.hasOwn(mapLocation, location) ? mapLocation[location] : location;
    return mapLocation ?? location;
  };
  const isValid = mapLocation == null || ['string', 'function', 'object'].includes(typeof mapLocation);
  if (!isValid || Array.isArray(mapLocation)) {
    throw new TypeError(
      `${api}(): option 'mapLocation' must be a device, an object of devices or a function, not ${describeType(mapLocation)}`,
    );
  }
  // A misspelled device is reported before the file is opened.
  if (mapLocation != null && typeof mapLocation !== 'function' && !isTable(mapLocation)) new Device(mapLocation);
  return (location) => {
    const device = new Device(choose(location));
    if (device.type === 'cuda' && !isAvailable()) {
      throw new RuntimeError(
        "Attempting to deserialize object on a CUDA device but torch.cuda.isAvailable() is false. If you are running on a CPU-only machine, please use torch.load with mapLocation: 'cpu' to map your storages to the CPU.",
      );
    }
    return device;
  };
}

function isTable(value: unknown): value is Record<string, DeviceLike> {
  return isPlainObject(value) && !('type' in value);
}
