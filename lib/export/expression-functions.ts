/** The functions and constants of expressions. */

import { ValueError } from '../errors';

/** A number, a boolean, or what a name stands for. */
export type Value = unknown;

export const number = (value: Value): number => {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  throw new ValueError(`expected a number, found ${String(value)}`);
};

export const floorDivide = (a: number, b: number): number => Math.floor(a / b);
export const modulo = (a: number, b: number): number => a - b * Math.floor(a / b);

/** Python's `round`: to even. */
export function roundToEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const COMPARISONS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => number(a) < number(b),
  '<=': (a, b) => number(a) <= number(b),
  '>': (a, b) => number(a) > number(b),
  '>=': (a, b) => number(a) >= number(b),
};

const fold = (f: (a: number, b: number) => number) => (values: Value[]) => values.map(number).reduce((a, b) => f(a, b));
const binary =
  (f: (a: number, b: number) => number) =>
  ([a, b]: Value[]) =>
    f(number(a), number(b));
const unary =
  (f: (a: number) => number) =>
  ([a]: Value[]) =>
    f(number(a));

/** Functions by name: those of sympy's constructors, of torch.utils._sympy.functions and of Python. */
export const FUNCTIONS: Readonly<Record<string, (values: Value[]) => Value>> = {
  Add: fold((a, b) => a + b),
  Mul: fold((a, b) => a * b),
  Pow: binary((a, b) => a ** b),
  PowByNatural: binary((a, b) => a ** b),
  FloatPow: binary((a, b) => a ** b),
  Mod: binary(modulo),
  PythonMod: binary(modulo),
  FloorDiv: binary(floorDivide),
  CleanDiv: binary(floorDivide),
  CeilDiv: binary((a, b) => Math.ceil(a / b)),
  IntTrueDiv: binary((a, b) => a / b),
  FloatTrueDiv: binary((a, b) => a / b),
  LShift: binary((a, b) => a * 2 ** b),
  RShift: binary((a, b) => floorDivide(a, 2 ** b)),
  ModularIndexing: ([a, b, c]) => modulo(floorDivide(number(a), number(b)), number(c)),
  Max: fold(Math.max),
  Min: fold(Math.min),
  max: fold(Math.max),
  min: fold(Math.min),
  Where: ([condition, a, b]) => (condition === true ? a : b),
  Integer: unary((a) => a),
  Float: unary((a) => a),
  Rational: binary((a, b) => a / b),
  Identity: unary((a) => a),
  ToFloat: unary((a) => a),
  TruncToFloat: unary(Math.trunc),
  TruncToInt: unary(Math.trunc),
  FloorToInt: unary(Math.floor),
  CeilToInt: unary(Math.ceil),
  RoundToInt: unary(roundToEven),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  trunc: unary(Math.trunc),
  ceiling: unary(Math.ceil),
  abs: unary(Math.abs),
  Abs: unary(Math.abs),
  sqrt: unary(Math.sqrt),
  Equality: ([a, b]) => a === b,
  Eq: ([a, b]) => a === b,
  Unequality: ([a, b]) => a !== b,
  Ne: ([a, b]) => a !== b,
  StrictLessThan: ([a, b]) => number(a) < number(b),
  LessThan: ([a, b]) => number(a) <= number(b),
  StrictGreaterThan: ([a, b]) => number(a) > number(b),
  GreaterThan: ([a, b]) => number(a) >= number(b),
  And: (values) => values.every((value) => value === true),
  Or: (values) => values.some((value) => value === true),
  Not: ([value]) => value !== true,
};

export const CONSTANTS: Readonly<Record<string, Value>> = {
  True: true,
  False: false,
  true: true,
  false: false,
  None: null,
  inf: Infinity,
  oo: Infinity,
  int_oo: Infinity,
};
