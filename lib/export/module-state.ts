/** The parameters and buffers of a module while a call of it is recorded. */

import type { Module } from '../nn/module';
import { pythonName } from '../nn/python-names';
import { registryOf } from '../nn/registry';
import { isUninitialized } from '../nn/uninitialized';
import { RuntimeError } from '../errors';
import { bytesOfValues } from '../files/tensor-bytes';
import { native } from '../native';
import { scope } from '../scope';
import { sameShape } from '../shapes';
import type { Tensor } from '../tensor';

/** A tensor of a module, under its dotted name in Python. */
export interface Member {
  readonly kind: 'parameter' | 'buffer';
  readonly name: string;
  readonly tensor: Tensor;
  readonly isPersistent: boolean;
  /** Where it is: a property of a module. */
  readonly owner: Record<string, unknown>;
  readonly property: string;
}

/** All parameters, then all buffers, as Python's `torch.export` lists them; what has several names is listed under each. */
export function membersOf(root: Module): Member[] {
  const members: Member[] = [];
  const collect = (module: Module, prefix: string, ancestors: readonly Module[]): void => {
    const registry = registryOf(module);
    const owner = module as unknown as Record<string, unknown>;
    for (const kind of ['parameter', 'buffer'] as const) {
      const entries: [string, Tensor | null][] =
        kind === 'parameter' ? registry.entries('parameter') : registry.entries('buffer');
      for (const [property, tensor] of entries) {
        if (tensor === null) continue;
        const name = prefix + pythonName(module, property);
        if (isUninitialized(tensor)) {
          throw new RuntimeError(
            `export.export: '${name}' has no shape yet; call the lazy module that it belongs to first`,
          );
        }
        const isPersistent = kind === 'parameter' || registry.isPersistent(property);
        members.push({ kind, name, tensor, isPersistent, owner, property });
      }
    }
    for (const [name, child] of registry.entries('module')) {
      if (child === null || ancestors.includes(child)) continue;
      collect(child, `${prefix}${pythonName(module, name)}.`, [...ancestors, child]);
    }
  };
  collect(root, '', [root]);
  const of = (kind: Member['kind']): Member[] => members.filter((member) => member.kind === kind);
  return [...of('parameter'), ...of('buffer')];
}

/** Buffers that the function has replaced with other tensors. */
export interface Assigned {
  readonly member: Member;
  readonly value: Tensor;
}

/** Puts the original tensors back in the place of buffers that were replaced. */
export function takeAssigned(members: readonly Member[]): Assigned[] {
  return members.flatMap((member) => {
    const { owner, property, tensor, kind, name } = member;
    const value = owner[property];
    if (value === tensor) return [];
    owner[property] = tensor;
    if (kind === 'buffer' && native.isTensor(value)) return [{ member, value }];
    throw new RuntimeError(`export.export: the function replaces the ${kind} '${name}', which a program cannot do`);
  });
}

/** Copies of tensors that a function may write to. */
export class Snapshot implements Disposable {
  private readonly copies: readonly { tensor: Tensor; copy: Tensor }[];

  constructor(tensors: readonly Tensor[]) {
    const writable = [...new Set(tensors)].filter((tensor) => !isExpanded(tensor));
    this.copies = writable.map((tensor) => ({ tensor, copy: tensor.detach().clone() }));
  }

  /** Writes the values back to the tensors that have changed. */
  [Symbol.dispose](): void {
    for (const { tensor, copy } of this.copies) {
      if (!tensor.isDisposed && sameShape(tensor.shape, copy.shape) && isChanged(tensor, copy)) {
        tensor.detach().copy_(copy);
      }
      copy.dispose();
    }
  }
}

/** Whether any bit has changed. Some operators write without a new version of the tensor. */
const isChanged = (tensor: Tensor, copy: Tensor): boolean =>
  scope(() => !bytesOfValues(tensor).equal(bytesOfValues(copy)));

/** Operators refuse to write to expanded tensors. */
function isExpanded(tensor: Tensor): boolean {
  const shape = native.sizes(tensor);
  return native.strides(tensor).some((stride, d) => stride === 0 && shape[d] > 1);
}
