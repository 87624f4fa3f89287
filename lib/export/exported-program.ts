/** `torch.export.ExportedProgram`. */

import { inspect } from 'node:util';
import { checkOptions } from '../arguments';
import type { Graph } from '../fx/graph';
import type { Tensor } from '../tensor';
import type { CallSignature } from './call-signature';
import type { InputCheck, Range } from './constraints';
import { ExportedModule } from './exported-module';
import type { ProgramGraph } from './graph-reader';
import type { ProgramHeader } from './header';
import { type GraphSignature, signatureText } from './signature';

/** What a program consists of. @internal */
export interface LoadedProgram {
  readonly graph: ProgramGraph;
  readonly signature: GraphSignature;
  readonly call: CallSignature;
  readonly inputs: InputCheck;
  readonly ranges: ReadonlyMap<string, Range>;
  /** The parameters, buffers and constants, by their names in Python. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The device of the tensors when the program was exported; null for a program without tensors. */
  readonly home: string | null;
  readonly header: ProgramHeader;
}

/** The parts of a program. @internal */
export let loadedProgramOf: (program: ExportedProgram<never, unknown>) => LoadedProgram;

/**
 * A program: a graph of operators, its weights, and what its inputs and outputs are. {@link load} reads one that Python's
 * `torch.export.export` traced, `torch.export.export` records one here, and {@link save} writes it.
 *
 * @example
 * ```ts
 * const program = torch.export.load('model.pt2');
 * Object.keys(program.stateDict); // ['0.weight', '0.bias', '2.weight', '2.bias']
 * program.module()(torch.zeros(5, 2)).shape; // [5, 1]
 * ```
 */
export class ExportedProgram<A extends unknown[] = Tensor[], R = Tensor> {
  readonly #program: LoadedProgram;

  static {
    loadedProgramOf = (program) => program.#program;
  }

  /** @internal {@link load} makes programs. */
  constructor(program: LoadedProgram) {
    this.#program = program;
  }

  /**
   * The model as a module, which shares its parameters and buffers with the program; `ExportedProgram.module`.
   *
   * @param options - With `checkGuards: false`, the sizes of arguments are not compared with those of the export.
   */
  module(options: { checkGuards?: boolean } = {}): ExportedModule<A, R> {
    const { checkGuards = true } = checkOptions('module', options, ['checkGuards']);
    return new ExportedModule<A, R>(this.#program, checkGuards);
  }

  /** The graph of the operators: its inputs are parameters, buffers, constants and arguments, as the signature says. */
  get graph(): Graph {
    return this.#program.graph.graph;
  }

  /** The graph, and the graphs that are arguments of its higher-order operators, by the names of their nodes. */
  get graphModule(): { readonly graph: Graph; readonly subgraphs: ReadonlyMap<string, Graph> } {
    const { graph, subgraphs } = this.#program.graph;
    return { graph, subgraphs: new Map([...subgraphs].map(([name, body]) => [name, body.graph])) };
  }

  /** What the inputs and outputs of the graph are; `ExportedProgram.graph_signature`. */
  get graphSignature(): GraphSignature {
    return this.#program.signature;
  }

  /** The parameters and persistent buffers by their names in Python; `ExportedProgram.state_dict`. */
  get stateDict(): Record<string, Tensor> {
    return this.#tensors((spec) => spec.kind === 'parameter' || (spec.kind === 'buffer' && spec.isPersistent));
  }

  /** The other tensors: constants, and buffers that are not part of the state; `ExportedProgram.constants`. */
  get constants(): Record<string, Tensor> {
    return this.#tensors((spec) => spec.kind === 'tensorConstant' || (spec.kind === 'buffer' && !spec.isPersistent));
  }

  /** The ranges of symbolic sizes by the names of their symbols; `ExportedProgram.range_constraints`. */
  get rangeConstraints(): Record<string, Range> {
    return Object.fromEntries(this.#program.ranges);
  }

  /** The graph, the signature and the ranges, similar to Python's text. */
  toString(): string {
    const ranges = [...this.#program.ranges].map(
      ([symbol, { min, max }]) => `${symbol}: [${min ?? '-∞'}, ${max ?? '∞'}]`,
    );
    const graph = this.graph.toString().replace(/^/gm, '    ').trimEnd();
    return `ExportedProgram:\n${graph}\n\nGraph signature:\n${signatureText(this.graphSignature)}\n\nRange constraints: {${ranges.join(', ')}}\n`;
  }

  [inspect.custom](): string {
    return #program in this ? this.toString() : 'ExportedProgram {}';
  }

  #tensors(belongs: (spec: GraphSignature['inputSpecs'][number]) => boolean): Record<string, Tensor> {
    const { signature, tensors } = this.#program;
    const names = signature.inputSpecs.flatMap((spec) => ('target' in spec && belongs(spec) ? [spec.target] : []));
    return Object.fromEntries(names.map((name) => [name, tensors.get(name)!]));
  }
}
