/** The allow-list of `torch.load`: what a pickle may name, and what a call of it returns. As in PyTorch's `weights_only`. */

import { Complex } from '../complex';
import { Device } from '../device';
import { type Dtype, isDtype } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import { Parameter } from '../nn';
import { torchFunctions } from '../operators';
import { PyDict, PyGlobal, PySequence, PySet, describePython } from '../pickle/values';
import type { Tensor } from '../tensor';
import { STORAGE_CLASSES, StoredStorage } from './storages';

/** A dtype, which a pickle tells from a string. */
export class PyDtype {
  constructor(readonly dtype: Dtype) {}
}

/** A storage class: the dtype of its elements, undefined for bytes. */
export class PyStorageClass {
  constructor(readonly dtype: Dtype | undefined) {}
}

/** The limit of PyTorch. */
const MAX_DIMENSIONS = 64;

const DTYPE_NAMES = [
  ...['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64'],
  ...['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu'],
  ...['float16', 'bfloat16', 'float32', 'float64', 'complex32', 'complex64', 'complex128'],
].filter(isDtype);

const LAYOUTS = ['strided', 'sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc'];

function fail(expected: string, found: unknown): never {
  throw new ValueError(`expected ${expected}, found ${describePython(found)}`);
}

const integer = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fail('a size', value);
const boolean = (value: unknown): boolean => (typeof value === 'boolean' ? value : fail('a boolean', value));
const string = (value: unknown): string => (typeof value === 'string' ? value : fail('a string', value));
const number = (value: unknown): number => (typeof value === 'number' ? value : fail('a number', value));

function sequence(value: unknown): unknown[] {
  return value instanceof PySequence ? value.items : fail('a tuple or a list', value);
}

function sizes(value: unknown): number[] {
  const items = sequence(value);
  if (items.length > MAX_DIMENSIONS) throw new ValueError(`a tensor of ${items.length} dimensions; the limit is 64`);
  return items.map(integer);
}

function dtypeOf(value: unknown): Dtype {
  const constant = value instanceof PyGlobal ? value.value : value;
  return constant instanceof PyDtype ? constant.dtype : fail('a dtype', value);
}

function tensorOf(value: unknown): Tensor {
  return native.isTensor(value) ? value : fail('a tensor', value);
}

/** Takes the pending conjugation and negation of a tensor over. */
function withMetadata(tensor: Tensor, metadata: unknown): Tensor {
  if (metadata === undefined || metadata === null) return tensor;
  if (!(metadata instanceof PyDict)) fail('a dict', metadata);
  let result = tensor;
  for (const [key, isSet] of metadata.entries) {
    if (!boolean(isSet)) continue;
    if (key === 'conj') result = result.conj();
    else if (key === 'neg') result = torchFunctions._negView(result);
    else fail("'conj' or 'neg'", key);
  }
  return result;
}

function requiring(tensor: Tensor, requiresGrad: unknown): Tensor {
  return boolean(requiresGrad) ? native.requiresGrad_(tensor, true) : tensor;
}

/** `_rebuild_tensor(storage, offset, size, stride)`, with the dtype of the storage or a given one. */
function rebuild([storage, offset, size, stride]: readonly unknown[], dtype?: Dtype): Tensor {
  if (!(storage instanceof StoredStorage)) fail('a storage', storage);
  const element = dtype ?? storage.dtype ?? fail('a typed storage', storage);
  return storage.tensor(element, integer(offset), sizes(size), sizes(stride));
}

function rebuildV2([storage, offset, size, stride, requiresGrad, , metadata]: readonly unknown[]): Tensor {
  return withMetadata(requiring(rebuild([storage, offset, size, stride]), requiresGrad), metadata);
}

function rebuildV3(args: readonly unknown[]): Tensor {
  const [storage, offset, size, stride, requiresGrad, , dtype, metadata] = args;
  return withMetadata(requiring(rebuild([storage, offset, size, stride], dtypeOf(dtype)), requiresGrad), metadata);
}

