/** The signature of a program: what its inputs and outputs are. */

import { Float } from '../float';
import type { JsonReader } from './json-reader';

/** A value that is part of a program. */
export type Constant = number | bigint | boolean | string | null | Float;

/** What an input of the graph is; `torch.export.graph_signature.InputSpec`. */
export type InputSpec =
  | { readonly kind: 'userInput'; readonly name: string; /** Set for a constant. */ readonly value?: Constant }
  | { readonly kind: 'parameter' | 'tensorConstant'; readonly name: string; readonly target: string }
  | { readonly kind: 'buffer'; readonly name: string; readonly target: string; readonly isPersistent: boolean };

/** What an output of the graph is; `torch.export.graph_signature.OutputSpec`. */
export type OutputSpec =
  | { readonly kind: 'userOutput'; readonly name: string }
  | {
      readonly kind: 'bufferMutation' | 'parameterMutation' | 'userInputMutation';
      readonly name: string;
      readonly target: string;
    };

/** What the inputs and outputs of a program's graph are; `torch.export.ExportGraphSignature`. */
export interface GraphSignature {
  readonly inputSpecs: readonly InputSpec[];
  readonly outputSpecs: readonly OutputSpec[];
}

function readConstant(reader: JsonReader): Constant {
  const [kind, value] = reader.union();
  switch (kind) {
    case 'as_none':
      return null;
    case 'as_int':
      return value.int64();
    case 'as_float':
      return new Float(value.float());
    case 'as_bool':
      return value.boolean();
    case 'as_string':
      return value.string();
    default:
      return reader.fail('a constant');
  }
}

const nameOf = (reader: JsonReader): string => reader.field('arg').field('name').string();

/** The name of a user input or output; empty for a constant. */
function userName(reader: JsonReader): { name: string; value?: Constant } {
  const [kind, value] = reader.union();
  if (kind === 'as_tensor') return { name: value.field('name').string() };
  if (/^as_sym_(?:int|float|bool)$/.test(kind)) {
    const [how, name] = value.union();
    return how === 'as_name' ? { name: name.string() } : { name: '', value: readConstant(value) };
  }
  return { name: '', value: readConstant(reader) };
}

function readInput(reader: JsonReader): InputSpec {
  const [kind, value] = reader.union();
  switch (kind) {
    case 'user_input':
      return { kind: 'userInput', ...userName(value.field('arg')) };
    case 'constant_input':
      return { kind: 'userInput', name: value.field('name').string(), value: readConstant(value.field('value')) };
    case 'parameter':
      return { kind: 'parameter', name: nameOf(value), target: value.field('parameter_name').string() };
    case 'tensor_constant':
      return { kind: 'tensorConstant', name: nameOf(value), target: value.field('tensor_constant_name').string() };
    case 'buffer': {
      const [target, isPersistent] = [value.field('buffer_name').string(), value.field('persistent').boolean()];
      return { kind: 'buffer', name: nameOf(value), target, isPersistent };
    }
    case 'custom_obj': {
      const name = value.field('arg').field('class_fqn').string();
      return value.refuse(`is an object of the class ${name.slice(0, 80)}, which does not exist here`);
    }
    default:
      return reader.refuse(`is an input of the kind ${kind}, which is not supported`);
  }
}

/** The field that names what an output is written to, for each kind. */
export const MUTATIONS = {
  buffer_mutation: ['bufferMutation', 'buffer_name'],
  parameter_mutation: ['parameterMutation', 'parameter_name'],
  user_input_mutation: ['userInputMutation', 'user_input_name'],
} as const;

function readOutput(reader: JsonReader): OutputSpec {
  const [kind, value] = reader.union();
  if (kind === 'user_output') return { kind: 'userOutput', name: userName(value.field('arg')).name };
  if (kind === 'loss_output') return { kind: 'userOutput', name: nameOf(value) };
  if (!Object.hasOwn(MUTATIONS, kind)) return reader.refuse(`is an output of the kind ${kind}, which is not supported`);
  const [mutation, field] = MUTATIONS[kind as keyof typeof MUTATIONS];
  return { kind: mutation, name: nameOf(value), target: value.field(field).string() };
}

/** Reads a signature, of a graph with these numbers of inputs and outputs. */
export function readSignature(reader: JsonReader, inputs: number, outputs: number): GraphSignature {
  const inputSpecs = reader.field('input_specs').items().map(readInput);
  const outputSpecs = reader.field('output_specs').items().map(readOutput);
  if (inputSpecs.length !== inputs) reader.refuse(`has ${inputSpecs.length} inputs; the graph has ${inputs}`);
  if (outputSpecs.length !== outputs) reader.refuse(`has ${outputSpecs.length} outputs; the graph has ${outputs}`);
  const written = new Map<string, readonly string[]>([
    ['bufferMutation', inputSpecs.flatMap((spec) => (spec.kind === 'buffer' ? [spec.target] : []))],
    ['parameterMutation', inputSpecs.flatMap((spec) => (spec.kind === 'parameter' ? [spec.target] : []))],
    ['userInputMutation', inputSpecs.flatMap((spec) => (spec.kind === 'userInput' ? [spec.name] : []))],
  ]);
  outputSpecs.forEach((spec, i) => {
    if (spec.kind === 'userOutput' || written.get(spec.kind)!.includes(spec.target)) return;
    reader.field('output_specs').items()[i].refuse(`writes to '${spec.target}', which is not an input`);
  });
  return { inputSpecs, outputSpecs };
}

const upperCase = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The signature as Python prints it. */
export function signatureText({ inputSpecs, outputSpecs }: GraphSignature): string {
  const line = (spec: InputSpec | OutputSpec): string => {
    const target = 'target' in spec ? ` target='${spec.target}'` : '';
    const persistent = spec.kind === 'buffer' ? ` persistent=${spec.isPersistent ? 'True' : 'False'}` : '';
    return `    ${spec.name}: ${upperCase(spec.kind).replace('TENSOR_CONSTANT', 'CONSTANT_TENSOR')}${target}${persistent}`;
  };
  return ['    # inputs', ...inputSpecs.map(line), '', '    # outputs', ...outputSpecs.map(line)].join('\n');
}
