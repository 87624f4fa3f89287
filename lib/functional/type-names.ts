/** The names of tensor types, for `Tensor.type()` and `torch.typename`. */

import type { Dtype } from '../dtype';
import { isDtype } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';

const SCALAR_TYPES: Record<Dtype, string> = {
  bool: 'Bool',
  uint8: 'Byte',
  int8: 'Char',
  int16: 'Short',
  int32: 'Int',
  int64: 'Long',
  uint16: 'UInt16',
  uint32: 'UInt32',
  uint64: 'UInt64',
  float16: 'Half',
  bfloat16: 'BFloat16',
  float32: 'Float',
  float64: 'Double',
  complex32: 'ComplexHalf',
  complex64: 'ComplexFloat',
  complex128: 'ComplexDouble',
};

/** libtorch's name of a dtype: `'Float'` for float32. */
export function scalarTypeName(dtype: Dtype): string {
  return SCALAR_TYPES[dtype];
}

/** The name of a tensor's type: `'torch.FloatTensor'`, `'torch.cuda.sparse.LongTensor'`. */
export function tensorTypeName(tensor: Tensor): string {
  const { type } = tensor.device;
  const backend = type === 'cpu' ? [] : [type];
  if (tensor.layout.startsWith('sparse')) backend.push('sparse');
  return ['torch', ...backend, `${SCALAR_TYPES[tensor.dtype]}Tensor`].join('.');
}

/**
 * The dtype and device type that a type name stands for. The layout in a name is ignored, as in PyTorch.
 *
 * @throws ValueError for a string that is neither a dtype nor a type name.
 */
export function parseTypeName(name: string): { dtype: Dtype; device: string | null } {
  if (isDtype(name)) return { dtype: name, device: null };
  const match = /^torch\.(?:(cuda|meta)\.)?(?:sparse\.)?(\w+)Tensor$/.exec(name);
  const found = match && Object.entries(SCALAR_TYPES).find(([, scalarType]) => scalarType === match[2]);
  if (!match || !found) throw new ValueError(`invalid type: '${name}'`);
  return { dtype: found[0] as Dtype, device: match[1] ?? 'cpu' };
}

/**
 * The name of a value's type; `torch.typename`. A tensor gives the name of PyTorch's tensor type, a class or
 * function its own name, any other value the name of its constructor or its `typeof`.
 *
 * @example
 * ```ts
 * torch.typename(torch.tensor([1n])); // 'torch.LongTensor'
 * torch.typename(new Map()); // 'Map'
 * ```
 */
export function typename(value: unknown): string {
  if (native.isTensor(value)) return tensorTypeName(value);
  if (typeof value === 'function') return value.name;
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return (value as { constructor?: { name?: string } }).constructor?.name ?? 'object';
}
