/** For tests of file formats: a folder, and tensors bit for bit. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { isPlainObject } from '../../lib/arguments';
import { bytesOfValues } from '../../lib/files/tensor-bytes';
import { native } from '../../lib/native';
import { versionsOf } from '../../lib/nn/module-state';

/** A tensor with all its bits, as `described` of run_files.py. */
export interface TensorBits {
  tensor: string;
  shape: number[];
  hex: string;
}

/** Creates a folder, which is removed after the tests of the file. */
export function makeFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-files-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A tensor with all its bits. */
export function bitsOf(tensor: Tensor): TensorBits {
  const hex = Buffer.from(native.data(bytesOfValues(tensor)) as Uint8Array).toString('hex');
  return { tensor: tensor.dtype, shape: tensor.shape, hex };
}

/** The bits of each tensor of an object. */
export function allBits(tensors: Record<string, Tensor>): Record<string, TensorBits> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, bitsOf(tensor)]));
}

/** A value as JSON that shows Python's types, as `described` of run_files.py. */
export function described(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Math.abs(value) < 2 ** 53) return value;
  if (value instanceof torch.Tensor) return describedTensor(value);
  if (Array.isArray(value)) return { [Object.isFrozen(value) ? 'tuple' : 'list']: value.map(described) };
  if (value instanceof Set) return { set: [...value].map(described) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Map) return { dict: [...value].map((entry) => entry.map(described)), ordered: false };
  if (isPlainObject(value) && !(value instanceof torch.Complex) && !(value instanceof torch.Device)) {
    const items = Object.entries(value).map((entry) => entry.map(described));
    return { dict: items, ordered: versionsOf(value) !== undefined };
  }
  return { text: String(value).replace('NaN', 'nan').replace('Infinity', 'inf') };
}

function describedTensor(value: Tensor): unknown {
  if (value.isMeta) return { tensor: value.dtype, shape: value.shape, meta: true };
  const flags = { ...(value.requiresGrad && { requiresGrad: true }) };
  return { ...bitsOf(value), ...flags, ...(value instanceof torch.nn.Parameter && { parameter: true }) };
}
