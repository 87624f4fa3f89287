/**
 * Checks a pickle of a TorchScript file. libtorch's unpickler, which reads it afterwards, trusts its input: it reads past
 * its stack, and makes tensors that reach outside of their memory.
 */

import { Device } from '../device';
import { ValueError } from '../errors';
import { native } from '../native';
import { readPickle } from '../pickle/reader';
import { PyDict, PyGlobal, PyObject, PySequence, describePython } from '../pickle/values';
import { GLOBALS } from '../serialization/globals';
import { storageOf } from '../serialization/load';
import { STORAGE_CLASSES, type StorageReader } from '../serialization/storages';
import { checkCode } from './code';

/** Deeper than any state of a module. */
const MAX_DEPTH = 200;

/** What TorchScript shares with files of `torch.save`. */
const SHARED = [
  'torch._utils._rebuild_tensor_v2',
  'collections.OrderedDict',
  'builtins.complex',
  ...[...STORAGE_CLASSES.keys()].map((name) => `torch.${name}`),
];

const isInteger = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value);
const isFloat = (value: unknown): boolean => typeof value === 'number';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isTensor = (value: unknown): boolean => native.isTensor(value);

/** A list whose elements have one type. */
const listOf =
  (isElement: (value: unknown) => boolean) =>
  (args: readonly unknown[]): unknown => {
    const [list] = args;
    if (args.length === 1 && list instanceof PySequence && list.isList && list.items.every(isElement)) return list;
    throw new ValueError(`expected a list of elements of one type, found ${describePython(list)}`);
  };

/** A list or dict whose type the pickle names. */
function restoreTypeTag(args: readonly unknown[]): unknown {
  const [value, type] = args;
  const isCollection = (value instanceof PySequence && value.isList) || value instanceof PyDict;
  if (args.length !== 2 || !isCollection || typeof type !== 'string') {
    throw new ValueError(`expected a list or a dict, and its type; found ${args.map(describePython).join(', ')}`);
  }
  checkCode(type);
  return value;
}

function device(args: readonly unknown[]): unknown {
  if (args.length === 1 && typeof args[0] === 'string') return new Device(args[0]);
  throw new ValueError(`expected the name of a device, found ${args.map(describePython).join(', ')}`);
}

const OWN: readonly PyGlobal[] = [
  new PyGlobal('torch.device', device),
  new PyGlobal('torch.jit._pickle.restore_type_tag', restoreTypeTag),
  new PyGlobal('torch.jit._pickle.build_intlist', listOf(isInteger)),
  new PyGlobal('torch.jit._pickle.build_doublelist', listOf(isFloat)),
  new PyGlobal('torch.jit._pickle.build_boollist', listOf(isBoolean)),
  new PyGlobal('torch.jit._pickle.build_tensorlist', listOf(isTensor)),
];

const FIXED: ReadonlyMap<string, PyGlobal> = new Map([
  ...SHARED.map((name) => [name, GLOBALS.get(name)!] as const),
  ...OWN.map((global) => [global.name, global] as const),
]);

const globals = {
  get(name: string): PyGlobal | undefined {
    if (name.startsWith('__torch__.torch.classes.')) {
      throw new ValueError(
        `objects of the C++ class ${name.slice('__torch__.torch.classes.'.length)} are not supported`,
      );
    }
    return /^__torch__(\.\w+)+$/.test(name) ? new PyGlobal(name, undefined, undefined, true) : FIXED.get(name);
  },
};

/**
 * Checks that a pickle contains nothing but tensors, containers, numbers, strings and objects of classes of the file, and
 * that every tensor lies in its storage.
 *
 * @throws ValueError that names the byte.
 */
export function checkPickle(bytes: Buffer, storages: StorageReader): void {
  const values: object[] = [];
  try {
    readPickle(bytes, {
      globals,
      hasObjects: true,
      file: 'a TorchScript file',
      persistent: (id) => storageOf(id, storages),
      created: (value) => void values.push(value),
    });
    checkDepth(values);
  } finally {
    for (const value of values) if (native.isTensor(value)) value.dispose();
  }
}

function childrenOf(container: object): unknown[] {
  if (container instanceof PySequence) return container.items;
  if (container instanceof PyDict) return [...container.entries].flat();
  return container instanceof PyObject ? [container.state] : [];
}

/** Values are destroyed recursively, also those that are not part of the result. */
function checkDepth(values: readonly object[]): void {
  const depths = new Map<object, number>();
  const visit = (value: unknown, level: number): number => {
    if (typeof value !== 'object' || value === null) return 0;
    const known = depths.get(value);
    if (known !== undefined) {
      if (known < 0) throw new ValueError('a value contains itself');
      return known;
    }
    if (level > MAX_DEPTH) throw new ValueError('the values are nested too deeply');
    depths.set(value, -1);
    const depth = 1 + childrenOf(value).reduce<number>((most, child) => Math.max(most, visit(child, level + 1)), 0);
    if (depth > MAX_DEPTH) throw new ValueError('the values are nested too deeply');
    depths.set(value, depth);
    return depth;
  };
  for (const value of values) visit(value, 0);
}
