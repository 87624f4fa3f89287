/** Checks the inputs of a call against the sizes, ranges and guards that a program was exported with. */

import { describeType } from '../describe';
import { AssertionError, RuntimeError } from '../errors';
import { at } from '../files/failure';
import { native } from '../native';
import { type InputPath, pathText } from './call-signature';
import { type Expression, type Names, parseExpression } from './expression';
import type { ProgramGraph } from './graph-reader';
import type { JsonReader } from './json-reader';
import type { Constant, GraphSignature } from './signature';
import type { SymbolicSize } from './sizes';

/** What an input must be: a tensor, a size, or a constant. */
export type Expected =
  | { readonly kind: 'tensor'; readonly sizes: readonly SymbolicSize[] }
  | { readonly kind: 'size'; readonly size: SymbolicSize | undefined }
  | { readonly kind: 'constant'; readonly value: Constant };

/** What the arguments must be, in the order of the graph. */
export function expectedInputs(graph: ProgramGraph, { inputSpecs }: GraphSignature): Expected[] {
  return inputSpecs.flatMap((spec, i): Expected[] => {
    if (spec.kind !== 'userInput') return [];
    if (spec.value !== undefined) return [{ kind: 'constant', value: spec.value }];
    const name = graph.names[i];
    const tensor = name === null ? undefined : graph.tensors.get(name);
    if (tensor !== undefined) return [{ kind: 'tensor', sizes: tensor.sizes }];
    return [{ kind: 'size', size: name === null ? undefined : graph.numbers.get(name) }];
  });
}

/** A range of sizes; null where there is no limit. */
export interface Range {
  readonly min: number | null;
  readonly max: number | null;
}

/** Sizes below this one are allowed whatever the range says, as in Python: it only means "not 0 or 1 in the trace". */
const SMALLEST_RANGE = 2;

export function readRanges(reader: JsonReader): Map<string, Range> {
  return new Map(
    reader.entries().map(([symbol, range]) => {
      const limit = (name: string): number | null => {
        const value = range.optional(name)?.int64();
        return typeof value === 'number' ? value : null;
      };
      return [symbol, { min: limit('min_val'), max: limit('max_val') }];
    }),
  );
}

/** Reads the conditions that tracing found. */
export function readGuards(reader: JsonReader | null): Expression[] {
  return (reader?.items() ?? []).map((guard) => at(guard.place, () => parseExpression(guard.string())));
}

/** The check of the inputs of a program. */
export class InputCheck {
  constructor(
    private readonly paths: readonly InputPath[],
    private readonly expected: readonly Expected[],
    private readonly ranges: ReadonlyMap<string, Range>,
    private readonly guards: readonly Expression[],
  ) {}

  /** @throws RuntimeError or AssertionError, in Python's words, for the first input that does not fit. */
  check(inputs: readonly unknown[]): void {
    const symbols = new Map<string, number>();
    inputs.forEach((input, i) => this.checkInput(input, this.expected[i], pathText(this.paths[i]), symbols));
    if (this.guards.length === 0) return;
    const names: Names = { symbol: (name) => symbols.get(name), input: (path) => this.find(path, inputs) };
    for (const guard of this.guards) {
      if (guard.evaluate(names) !== true)
        throw new AssertionError(`Guard failed: ${guard.text.replace(/\bL\['(\w+)'\]/g, '$1')}`);
    }
  }

  private checkInput(input: unknown, expected: Expected, path: string, symbols: Map<string, number>): void {
    if (expected.kind === 'constant') {
      const value =
        typeof expected.value === 'object' && expected.value !== null ? Number(expected.value) : expected.value;
      if (Object.is(input, value) || input === value) return;
      throw new RuntimeError(`Expected input at ${path} to be equal to ${String(value)}, but got ${textOf(input)}`);
    }
    if (expected.kind === 'size') {
      if (typeof input !== 'number')
        throw new RuntimeError(`Expected input at ${path} to be a number, but got ${textOf(input)}`);
      if (expected.size !== undefined) this.checkSize(input, expected.size, path, symbols);
      return;
    }
    if (!native.isTensor(input)) {
      throw new RuntimeError(`Expected input at ${path} to be a tensor, but got ${describeType(input)}`);
    }
    const shape = native.shape(input);
    const { sizes } = expected;
    if (shape.length !== sizes.length) {
      const list = sizes.map((size) => (typeof size === 'number' ? size : size.text)).join(', ');
      throw new RuntimeError(
        `Unexpected number of dimensions in input at ${path}.shape (expected [${list}], got [${shape.join(', ')}])`,
      );
    }
    sizes.forEach((size, d) => this.checkSize(shape[d], size, `${path}.shape[${d}]`, symbols));
  }

  private checkSize(found: number, size: SymbolicSize, path: string, symbols: Map<string, number>): void {
    const refuse = (what: string): never => {
      throw new RuntimeError(`Expected input at ${path} to be ${what}, but got ${found}`);
    };
    if (typeof size === 'number') {
      if (found !== size) refuse(`equal to ${size}`);
      return;
    }
    if (size.symbols.size !== 1) return;
    const [symbol] = size.symbols;
    const known = symbols.get(symbol);
    if (known !== undefined) {
      const value = valueAt(size, symbol, known);
      if (found !== value) refuse(`equal to ${value}`);
    } else {
      const solution = solve(size, symbol, found);
      if (solution === null) refuse(`of the form ${size.text}, where ${symbol} is an integer`);
      else symbols.set(symbol, solution);
    }
    const range = size.text === symbol ? this.ranges.get(symbol) : undefined;
    if (range === undefined) return;
    if (range.min !== null && range.min > SMALLEST_RANGE && found < range.min) refuse(`>= ${range.min}`);
    if (range.max !== null && found > range.max) refuse(`<= ${range.max}`);
  }

  /** The input that a guard means: by the names of arguments, or by its position in the flat list. */
  private find(path: readonly (string | number)[], inputs: readonly unknown[]): unknown {
    if (path[0] === 'flat_args' && typeof path[1] === 'number') return inputs[path[1]];
    const wanted = path.join('\0');
    const i = this.paths.findIndex(
      (own) => own.join('\0') === wanted || [own[0], ...own.slice(1)].join('_') === path.join('_'),
    );
    return i < 0 ? undefined : inputs[i];
  }
}

function valueAt(size: Expression, symbol: string, value: number): number {
  const names: Names = { symbol: (name) => (name === symbol ? value : undefined), input: () => undefined };
  return Number(size.evaluate(names));
}

/** Solves a linear expression for its symbol. Returns null if the solution is not an integer. */
function solve(size: Expression, symbol: string, value: number): number | null {
  const [atZero, atOne] = [valueAt(size, symbol, 0), valueAt(size, symbol, 1)];
  const solution = (value - atZero) / (atOne - atZero);
  return Number.isInteger(solution) && valueAt(size, symbol, solution) === value ? solution : null;
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? describeType(value) : String(value);
}
