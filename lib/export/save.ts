/** `torch.export.save`. */

import { checkOptions, isPlainObject } from '../arguments';
import { describeType } from '../describe';
import { ValueError } from '../errors';
import { at } from '../files/failure';
import type { JsonValue } from '../files/json-text';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { type Take, takeItself, takeSnapshot } from '../files/tensor-bytes';
import { collectPayloads, writingArchive } from './archive-writer';
import { ExportedProgram, type LoadedProgram, loadedProgramOf } from './exported-program';
import { graphJson } from './graph-writer';
import { SCHEMA_VERSION } from './header';
import { signatureJson } from './signature-writer';

const SAVE_OPTIONS = ['extraFiles'] as const;

/** Options of {@link save}. */
export interface SaveProgramOptions {
  /** Texts that are stored beside the program, by name; Python reads them with `load(file, extra_files=...)`. */
  extraFiles?: Readonly<Record<string, string>>;
}

/**
 * Writes a program to a `.pt2` file that Python's `torch.export.load` reads; `torch.export.save`. The program is one that
 * {@link export} recorded or that {@link load} read; its weights are written as they are now. An existing file is
 * replaced atomically, when the new one is complete.
 *
 * @param program - The program.
 * @param file - The file; Python expects a name that ends with `.pt2`.
 * @throws TypeError for anything but a program; ValueError that names the node for a graph that Python cannot read; the
 *   operating system's error if the file cannot be written.
 * @example
 * ```ts
 * const jacobian = torch.vmap(torch.func.jacrev((x: torch.Tensor) => x.sin().mul(x.sum())));
 * const program = torch.export.export(jacobian, [torch.rand(10, 3)]);
 * torch.export.save(program, 'jacobian.pt2');
 * // In Python: torch.export.load('jacobian.pt2').module()(x)
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a program of any arguments and results
export function save(program: ExportedProgram<any, any>, file: string, options: SaveProgramOptions = {}): void {
  runNow(saving('export.save', program, file, checkOptions('export.save', options, SAVE_OPTIONS), takeItself));
}

export namespace save {
  /**
   * {@link save} off the event loop. It writes what the program is at the call.
   *
   * @example
   * ```ts
   * const program = torch.export.load('model.pt2');
   * await torch.export.save.async(program, 'copy.pt2');
   * ```
   */
  export const async = (
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a program of any arguments and results
    program: ExportedProgram<any, any>,
    file: string,
    options?: SaveProgramOptions & AsyncFileOptions,
  ): Promise<void> =>
    promiseOf('export.save.async', options, () => {
      const given = withoutSignal<SaveProgramOptions>('export.save.async', options, SAVE_OPTIONS);
      return saving('export.save.async', program, file, given, takeSnapshot);
    });
}

function saving(
  api: string,
  program: ExportedProgram<never, unknown>,
  file: string,
  { extraFiles = {} }: SaveProgramOptions,
  take: Take,
): Steps<void> {
  if (!(program instanceof ExportedProgram)) {
    throw new TypeError(`${api}(): argument 'program' must be an ExportedProgram, not ${describeType(program)}`);
  }
  checkExtraFiles(api, extraFiles);
  const content = at(`${api}()`, () => ({
    program: programJson(loadedProgramOf(program)),
    weights: collectPayloads(program.stateDict, 'weight_', take),
    constants: collectPayloads(program.constants, 'tensor_', take),
    extraFiles,
  }));
  return writingArchive(file, content);
}

function checkExtraFiles(api: string, files: unknown): void {
  if (!isPlainObject(files)) {
    throw new TypeError(`${api}(): option 'extraFiles' must be an object of texts by name, not ${describeType(files)}`);
  }
  for (const [name, text] of Object.entries(files)) {
    if (typeof text !== 'string') {
      throw new TypeError(`${api}(): option 'extraFiles': '${name}' must be a string, not ${describeType(text)}`);
    }
    if (name === '' || name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new ValueError(`${api}(): option 'extraFiles': '${name}' is not the name of a file`);
    }
  }
}

function programJson({ graph, signature, header }: LoadedProgram): JsonValue {
  const constants = signature.inputSpecs.map((spec) => (spec.kind === 'userInput' ? spec.value : undefined));
  return {
    graph_module: {
      graph: graphJson(graph, constants),
      signature: signatureJson(signature, graph),
      ...header.module,
      metadata: {},
    },
    ...header.program,
    schema_version: SCHEMA_VERSION,
  };
}
