/** `torch.safetensors`: reads and writes `.safetensors` files, as Python's package `safetensors.torch`. */

import type { DeviceLike } from '../device';
import { checkOptions } from '../arguments';
import { type AsyncFileOptions, type Steps, promiseOf, withoutSignal } from '../files/steps';
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

/** Options of {@link loadFile}. */
export interface SafetensorsLoadOptions {
  /** Where to put the tensors; `'cpu'` by default. */
  device?: DeviceLike;
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
export function loadFile(file: string, options: SafetensorsLoadOptions = {}): Record<string, Tensor> {
  const { device } = checkOptions('safetensors.loadFile', options, ['device']);
  using opened = SafetensorsFile.open(file);
  const entries = opened.keys().map((name) => [name, opened.get(name)] as const);
  return Object.fromEntries(entries.map(([name, tensor]) => [name, device == null ? tensor : tensor.to(device)]));
}

export namespace loadFile {
  /**
   * {@link loadFile} off the event loop. The values are read, not mapped: mapped ones would be read on the event loop, when
   * they are used.
   *
   * @param file the file, or an index
   * @param options those of {@link loadFile}, and `signal`: an AbortSignal that ends the read
   * @returns a Promise of what {@link loadFile} returns; it is rejected with the errors of {@link loadFile}
   * @example
   * ```ts
   * torch.safetensors.saveFile({ x: torch.tensor([1, 2]) }, 'x.safetensors');
   * const { x } = await torch.safetensors.loadFile.async('x.safetensors');
   * x; // [1, 2]
   * ```
   */
  export const async = (
    file: string,
    options?: SafetensorsLoadOptions & AsyncFileOptions,
  ): Promise<Record<string, Tensor>> =>
    promiseOf('safetensors.loadFile.async', options, () =>
      loading(file, withoutSignal<SafetensorsLoadOptions>('safetensors.loadFile.async', options, ['device'])),
    );
}

function* loading(path: string, { device }: SafetensorsLoadOptions): Steps<Record<string, Tensor>> {
  using file = SafetensorsFile.open(path);
  const tensors: [string, Tensor][] = [];
  for (const name of file.keys()) {
    const tensor = yield* file.reading(name);
    tensors.push([name, device == null ? tensor : tensor.to(device)]);
  }
  return Object.fromEntries(tensors);
}
