/** The functions of sizes and other numbers in a program: Python's operators, `torch.sym_*`, and assertions. */

import { AssertionError, RuntimeError } from '../errors';
import { Float } from '../float';
import { native } from '../native';
import { aten } from '../ops';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { roundToEven } from './expression-functions';
import { isTrueEverywhere } from './predicates';

/** Python's int, float or bool. */
type Numeric = number | bigint | boolean | Float;

const isFloat = (value: Numeric): value is Float => value instanceof Float;

/** An integer; a bigint only where a number does not hold it exactly. */
function int(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A function of two numbers that returns an int for ints. */
const arithmetic =
  (float: (a: number, b: number) => number, exact: (a: bigint, b: bigint) => bigint) =>
  (a: Numeric, b: Numeric): Numeric => {
    if (isFloat(a) || isFloat(b)) return new Float(float(Number(a), Number(b)));
    const result = float(Number(a), Number(b));
    // The sum removes the sign of a zero, which an integer does not have.
    const isExact = typeof a !== 'bigint' && typeof b !== 'bigint' && Number.isSafeInteger(result);
    return isExact ? result + 0 : int(exact(BigInt(a), BigInt(b)));
  };

const toInt = (round: (x: number) => number) => (a: Numeric) => (isFloat(a) ? round(Number(a)) : a);

const compare = (f: (a: number, b: number) => boolean) => (a: Numeric, b: Numeric) => f(Number(a), Number(b));

function nonZero(b: Numeric): Numeric {
  if (Number(b) === 0) throw new RuntimeError('integer division or modulo by zero');
  return b;
}

const floorDivide = arithmetic(
  (a, b) => Math.floor(a / b),
  (a, b) => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n),
);
const modulo = arithmetic(
  (a, b) => a - b * Math.floor(a / b),
  (a, b) => ((a % b) + b) % b,
);
const multiply = arithmetic((a, b) => a * b, (a, b) => a * b); // prettier-ignore

/** `a ** b`: an int for ints, unless the exponent is negative. */
function power(a: Numeric, b: Numeric): Numeric {
  const result = Number(a) ** Number(b);
  return isFloat(a) || isFloat(b) || Number(b) < 0 ? new Float(result) : result;
}

/** The larger of two numbers by `isBetter`; a float if one of them is. */
const choose =
  (isBetter: (a: number, b: number) => boolean) =>
  (...values: Numeric[]): Numeric => {
    const best = values.reduce((a, b) => (isBetter(Number(b), Number(a)) ? b : a));
    return values.some(isFloat) ? new Float(Number(best)) : best;
  };

const FUNCTIONS: Readonly<Record<string, AnyFunction>> = {
  add: arithmetic((a, b) => a + b, (a, b) => a + b), // prettier-ignore
  sub: arithmetic((a, b) => a - b, (a, b) => a - b), // prettier-ignore
  mul: multiply,
  floordiv: (a: Numeric, b: Numeric) => floorDivide(a, nonZero(b)),
  mod: (a: Numeric, b: Numeric) => modulo(a, nonZero(b)),
  truediv: (a: Numeric, b: Numeric) => new Float(Number(a) / Number(nonZero(b))),
  pow: power,
  neg: (a: Numeric) => multiply(-1, a),
  pos: (a: Numeric) => a,
  lshift: (a: Numeric, b: Numeric) => Number(a) * 2 ** Number(b),
  rshift: (a: Numeric, b: Numeric) => Math.floor(Number(a) / 2 ** Number(b)),
  eq: compare((a, b) => a === b),
  ne: compare((a, b) => a !== b),
  lt: compare((a, b) => a < b),
  le: compare((a, b) => a <= b),
  gt: compare((a, b) => a > b),
  ge: compare((a, b) => a >= b),
  and_: (a: boolean, b: boolean) => a && b,
  or_: (a: boolean, b: boolean) => a || b,
  sym_not: (a: boolean) => !a,
  sym_int: toInt(Math.trunc),
  sym_float: (a: Numeric) => new Float(Number(a)),
  sym_ite: (condition: boolean, a: Numeric, b: Numeric) => (condition ? a : b),
  sym_max: choose((a, b) => a > b),
  sym_min: choose((a, b) => a < b),
  sym_sum: (values: Numeric[]) => values.reduce((a, b) => FUNCTIONS.add(a, b) as Numeric, 0),
  sym_fresh_size: (a: Numeric) => a,
  sym_sqrt: (a: Numeric) => new Float(Math.sqrt(Number(a))),
  trunc: toInt(Math.trunc),
  floor: toInt(Math.floor),
  ceil: toInt(Math.ceil),
  round: toInt(roundToEven),
};

