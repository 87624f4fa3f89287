/** The storages of a checkpoint: the memory that its tensors share. */

import { shortened } from '../describe';
import type { Device } from '../device';
import type { Dtype } from '../dtype';
import { ValueError } from '../errors';
import { IS_LITTLE_ENDIAN, itemsizeOf, unitOf } from '../files/element-layout';
import type { Steps } from '../files/steps';
import { toMemoryLayout } from '../files/tensor-bytes';
import { native } from '../native';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { type ZipEntry, type ZipReader, entryText } from '../zip/reader';

/** Names of storage classes that tell the dtype. Other dtypes have an untyped storage. */
export const STORAGE_CLASSES: ReadonlyMap<string, Dtype> = new Map([
  ['BoolStorage', 'bool'],
  ['ByteStorage', 'uint8'],
  ['CharStorage', 'int8'],
  ['ShortStorage', 'int16'],
  ['IntStorage', 'int32'],
  ['LongStorage', 'int64'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['FloatStorage', 'float32'],
  ['DoubleStorage', 'float64'],
  ['ComplexFloatStorage', 'complex64'],
  ['ComplexDoubleStorage', 'complex128'],
]);

/** A file maps its storages only if they are aligned for every dtype; it reads others. */
const ALIGNMENT = 16;

/** A storage that tensors of a checkpoint refer to. */
export class StoredStorage {
  /** The bytes as they are in memory, and the size of the units whose byte order is that of this machine. */
  private prepared: { bytes: Tensor; unit: number } | undefined;
  private isBoolean = false;

  constructor(
    private readonly source: { bytes: Tensor; isSwapped: boolean } | null,
    /** The dtype of a typed storage. */
    readonly dtype: Dtype | undefined,
    private readonly device: Device,
    /** The number of bytes. */
    readonly size: number,
  ) {}

  /**
   * A tensor that shares the storage; the offset counts elements.
   *
   * @throws ValueError if it does not lie in the storage.
   */
  tensor(dtype: Dtype, offset: number, shape: readonly number[], strides: readonly number[]): Tensor {
    if (this.source === null) return torchFunctions.emptyStrided(shape, strides, { dtype, device: this.device });
    return native.tensorOverBytes(this.bytes(dtype), dtype, offset, shape, strides);
  }

  /** The bytes as they are in memory, once they have been read. */
  get current(): Tensor | undefined {
    return this.prepared?.bytes ?? this.source?.bytes;
  }

  /** Lets go of the bytes; tensors keep them. */
  dispose(): void {
    this.source?.bytes.dispose();
    this.prepared?.bytes.dispose();
  }

  private bytes(dtype: Dtype): Tensor {
    const { bytes, isSwapped } = this.source as { bytes: Tensor; isSwapped: boolean };
    const unit = isSwapped ? unitOf(dtype) : 1;
    if (this.prepared !== undefined && this.prepared.unit !== unit) {
      throw new ValueError('tensors of different dtypes share a storage of another byte order');
    }
    if (dtype === 'bool' && !this.isBoolean) toMemoryLayout(bytes, dtype, isSwapped, 0);
    this.isBoolean ||= dtype === 'bool';
    this.prepared ??= { bytes: toMemoryLayout(bytes, dtype, isSwapped, 0).to(this.device), unit };
    return this.prepared.bytes;
  }
}

/** What decides where storages go. */
export interface StorageOptions {
  readonly mmap: boolean;
  /** The device for a location of the file, such as `'cpu'` or `'cuda:0'`. */
  readonly deviceOf: (location: string) => Device;
}

/** Reads the storages of a checkpoint when they are first used. */
export class StorageReader {
  private readonly storages = new Map<string, StoredStorage>();
  private readonly isSwapped: boolean;
  private readonly preloaded = new Map<string, Tensor>();

  constructor(
    private readonly archive: ZipReader,
    /** The folder of the checkpoint in the archive. */
    private readonly folder: string,
    byteOrder: 'little' | 'big',
    private readonly options: StorageOptions,
    /** The folder of the storages in that folder. */
    private readonly place = 'data/',
  ) {
    this.isSwapped = (byteOrder === 'little') !== IS_LITTLE_ENDIAN;
  }

  /** Reads the storages that {@link get} would not map, in steps: pickles ask for them in the middle of their own. */
  *preload(): Steps<void> {
    for (const entry of this.archive.entries.values()) {
      if (!entry.name.startsWith(`${this.folder}${this.place}`) || entry.isDeflated || this.maps(entry)) continue;
      this.preloaded.set(entry.name, yield* this.archive.readingTensor(entry));
    }
  }

  /** The storage of a key, which holds `count` elements of `dtype`, or bytes. */
  get(key: string, dtype: Dtype | undefined, location: string, count: number): StoredStorage {
    const size = count * itemsizeOf(dtype ?? 'uint8');
    const known = this.storages.get(key);
    if (known !== undefined) {
      if (known.dtype === dtype && known.size === size) return known;
      throw new ValueError(`storage '${shortened(key)}' is described in two ways`);
    }
    const name = `${this.folder}${this.place}${key}`;
    const entry = this.archive.entries.get(name);
    if (entry === undefined) throw new ValueError(`there is no ${entryText(name)}`);
    // A storage may end with a part of an element.
    if (entry.size < size || entry.size >= size + itemsizeOf(dtype ?? 'uint8')) {
      throw new ValueError(`${entryText(name)} has ${entry.size} bytes; the storage takes ${size}`);
    }
    const device = this.options.deviceOf(location);
    const mmap = this.maps(entry);
    // PyTorch can be told not to compute checksums, and does not compare them.
    const source =
      device.type === 'meta'
        ? null
        : { bytes: this.preloaded.get(name) ?? this.archive.tensor(entry, { mmap }), isSwapped: this.isSwapped };
    const storage = new StoredStorage(source, dtype, device, size);
    this.storages.set(key, storage);
    return storage;
  }

  /** The bytes of the storages that were asked for, as they are in memory. */
  bytes(): [key: string, bytes: Tensor][] {
    return [...this.storages].flatMap(([key, { current }]) => (current === undefined ? [] : [[key, current]]));
  }

  dispose(): void {
    for (const storage of this.storages.values()) storage.dispose();
    for (const bytes of this.preloaded.values()) bytes.dispose();
  }

  private maps({ start }: ZipEntry): boolean {
    return this.options.mmap && start % ALIGNMENT === 0;
  }
}
