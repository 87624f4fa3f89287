/** Calls of elementwise operators, of all that the vector machine has rules for. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { aten } = torch.ops;

/** A call of an operator with up to three tensors of the same shape. */
export interface ElementwiseCall {
  name: string;
  call: (x: Tensor, y: Tensor, z: Tensor) => unknown;
}

const calls: ElementwiseCall[] = [];

/** Adds an overload with `tensors` tensors first and other arguments after them, maybe in several variants. */
function add(name: string, tensors: number, ...variants: unknown[][]): void {
  const [operator, overload = 'default'] = name.split('.') as [string, string?];
  for (const others of variants.length === 0 ? [[]] : variants) {
    const text = others.map((other) => JSON.stringify(other)).join(', ');
    calls.push({
      name: text === '' ? name : `${name} (${text})`,
      call: (...given) => aten[operator]![overload]!(...given.slice(0, tensors), ...others),
    });
  }
}

// Arithmetic.
for (const operator of ['add', 'sub', 'rsub']) {
  add(`${operator}.Tensor`, 2, [], [{ alpha: 2 }], [{ alpha: -0.3 }], [{ alpha: -1 }]);
}
add('add.Scalar', 1, [0.1], [2, 3]);
add('sub.Scalar', 1, [0.1], [2, 0.25]);
add('rsub.Scalar', 1, [0.1], [2, 3]);
for (const operator of ['mul', 'div']) add(`${operator}.Tensor`, 2);
for (const operator of ['mul', 'div']) add(`${operator}.Scalar`, 1, [0.1], [3], [0]);
add('div.Tensor_mode', 2, [{ roundingMode: 'floor' }], [{ roundingMode: 'trunc' }], [{ roundingMode: null }]);
add('floor_divide', 2);
for (const operator of ['remainder', 'fmod']) {
  add(`${operator}.Tensor`, 2);
  add(`${operator}.Scalar`, 1, [0.7], [-2]);
}
add('pow.Tensor_Scalar', 1, [0], [1], [2], [3], [-1], [-2], [0.5], [-0.5], [2.5], [-0.3], [4]);
add('pow.Tensor_Tensor', 2);
calls.push({ name: 'pow.Scalar (1.7)', call: (x) => aten.pow!.Scalar!(1.7, x) });
calls.push({ name: 'pow.Scalar (1)', call: (x) => aten.pow!.Scalar!(1, x) });
add('addcmul', 3, [], [{ value: 1.3 }]);
add('addcdiv', 3, [], [{ value: 1.3 }]);
add('lerp.Scalar', 2, [0.3], [0.5], [0.7]);
add('lerp.Tensor', 3);
for (const operator of ['maximum', 'minimum', 'fmax', 'fmin', 'atan2', 'hypot', 'nextafter', 'heaviside']) {
  add(operator, 2);
}
add('copysign.Tensor', 2);
add('copysign.Scalar', 1, [-1]);
add('clamp', 1, [-0.5, 0.7], [0, null], [null, 0], [1, -1], [NaN, 1]);
add('clamp.Tensor', 3);
add('clamp_min', 1, [0], [0.3]);
add('clamp_max', 1, [0], [0.3]);
add('clamp_min.Tensor', 2);
add('clamp_max.Tensor', 2);
add('mse_loss', 2, [0]);
add('mse_loss_backward', 3, [0], [1]);
add('smooth_l1_loss', 2, [0], [0, 0.3]);
add('huber_loss', 2, [0], [0, 0.3]);

