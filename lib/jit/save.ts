/** `torch.jit.save`. */

import { checkOptions, isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { AtomicFile } from '../files/atomic-file';
import { native } from '../native';
import { ScriptModule } from './script-module';

/** Options of {@link save}. */
export interface SaveScriptOptions {
  /** Files to add, by name; Python's `_extra_files`. */
  extraFiles?: Readonly<Record<string, string | Uint8Array>> | null;
}

/**
 * Writes a scripted module with its present parameters, buffers and attributes into a file that Python's `torch.jit.load`
 * reads; `torch.jit.save`. An existing file is replaced atomically.
 *
 * @throws TypeError for anything but a {@link ScriptModule}; RuntimeError inside a transform, where a tensor has no values;
 *   the operating system's error if the file cannot be written.
 * @example
 * ```ts
 * const model = torch.jit.load('scripted.pt');
 * torch.noGrad(() => model.parameters().forEach((parameter) => parameter.mul_(0.5)));
 * torch.jit.save(model, 'halved.pt', { extraFiles: { 'note.txt': 'weights halved' } });
 * ```
 */
export function save(module: ScriptModule<never, unknown>, file: string, options: SaveScriptOptions = {}): void {
  const { extraFiles } = checkOptions('jit.save', options, ['extraFiles']);
  if (!(module instanceof ScriptModule)) {
    throw new TypeError(
      `jit.save(): argument 'module' must be a module of torch.jit.load, not ${describeType(module)}`,
    );
  }
  if (extraFiles != null && !isPlainObject(extraFiles)) {
    throw new TypeError(`jit.save(): option 'extraFiles' must be an object, not ${describeType(extraFiles)}`);
  }
  const extra = Object.entries(extraFiles ?? {}).map(([name, content]): [string, Uint8Array] => {
    if (typeof content === 'string') return [name, Buffer.from(content)];
    if (content instanceof Uint8Array) return [name, content];
    throw new TypeError(
      `jit.save(): the extra file '${name}' must be a string or a Uint8Array, not ${describeType(content)}`,
    );
  });
  const { handle, tensors, modes } = module._state();
  const bytes = native.jitSave(handle, tensors, modes, extra);
  using output = AtomicFile.create(file);
  output.writeAt(0, bytes);
  output.commit();
}
