/** `torch.func.grad` and `torch.func.grad_and_value`. */

import { checkFunction, checkOptions } from '../arguments';
import { gradsAfterLevel } from '../autograd/engine';
import { describeType, named } from '../describe';
import { RuntimeError } from '../errors';
import { atGradLevel } from '../interpreter/levels';
import { unwrapAll } from '../interpreter/wrapping';
import { native } from '../native';
import * as pytree from '../pytree';
import { callSync } from '../synchronous';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { wrapArguments } from './argnums';
import { splitAux } from './outputs';
import type { Argnums, Aux, Output, Selected, Transformable, WithAux } from './types';

/** The options of {@link grad} and {@link gradAndValue}. */
export interface GradOptions<N extends Argnums = Argnums, H extends boolean = boolean> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
  /** Whether `func` returns `[output, aux]`; aux is returned without being differentiated. */
  hasAux?: H;
}

const API = 'grad_and_value(f)(*args)';

// The engine runs after the level has been popped: levels below record the gradients if they need them, and the graph of
// this level is freed node by node.
function gradAndValueOf(
  api: string,
  func: AnyFunction,
  { argnums, hasAux }: Required<GradOptions>,
  args: readonly unknown[],
) {
  const { output, value, aux, diff } = atGradLevel((level) => {
    const { wrapped, diff } = wrapArguments(args, argnums, level);
    const { output, aux } = splitAux(callSync(api, func, wrapped), hasAux, API);
    if (!native.isTensor(output)) {
      throw new RuntimeError(`${API}: Expected f(*args) to return a Tensor, got ${describeType(output)}`);
    }
    if (output.dim() !== 0) {
      throw new RuntimeError(
        `${API}: Expected f(*args) to return a scalar Tensor, got tensor with ${output.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
      );
    }
    return {
      output,
      value: native.unwrapForGrad(output, level),
      aux: hasAux ? unwrapAll(aux, level) : undefined,
      diff,
    };
  });
  const { leaves, spec } = pytree.flatten(diff);
  const grads = gradsAfterLevel([output], leaves as Tensor[], null, false, native.gradMode());
  return { grad: pytree.unflatten(grads, spec), value, aux };
}

/**
 * A function that computes the gradient of `func`, which must return a 0-d tensor; `torch.func.grad`.
 *
 * The gradient has the structure, shapes and dtypes of the argument that `argnums` selects; for an array of
 * `argnums` it is an array. It can be transformed again: `grad(grad(f))`, `vmap(grad(f))`. The gradient of an
 * argument that does not affect the result is zeros.
 *
 * @throws RuntimeError if the result is not a 0-d real tensor, an argument is not floating point, or `argnums` is
 * invalid; ValueError if a selected argument contains non-tensor values.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const dsin = torch.func.grad((x: torch.Tensor) => x.sin());
 * dsin(torch.tensor(0)).item(); // 1
 * ```
 */
export function grad<F extends Transformable, const N extends Argnums = 0, const H extends boolean = false>(
  func: F,
  options: GradOptions<N, H> = {},
): (...args: Parameters<F>) => WithAux<Selected<Parameters<F>, N>, ReturnType<F>, H> {
  checkFunction('grad', func);
  const { argnums = 0, hasAux = false } = checkOptions('grad', options, ['argnums', 'hasAux']);
  const transformed = (...args: unknown[]): unknown => {
    const result = gradAndValueOf('grad', func, { argnums, hasAux }, args);
    return hasAux ? [result.grad, result.aux] : result.grad;
  };
  return named(transformed, func) as never;
}

/**
 * Like {@link grad}, but also returns the value: `[grad, value]`, or `[grad, [value, aux]]` with `hasAux`;
 * `torch.func.grad_and_value`.
 *
 * @example
 * ```ts
 * const [g, value] = torch.func.gradAndValue((x: torch.Tensor) => x.pow(2).sum())(torch.tensor([1, 2]));
 * // g: [2, 4], value: 5
 * ```
 */
export function gradAndValue<F extends Transformable, const N extends Argnums = 0, const H extends boolean = false>(
  func: F,
  options: GradOptions<N, H> = {},
): (
  ...args: Parameters<F>
) => [
  Selected<Parameters<F>, N>,
  H extends true ? [Output<ReturnType<F>, true>, Aux<ReturnType<F>>] : Output<ReturnType<F>, false>,
] {
  checkFunction('gradAndValue', func);
  const { argnums = 0, hasAux = false } = checkOptions('gradAndValue', options, ['argnums', 'hasAux']);
  const transformed = (...args: unknown[]): unknown => {
    const result = gradAndValueOf('gradAndValue', func, { argnums, hasAux }, args);
    return [result.grad, hasAux ? [result.value, result.aux] : result.value];
  };
  return named(transformed, func) as never;
}
