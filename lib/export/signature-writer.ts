/** The signature of a program as JSON: what signature.ts reads. */

import type { JsonValue } from '../files/json-text';
import type { Argument, Node } from '../fx/graph';
import { constantJson } from './argument-writer';
import type { ProgramGraph } from './graph-reader';
import { outputsOf, valueJson } from './graph-writer';
import { type GraphSignature, type InputSpec, MUTATIONS } from './signature';

const tensorName = (value: Argument): JsonValue => ({ name: (value as Node).name });

function inputJson(spec: InputSpec, program: ProgramGraph, node: Node | null): JsonValue {
  if (spec.kind === 'userInput') {
    if (node === null) return { constant_input: { name: spec.name, value: constantJson(spec.value) } };
    return { user_input: { arg: valueJson(program, node) } };
  }
  const arg = tensorName(node);
  switch (spec.kind) {
    case 'parameter':
      return { parameter: { arg, parameter_name: spec.target } };
    case 'tensorConstant':
      return { tensor_constant: { arg, tensor_constant_name: spec.target } };
    case 'buffer':
      return { buffer: { arg, buffer_name: spec.target, persistent: spec.isPersistent } };
  }
}

/** A signature as a program stores it. The names are those of the nodes now. */
export function signatureJson({ inputSpecs, outputSpecs }: GraphSignature, program: ProgramGraph): JsonValue {
  const nameOf = (input: string): string => {
    const i = inputSpecs.findIndex((spec) => spec.kind === 'userInput' && spec.name === input);
    return program.inputs[i]?.name ?? input;
  };
  const outputs = outputsOf(program);
  return {
    input_specs: inputSpecs.map((spec, i) => inputJson(spec, program, program.inputs[i])),
    output_specs: outputSpecs.map((spec, i) => {
      if (spec.kind === 'userOutput') return { user_output: { arg: valueJson(program, outputs[i]) } };
      const [kind, [, field]] = Object.entries(MUTATIONS).find(([, [mutation]]) => mutation === spec.kind)!;
      const target = spec.kind === 'userInputMutation' ? nameOf(spec.target) : spec.target;
      return { [kind]: { arg: tensorName(outputs[i]), [field]: target } };
    }),
  };
}
