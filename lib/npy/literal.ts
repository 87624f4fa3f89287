/**
 * A parser of Python literals, as in the header of an `.npy` file: dicts, tuples, lists, strings,
 * integers, `True`, `False`, `None`. It evaluates nothing; everything else is a syntax error.
 */

import { ValueError } from '../errors';

/** A Python tuple. It differs from a list because NumPy requires a tuple as the shape. */
export class PythonTuple {
  constructor(readonly items: readonly PythonLiteral[]) {}
}

/** A parsed literal. */
export type PythonLiteral =
  string | bigint | boolean | null | PythonTuple | PythonLiteral[] | Map<string, PythonLiteral>;

/** Deeper than any dtype is nested. Keeps malicious input from exhausting the stack. */
const MAX_DEPTH = 32;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
};

class LiteralParser {
  private position = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  parseAll(): PythonLiteral {
    const value = this.parseValue();
    this.skipSpace();
    if (this.position < this.text.length) this.fail('the end of the header');
    return value;
  }

  private fail(expected: string): never {
    const rest = this.text.slice(this.position, this.position + 20);
    const found = rest === '' ? 'the end of the header' : JSON.stringify(rest);
    throw new ValueError(`expected ${expected} at character ${this.position}, found ${found}`);
  }

  private skipSpace(): void {
    while (/\s/.test(this.text.charAt(this.position))) this.position++;
  }

  private peek(): string {
    this.skipSpace();
    return this.text.charAt(this.position);
  }

  private accept(character: string): boolean {
    if (this.peek() !== character) return false;
    this.position++;
    return true;
  }

  private parseValue(): PythonLiteral {
    if (++this.depth > MAX_DEPTH) throw new ValueError('the header is nested too deeply');
    const value = this.parseNested();
    this.depth--;
    return value;
  }

  private parseNested(): PythonLiteral {
    const next = this.peek();
    if (next === '{') return this.parseDict();
    if (next === '(') return this.parseParentheses();
    if (next === '[') {
      this.position++;
      return this.parseItems(']').items;
    }
    // Python 2 wrote byte and unicode strings with a prefix.
    if (next === "'" || next === '"' || /^[bu]['"]/.test(this.text.slice(this.position))) {
      return this.parseString();
    }
    return this.parseWord();
  }

  private parseDict(): Map<string, PythonLiteral> {
    this.position++;
    const entries = new Map<string, PythonLiteral>();
    while (!this.accept('}')) {
      const key = this.parseValue();
      if (typeof key !== 'string') this.fail('a string as dictionary key');
      if (!this.accept(':')) this.fail("':'");
      entries.set(key, this.parseValue());
      if (this.accept(',')) continue;
      if (this.peek() !== '}') this.fail("',' or '}'");
    }
    return entries;
  }

  /** `(1, 2)` and `(1,)` are tuples; `(1)` is 1. */
  private parseParentheses(): PythonLiteral {
    this.position++;
    const { items, trailingComma } = this.parseItems(')');
    const only = items[0];
    return items.length === 1 && !trailingComma && only !== undefined ? only : new PythonTuple(items);
  }

  private parseItems(close: string): { items: PythonLiteral[]; trailingComma: boolean } {
    const items: PythonLiteral[] = [];
    let trailingComma = false;
    while (!this.accept(close)) {
      items.push(this.parseValue());
      trailingComma = this.accept(',');
      if (!trailingComma && this.peek() !== close) this.fail(`',' or '${close}'`);
    }
    return { items, trailingComma };
  }

  private parseString(): string {
    if (/[bu]/.test(this.text.charAt(this.position))) this.position++;
    const quote = this.text.charAt(this.position++);
    let value = '';
    for (;;) {
      const character = this.text.charAt(this.position++);
      if (character === '' || character === '\n') {
        this.position--;
        this.fail('the end of a string');
      }
      if (character === quote) return value;
      if (character !== '\\') {
        value += character;
        continue;
      }
      const escaped = ESCAPES[this.text.charAt(this.position)];
      if (escaped === undefined) this.fail('a known escape');
      value += escaped;
      this.position++;
    }
  }

  private parseWord(): bigint | boolean | null {
    const word = /^[-+]?\w*/.exec(this.text.slice(this.position, this.position + 64))?.[0] ?? '';
    // Python 2 wrote long integers as 3L.
    if (/^[-+]?\d+L?$/.test(word)) {
      this.position += word.length;
      const digits = word.replace('L', '').replace('+', '');
      return BigInt(digits);
    }
    const constants: Readonly<Record<string, boolean | null>> = {
      True: true,
      False: false,
      None: null,
    };
    if (!Object.hasOwn(constants, word)) this.fail('a Python literal');
    this.position += word.length;
    return constants[word] as boolean | null;
  }
}

/**
 * Parses one Python literal.
 *
 * @throws ValueError for any other text, with the position and what was expected there.
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  return new LiteralParser(text).parseAll();
}