function rebuildMeta([dtype, size, stride, requiresGrad]: readonly unknown[]): Tensor {
  const tensor = torchFunctions.emptyStrided(sizes(size), sizes(stride), { dtype: dtypeOf(dtype), device: 'meta' });
  return requiring(tensor, requiresGrad);
}

function rebuildParameter([data, requiresGrad]: readonly unknown[]): Parameter {
  return new Parameter(tensorOf(data), boolean(requiresGrad));
}

/** A tensor or parameter with attributes, which JavaScript's do not have. */
function rebuildFromType([func, type, args]: readonly unknown[]): unknown {
  if (!(func instanceof PyGlobal && func.name.startsWith('torch._utils._rebuild_') && func.call !== undefined)) {
    fail('a function that makes a tensor', func);
  }
  if (!(type instanceof PyGlobal && type.name === 'torch.Tensor')) fail('torch.Tensor', type);
  return func.call(sequence(args));
}

function makeDevice([type, index]: readonly unknown[]): Device {
  return index === undefined || index === null ? new Device(string(type)) : new Device(string(type), integer(index));
}

/** `_codecs.encode(text, 'latin1')`: how a pickle of protocol 2 writes bytes. */
function encodeLatin1([text, encoding]: readonly unknown[]): Uint8Array {
  if (encoding !== 'latin1' && encoding !== 'latin-1') fail("'latin1'", encoding);
  const characters = string(text);
  if (/[^\p{ASCII}\u0080-\u00ff]/u.test(characters)) throw new ValueError('a character of the text is no byte');
  return Uint8Array.from(Buffer.from(characters, 'latin1'));
}

function makeBytes(args: readonly unknown[]): Uint8Array {
  if (args.length === 0) return new Uint8Array(0);
  return args[0] instanceof Uint8Array ? args[0].slice() : encodeLatin1(args);
}

function makeOrderedDict([items]: readonly unknown[]): PyDict {
  const dict = new PyDict(true);
  for (const item of items === undefined ? [] : sequence(items)) {
    const [key, value] = sequence(item);
    dict.entries.set(string(key), value);
  }
  return dict;
}

const FUNCTIONS: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  '_codecs.encode': encodeLatin1,
  'builtins.bytearray': makeBytes,
  'builtins.bytes': makeBytes,
  'builtins.complex': ([re, im]) => new Complex(number(re), number(im)),
  'builtins.set': ([items]) => new PySet(new Set(sequence(items))),
  'collections.Counter': ([dict]) => (dict instanceof PyDict ? dict : fail('a dict', dict)),
  'collections.OrderedDict': makeOrderedDict,
  'torch.Size': ([items]) => new PySequence(sizes(items), false),
  'torch.device': makeDevice,
  'torch.serialization._get_layout': ([name]) => {
    const layout = string(name).replace(/^torch\./, '');
    return LAYOUTS.includes(layout) ? layout : fail('a layout', name);
  },
  'torch._utils._rebuild_tensor': (args) => rebuild(args),
  'torch._utils._rebuild_tensor_v2': rebuildV2,
  'torch._utils._rebuild_tensor_v3': rebuildV3,
  'torch._utils._rebuild_meta_tensor_no_storage': rebuildMeta,
  'torch._utils._rebuild_parameter': rebuildParameter,
  'torch._utils._rebuild_parameter_with_state': rebuildParameter,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
};

/** Everything that a pickle may name. */
export const GLOBALS: ReadonlyMap<string, PyGlobal> = new Map(
  [
    ...Object.entries(FUNCTIONS).map(([name, call]) => new PyGlobal(name, call)),
    ...DTYPE_NAMES.map((dtype) => new PyGlobal(`torch.${dtype}`, undefined, new PyDtype(dtype))),
    ...[...STORAGE_CLASSES].map(([name, dtype]) => new PyGlobal(`torch.${name}`, undefined, new PyStorageClass(dtype))),
    new PyGlobal('torch.storage.UntypedStorage', undefined, new PyStorageClass(undefined)),
    new PyGlobal('torch.Tensor'),
    new PyGlobal('torch.nn.parameter.Parameter'),
  ].map((global) => [global.name, global]),
);
