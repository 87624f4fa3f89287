/**
 * Which properties of a module are parameters, buffers and modules. A module's properties are the only
 * place where these are kept, so that reading one costs nothing; what they are is seen by looking at
 * them whenever somebody asks. Only what a value does not tell is remembered here: that a plain tensor is
 * a buffer, that null stands for a parameter that is not there.
 */

import { KeyError } from '../errors';
import { typename } from '../functional/type-names';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { Callable } from './callable';
import type { Module } from './module';
import { Buffer, Parameter } from './parameter';

export type Kind = 'parameter' | 'buffer' | 'module';

interface Slot {
  kind: Kind;
  /** Of a buffer: whether it is part of the state. */
  persistent: boolean;
  /** Whether a functional call has put another tensor there. */
  isSwapped: boolean;
}

/** What a property held before {@link Registry.swap}. */
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
 * Refuses names that a state could not tell apart from those of submodules.
 *
 * @throws KeyError for an empty name, or one with a dot.
 */
export function checkName(kind: Kind, name: string): void {
  if (name.includes('.')) {
    throw new KeyError(`${kind} name can't contain "."${kind === 'module' ? `, got: ${name}` : ''}`);
  }
  if (name === '') throw new KeyError(`${kind} name can't be empty string ""`);
}

const registries = new WeakMap<object, Registry>();

/**
 * The registry of a module; for the functions that go beyond the module's public methods.
 *
 * @throws TypeError for a Proxy of a module, and for an object that only inherits from one.
 */
export function registryOf(module: Module): Registry {
  const registry = registries.get(module);
  if (registry !== undefined) return registry;
  throw new TypeError('a Proxy of a torch.nn.Module, or an object that only inherits from one, is no module');
}

export class Registry {
  readonly #slots = new Map<string, Slot>();
  readonly #owner: Record<string, unknown>;
  /** Whether it has ever looked: what the constructor assigned is known from then on. */
  hasLooked = false;

  constructor(owner: object) {
    this.#owner = owner as Record<string, unknown>;
    registries.set(owner, this);
  }

  /**
   * The slots as the properties are now.
   *
   * @throws TypeError for a value that does not belong into its slot.
   */
  #look(): Map<string, Slot> {
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
      // As in Python, a parameter or a module takes any name; a buffer does not take theirs.
      if (kind === 'buffer' && slot !== undefined) this.#refuse(name, slot, value);
      if (kind !== 'module') checkName(kind, name);
      this.#define(name, kind, value instanceof Buffer ? value.persistent : true);
    }
    for (const name of slots.keys()) {
      if (!Object.hasOwn(this.#owner, name)) slots.delete(name);
    }
    this.hasLooked = true;
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

  /** Says what a property is, whatever its value; what was assigned before comes before it. */
  register(name: string, kind: Kind, persistent: boolean): void {
    this.#look();
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

  /** Looks for what the constructor has assigned, so that a later assignment of a plain tensor is understood. */
  lookOnce(): void {
    if (!this.hasLooked) this.#look();
  }

  has(name: string, kind: Kind): boolean {
    return this.#look().get(name)?.kind === kind;
  }

  isPersistent(name: string): boolean {
    return this.#slots.get(name)?.persistent ?? true;
  }

  /** The properties of a kind, in order; null where there is none. */
  entries(kind: 'module'): [string, Module | null][];
  entries(kind: 'parameter'): [string, Parameter | null][];
  entries(kind: 'buffer'): [string, Tensor | null][];
  entries(kind: Kind): [string, unknown][] {
    const found: [string, unknown][] = [];
    for (const [name, slot] of this.#look()) {
      if (slot.kind === kind) found.push([name, this.#owner[name] ?? null]);
    }
    return found;
  }

  /** Puts a tensor into a property for a while, whatever the property is. */
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

  /** Undoes {@link swap}, and returns what the property held until now. */
  restore(name: string, old: Swapped): unknown {
    const slot = this.#slots.get(name);
    const value = this.#owner[name];
    if (slot !== undefined) slot.isSwapped = old.wasSwapped;
    if (old.wasThere) this.#owner[name] = old.value;
    else delete this.#owner[name];
    return value;
  }
}
