// Weight files and programs that are read and written; files.py has the same under the same names.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from './processes.mjs';

/** @typedef {typeof import('../dist/index.js')} Torch */
/** @typedef {import('../dist/index.js').Tensor} Tensor */

/** 64 MB in tensors of 4 MB. */
const [TENSORS, SIDE] = [16, 1024];

/** In memory, where there is such a folder: a disk would be measured instead. */
const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
let folder = '';

/** A path of a file that is removed with the process. @param {string} name */
function at(name) {
  if (folder === '') {
    folder = fs.mkdtempSync(path.join(parent, 'torch-func-bench-'));
    process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  }
  return path.join(folder, name);
}

/** @param {Torch} torch @returns {Record<string, () => () => unknown>} */
export function makeFileCases(torch) {
  const weights = () =>
    Object.fromEntries(
      Array.from({ length: TENSORS }, (_, i) => [
        `layer${10 + i}`,
        torch.linspace(-i, 1, SIDE * SIDE).view(SIDE, SIDE),
      ]),
    );
  /** @type {(name: string, write: (values: Record<string, Tensor>, file: string) => void, read: (file: string) => unknown) => () => () => unknown} */
  const reading = (name, write, read) => () => {
    write(weights(), at(name));
    return () => read(at(name));
  };
  /** @type {(name: string, write: (values: Record<string, Tensor>, file: string) => void) => () => () => unknown} */
  const writing = (name, write) => () => {
    const values = weights();
    return () => {
      write(values, at(name));
      return torch.tensor(Number(fs.statSync(at(name)).size > 4 * TENSORS * SIDE * SIDE));
    };
  };
  const saveNpz = (/** @type {Record<string, Tensor>} */ values, /** @type {string} */ file) =>
    torch.npz.save(file, values);
  return {
    torchLoad: reading('a.pt', torch.save, (file) => torch.load(file)),
    torchSave: writing('b.pt', torch.save),
    safetensorsLoad: reading('a.safetensors', torch.safetensors.saveFile, torch.safetensors.loadFile),
    safetensorsSave: writing('b.safetensors', torch.safetensors.saveFile),
    npzLoad: reading('a.npz', saveNpz, torch.npz.load),
    npzSave: writing('b.npz', saveNpz),
    exportLoad: () => {
      const file = path.join(packageRoot, 'test', 'fixtures', 'sample.pt2');
      return () => Object.values(torch.export.load(file).stateDict).map((tensor) => tensor.double());
    },
  };
}
