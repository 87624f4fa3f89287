/** The `.pt2` archive: a ZIP file with programs, weights and constants. */

import { Device, type DeviceLike } from '../device';
import { ValueError } from '../errors';
import { IS_LITTLE_ENDIAN } from '../files/element-layout';
import { at } from '../files/failure';
import { JsonCursor } from '../files/json';
import type { Steps } from '../files/steps';
import { StoredStorage } from '../serialization/storages';
import type { Tensor } from '../tensor';
import type { ZipEntry, ZipReader } from '../zip/reader';
import { readDevice, readDtype } from './enumerations';
import { JsonReader } from './json-reader';
import { readStaticSize } from './sizes';

/** A graph in an argument of a node in a graph takes ten levels. */
const MAX_JSON_DEPTH = 300;

/** Where each node comes from in the model's source, which running it does not need. */
const SKIPPED: ReadonlySet<string> = new Set(['metadata']);

/** A storage is mapped only if it is aligned for every dtype. */
const ALIGNMENT = 16;

const MAX_DIMENSIONS = 64;

/** Entries with bytes of tensors. */
const STORAGE = /^data\/(?:weights|constants)\/(?:weight|tensor)_\w+$/;

/** How to read storages. */
export interface ArchiveOptions {
  readonly mmap: boolean;
  /** The device for one of the file, such as `'cpu'` or `'cuda:0'`. */
  readonly deviceOf: (location: string) => DeviceLike;
}

/** A tensor of the archive. */
export interface Payload {
  readonly tensor: Tensor;
  readonly isParameter: boolean;
  readonly requiresGrad: boolean;
  /** The device that it was on. */
  readonly location: string;
}

/** An archive with one program or several. */
export class Archive {
  private readonly isSwapped: boolean;
  private readonly storages = new Map<string, { storage: StoredStorage; location: string }>();
  private readonly preloaded = new Map<string, Tensor>();

  private constructor(
    private readonly zip: ZipReader,
    /** The folder that everything is in, with a slash. */
    private readonly root: string,
    private readonly options: ArchiveOptions,
  ) {
    this.isSwapped = (this.byteOrder() === 'little') !== IS_LITTLE_ENDIAN;
  }

  /** @throws ValueError for another archive, or one of a version before 2.8. */
  static open(zip: ZipReader, options: ArchiveOptions): Archive {
    const names = [...zip.entries.keys()];
    const has = (name: string): boolean => names.some((other) => other === name || other.endsWith(`/${name}`));
    const root = /^[^/]+\//.exec(names.find((name) => name.endsWith('/archive_format')) ?? '')?.[0];
    if (root === undefined || !zip.entries.has(`${root}archive_format`)) {
      if (has('serialized_exported_program.json')) {
        throw new ValueError('it was written by PyTorch before 2.8; load and save it again with a newer one');
      }
      if (has('constants.pkl'))
        throw new ValueError('it is a TorchScript program; expected a file of torch.export.save');
      if (has('data.pkl')) throw new ValueError('it is a file of torch.save; expected one of torch.export.save');
      throw new ValueError("it is a ZIP file, but not one of torch.export.save: it has no entry 'archive_format'");
    }
    const archive = new Archive(zip, root, options);
    const format = archive.text('archive_format', 20);
    if (format !== 'pt2') {
      throw new ValueError(`entry '${root}archive_format': the format is ${JSON.stringify(format)}; expected "pt2"`);
    }
    return archive;
  }

  /** The program of a name, as JSON. */
  program(name: string): JsonReader {
    const prefix = `${this.root}models/`;
    if (!this.zip.entries.has(`${prefix}${name}.json`)) {
      const names = [...this.zip.entries.keys()].filter((entry) => entry.startsWith(prefix) && entry.endsWith('.json'));
      const list = names.map((entry) => `'${entry.slice(prefix.length, -5)}'`).join(', ');
      throw new ValueError(`there is no program '${name}' in the directory; it has ${list === '' ? 'none' : list}`);
    }
    return this.json(`models/${name}.json`);
  }

  /** The tensors of a program's `weights` or `constants`, by name. Refuses what is not a tensor. */
  payloads(kind: 'weights' | 'constants', program: string): Map<string, Payload> {
    const name = `data/${kind}/${program}_${kind}_config.json`;
    return at(`entry '${this.root}${name}'`, () => {
      const config = this.json(name).field('config').entries();
      return new Map(config.map(([key, entry]) => [key, this.payload(`data/${kind}/`, entry)]));
    });
  }

