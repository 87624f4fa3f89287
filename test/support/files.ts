/** For tests of file formats: a folder, and tensors bit for bit. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { Tensor } from '../../lib';
import { bytesOfValues } from '../../lib/files/tensor-bytes';
import { native } from '../../lib/native';

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
