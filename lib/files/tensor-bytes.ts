/** Between the bytes of a file and tensors. */

import { crc32 } from 'node:zlib';

import type { Dtype } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import { torchFunctions } from '../operators';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { itemsizeOf, unitOf } from './element-layout';
import { type Steps, step } from './steps';

/** The size of the pieces in which values are copied to or from JavaScript, in bytes. A signal ends the work between two. */
const PIECE = 4 * 1024 * 1024;

/** The size of the pieces of which a checksum is computed at once. They stay in the caches. */
const CHECKSUM_PIECE = 256 * 1024;

let scratch: Buffer | undefined;

/**
 * The number of bytes of an array.
 *
 * @throws ValueError if it is not a safe integer, or the strides of an array without elements are not.
 */
export function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  const isEmpty = shape.includes(0);
  const strided = isEmpty ? shape.slice(1) : shape;
  const bytes = strided.reduce((total, size) => total * Math.max(size, 1), itemsizeOf(dtype));
  if (!Number.isSafeInteger(bytes)) {
    throw new ValueError(`an array of shape [${shape.join(', ')}] and ${dtype} is too large`);
  }
  return isEmpty ? 0 : bytes;
}

/** The strides of values in C order. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * Math.max(shape[i + 1], 1);
  return strides;
}

/**
 * Makes bytes of a file those of a dtype in memory: in this machine's byte order, and aligned. A copy only if it is
 * needed. `position` is where they start in memory that is aligned itself, such as a mapped file.
 *
 * @throws ValueError for bool values other than 0 and 1, which no operator expects.
 */
export function toMemoryLayout(bytes: Tensor, dtype: Dtype, isSwapped: boolean, position: number): Tensor {
  const unit = unitOf(dtype);
  if (dtype === 'bool' && bytes.numel() > 0 && bytes.max().item() > 1) {
    throw new ValueError(`a bool value is stored as ${bytes.max().item()}; expected 0 or 1`);
  }
  if (unit > 1 && isSwapped) return bytes.reshape([-1, unit]).flip(1).reshape([-1]);
  return position % unit === 0 ? bytes : bytes.clone();
}

/** A tensor of a shape over all of `bytes`, in C order. */
export function tensorOver(bytes: Tensor, dtype: Dtype, shape: readonly number[]): Tensor {
  return native.tensorOverBytes(bytes, dtype, 0, shape, contiguousStrides(shape));
}

/** The values of a tensor in C order as a flat uint8 tensor on the CPU; it may share the tensor's memory. */
export function bytesOfValues(tensor: Tensor): Tensor {
  const values = native.storedValue(tensor.detach().cpu().contiguous());
  const itemsize = itemsizeOf(values.dtype);
  return native.storageBytes(values).narrow(0, values.storageOffset() * itemsize, values.numel() * itemsize);
}

/** Takes a result of `storedValue` or `storageBytes` for a writer. The tensor that it returns later is the writer's. */
export type Take = (tensor: Tensor) => () => Tensor;

/** For a writer that runs at once. */
export const takeItself: Take = (tensor) => () => tensor;

/** For a writer that runs later: what the tensor holds now. */
export const takeSnapshot: Take = (tensor) => {
  const snapshot = native.takeSnapshot(tensor);
  return () => native.openSnapshot(snapshot);
};

/**
 * {@link bytesOfValues} of what was taken. The tensors on the way are freed at once: a write to a tensor copies it for as
 * long as there is one over a snapshot.
 */
export function bytesOfTaken(taken: () => Tensor): Tensor {
  return scope(() => bytesOfValues(taken()));
}

/** The parts of so many bytes, as offsets and lengths. */
function* parts(size: number): Generator<[start: number, length: number]> {
  for (let start = 0; start < size; start += PIECE) yield [start, Math.min(PIECE, size - start)];
}

/** A uint8 tensor with a copy of bytes, in steps. */
export function* tensorOfBytes(bytes: Uint8Array): Steps<Tensor> {
  const tensor = torchFunctions.empty([bytes.length], { dtype: 'uint8', device: 'cpu' });
  for (const [start, length] of parts(bytes.length)) {
    const piece = bytes.subarray(start, start + length);
    yield* step<unknown>(
      () =>
        scope(() => {
          tensor.narrow(0, start, length).copy_(native.tensorFromBytes(piece, 'uint8', [length], 'cpu'));
        }),
      () => native.copyFromBuffer(tensor, start, length, piece),
    );
  }
  return tensor;
}

/** Copies bytes of a flat uint8 tensor into a buffer, in steps. */
export function* copyTo(buffer: Uint8Array, bytes: Tensor, offset: number): Steps<void> {
  for (const [start, length] of parts(buffer.length)) {
    const piece = buffer.subarray(start, start + length);
    yield* step<unknown>(
      () => {
        using part = bytes.narrow(0, offset + start, length);
        native.dataInto(part, piece);
      },
      () => native.copyToBuffer(bytes, offset + start, length, piece),
    );
  }
}

/** The CRC-32 of a flat uint8 tensor that follows bytes with the checksum `before`, in steps. */
export function* checksumOf(bytes: Tensor, before = 0): Steps<number> {
  let crc = before;
  for (const [start, length] of parts(bytes.numel())) {
    crc = yield* step(
      () => checksumNow(bytes, start, length, crc),
      () => native.checksumOf(bytes, start, length, crc),
    );
  }
  return crc;
}

/** The checksum of a part, computed from pieces in one small buffer: to allocate memory for each takes longer. */
function checksumNow(bytes: Tensor, offset: number, length: number, before: number): number {
  scratch ??= Buffer.allocUnsafeSlow(CHECKSUM_PIECE);
  let crc = before;
  for (let start = 0; start < length; start += CHECKSUM_PIECE) {
    const piece = scratch.subarray(0, length - start);
    using part = bytes.narrow(0, offset + start, piece.length);
    native.dataInto(part, piece);
    crc = crc32(piece, crc);
  }
  return crc;
}