// Functions.
for (const operator of [
  ...['neg', 'abs', 'sign', 'sgn', 'reciprocal', 'sqrt', 'rsqrt', 'floor', 'ceil', 'round', 'trunc', 'frac'],
  ...['exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh'],
  ...['cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'erf', 'erfc', 'erfinv', 'lgamma', 'deg2rad', 'rad2deg'],
]) {
  add(operator, 1);
}
add('nan_to_num', 1, [], [0.5, 1, -1]);
add('logaddexp', 2);
add('logaddexp2', 2);
add('xlogy.Tensor', 2);
add('special_xlog1py', 2);

// Comparisons and truth values.
for (const operator of ['lt', 'le', 'gt', 'ge', 'eq', 'ne']) {
  add(`${operator}.Tensor`, 2);
  add(`${operator}.Scalar`, 1, [0], [0.5], [-0.1]);
}
for (const operator of ['logical_and', 'logical_or', 'logical_xor']) add(operator, 2);
for (const operator of ['logical_not', 'isnan', 'signbit']) add(operator, 1);
const bool = (x: Tensor): Tensor => x.gt(0);
for (const operator of ['bitwise_and', 'bitwise_or', 'bitwise_xor', 'add', 'mul']) {
  calls.push({ name: `${operator} of bool`, call: (x, y) => aten[operator]!.Tensor!(bool(x), bool(y)) });
}
calls.push({ name: 'bitwise_not', call: (x) => aten.bitwise_not!.default!(bool(x)) });
calls.push({ name: 'where', call: (x, y, z) => aten.where!.self!(bool(x), y, z) });
calls.push({ name: 'masked_fill.Scalar', call: (x, y) => aten.masked_fill!.Scalar!(y, bool(x), 0.3) });

// Activation functions.
add('relu', 1);
for (const operator of ['sigmoid', 'silu', 'mish', 'hardsigmoid', 'hardswish']) add(operator, 1);
for (const operator of ['sigmoid', 'tanh', 'silu', 'mish', 'hardsigmoid', 'hardswish']) add(`${operator}_backward`, 2);
add('softplus', 1, [], [2, 1]);
add('softplus_backward', 2, [1, 20], [2, 1]);
add('elu', 1, [], [0.7, 1.3, 0.9]);
for (const isResult of [false, true]) {
  calls.push({
    name: `elu_backward (${isResult})`,
    call: (x, y) => aten.elu_backward!.default!(x, 0.7, 1.3, 0.9, isResult, y),
  });
}
add('leaky_relu', 1, [], [-0.2]);
add('leaky_relu_backward', 2, [0.01, false]);
add('threshold', 1, [0.3, -2]);
add('threshold_backward', 2, [0], [0.3]);
add('hardtanh', 1, [], [-0.3, 0.4]);
add('hardtanh_backward', 2, [-0.3, 0.4]);
for (const operator of ['hardshrink', 'softshrink']) add(operator, 1, [0.4]);
for (const operator of ['hardshrink', 'softshrink']) add(`${operator}_backward`, 2, [0.4]);
add('log_sigmoid_forward', 1);
add('log_sigmoid_backward', 3);
add('_prelu_kernel', 2);
add('gelu', 1, [{ approximate: 'tanh' }]);
add('gelu_backward', 2, [{ approximate: 'tanh' }]);

// Copies, conversions and constants.
add('clone', 1);
for (const dtype of ['float32', 'float64', 'int64', 'int32', 'bool'] as const) add('_to_copy', 1, [{ dtype }]);
calls.push({ name: 'bool to float32', call: (x) => aten._to_copy!.default!(bool(x), { dtype: 'float32' }) });
calls.push({ name: 'bool to int64', call: (x) => aten._to_copy!.default!(bool(x), { dtype: 'int64' }) });
calls.push({ name: 'bool plus float', call: (x, y) => bool(x).add(y) });
add('zeros_like', 1);
add('ones_like', 1);
add('full_like', 1, [0.3]);
add('fill.Scalar', 1, [0.3]);

const { length } = calls;
add('gelu', 1);
add('gelu_backward', 2);
// oneDNN computes these in float32.
const ofFloat64 = calls.slice(length);

/** All calls for which the machine has rules in a dtype. */
export const elementwiseCallsOf = (dtype: 'float32' | 'float64'): readonly ElementwiseCall[] =>
  dtype === 'float64' ? calls : calls.filter((call) => !ofFloat64.includes(call));