/** The modules that the functions are in. */
const MODULES = /^(?:_operator|torch|torch\.fx\.experimental\.sym_node|math|builtins)\._?(\w+)$/;

/** The function of numbers that a target names, or undefined. */
export function symbolicFunction(target: string): AnyFunction | undefined {
  const name = MODULES.exec(target)?.[1];
  return name !== undefined && Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}

function assertScalar(condition: Numeric, message: string): null {
  if (Number(condition) === 0) throw new RuntimeError(message);
  return null;
}

function assertTensor(condition: Tensor, message = 'Expected Tensor with single nonzero value, but got zero'): null {
  if (!isTrueEverywhere(condition)) throw new RuntimeError(message);
  return null;
}

function constrainRange(size: Numeric, options: { min?: Numeric | null; max?: Numeric | null } = {}): null {
  const { min = null, max = null } = options;
  const value = Number(size);
  if ((min !== null && value < Number(min)) || (max !== null && value > Number(max))) {
    throw new RuntimeError(`Invalid value range for ${value} between [${String(min)}, ${String(max)}].`);
  }
  return null;
}

/** Checks what a program assumed of a tensor; the device is the caller's choice. */
function assertTensorMetadata(
  tensor: Tensor,
  size?: number[] | null,
  stride?: number[] | null,
  dtype?: string | null,
): null {
  const check = (what: string, expected: unknown, found: unknown): void => {
    if (expected != null && String(expected) !== String(found)) {
      throw new AssertionError(`Tensor ${what} mismatch! Expected: ${String(expected)}, Got: ${String(found)}`);
    }
  };
  check('sizes', size, tensor.shape);
  check('strides', stride, tensor.stride());
  check('dtype', dtype, tensor.dtype);
  return null;
}

const dimension = (dim: number, sizes: readonly number[]): number => sizes[dim < 0 ? dim + sizes.length : dim];

/** Operators of numbers, and assertions. They have no kernels, or none under transforms. */
export const NUMBER_OPERATORS: Readonly<Record<string, AnyFunction>> = {
  'aten._assert_scalar.default': assertScalar,
  'aten._assert_async.msg': assertTensor,
  'aten._assert_async.default': assertTensor,
  'aten._assert_tensor_metadata.default': assertTensorMetadata,
  'aten.sym_constrain_range.default': constrainRange,
  'aten.sym_constrain_range_for_size.default': constrainRange,
  'aten.sym_size.int': (x: Tensor, dim: number) => dimension(dim, native.shape(x)),
  'aten.sym_stride.int': (x: Tensor, dim: number) => dimension(dim, native.strides(x)),
  'aten.sym_numel.default': (x: Tensor) => native.numel(x),
  'aten.sym_storage_offset.default': (x: Tensor) => native.storageOffset(x),
  'aten.item.default': item,
  'aten._local_scalar_dense.default': item,
};

/** A number of a tensor; that of a tensor of floats is a float. */
function item(x: Tensor): unknown {
  const value: unknown = aten.item.default(x);
  return typeof value === 'number' && x.isFloatingPoint() ? new Float(value) : value;
}
