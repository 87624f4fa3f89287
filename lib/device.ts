/** The devices of tensors: `torch.device`. */

import { inspect } from 'node:util';
import { RuntimeError } from './errors';

/** A device in any form: `'cuda:1'`, `{ type: 'cuda', index: 1 }` or a {@link Device}. */
export type DeviceLike = string | { readonly type: string; readonly index?: number | null };

// In libtorch's order, for its message.
const DEVICE_TYPES = [
  ...['cpu', 'cuda', 'ipu', 'xpu', 'mkldnn', 'opengl', 'opencl', 'ideep', 'hip', 've', 'fpga', 'maia', 'xla', 'lazy'],
  ...['vulkan', 'mps', 'meta', 'hpu', 'mtia', 'privateuseone'],
];

/** libtorch stores the index in a signed byte. */
const MAX_INDEX = 127;

function parse(text: string): { type: string; index: number | null } {
  if (text === '') throw new RuntimeError('Device string must not be empty');
  const match = /^([a-zA-Z_]+)(?::(0|[1-9]\d*))?$/.exec(text);
  if (match === null) throw new RuntimeError(`Invalid device string: '${text}'`);
  if (!DEVICE_TYPES.includes(match[1])) {
    throw new RuntimeError(
      `Expected one of ${DEVICE_TYPES.join(', ')} device type at start of device string: ${match[1]}`,
    );
  }
  return { type: match[1], index: match[2] === undefined ? null : checkIndex(Number(match[2])) };
}

function checkIndex(index: unknown): number {
  if (typeof index !== 'number' || !Number.isInteger(index)) {
    throw new TypeError(`device(): argument 'index' must be int, not ${inspect(index, { depth: 0 })}`);
  }
  if (index < 0) throw new RuntimeError('Device index must not be negative');
  if (index > MAX_INDEX) throw new RuntimeError(`Device index must be at most ${MAX_INDEX}, got ${index}`);
  return index;
}

/**
 * A device of tensors, as `torch.device`. `index` is null for the current device of the type, as in `'cuda'`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const gpu = new torch.Device('cuda:1');
 * gpu.type; // 'cuda'
 * gpu.index; // 1
 * ```
 */
export class Device {
  readonly type: string;
  readonly index: number | null;

  /**
   * @param device - A device string, another device, or `{ type, index }`.
   * @param index - The device's number, when `device` is only a type: `new Device('cuda', 1)`.
   * @throws RuntimeError with PyTorch's message for a string that does not name a device, TypeError for a value that is
   *   neither a string nor an object with a `type`.
   */
  constructor(device: DeviceLike, index?: number) {
    if (typeof device === 'string') {
      const parsed = parse(device);
      if (index !== undefined && parsed.index !== null) {
        throw new RuntimeError(
          `type (string) must not include an index because index was passed explicitly: ${device}`,
        );
      }
      this.type = parsed.type;
      this.index = index === undefined ? parsed.index : checkIndex(index);
      return;
    }
    if (typeof device !== 'object' || device === null || typeof device.type !== 'string') {
      throw new TypeError(
        `device(): argument 'device' must be a string, a Device or { type, index }, not ${inspect(device, { depth: 0 })}`,
      );
    }
    this.type = parse(device.type).type;
    const given = index ?? device.index;
    this.index = given === undefined || given === null ? null : checkIndex(given);
  }

  /** @internal The device of a string from libtorch. */
  static parse(text: string): Device {
    return new Device(text);
  }

  /** Whether both name the same device. */
  equals(other: DeviceLike): boolean {
    const device = other instanceof Device ? other : new Device(other);
    return this.type === device.type && this.index === device.index;
  }

  /** `'cuda:1'`, or only the type without an index. */
  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.index === null ? `device(type='${this.type}')` : `device(type='${this.type}', index=${this.index})`;
  }
}

/**
 * Creates a {@link Device}: `torch.device('cuda', 1)`, `torch.device('cuda:1')`. Whether the device exists is checked
 * when it is used.
 *
 * @throws The errors of the constructor of {@link Device}.
 */
export function device(device: DeviceLike, index?: number): Device {
  return new Device(device, index);
}
