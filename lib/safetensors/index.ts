/** `torch.safetensors`: reads and writes `.safetensors` files, as Python's package `safetensors.torch`. */

import type { DeviceLike } from '../device';
import { checkOptions } from '../arguments';
import type { Tensor } from '../tensor';
import { SafetensorsFile } from './reader';

export { SafetensorsFile } from './reader';
export { saveFile } from './writer';

/**
 * Opens a `.safetensors` file and reads its header, or all headers of a checkpoint of several files, given by its
 * `*.index.json`. The values are read when they are used.
 *
 * @param file the file, or an index; the files that an index names must be in its own folder
 * @throws ValueError that names the file and the place if a header is malformed, or the ranges of the tensors overlap
 * or do not fill the file; the operating system's error if the file cannot be opened
 */
export function open(file: string): SafetensorsFile {
  return SafetensorsFile.open(file);
}

/**
 * Reads all tensors of a `.safetensors` file, or of a checkpoint of several files, given by its `*.index.json`; Python's
 * `safetensors.torch.load_file`. On the CPU the values are mapped from the file: they are read when they are used, and
 * not copied. A write to a tensor does not reach the file.
 *
 * @param file the file, or an index
 * @param options `device`: where to put the tensors; `'cpu'` by default
 * @returns the tensors by name
 * @throws the errors of {@link open}; ValueError for a bool value other than 0 and 1
 * @example
 * ```ts
 * torch.safetensors.saveFile({ x: torch.tensor([1, 2]) }, 'x.safetensors');
 * torch.safetensors.loadFile('x.safetensors').x; // [1, 2]
 * ```
 */
export function loadFile(file: string, options: { device?: DeviceLike } = {}): Record<string, Tensor> {
  const { device } = checkOptions('safetensors.loadFile', options, ['device']);
  using opened = SafetensorsFile.open(file);
  const entries = opened.keys().map((name) => [name, opened.get(name)] as const);
  return Object.fromEntries(entries.map(([name, tensor]) => [name, device == null ? tensor : tensor.to(device)]));
}
