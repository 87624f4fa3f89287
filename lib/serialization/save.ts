/** `torch.save`. */

import { copyDense, isPlainObject } from '../arguments';
import { Complex } from '../complex';
import { describeType, nameText, shortened } from '../describe';
import { Device } from '../device';
import { ValueError } from '../errors';
import { IS_LITTLE_ENDIAN, itemsizeOf } from '../files/element-layout';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type Take, takeItself, takeSnapshot } from '../files/tensor-bytes';
import { native } from '../native';
import { Parameter } from '../nn';
import { type Versions, versionsOf } from '../nn/module-state';
import { isUninitialized } from '../nn/uninitialized';
import { MAX_PICKLE_SIZE } from '../pickle/reader';
import { Counter } from '../pickle/values';
import { PickleWriter } from '../pickle/writer';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { ZipWriter } from '../zip/writer';
import { STORAGE_CLASSES } from './storages';

/** The folder in the archive. PyTorch uses the name of the file, and accepts any. */
const FOLDER = 'archive/';

/** Storages start at a multiple of this, as in PyTorch. */
const ALIGNMENT = 64;

/** Deeper than any checkpoint is nested. Keeps an endless structure from exhausting the stack. */
const MAX_DEPTH = 500;

const CLASS_OF = new Map([...STORAGE_CLASSES].map(([name, dtype]) => [dtype, name]));

/**
 * Writes a value into a file that Python's `torch.load` reads, also with `weights_only=True`; `torch.save`. The value is
 * any nesting of what {@link load} returns:
 *
 * - a plain object becomes a dict, a `stateDict()` an `OrderedDict`, a `Map` a dict with any keys;
 * - an array becomes a list, a frozen array a tuple, a `Set` a set;
 * - a number becomes an int if it is an integer, else a float; a bigint an int; a `Uint8Array` bytes;
 * - tensors, parameters, `Complex`, `Device`, strings, booleans and null keep their kind.
 *
 * Tensors that share memory share it in the file; as in PyTorch, the whole memory that a view is a part of is written. An
 * existing file is replaced atomically, when the new one is complete.
 *
 * @param value the value
 * @param file the file
 * @throws TypeError that names the place of a value of another kind, such as a module (save its `stateDict()`), a
 * function, undefined or a sparse tensor; ValueError if names and values that are not tensors take more than 64 MiB, which
 * {@link load} would refuse; RuntimeError inside a transform, where a tensor has no values; the operating
 * system's error if the file cannot be written
 * @example
 * ```ts
 * const net = new torch.nn.Linear(2, 3);
 * torch.save({ model: net.stateDict(), epoch: 5 }, 'checkpoint.pt');
 * const { model } = torch.load<{ model: torch.nn.StateDict }>('checkpoint.pt');
 * net.loadStateDict(model);
 * ```
 */
export function save(value: unknown, file: string): void {
  runNow(saving(value, file, takeItself));
}

export namespace save {
  /**
   * {@link save} off the event loop. It writes what the value is at the call: the pickle is made at once, and the tensors
   * are written as they were. The file appears when it is complete; if that fails or the signal aborts, nothing is left
   * behind.
   *
   * @param value as for {@link save}
   * @param file the file
   * @param options `signal`: an AbortSignal that ends the write
   * @returns a Promise that resolves when the file is complete; it is rejected with the errors of {@link save}
   * @example
   * ```ts
   * const net = new torch.nn.Linear(2, 3);
   * const saved = torch.save.async(net.stateDict(), 'checkpoint.pt');
   * torch.noGrad(() => net.weight.zero_()); // the file has the weights as they were
   * await saved;
   * ```
   */
  export const async = (value: unknown, file: string, options?: AsyncFileOptions): Promise<void> =>
    promiseOf('save.async', options, () => {
      withoutSignal('save.async', options, []);
      return saving(value, file, takeSnapshot);
    });
}

function saving(value: unknown, file: string, take: Take): Steps<void> {
  const pickler = new Pickler();
  pickler.value(value, 'value', 0);
  const storages = pickler.storages.map(({ value, bytes }) => ({ bytes, taken: take(native.storageBytes(value)) }));
  const pickle = pickler.finish();
  if (pickle.length > MAX_PICKLE_SIZE) {
    throw new ValueError(
      `save(): the names and the values that are not tensors take ${pickle.length} bytes, and load() reads at most ${MAX_PICKLE_SIZE}; save large data as tensors`,
    );
  }
  return writing(file, pickle, storages);
}

