/** The inputs of a recorded program: the tensors of the module, those from outside of the function, and the arguments. */

import { native } from '../native';
import type { GraphData } from '../native';
import type { Tensor } from '../tensor';
import type { InputPath } from './call-signature';
import type { Member } from './module-state';
import type { ProgramArguments } from './program-arguments';
import type { Input } from './recorded-graph';
import type { InputSpec } from './signature';
import { denseMetaOf } from './tensor-meta';

/** An input of the graph, what the signature says of it, and its tensor if it is not an argument. */
export interface ProgramInput {
  readonly input: Input;
  readonly spec: InputSpec;
  readonly tensor?: Tensor;
}

const identifier = (path: string): string => path.replace(/\W/g, '_');

/** Which memory a tensor shows, and how. */
function viewKey(tensor: Tensor): string {
  const value = native.storedValue(tensor);
  const { id } = native.storageOf(value);
  return [id, value.storageOffset(), value.dtype, value.shape.join(), native.strides(value).join()].join(' ');
}

/** The tensors that a recording uses and does not compute, by what they show: the values that they are. */
function outsideValues({ values, nodes, outputs, writeBacks }: GraphData): Map<string, number[]> {
  const used = new Set<number>([...outputs, ...writeBacks.flat()]);
  const visit = (argument: unknown): void => {
    if (Array.isArray(argument)) argument.forEach(visit);
    else if (typeof argument === 'object' && argument !== null && 'value' in argument)
      used.add(argument.value as number);
  };
  for (const { args, kwargs } of nodes) [...args, ...Object.values(kwargs)].forEach(visit);
  const found = new Map<string, number[]>();
  values.forEach(({ kind, tensor, number }, id) => {
    if (!used.has(id) || kind === 'input' || kind === 'result' || tensor === undefined || number !== undefined) return;
    const key = viewKey(tensor);
    found.set(key, [...(found.get(key) ?? []), id]);
  });
  return found;
}

function memberInput({ kind, name, tensor, isPersistent }: Member, ids: readonly number[]): ProgramInput {
  const own = identifier(name.toLowerCase());
  const meta = denseMetaOf(tensor);
  if (kind === 'parameter')
    return { input: { name: `p_${own}`, ids, meta }, spec: { kind, name, target: name }, tensor };
  return { input: { name: `b_${own}`, ids, meta }, spec: { kind, name, target: name, isPersistent }, tensor };
}

/** A tensor from outside. What the function writes to is a buffer, because constants do not change. */
function constantInput(target: string, tensor: Tensor, ids: readonly number[], isWritten: boolean): ProgramInput {
  const input = { name: `${isWritten ? 'b' : 'c'}_${target}`, ids, meta: denseMetaOf(tensor) };
  if (!isWritten) return { input, spec: { kind: 'tensorConstant', name: target, target }, tensor };
  return { input, spec: { kind: 'buffer', name: target, target, isPersistent: false }, tensor };
}

/** @param paths - Where each leaf of the arguments is. */
export function inputsOf(
  data: GraphData,
  { leaves }: ProgramArguments,
  members: readonly Member[],
  paths: readonly InputPath[],
): ProgramInput[] {
  const outside = outsideValues(data);
  const inputs = members.map((member) => {
    const key = viewKey(member.tensor);
    const ids = outside.get(key) ?? [];
    // A second name of the tensor is an input that nothing uses.
    outside.delete(key);
    return memberInput(member, ids);
  });
  const taken = new Set(members.map(({ name }) => name.split('.')[0]));
  const written = new Set(data.writeBacks.map(([target]) => target));
  let next = 0;
  for (const ids of outside.values()) {
    while (taken.has(`lifted_tensor_${next}`)) next++;
    const target = `lifted_tensor_${next++}`;
    const isWritten = ids.some((id) => written.has(id));
    inputs.push(constantInput(target, data.values[ids[0]].tensor!.detach(), ids, isWritten));
  }
  let tensors = 0;
  leaves.forEach((leaf, i) => {
    const name = identifier(paths[i].join('_'));
    if (native.isTensor(leaf)) {
      const id = data.inputs[tensors++];
      inputs.push({ input: { name, ids: [id], meta: data.values[id] }, spec: { kind: 'userInput', name } });
    } else {
      const input = { name, ids: [], meta: null };
      inputs.push({ input, spec: { kind: 'userInput', name, value: leaf.constant } });
    }
  });
  return inputs;
}
