/** `torch.jit.load`. */

import { checkOptions, isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { Device, type DeviceLike } from '../device';
import { OutOfMemoryError, ValueError } from '../errors';
import { at, messageOf, stepsReading } from '../files/failure';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type JitArchive, type ScriptProgram, native } from '../native';
import { Parameter } from '../nn/parameter';
import { deviceChooser } from '../serialization/map-location';
import type { Tensor } from '../tensor';
import { ZipReader } from '../zip/reader';
import { type ArchiveOptions, readArchive } from './archive';
import { ScriptModule } from './script-module';

const LOAD_OPTIONS = ['mapLocation', 'extraFiles'] as const;

/** Options of {@link load}. */
export interface LoadScriptOptions {
  /** The device of all tensors; by default those that they were on. */
  mapLocation?: DeviceLike | null;
  /**
   * An object whose keys are names of files that Python's `torch.jit.save` added as `_extra_files`. As in Python, their
   * contents are stored in it, as `Uint8Array`; the values of names that the file does not have stay.
   */
  extraFiles?: Record<string, unknown> | null;
}

/**
 * Reads a model that Python's `torch.jit.save` or `torch.jit.script(model).save` wrote; `torch.jit.load`.
 *
 * The file is a program, and calls of the model run it: load files only from those whom you trust to run code that
 * computes, allocates memory and prints. It cannot run Python, write files with `torch.save`, or use C++ classes of other
 * libraries. Reading the file runs only methods `__setstate__` of its classes. A damaged file is an error.
 *
 * Functions of `torch.jit.fork` run at once, on the calling thread.
 *
 * @typeParam A - The arguments of `forward`.
 * @typeParam R - What `forward` returns; {@link ScriptModule} has the table of types.
 * @typeParam Members - The methods and attributes of the model that the program uses.
 * @param file - The file.
 * @throws ValueError that names the file and the place if it is malformed, does not compile, or contains what is not
 *   supported, such as quantized tensors; RuntimeError for tensors of a device that is not available; the
 *   operating system's error if it cannot be opened.
 * @example
 * ```ts
 * // In Python: torch.jit.save(torch.jit.script(model), 'scripted.pt')
 * const model = torch.jit.load<[torch.Tensor], torch.Tensor, { encode(x: torch.Tensor): torch.Tensor }>('scripted.pt');
 * model.encode(torch.ones(1, 2)).shape; // [1, 3]
 * const jacobian = torch.func.jacrev((x: torch.Tensor) => model(x.unsqueeze(0)).squeeze(0));
 * torch.vmap(jacobian)(torch.rand(100, 2)).shape; // [100, 1, 2]
 * ```
 */
export function load<A extends unknown[] = Tensor[], R = Tensor, Members = unknown>(
  file: string,
  options: LoadScriptOptions = {},
): ScriptModule<A, R> & Members {
  const read = archiveOptions('jit.load', checkOptions('jit.load', options, LOAD_OPTIONS));
  return runNow(loading(file, read)) as unknown as ScriptModule<A, R> & Members;
}

export namespace load {
  /**
   * {@link load} with the file read off the event loop. The program is compiled on it, at the end.
   *
   * @example
   * ```ts
   * const model = await torch.jit.load.async('scripted.pt');
   * model(torch.zeros(1, 2)).shape; // [1, 1]
   * ```
   */
  export const async = <A extends unknown[] = Tensor[], R = Tensor, Members = unknown>(
    file: string,
    options?: LoadScriptOptions & AsyncFileOptions,
  ): Promise<ScriptModule<A, R> & Members> =>
    promiseOf('jit.load.async', options, () => {
      const given = withoutSignal<LoadScriptOptions>('jit.load.async', options, LOAD_OPTIONS);
      return loading(file, archiveOptions('jit.load.async', given)) as Steps<unknown> as Steps<
        ScriptModule<A, R> & Members
      >;
    });
}

function archiveOptions(api: string, { mapLocation = null, extraFiles }: LoadScriptOptions): ArchiveOptions {
  if (extraFiles != null && !isPlainObject(extraFiles)) {
    throw new TypeError(`${api}(): option 'extraFiles' must be an object, not ${describeType(extraFiles)}`);
  }
  if (mapLocation !== null && typeof mapLocation !== 'string' && !isDevice(mapLocation)) {
    throw new TypeError(`${api}(): option 'mapLocation' must be a device, not ${describeType(mapLocation)}`);
  }
  const device = mapLocation === null ? null : new Device(mapLocation);
  return { device, deviceOf: deviceChooser(api, mapLocation), extraFiles: extraFiles ?? {} };
}

function isDevice(value: unknown): boolean {
  return value instanceof Device || (isPlainObject(value) && 'type' in value);
}

function* loading(file: string, options: ArchiveOptions): Steps<ScriptModule> {
  using zip = ZipReader.open(file);
  return yield* stepsReading(file, reading(zip, options));
}

function* reading(zip: ZipReader, options: ArchiveOptions): Steps<ScriptModule> {
  using opened = yield* readArchive(zip, options);
  const { folder, archive } = opened;
  return at(`entries '${folder}data.pkl' and '${folder}code/'`, () => assemble(compile(archive)));
}

/** What libtorch's compiler refuses is an error of the file. */
function compile(archive: JitArchive): ScriptProgram {
  try {
    return native.jitLoad(archive);
  } catch (error) {
    if (error instanceof OutOfMemoryError) throw error;
    throw new ValueError(messageOf(error), { cause: error });
  }
}

function assemble({ modules, tensors }: ScriptProgram): ScriptModule {
  const made = modules.map((description) => new ScriptModule(description));
  const parameters: Parameter[] = [];
  for (const [, index, kind] of modules.flatMap((description) => description.tensors)) {
    if (kind === 'parameter' && index >= 0)
      parameters[index] ??= new Parameter(tensors[index], tensors[index].requiresGrad);
  }
  for (const module of made) module._assemble(made, parameters, tensors);
  return made[0];
}
