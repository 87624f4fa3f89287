/**
 * Reads JSON step by step. The caller says what it expects next, so nothing else is built: a hostile file cannot make
 * it allocate. Unlike `JSON.parse` it refuses a key that occurs twice.
 */

import { nameText } from '../describe';
import { ValueError } from '../errors';

/** Any value. Integers that a number does not hold exactly are bigints, and objects have no prototype. */
export type Json = null | boolean | number | bigint | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** Deeper than any header is nested. Keeps a hostile file from exhausting the stack. */
const MAX_DEPTH = 32;

/** More digits than any integer of 64 bits has. */
const MAX_DIGITS = 20;

// eslint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const INTEGER = /(?:0|[1-9]\d*)(?![\d.eE])/y;
const OTHER = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;

/** A position in a JSON text. */
export class JsonCursor {
  private position = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth = MAX_DEPTH,
  ) {}

  /** Reads an object; `entry` reads the value of each key. */
  object(entry: (key: string) => void): void {
    const keys = new Set<string>();
    this.list('{', '}', () => {
      const start = this.position;
      const key = this.string();
      if (keys.has(key)) throw new ValueError(`the key ${nameText(key)} occurs twice, at character ${start}`);
      keys.add(key);
      this.expect(':');
      entry(key);
    });
  }

  /** Reads an array of non-negative integers, of at most `limit` items. */
  integers(limit: number): number[] {
    const items: number[] = [];
    this.list('[', ']', () => {
      if (items.length === limit) this.fail(`at most ${limit} numbers`);
      items.push(this.integer());
    });
    return items;
  }

  string(): string {
    return JSON.parse(this.match(STRING) ?? this.fail('a string')) as string;
  }

  /** Reads any value. What the keys in `skipped` have is dropped. */
  value(skipped: ReadonlySet<string> = new Set()): Json {
    switch (this.peek()) {
      case '{': {
        const object = Object.create(null) as JsonObject;
        this.object((key) => {
          if (skipped.has(key)) this.skip();
          else object[key] = this.value(skipped);
        });
        return object;
      }
      case '[': {
        const items: Json[] = [];
        this.list('[', ']', () => items.push(this.value(skipped)));
        return items;
      }
      case '"':
        return this.string();
      default:
        return this.literal();
    }
  }

  /** Reads any value and drops it. */
  skip(): void {
    const next = this.peek();
    if (next === '{') this.object(() => this.skip());
    else if (next === '[') this.list('[', ']', () => this.skip());
    else if (this.match(STRING) === null && this.match(OTHER) === null) this.fail('a value');
  }

  /** Checks that only white space follows. */
  end(): void {
    if (this.peek() !== '') this.fail('the end of the text');
  }

  fail(expected: string): never {
    const found = this.text.slice(this.position, this.position + 20);
    const what = found === '' ? 'the end of the text' : JSON.stringify(found);
    throw new ValueError(`expected ${expected} at character ${this.position}, found ${what}`);
  }

  private literal(): null | boolean | number | bigint {
    const text = this.match(OTHER) ?? this.fail('a value');
    if (text === 'null') return null;
    if (text === 'true' || text === 'false') return text === 'true';
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || Number.isSafeInteger(value)) return value;
    if (text.length > MAX_DIGITS) throw new ValueError(`the number ${text.slice(0, 30)} is too large`);
    return BigInt(text);
  }

  private integer(): number {
    const digits = this.match(INTEGER) ?? this.fail('a non-negative integer');
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw new ValueError(`the number ${digits.slice(0, 30)} is too large`);
    return value;
  }

  private list(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (++this.depth > this.maxDepth) {
      throw new ValueError(`the text is nested too deeply at character ${this.position}`);
    }
    if (this.peek() !== close) {
      item();
      while (this.peek() === ',') {
        this.position++;
        item();
      }
    }
    this.expect(close);
    this.depth--;
  }

  private expect(character: string): void {
    if (this.peek() !== character) this.fail(`'${character}'`);
    this.position++;
  }

  /** The next character that is not white space, where the position moves to. */
  private peek(): string {
    while (this.position < this.text.length && ' \t\n\r'.includes(this.text[this.position])) this.position++;
    return this.text.charAt(this.position);
  }

  private match(pattern: RegExp): string | null {
    this.peek();
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.position += found[0].length;
    return found[0];
  }
}