function* writing(
  file: string,
  pickle: Buffer,
  storages: readonly { readonly bytes: number; readonly taken: () => Tensor }[],
): Steps<void> {
  using archive = ZipWriter.create(file, { alignment: ALIGNMENT });
  const add = (name: string, content: Uint8Array | Tensor): Steps<void> => archive.adding(FOLDER + name, [content]);
  yield* add('data.pkl', pickle);
  yield* add('byteorder', Buffer.from(IS_LITTLE_ENDIAN ? 'little' : 'big'));
  for (const [key, { bytes, taken }] of storages.entries()) {
    using values = scope(() => taken().narrow(0, 0, bytes).cpu());
    yield* add(`data/${key}`, values);
  }
  yield* add('version', Buffer.from('3\n'));
  yield* archive.finishing();
}

class Pickler {
  /** A tensor over each storage, and the number of bytes to write, in the order of their keys. */
  readonly storages: { readonly value: Tensor; readonly bytes: number }[] = [];

  private readonly out = new PickleWriter();
  private readonly keys = new Map<number, { key: number; typename: string }>();

  finish(): Buffer {
    return this.out.finish();
  }

  /** Appends a value; `place` names it in errors. */
  value(value: unknown, place: string, depth: number): void {
    if (depth > MAX_DEPTH)
      throw new ValueError(`save(): ${place.slice(0, 100)}... is nested more than ${MAX_DEPTH} times`);
    if (value === null) this.out.none();
    else if (typeof value === 'boolean') this.out.boolean(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.out.integer(value);
    else if (typeof value === 'string') this.string(value, place);
    else if (typeof value !== 'object') refuse(place, value);
    else if (!this.out.recall(value)) this.object(value, place, depth + 1);
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.out.integer(value);
    else this.out.float(value);
  }

  private string(value: string, place: string): void {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError(`save(): ${place} has half of a surrogate pair`);
    this.out.string(value);
  }

  private object(value: object, place: string, depth: number): void {
    if (Array.isArray(value)) return this.array(value, place, depth);
    if (value instanceof Counter) return this.counter(value, place, depth);
    if (value instanceof Map) {
      return this.out.dict(value, [...value], ([key, item]) => {
        this.value(key, `a key of ${place}`, depth);
        this.value(item, `${place}.get(${shortened(String(key))})`, depth);
      });
    }
    if (isPlainObject(value) && !(value instanceof Complex)) return this.dict(value, place, depth);
    this.leaf(value, place, depth);
    this.out.remember(value);
  }

  private leaf(value: object, place: string, depth: number): void {
    if (native.isTensor(value)) this.tensor(value, place);
    else if (value instanceof Uint8Array) this.out.bytes(value);
    else if (value instanceof Set) this.set(value, place, depth);
    else if (value instanceof Device) this.device(value);
    else if (value instanceof Complex) this.complex(value);
    else refuse(place, value);
  }

  private array(value: readonly unknown[], place: string, depth: number): void {
    const items = copyDense(value).map((item, i) => [item, `${place}[${i}]`] as const);
    const append = ([item, at]: readonly [unknown, string]): void => this.value(item, at, depth);
    if (!Object.isFrozen(value)) return this.out.list(value, Array.from(items), append);
    this.out.tuple(() => items.forEach(append));
    this.out.remember(value);
  }

  private dict(value: Record<string, unknown>, place: string, depth: number): void {
    const versions = versionsOf(value);
    const item = ([key, item]: [string, unknown]): void => {
      this.string(key, `a key of ${place}`);
      this.value(item, `${place}[${nameText(key)}]`, depth);
    };
    this.out.dict(value, Object.entries(value), item, versions !== undefined);
    if (versions !== undefined && Object.keys(versions).length > 0) this.metadata(versions);
  }

  /** The attribute `_metadata` of a state dict: the version of each module. */
  private metadata(versions: Versions): void {
    this.out.state(() => {
      this.out.dict({}, [null], () => {
        this.out.string('_metadata');
        const entry = ([prefix, version]: [string, number]): void => {
          this.out.string(prefix.replace(/\.$/, ''));
          this.out.dict({}, [version], () => {
            this.out.string('version');
            this.out.integer(version);
          });
        };
        this.out.dict({}, Object.entries(versions), entry, true);
      });
    });
  }

  private counter(value: Counter, place: string, depth: number): void {
    this.out.call('collections', 'Counter', () => this.value(new Map(value), place, depth));
    this.out.remember(value);
  }

  private set(value: ReadonlySet<unknown>, place: string, depth: number): void {
    this.out.call('builtins', 'set', () => {
      this.out.list({}, [...value], (item) => this.value(item, `an element of ${place}`, depth));
    });
  }

  private device({ type, index }: Device): void {
    this.out.call('torch', 'device', () => {
      this.out.string(type);
      if (index !== null) this.out.integer(index);
    });
  }

  private complex({ re, im }: Complex): void {
    this.out.call('builtins', 'complex', () => {
      this.out.float(re);
      this.out.float(im);
    });
  }

  private tensor(tensor: Tensor, place: string): void {
    if (tensor.layout !== 'strided') {
      throw new TypeError(`save(): ${place} has the layout ${tensor.layout}; convert it with x.toDense()`);
    }
    if (isUninitialized(tensor)) {
      throw new TypeError(`save(): ${place} has no shape yet; call the lazy module that it belongs to first`);
    }
    if (!(tensor instanceof Parameter)) return this.rebuild(tensor, tensor.requiresGrad, place);
    this.out.call('torch._utils', '_rebuild_parameter', () => {
      this.rebuild(tensor, false, place);
      this.out.boolean(tensor.requiresGrad);
      this.hooks();
    });
  }

  private rebuild(tensor: Tensor, requiresGrad: boolean, place: string): void {
    if (tensor.isMeta) return this.rebuildMeta(tensor, requiresGrad);
    const value = native.storedValue(tensor);
    const { dtype } = value;
    const typename = CLASS_OF.get(dtype);
    this.out.call('torch._utils', typename === undefined ? '_rebuild_tensor_v3' : '_rebuild_tensor_v2', () => {
      this.storage(value, typename, place);
      this.out.integer(value.storageOffset());
      this.sizes(value.shape);
      this.sizes(value.stride() as number[]);
      this.out.boolean(requiresGrad);
      this.hooks();
      if (typename === undefined) this.out.global('torch', dtype);
    });
  }

  private rebuildMeta(tensor: Tensor, requiresGrad: boolean): void {
    this.out.call('torch._utils', '_rebuild_meta_tensor_no_storage', () => {
      this.out.global('torch', tensor.dtype);
      this.sizes(tensor.shape);
      this.sizes(tensor.stride() as number[]);
      this.out.boolean(requiresGrad);
    });
  }

  /** The persistent id of a storage; one that several tensors share is written once. */
  private storage(value: Tensor, typename: string | undefined, place: string): void {
    const { id, bytes } = native.storageOf(value);
    const known = this.keys.get(id) ?? { key: this.storages.length, typename: typename ?? '' };
    if (known.typename !== (typename ?? '')) {
      throw new TypeError(
        `save(): ${place} views the memory of another tensor as ${value.dtype}; save a copy, x.clone()`,
      );
    }
    const itemsize = typename === undefined ? 1 : itemsizeOf(value.dtype);
    // Memory of another dtype may end with a part of an element, which PyTorch would not read.
    const count = Math.floor(bytes / itemsize);
    // Keeps the tensor, so that no other storage gets its id.
    if (!this.keys.has(id)) this.storages.push({ value, bytes: count * itemsize });
    this.keys.set(id, known);
    this.out.persistent(() => {
      this.out.string('storage');
      if (typename === undefined) this.out.global('torch.storage', 'UntypedStorage');
      else this.out.global('torch', typename);
      this.out.string(String(known.key));
      this.out.string(value.device.toString());
      this.out.integer(count);
    });
  }

  private sizes(sizes: readonly number[]): void {
    this.out.tuple(() => sizes.forEach((size) => this.out.integer(size)));
  }

  /** No backward hooks. */
  private hooks(): void {
    this.out.call('collections', 'OrderedDict', () => undefined);
  }
}

function refuse(place: string, value: unknown): never {
  const isModule = typeof value === 'function' && 'stateDict' in value;
  const hint = isModule ? 'save its stateDict()' : 'expected tensors, containers, numbers and strings';
  throw new TypeError(`save(): ${place} is ${describeType(value)}, which a weight file cannot hold; ${hint}`);
}
