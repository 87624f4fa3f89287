/**
 * Which properties of a module are parameters, buffers and submodules. The properties themselves are the
 * only storage, so property access has no overhead; the registry scans them on demand. It stores only what
 * a value does not show: that a plain tensor is a buffer, or that null stands for an absent parameter.
 */

import { moduleOf } from '../compile/members';
import { KeyError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { typename } from '../type-info';
import { Callable } from './callable';
import type { Module } from './module';
import { Buffer, Parameter } from './parameter';

export type Kind = 'parameter' | 'buffer' | 'module';

interface Slot {
  kind: Kind;
  /** For a buffer: whether it is part of the state. */
  persistent: boolean;
  /** Whether a functional call has temporarily replaced the value. */
  isSwapped: boolean;
}

/** The value and state of a property before {@link Registry.swap}. */
export interface Swapped {
  value: Tensor | null | undefined;
  wasThere: boolean;
  wasSwapped: boolean;
}

const EXPECTED: Record<Kind, [what: string, expected: string]> = {
  parameter: ['parameter', 'torch.nn.Parameter or null expected'],
  buffer: ['buffer', 'torch.nn.Buffer, torch.Tensor or null expected'],
  module: ['child module', 'torch.nn.Module or null expected'],
};

function kindOf(value: unknown): Kind | null {
  if (value instanceof Parameter) return 'parameter';
  if (value instanceof Callable) return 'module';
  return value instanceof Buffer ? 'buffer' : null;
}

/**
 * Refuses names that would be ambiguous in a state dict.
 *
 * @throws KeyError for an empty name or a name with a dot.
 */
export function checkName(kind: Kind, name: string): void {
  if (name.includes('.')) {
    throw new KeyError(`${kind} name can't contain "."${kind === 'module' ? `, got: ${name}` : ''}`);
  }
  if (name === '') throw new KeyError(`${kind} name can't be empty string ""`);
}

const registries = new WeakMap<object, Registry>();

/**
 * The registry of a module, or of the module that was compiled, for code that needs more than the public methods.
 *
 * @throws TypeError for a Proxy of a module, and for an object that only inherits from one.
 */
export function registryOf(module: Module): Registry {
  const registry = registries.get(moduleOf(module) ?? module);
  if (registry !== undefined) return registry;
  throw new TypeError('a Proxy of a torch.nn.Module, or an object that only inherits from one, is not a module');
}

export class Registry {
  readonly #slots = new Map<string, Slot>();
  readonly #owner: Record<string, unknown>;
  /** Whether the properties have been scanned: values that the constructor assigned are then known. */
  hasScanned = false;

  constructor(owner: object) {
    this.#owner = owner as Record<string, unknown>;
    registries.set(owner, this);
  }

  /**
   * Scans the properties and updates the slots.
   *
   * @throws TypeError for a value of the wrong type in a slot.
   */
  #scan(): Map<string, Slot> {
    const slots = this.#slots;
    for (const name of Object.keys(this.#owner)) {
      const value = this.#owner[name];
      const slot = slots.get(name);
      const kind = kindOf(value);
      if (kind === null) {
        if (slot !== undefined) this.#check(name, slot, value);
        continue;
      }
      if (slot?.kind === kind || slot?.isSwapped) {
        if (value instanceof Buffer) slot.persistent = value.persistent;
        continue;
      }
      // As in Python, a parameter or module may take over any name; a buffer may not take over theirs.
      if (kind === 'buffer' && slot !== undefined) this.#refuse(name, slot, value);
      if (kind !== 'module') checkName(kind, name);
      this.#define(name, kind, value instanceof Buffer ? value.persistent : true);
    }
    for (const name of slots.keys()) {
      if (!Object.hasOwn(this.#owner, name)) slots.delete(name);
    }
    this.hasScanned = true;
    return slots;
  }

  #check(name: string, slot: Slot, value: unknown): void {
    if (value == null || slot.isSwapped) return;
    if (slot.kind !== 'buffer' || !native.isTensor(value)) this.#refuse(name, slot, value);
  }

  #refuse(name: string, slot: Slot, value: unknown): never {
    const [what, expected] = EXPECTED[slot.kind];
    throw new TypeError(`cannot assign '${typename(value)}' as ${what} '${name}' (${expected})`);
  }

  /** Declares the kind of a property, whatever its current value. Earlier assignments keep their place in the order. */
  register(name: string, kind: Kind, persistent: boolean): void {
    this.#scan();
    this.#define(name, kind, persistent);
  }

  #define(name: string, kind: Kind, persistent: boolean): void {
    const slot = this.#slots.get(name);
    if (slot?.kind === kind) {
      slot.persistent = persistent;
      return;
    }
    this.#slots.delete(name);
    this.#slots.set(name, { kind, persistent, isSwapped: false });
  }

  /** Scans the constructor's assignments, so that a plain tensor assigned later is recognised as a buffer. */
  scanOnce(): void {
    if (!this.hasScanned) this.#scan();
  }

  has(name: string, kind: Kind): boolean {
    return this.#scan().get(name)?.kind === kind;
  }

  isPersistent(name: string): boolean {
    return this.#slots.get(name)?.persistent ?? true;
  }

  /** The properties of a kind in order, with null for absent values. */
  entries(kind: 'module'): [string, Module | null][];
  entries(kind: 'parameter'): [string, Parameter | null][];
  entries(kind: 'buffer'): [string, Tensor | null][];
  entries(kind: Kind): [string, unknown][] {
    const found: [string, unknown][] = [];
    for (const [name, slot] of this.#scan()) {
      if (slot.kind === kind) found.push([name, this.#owner[name] ?? null]);
    }
    return found;
  }

  /** Temporarily replaces the value of any property. */
  swap(name: string, tensor: Tensor | null): Swapped {
    const slot = this.#slots.get(name);
    const old: Swapped = {
      value: this.#owner[name] as Tensor | null | undefined,
      wasThere: Object.hasOwn(this.#owner, name),
      wasSwapped: slot?.isSwapped ?? false,
    };
    this.#owner[name] = tensor;
    if (slot !== undefined) slot.isSwapped = true;
    return old;
  }

  /** Undoes {@link swap} and returns the value that the property had until now. */
  restore(name: string, old: Swapped): unknown {
    const slot = this.#slots.get(name);
    const value = this.#owner[name];
    if (slot !== undefined) slot.isSwapped = old.wasSwapped;
    if (old.wasThere) this.#owner[name] = old.value;
    else delete this.#owner[name];
    return value;
  }
}
