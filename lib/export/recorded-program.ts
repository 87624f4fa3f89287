/** A program from a recorded call. */

import type { Captured } from '../compile/capture';
import { Device } from '../device';
import { type Argument, Node } from '../fx/graph';
import { native } from '../native';
import type { GraphData } from '../native';
import type * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import { CallSignature } from './call-signature';
import { InputCheck, expectedInputs } from './constraints';
import type { LoadedProgram } from './exported-program';
import { makeHeader } from './header';
import type { Assigned, Member } from './module-state';
import { type ProgramArguments, resultConstant } from './program-arguments';
import { type ProgramInput, inputsOf } from './recorded-inputs';
import { recordedGraph } from './recorded-graph';
import type { InputSpec, OutputSpec } from './signature';
import { resultSpecText } from './tree-spec-writer';

/** What was recorded. */
export interface Recorded {
  readonly captured: Captured;
  readonly args: ProgramArguments;
  readonly members: readonly Member[];
  /** The buffers that were replaced, whose new tensors are the last results. */
  readonly assigned: readonly Assigned[];
  /** The structure of the result without these tensors. */
  readonly resultSpec: pytree.TreeSpec;
}

/** Something that the program computes: for a result, or to be written to an input. */
interface Output {
  readonly value: Argument;
  readonly written?: InputSpec;
}

const MUTATIONS = { buffer: 'bufferMutation', parameter: 'parameterMutation', userInput: 'userInputMutation' } as const;

function outputSpec({ written }: Output, name: string): OutputSpec {
  if (written === undefined || written.kind === 'tensorConstant') return { kind: 'userOutput', name };
  const target = written.kind === 'userInput' ? written.name : written.target;
  return { kind: MUTATIONS[written.kind], name, target };
}

/** What the graph computes, in the order of the signature: first what is written. */
function outputsOf(
  { captured, assigned }: Recorded,
  data: GraphData,
  inputs: readonly ProgramInput[],
  valueOf: (id: number) => Argument,
): Output[] {
  const { positions, sources, constants } = captured.outputs;
  const leaves = positions.map((position, i): Argument => {
    if (position < 0) return resultConstant(constants[i]);
    const source = sources[position];
    return valueOf(source < 0 ? data.inputs[-1 - source] : data.outputs[source]);
  });
  const count = leaves.length - assigned.length;
  const written = data.writeBacks.map(([target, value]): Output => {
    return { value: valueOf(value), written: inputs.find(({ input }) => input.ids.includes(target))!.spec };
  });
  const replaced = assigned.map(({ member: { name } }, i): Output => {
    const { spec } = inputs.find(({ spec }) => spec.kind === 'buffer' && spec.target === name)!;
    return { value: leaves[count + i], written: spec };
  });
  const writes = [...written, ...replaced];
  const results = leaves.slice(0, count).map((value) => {
    // The program returns the buffer itself where a result is what it writes; later calls would change the result.
    return { value: writes.some((write) => write.value === value) ? cloneOf(value as Node) : value };
  });
  return [...writes, ...results];
}

function cloneOf(node: Node): Node {
  const clone = node.graph.callFunction('aten.clone.default', [node]);
  clone.meta = node.meta;
  return clone;
}

/** The program. Its graph writes in place only where it cannot do without. */
export function recordedProgram(recorded: Recorded): LoadedProgram {
  const { captured, args, members, resultSpec } = recorded;
  const functional = native.graphOf(captured.capture, true);
  const isFunctional = typeof functional !== 'string';
  const data = isFunctional ? functional : (native.graphOf(captured.capture, false) as GraphData);
  const call = CallSignature.of(args.positional, args.named, resultSpec);
  const inputs = inputsOf(data, args, members, call.paths);
  let outputs: Output[] = [];
  const graph = recordedGraph(
    data,
    inputs.map(({ input }) => input),
    (valueOf) => {
      outputs = outputsOf(recorded, data, inputs, valueOf);
      return outputs.map(({ value }) => value);
    },
  );
  const nameAt = (i: number, otherwise: string): string => graph.inputs[i]?.name ?? otherwise;
  const inputSpecs = inputs.map(({ spec, input }, i) => ({ ...spec, name: nameAt(i, input.name) }));
  const outputSpecs = outputs.map((output) =>
    outputSpec(output, output.value instanceof Node ? output.value.name : ''),
  );
  const signature = { inputSpecs, outputSpecs };
  const tensors = new Map<string, Tensor>();
  inputs.forEach(({ spec, tensor }) => {
    if ('target' in spec && tensor !== undefined) tensors.set(spec.target, tensor);
  });
  const [first] = tensors.values();
  const header = makeHeader({
    inSpec: args.specText,
    outSpec: resultSpecText(resultSpec),
    isFunctional,
  });
  return {
    graph,
    signature,
    call,
    inputs: new InputCheck(call.paths, expectedInputs(graph, signature), new Map(), []),
    ranges: new Map(),
    tensors,
    home: first === undefined ? null : new Device(native.device(first)).toString(),
    header,
  };
}
