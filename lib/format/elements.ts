/** The elements of a tensor as torch/_tensor_str.py prints them. Pure functions of arrays, without tensors. */

import { product } from '../shapes';
import { formatExponential, formatFixed } from './numbers';
import type { PrintOptions } from './print-options';

/** Exact elements in row-major order; complex elements alternate real and imaginary parts. */
export type ElementValues = Float64Array | BigInt64Array | BigUint64Array | Uint8Array;

/** The kind of the elements. */
export type ElementKind = 'float' | 'int' | 'bool' | 'complex';

/** The block of elements to print. */
export interface Elements {
  readonly kind: ElementKind;
  /** The shape of the whole tensor. */
  readonly shape: readonly number[];
  /** Whether `values` contains only the ends of dimensions longer than twice `edgeitems`. */
  readonly summarized: boolean;
  readonly values: ElementValues;
}

/** Formats the elements of one tensor with one common width. */
interface Formatter {
  readonly width: number;
  format(value: number | bigint): string;
}

function longest(texts: Iterable<string>): number {
  let width = 1;
  for (const text of texts) width = Math.max(width, text.length);
  return width;
}

function plainFormatter(values: ElementValues, kind: ElementKind): Formatter {
  const write = (value: number | bigint): string =>
    kind === 'bool' ? (Number(value) !== 0 ? 'True' : 'False') : String(value);
  const width = longest(Array.from(values as Iterable<number | bigint>, write));
  return { width, format: (value) => write(value).padStart(width) };
}

function floatFormatter(values: readonly number[], options: PrintOptions): Formatter {
  const counted = values.filter((value) => Number.isFinite(value) && value !== 0);
  let intMode = true;
  let sciMode = false;
  let width = 1;
  const { precision } = options;
  if (counted.length > 0) {
    let min = Infinity;
    let max = 0;
    for (const value of counted) {
      min = Math.min(min, Math.abs(value));
      max = Math.max(max, Math.abs(value));
      if (value !== Math.ceil(value)) intMode = false;
    }
    sciMode = options.sciMode ?? (max / min > 1000 || max > 1e8 || min < 1e-4);
    if (sciMode) {
      width = longest(counted.map((value) => formatExponential(value, precision)));
    } else if (intMode) {
      // Each value gets a trailing point.
      width = longest(counted.map((value) => `${formatFixed(value, 0)}.`));
    } else {
      width = longest(counted.map((value) => formatFixed(value, precision)));
    }
  }
  const write = (value: number): string => {
    if (sciMode) return formatExponential(value, precision);
    if (intMode) return formatFixed(value, 0) + (Number.isFinite(value) ? '.' : '');
    return formatFixed(value, precision);
  };
  return { width, format: (value) => write(Number(value)).padStart(width) };
}

/** Formats the element at a position; `width` is the common width. */
interface Writer {
  readonly width: number;
  write(position: number): string;
}

function writerOf(elements: Elements, options: PrintOptions): Writer {
  const { kind, values } = elements;
  if (kind === 'complex') {
    const numbers = Array.from(values as Float64Array);
    const real = floatFormatter(
      numbers.filter((_, i) => i % 2 === 0),
      options,
    );
    const imaginary = floatFormatter(
      numbers.filter((_, i) => i % 2 === 1),
      options,
    );
    return {
      // One more for the `j` of the imaginary part.
      width: real.width + imaginary.width + 1,
      write(position) {
        const text = `${imaginary.format(numbers[2 * position + 1])}j`.trimStart();
        const sign = text.startsWith('+') || text.startsWith('-') ? '' : '+';
        return real.format(numbers[2 * position]) + sign + text;
      },
    };
  }
  const formatter =
    kind === 'float' ? floatFormatter(Array.from(values as Float64Array), options) : plainFormatter(values, kind);
  return { width: formatter.width, write: (position) => formatter.format(values[position]) };
}

/**
 * The elements in brackets, with PyTorch's line breaks.
 *
 * @param indent - The column of the first bracket.
 */
export function formatElements(elements: Elements, indent: number, options: PrintOptions): string {
  const { shape, summarized } = elements;
  if (shape.includes(0)) return '[]';
  const { edgeitems } = options;
  const writer = writerOf(elements, options);
  const isCut = (dim: number): boolean => summarized && shape[dim] > 2 * edgeitems;
  const shown = shape.map((size, dim) => (isCut(dim) ? 2 * edgeitems : size));
  const blocks = shown.map((_, dim) => product(shown.slice(dim + 1)));

  const row = (start: number, column: number): string => {
    const dim = shape.length - 1;
    const perLine = Math.max(1, Math.floor((options.linewidth - column) / (writer.width + 2)));
    const texts = Array.from({ length: shown[dim] }, (_, i) => writer.write(start + i));
    if (summarized && edgeitems === 0) texts.splice(0, texts.length, '...');
    else if (isCut(dim)) texts.splice(edgeitems, 0, ' ...');
    const lines: string[] = [];
    for (let i = 0; i < texts.length; i += perLine) lines.push(texts.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(column + 1)}`)}]`;
  };

  const block = (dim: number, start: number, column: number): string => {
    if (dim === shape.length - 1) return row(start, column);
    const parts = Array.from({ length: shown[dim] }, (_, i) => block(dim + 1, start + i * blocks[dim], column + 1));
    if (isCut(dim)) parts.splice(edgeitems, 0, '...');
    // One blank line between matrices, two between stacks of matrices, and so on.
    return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - dim)}${' '.repeat(column + 1)}`)}]`;
  };

  return shape.length === 0 ? writer.write(0) : block(0, 0, indent);
}
