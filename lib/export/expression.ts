/**
 * The expressions of symbolic sizes and guards: the part of Python's expressions that `torch.export` writes. They are
 * parsed when a program is loaded, and nothing but this grammar is accepted.
 */

import { ValueError } from '../errors';
import { COMPARISONS, CONSTANTS, FUNCTIONS, type Value, floorDivide, modulo, number } from './expression-functions';

/** What names stand for. */
export interface Names {
  /** The size that a symbol stands for; undefined for an unknown one. */
  symbol(name: string): number | undefined;
  /** The input that `L[...][...]` names; undefined for an unknown one. */
  input(path: readonly (string | number)[]): Value;
}

/** An expression: its value, and the symbols in it. */
export interface Expression {
  readonly text: string;
  readonly symbols: ReadonlySet<string>;
  evaluate(names: Names): Value;
}

type Evaluate = (names: Names) => Value;

/** Deeper than any expression of sizes. Keeps a hostile one from exhausting the stack. */
const MAX_DEPTH = 200;

const MAX_LENGTH = 100_000;

const TOKEN =
  /\s*(?:(\d+\.\d*(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\*\*|\/\/|==|!=|<=|>=|<<|>>|[-+*/%<>()[\].,=&|~]))/y;

const PRODUCTS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': floorDivide,
  '%': modulo,
  '<<': (a, b) => a * 2 ** b,
  '>>': (a, b) => floorDivide(a, 2 ** b),
};

interface Token {
  readonly kind: 'number' | 'name' | 'string' | 'operator' | 'end';
  readonly text: string;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  for (let position = 0; position < end; position = TOKEN.lastIndex) {
    const found = TOKEN.exec(text);
    if (found === null) throw new ValueError(`unexpected ${JSON.stringify(text.slice(position, position + 20))}`);
    const kind = (['number', 'name', 'string', 'operator'] as const).find((_, i) => found[i + 1] !== undefined)!;
    tokens.push({ kind, text: found[0].trim() });
  }
  tokens.push({ kind: 'end', text: 'the end' });
  return tokens;
}

/** What guards read of a tensor. */
interface Strided {
  size(): readonly number[];
  stride(): readonly number[];
  storageOffset(): number;
}

const METHODS: ReadonlyMap<string, keyof Strided> = new Map([
  ['size', 'size'],
  ['stride', 'stride'],
  ['storage_offset', 'storageOffset'],
]);

function tensorOf(value: Value): Strided {
  if (typeof value === 'object' && value !== null && 'storageOffset' in value) return value as Strided;
  throw new ValueError('expected a tensor');
}

/** A recursive descent, one method for each precedence. */
class Parser {
  readonly symbols = new Set<string>();
  private position = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  parse(): Evaluate {
    const result = this.either();
    if (this.next.kind !== 'end') this.fail('the end');
    return result;
  }

  private get next(): Token {
    return this.tokens[this.position];
  }

  private take(...texts: string[]): string | null {
    const { kind, text } = this.next;
    if (kind === 'string' || kind === 'number' || !texts.includes(text)) return null;
    this.position++;
    return text;
  }

  private expect(text: string): void {
    if (this.take(text) === null) this.fail(`'${text}'`);
  }

  private fail(expected: string): never {
    throw new ValueError(`expected ${expected}, found ${this.next.text.slice(0, 40)}`);
  }

  private either(): Evaluate {
    if (++this.depth > MAX_DEPTH) throw new ValueError('the expression is nested too deeply');
    let left = this.both();
    while (this.take('or', '|') !== null) {
      const [a, b] = [left, this.both()];
      left = (names) => a(names) === true || b(names) === true;
    }
    this.depth--;
    return left;
  }

  private both(): Evaluate {
    let left = this.negated();
    while (this.take('and', '&') !== null) {
      const [a, b] = [left, this.negated()];
      left = (names) => a(names) === true && b(names) === true;
    }
    return left;
  }

  private negated(): Evaluate {
    let isNegated = false;
    while (this.take('not', '~') !== null) isNegated = !isNegated;
    const value = this.comparison();
    return isNegated ? (names) => value(names) !== true : value;
  }

  private comparison(): Evaluate {
    const operands = [this.sum()];
    const operators: string[] = [];
    for (let operator = this.comparator(); operator !== null; operator = this.comparator()) {
      operators.push(operator);
      operands.push(this.sum());
    }
    if (operators.length === 0) return operands[0];
    return (names) => {
      const values = operands.map((operand) => operand(names));
      return operators.every((operator, i) => COMPARISONS[operator](values[i], values[i + 1]));
    };
  }

  private comparator(): string | null {
    if (this.take('is') !== null) return this.take('not') === null ? '==' : '!=';
    return this.take(...Object.keys(COMPARISONS));
  }

  private sum(): Evaluate {
    let left = this.product();
    for (let operator = this.take('+', '-'); operator !== null; operator = this.take('+', '-')) {
      const [a, b, sign] = [left, this.product(), operator === '+' ? 1 : -1];
      left = (names) => number(a(names)) + sign * number(b(names));
    }
    return left;
  }

