/** `torch.export.load`. */

import { checkOptions } from '../arguments';
import { ValueError } from '../errors';
import { stepsReading } from '../files/failure';
import { type AsyncFileOptions, type Steps, promiseOf, runNow, withoutSignal } from '../files/steps';
import { Parameter } from '../nn/parameter';
import { type MapLocation, deviceChooser } from '../serialization/map-location';
import type { Tensor } from '../tensor';
import { ZipReader } from '../zip/reader';
import { Archive, type ArchiveOptions, type Payload } from './archive';
import { CallSignature } from './call-signature';
import { InputCheck, expectedInputs, readGuards, readRanges } from './constraints';
import { ExportedProgram } from './exported-program';
import { readGraph } from './graph-reader';
import { SCHEMA_VERSION, readHeader } from './header';
import type { JsonReader } from './json-reader';
import { type InputSpec, readSignature } from './signature';

const LOAD_OPTIONS = ['mapLocation', 'mmap'] as const;

/** Options of {@link load}. */
export interface LoadProgramOptions {
  /** Where to put tensors, as for `torch.load`; by default on the device that they were on. */
  mapLocation?: MapLocation | null;
  /** Whether to map the weights from the file: they are read when they are used. False by default. */
  mmap?: boolean;
}

/**
 * Reads a model that Python's `torch.export.save` wrote; `torch.export.load`. Nothing in the file is executed when it is
 * loaded, and a program can only call operators of libtorch.
 *
 * The whole program is checked: an operator that does not exist here, or is called with wrong arguments, is refused with
 * the name of its node.
 *
 * @typeParam A - The arguments of the model.
 * @typeParam R - What the model returns: Python's tuples, lists and named tuples are arrays, and dicts are objects.
 * @param file - The `.pt2` file, of PyTorch 2.8 or newer.
 * @throws ValueError that names the file and the place if it is malformed, or contains what does not exist here;
 *   RuntimeError for tensors of a device that is not available; the operating system's error if it cannot be opened.
 * @example
 * ```ts
 * // In Python: torch.export.save(torch.export.export(model, (x,)), 'model.pt2')
 * const model = torch.export.load('model.pt2').module();
 * const jacobian = torch.func.jacrev((x: torch.Tensor) => model(x.unsqueeze(0)).squeeze(0));
 * torch.vmap(jacobian)(torch.rand(100, 2)).shape; // [100, 1, 2]
 * ```
 */
export function load<A extends unknown[] = Tensor[], R = Tensor>(
  file: string,
  options: LoadProgramOptions = {},
): ExportedProgram<A, R> {
  const read = archiveOptions('export.load', checkOptions('export.load', options, LOAD_OPTIONS));
  return runNow(loading<A, R>(file, read, false));
}

export namespace load {
  /**
   * {@link load} off the event loop: the file is read on a thread of libuv.
   *
   * @example
   * ```ts
   * const program = await torch.export.load.async('model.pt2', { mmap: true });
   * program.module()(torch.zeros(1, 2)).shape; // [1, 1]
   * ```
   */
  export const async = <A extends unknown[] = Tensor[], R = Tensor>(
    file: string,
    options?: LoadProgramOptions & AsyncFileOptions,
  ): Promise<ExportedProgram<A, R>> =>
    promiseOf('export.load.async', options, () => {
      const given = withoutSignal<LoadProgramOptions>('export.load.async', options, LOAD_OPTIONS);
      return loading<A, R>(file, archiveOptions('export.load.async', given), true);
    });
}

function archiveOptions(api: string, { mapLocation, mmap = false }: LoadProgramOptions): ArchiveOptions {
  return { mmap, deviceOf: deviceChooser(api, mapLocation) };
}

function* loading<A extends unknown[], R>(
  file: string,
  options: ArchiveOptions,
  preloads: boolean,
): Steps<ExportedProgram<A, R>> {
  using zip = ZipReader.open(file);
  return yield* stepsReading(file, reading<A, R>(zip, options, preloads));
}

function* reading<A extends unknown[], R>(
  zip: ZipReader,
  options: ArchiveOptions,
  preloads: boolean,
): Steps<ExportedProgram<A, R>> {
  const archive = Archive.open(zip, options);
  try {
    if (preloads) yield* archive.preload();
    return readProgram<A, R>(archive, 'model');
  } finally {
    archive.dispose();
  }
}

function readProgram<A extends unknown[], R>(archive: Archive, name: string): ExportedProgram<A, R> {
  const root = archive.program(name);
  const parsed = archive.in(`models/${name}.json`, () => parseProgram(root));
  const payloads = new Map([...archive.payloads('weights', name), ...archive.payloads('constants', name)]);
  return archive.in(`models/${name}.json`, () => {
    const tensors = new Map<string, Tensor>();
    for (const spec of parsed.signature.inputSpecs) {
      if ('target' in spec) tensors.set(spec.target, tensorOf(spec, payloads.get(spec.target)));
    }
    const [home = null] = [...payloads.values()].map((payload) => payload.location);
    const program = new ExportedProgram<A, R>({ ...parsed, tensors, home });
    // Names that a module cannot have are errors of the file.
    program.module();
    return program;
  });
}

/** Everything but the tensors. */
function parseProgram(root: JsonReader) {
  const version = root.field('schema_version');
  const major = version.field('major');
  if (major.integer() !== SCHEMA_VERSION.major) {
    version.refuse(
      `is ${major.integer()}.${version.field('minor').integer()}, but this package reads version ${SCHEMA_VERSION.major}: the file is of another version of PyTorch (${root.optional('torch_version')?.string() ?? 'unknown'})`,
    );
  }
  const module = root.field('graph_module');
  const graph = readGraph(module.field('graph'));
  const signature = readSignature(module.field('signature'), graph.inputs.length, graph.outputs.length);
  const call = CallSignature.read(module);
  const ranges = readRanges(root.field('range_constraints'));
  const expected = expectedInputs(graph, signature);
  if (expected.length !== call.paths.length) {
    module.refuse(`has ${expected.length} arguments in its signature, and ${call.paths.length} in its input structure`);
  }
  const guards = readGuards(root.optional('guards_code'));
  const inputs = new InputCheck(call.paths, expected, ranges, guards);
  return { graph, signature, call, ranges, inputs, header: readHeader(root) };
}

/** The tensor of an input: the same for all modules of the program. */
function tensorOf(spec: InputSpec & { target: string }, payload: Payload | undefined): Tensor {
  if (payload === undefined) throw new ValueError(`the ${spec.kind} '${spec.target}' has no entry among the tensors`);
  const { tensor, requiresGrad } = payload;
  if (spec.kind === 'parameter') return new Parameter(tensor, requiresGrad);
  return tensor;
}
