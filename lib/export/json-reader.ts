/** Values of a parsed JSON text with their places: every mistake is an error that says where it is. */

import { shortened } from '../describe';
import { ValueError } from '../errors';
import type { Json, JsonObject } from '../files/json';

/** The text of a value in a message, at most. */
const MAX_SHOWN = 60;

/** What is said about a value, at most: names of the file may be in it. */
const MAX_MESSAGE = 500;

const NOT_FINITE: ReadonlyMap<Json, number> = new Map([
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['NaN', NaN],
]);

/** A value of the text, and where it is. */
export class JsonReader {
  constructor(
    private readonly value: Json,
    private readonly key: string | number = '',
    private readonly parent: JsonReader | null = null,
  ) {}

  /** Where the value is: `graph.nodes[3].target`. */
  get place(): string {
    if (this.parent === null) return String(this.key);
    const { place } = this.parent;
    if (typeof this.key === 'number') return `${place}[${this.key}]`;
    const key = /^\w{1,60}$/.test(this.key) ? this.key : JSON.stringify(shortened(this.key, MAX_SHOWN));
    return place === '' ? key : `${place}.${key}`;
  }

  /** The value as it is. */
  get json(): Json {
    return this.value;
  }

  get isNull(): boolean {
    return this.value === null;
  }

  /** The value of a key. */
  field(name: string): JsonReader {
    const object = this.object();
    if (!Object.hasOwn(object, name)) this.refuse(`has no '${name}'`);
    return new JsonReader(object[name], name, this);
  }

  /** The value of a key that may be missing or null. */
  optional(name: string): JsonReader | null {
    const value = this.object()[name];
    return value === undefined || value === null ? null : new JsonReader(value, name, this);
  }

  items(): JsonReader[] {
    if (!Array.isArray(this.value)) this.fail('an array');
    return this.value.map((item, i) => new JsonReader(item, i, this));
  }

  entries(): [string, JsonReader][] {
    return Object.entries(this.object()).map(([key, value]) => [key, new JsonReader(value, key, this)]);
  }

  /** The only entry of an object: which alternative it is, and its value. */
  union(): [kind: string, value: JsonReader] {
    const entries = this.entries();
    if (entries.length !== 1) this.fail('an object with one key');
    return entries[0];
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.fail('a string');
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('a boolean');
  }

  /** An integer that a number holds exactly. */
  integer(): number {
    return typeof this.value === 'number' && Number.isSafeInteger(this.value) ? this.value : this.fail('an integer');
  }

  /** An integer of 64 bits; a bigint if a number does not hold it. */
  int64(): number | bigint {
    if (typeof this.value !== 'bigint') return this.integer();
    return BigInt.asIntN(64, this.value) === this.value ? this.value : this.fail('an integer of 64 bits');
  }

  float(): number {
    if (typeof this.value === 'number') return this.value;
    if (typeof this.value === 'bigint') return Number(this.value);
    return NOT_FINITE.get(this.value) ?? this.fail('a number');
  }

  fail(expected: string): never {
    return this.refuse(`must be ${expected}, not ${shown(this.value)}`);
  }

  /** Throws an error about this value. */
  refuse(what: string): never {
    throw new ValueError(`${this.place === '' ? 'the text' : this.place} ${shortened(what, MAX_MESSAGE)}`);
  }

  private object(): JsonObject {
    const { value } = this;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : this.fail('an object');
  }
}

function shown(value: Json): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return shortened(text, MAX_SHOWN);
}