  private product(): Evaluate {
    const operators = Object.keys(PRODUCTS);
    let left = this.signed();
    for (let operator = this.take(...operators); operator !== null; operator = this.take(...operators)) {
      const [a, b, f] = [left, this.signed(), PRODUCTS[operator]];
      left = (names) => f(number(a(names)), number(b(names)));
    }
    return left;
  }

  private signed(): Evaluate {
    let sign = 1;
    let isSigned = false;
    for (let token = this.take('+', '-'); token !== null; token = this.take('+', '-')) {
      isSigned = true;
      if (token === '-') sign = -sign;
    }
    const value = this.power();
    return isSigned ? (names) => sign * number(value(names)) : value;
  }

  private power(): Evaluate {
    const base = this.postfix();
    if (this.take('**') === null) return base;
    if (++this.depth > MAX_DEPTH) throw new ValueError('the expression is nested too deeply');
    const exponent = this.signed();
    this.depth--;
    return (names) => number(base(names)) ** number(exponent(names));
  }

  /** A value, and what follows it: the size or stride of an input. */
  private postfix(): Evaluate {
    const value = this.atom();
    if (this.take('.') === null) return value;
    const method = METHODS.get(this.next.text) ?? this.fail("'size', 'stride' or 'storage_offset'");
    this.position++;
    this.expect('(');
    this.expect(')');
    if (method === 'storageOffset') return (names) => tensorOf(value(names)).storageOffset();
    this.expect('[');
    const index = this.either();
    this.expect(']');
    return (names) => tensorOf(value(names))[method]()[number(index(names))];
  }

  private atom(): Evaluate {
    const { kind, text } = this.next;
    this.position++;
    if (kind === 'number') {
      const value = Number(text);
      return () => value;
    }
    if (kind === 'string') {
      const value = text.slice(1, -1);
      return () => value;
    }
    if (text === '(') {
      const value = this.either();
      this.expect(')');
      return value;
    }
    if (kind === 'name') return text === 'L' && this.next.text === '[' ? this.input() : this.named(text);
    this.position--;
    return this.fail('a value');
  }

  /** `L['x'][0]`: an input by its path. */
  private input(): Evaluate {
    const path: (string | number)[] = [];
    while (this.take('[') !== null) {
      const { kind, text } = this.next;
      if (kind !== 'string' && kind !== 'number') this.fail('a key');
      this.position++;
      path.push(kind === 'string' ? text.slice(1, -1) : Number(text));
      this.expect(']');
    }
    return (names) => {
      const value = names.input(path);
      if (value === undefined) throw new ValueError(`there is no input ${path.join('.')}`);
      return value;
    };
  }

  private named(name: string): Evaluate {
    if (Object.hasOwn(CONSTANTS, name)) return () => CONSTANTS[name];
    if (name === 'math' && this.take('.') !== null) return this.named(this.tokens[this.position++].text);
    if (this.take('(') === null) return this.symbol(name);
    if (name === 'Symbol') return this.constructed();
    if (!Object.hasOwn(FUNCTIONS, name)) throw new ValueError(`unknown function ${name.slice(0, 40)}`);
    const f = FUNCTIONS[name];
    const operands: Evaluate[] = [];
    while (this.take(')') === null) {
      if (operands.length > 0) this.expect(',');
      // `Float('0.5', precision=53)`: the precision is that of every number here.
      if (this.tokens[this.position + 1]?.text === '=') {
        this.position += 2;
        this.atom();
      } else {
        operands.push(this.either());
      }
    }
    if (operands.length === 0) throw new ValueError(`${name}() has no arguments`);
    return (names) => f(operands.map((operand) => numeric(operand(names))));
  }

  /** `Symbol('s0', integer=True, positive=True)`. */
  private constructed(): Evaluate {
    const { kind, text } = this.next;
    if (kind !== 'string') this.fail('the name of a symbol');
    this.position++;
    while (this.take(')') === null) {
      if (this.next.kind === 'end') this.fail("')'");
      this.position++;
    }
    return this.symbol(text.slice(1, -1));
  }

  private symbol(name: string): Evaluate {
    this.symbols.add(name);
    return (names) => {
      const value = names.symbol(name);
      if (value === undefined) throw new ValueError(`the symbol ${name} has no value`);
      return value;
    };
  }
}

/** sympy writes floats as strings. */
function numeric(value: Value): Value {
  return typeof value === 'string' && /^-?[\d.]+(?:e[-+]?\d+)?$/i.test(value) ? Number(value) : value;
}

/**
 * Parses an expression.
 *
 * @throws ValueError for anything that is not of the grammar.
 */
export function parseExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ValueError(`the expression has ${text.length} characters`);
  const parser = new Parser(tokenize(text));
  const evaluate = parser.parse();
  return { text, symbols: parser.symbols, evaluate };
}