  /** Runs `body` with the errors of an entry. */
  in<T>(name: string, body: () => T): T {
    return at(`entry '${this.root}${name}'`, body);
  }

  /** Reads the storages that would not be mapped, in steps. */
  *preload(): Steps<void> {
    for (const entry of this.zip.entries.values()) {
      const name = entry.name.startsWith(this.root) ? entry.name.slice(this.root.length) : '';
      if (!STORAGE.test(name) || entry.isDeflated || this.maps(entry)) continue;
      this.preloaded.set(entry.name, yield* this.zip.readingTensor(entry));
    }
  }

  /** Lets go of the bytes; tensors keep them. */
  dispose(): void {
    for (const { storage } of this.storages.values()) storage.dispose();
    for (const bytes of this.preloaded.values()) bytes.dispose();
  }

  private payload(folder: string, entry: JsonReader): Payload {
    const path = entry.field('path_name');
    const meta = entry.optional('tensor_meta');
    if (meta === null || entry.field('use_pickle').boolean()) {
      entry.refuse(`is not a plain tensor, but a pickled object (${path.string().slice(0, 80)}), which is not read`);
    }
    const dtype = readDtype(meta.field('dtype'));
    const [sizes, strides] = ['sizes', 'strides'].map((name) => meta.field(name).items().map(readStaticSize));
    const offset = readStaticSize(meta.field('storage_offset'));
    const isValid = [...sizes, ...strides, offset].every((size) => size >= 0) && sizes.length === strides.length;
    if (!isValid || sizes.length > MAX_DIMENSIONS) meta.refuse('has sizes, strides or an offset that no tensor has');
    if (meta.field('layout').integer() !== 7) meta.field('layout').refuse('must be that of dense tensors');
    const location = readDevice(meta.field('device')).toString();
    const storage = this.storage(`${this.root}${folder}${path.string()}`, location);
    return {
      // PyTorch writes nothing for tensors without elements.
      tensor: at(entry.place, () => storage.tensor(dtype, sizes.includes(0) ? 0 : offset, sizes, strides)),
      isParameter: entry.field('is_param').boolean(),
      requiresGrad: meta.field('requires_grad').boolean(),
      location,
    };
  }

  private storage(name: string, location: string): StoredStorage {
    const known = this.storages.get(name);
    if (known?.location === location) return known.storage;
    if (known !== undefined)
      throw new ValueError(`entry '${name}' is on two devices, ${known.location} and ${location}`);
    const entry = this.entry(name);
    const device = new Device(this.options.deviceOf(location));
    const bytes = this.preloaded.get(name) ?? this.zip.tensor(entry, { mmap: this.maps(entry) });
    const storage = new StoredStorage({ bytes, isSwapped: this.isSwapped }, undefined, device, entry.size);
    this.storages.set(name, { storage, location });
    return storage;
  }

  private maps({ start }: ZipEntry): boolean {
    return this.options.mmap && start % ALIGNMENT === 0;
  }

  private entry(name: string): ZipEntry {
    const entry = this.zip.entries.get(name);
    if (entry === undefined) throw new ValueError(`there is no entry '${name}'`);
    if (entry.isDeflated)
      throw new ValueError(`entry '${name}' is compressed; torch.export.save stores entries as they are`);
    return entry;
  }

  private bytes(name: string): Buffer {
    const entry = this.entry(`${this.root}${name}`);
    return this.zip.file.read(entry.start, entry.size);
  }

  private text(name: string, limit: number): string {
    return this.bytes(name).subarray(0, limit).toString('latin1').trim();
  }

  private json(name: string): JsonReader {
    return this.in(name, () => {
      const cursor = new JsonCursor(this.bytes(name).toString('utf8'), MAX_JSON_DEPTH);
      const value = cursor.value(SKIPPED);
      cursor.end();
      return new JsonReader(value);
    });
  }

  private byteOrder(): 'little' | 'big' {
    if (!this.zip.entries.has(`${this.root}byteorder`)) return 'little';
    const order = this.text('byteorder', 20);
    if (order === 'little' || order === 'big') return order;
    throw new ValueError(
      `entry '${this.root}byteorder': the byte order is ${JSON.stringify(order)}; expected little or big`,
    );
  }
}
