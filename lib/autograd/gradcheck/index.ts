/** `torch.autograd.gradcheck`: compares derivatives with finite differences. */

import { checkFunction, checkNumbers, checkOptions, copyDense, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError, RuntimeError, ValueError } from '../../errors';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { emitLibtorchWarning } from '../../warnings';
import { grad } from '../grad';
import { checkBatchedGrads, checkBatchedTangents } from './batched';
import { asOutputs, GradcheckError, isChecked, isComplex } from './check';
import type { Check, Outputs } from './check';
import { compareDirections, compareElements } from './compare';
import { COMMON_OPTIONS } from './options';
import type { GradcheckOptions, GradgradcheckOptions } from './options';
import { checkSparse, densify, isSparse, valuesOf } from './sparse';
import { checkUndefinedGrads, checkUndefinedTangents, checkZeroGrads } from './zeros';

export { GradcheckError } from './check';
export type { GradcheckOptions, GradgradcheckOptions } from './options';

function checkInputs(inputs: readonly unknown[], options: GradcheckOptions): void {
  const checked = inputs.flatMap((input, index) => (isChecked(input) ? [{ input, index }] : []));
  for (const { input, index } of checked) {
    if (isSparse(input)) {
      checkSparse(input, index, options.masked ?? false);
      for (const name of ['fastMode', 'checkForwardAd', 'checkBatchedGrad'] as const) {
        if (options[name]) throw new ValueError(`gradcheck: the option ${name} cannot check sparse inputs`);
      }
    }
    if (input.dtype !== 'float64' && input.dtype !== 'complex128') {
      emitLibtorchWarning(
        'UserWarning',
        `Input #${index} requires gradient and is not a double precision floating point or complex. This check will likely fail if all the inputs are not of double precision floating point or complex. `,
      );
    }
    const content = isSparse(input) ? valuesOf(input) : input;
    const { shape } = content;
    if (content.strides.some((stride, dim) => stride === 0 && shape[dim] > 1)) {
      throw new RuntimeError(
        `The ${index}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck.`,
      );
    }
  }
  if (checked.length === 0) {
    throw new ValueError(
      'gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.',
    );
  }
}

// A complex function is checked as two real functions: one of the real parts of its outputs (in forward mode, inputs),
// one of the imaginary parts.
function parts(base: Check): Check[] {
  const { func, inputs, outputs } = base;
  if (!base.forward) {
    const complexIndices = outputs.filter((output) => output.requiresGrad).flatMap((o, i) => (isComplex(o) ? [i] : []));
    if (!outputs.some(isComplex)) return [base];
    return [true, false].map((imaginary) => {
      const part: Outputs = (...args) =>
        func(...args).map((output) => (isComplex(output) ? (imaginary ? output.imag : output.real) : output));
      return { ...base, func: part, outputs: part(...inputs), complexIndices, imaginary };
    });
  }
  const complexIndices = inputs.flatMap((input, i) => (native.isTensor(input) && isComplex(input) ? [i] : []));
  if (complexIndices.length === 0) return [base];
  return [true, false].map((imaginary) => {
    const whole = (part: Tensor, index: number): Tensor => {
      const original = (inputs[index] as Tensor).detach();
      return imaginary
        ? torchFunctions.complex(original.real.to(part.dtype), part)
        : torchFunctions.complex(part, original.imag.to(part.dtype));
    };
    const func_: Outputs = (...args) =>
      func(...args.map((arg, i) => (complexIndices.includes(i) ? whole(arg as Tensor, i) : arg)));
    const split = inputs.map((input, i) => {
      if (!complexIndices.includes(i)) return input;
      const original = input as Tensor;
      const part = (imaginary ? original.imag : original.real).detach().clone();
      return part.requiresGrad_(original.requiresGrad);
    });
    return {
      ...base,
      func: func_,
      inputs: split,
      perturbed: split,
      outputs: func_(...split),
      complexIndices,
      imaginary,
    };
  });
}

function run(func: Outputs, inputs: unknown[], options: GradcheckOptions): void {
  checkInputs(inputs, options);
  const { checkUndefinedGrad = true, checkForwardAd = false, checkBackwardAd = true } = options;
  const { eps = 1e-6, rtol = 1e-3, atol = 1e-5, nondetTol = 0 } = options;
  checkNumbers('gradcheck', { eps, rtol, atol, nondetTol });
  const outputs = func(...inputs);
  const base = {
    func,
    inputs,
    perturbed: options.masked ? inputs : inputs.map((input) => (isChecked(input) ? densify(input) : input)),
    outputs,
    eps,
    rtol,
    atol,
    nondetTol,
    checkGradDtypes: options.checkGradDtypes ?? false,
    complexIndices: null,
    imaginary: false,
  };
  const differentiable = outputs.filter((output) => output.requiresGrad);
  if (differentiable.some((output) => output.layout !== 'strided')) {
    throw new ValueError(
      'Sparse output is not supported at gradcheck yet. Please call to_dense(masked_grad=...) on the output of fn for gradcheck.',
    );
  }
  const compare = options.fastMode ? compareDirections : compareElements;
  if (checkBackwardAd) parts({ ...base, forward: false }).forEach(compare);
  if (checkForwardAd) {
    const checks = parts({ ...base, forward: true });
    checks.forEach(compare);
    if (checkUndefinedGrad) checks.forEach(checkUndefinedTangents);
  }
  if (options.checkBatchedForwardGrad) checkBatchedTangents(func, inputs);
  if (!checkBackwardAd) return;
  if (options.checkBatchedGrad) {
    differentiable.forEach((output, i) => {
      checkBatchedGrads(inputs, output, i);
    });
  }
  checkZeroGrads(differentiable, inputs);
  if (checkUndefinedGrad) checkUndefinedGrads(func, inputs);
}

function assert(condition: boolean, message: string): void {
  if (!condition) throw new AssertionError(message);
}

const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? copyDense(value) : [value]);

type Result = Tensor | readonly Tensor[];
type GradOutputs = Tensor | readonly Tensor[] | null;

/**
 * Whether the derivatives of `func` with respect to the inputs that require gradients agree with finite differences;
 * `torch.autograd.gradcheck`.
 *
 * The inputs should have double precision. The real and imaginary parts of complex outputs are checked separately. It
 * also checks that backward is deterministic, and zero for zero and undefined gradients; options add further checks.
 * Inputs may be sparse (COO, CSR, CSC, BSR, BSC), but not with `fastMode`, forward mode or batched gradients; outputs
 * must be strided.
 *
 * @param inputs - An array of the arguments of `func`, or its only argument.
 * @returns true; with `raiseException: false`, whether the check passed.
 * @throws GradcheckError with the derivative that differs, as two matrices of input elements by output elements;
 * ValueError if no input requires a gradient; AssertionError for options that exclude each other, and for a function
 * whose outputs change shape or dtype; any error of `func`.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([0.5, 1.5], { dtype: torch.float64, requiresGrad: true });
 * torch.autograd.gradcheck((t: torch.Tensor) => t.sin(), x, { checkForwardAd: true }); // true
 * ```
 */
export function gradcheck(func: (input: Tensor) => Result, input: Tensor, options?: GradcheckOptions): boolean;
export function gradcheck<A extends readonly unknown[]>(
  func: (...inputs: A) => Result,
  inputs: readonly [...A],
  options?: GradcheckOptions,
): boolean;
export function gradcheck(
  func: (...inputs: never[]) => Result,
  inputs: unknown,
  options: GradcheckOptions = {},
): boolean {
  checkFunction('gradcheck', func);
  checkOptions('gradcheck', options, [
    ...COMMON_OPTIONS,
    'checkBatchedForwardGrad',
    'checkForwardAd',
    'checkBackwardAd',
  ]);
  const { checkForwardAd = false, checkBackwardAd = true } = options;
  assert(
    checkForwardAd || checkBackwardAd,
    'Expected at least one of check_forward_ad or check_backward_ad to be True',
  );
  assert(
    !options.checkBatchedGrad || checkBackwardAd,
    'Setting check_batched_grad=True requires check_backward_ad to be True',
  );
  assert(
    !options.checkBatchedForwardGrad || checkForwardAd,
    'Setting check_batched_forward_grad=True requires check_forward_ad to be True',
  );
  try {
    run(asOutputs(func), asArray(inputs), options);
    return true;
  } catch (error) {
    if (options.raiseException === false && error instanceof GradcheckError) return false;
    throw error;
  }
}

/** A random gradient for an output, between -1 and 1. */
function randomGrad(output: Tensor, nonContiguous: boolean): Tensor {
  const { shape } = output;
  const spread = nonContiguous && shape.length > 0 ? [...shape.slice(0, -1), (shape.at(-1) as number) * 2] : shape;
  const values = torchFunctions.rand(spread, {
    dtype: isComplex(output) ? 'complex128' : 'float64',
    device: output.device,
  });
  const centred = (isComplex(values) ? torchFunctions.viewAsReal(values) : values).mul(2).sub(1);
  const whole = (isComplex(values) ? torchFunctions.viewAsComplex(centred) : centred).to(output.dtype);
  const strided = spread === shape ? whole : whole.unflatten(-1, [shape.at(-1) as number, 2]).select(-1, 0);
  return strided.detach().requiresGrad_();
}

/**
 * Whether the derivatives of the gradients of `func`, with respect to the inputs and the gradients of the outputs,
 * agree with finite differences; `torch.autograd.gradgradcheck`.
 *
 * @param gradOutputs - The gradients of the outputs that require gradients; random by default.
 * @throws As {@link gradcheck}.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([0.5, 1.5], { dtype: torch.float64, requiresGrad: true });
 * torch.autograd.gradgradcheck((t: torch.Tensor) => t.exp().mul(t), x); // true
 * ```
 */
export function gradgradcheck(
  func: (input: Tensor) => Result,
  input: Tensor,
  ...rest: Optional<[gradOutputs: GradOutputs], GradgradcheckOptions & { gradOutputs?: GradOutputs }>
): boolean;
export function gradgradcheck<A extends readonly unknown[]>(
  func: (...inputs: A) => Result,
  inputs: readonly [...A],
  ...rest: Optional<[gradOutputs: GradOutputs], GradgradcheckOptions & { gradOutputs?: GradOutputs }>
): boolean;
export function gradgradcheck(func: (...inputs: never[]) => Result, inputs: unknown, ...rest: unknown[]): boolean {
  checkFunction('gradgradcheck', func);
  type Options = GradgradcheckOptions & { gradOutputs?: GradOutputs };
  const {
    gradOutputs = null,
    genNonContigGradOutputs,
    checkFwdOverRev,
    checkRevOverRev,
    ...common
  } = readOptions<Options>(
    'gradgradcheck',
    rest,
    ['gradOutputs'],
    [...COMMON_OPTIONS, 'genNonContigGradOutputs', 'checkFwdOverRev', 'checkRevOverRev'],
    2,
  );
  const { checkUndefinedGrad = true, checkBatchedGrad = false } = common;
  const reverse = checkRevOverRev ?? true;
  assert(
    (checkFwdOverRev ?? false) || reverse,
    'Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True',
  );
  assert(!checkUndefinedGrad || reverse, 'Setting check_undefined_grad=True requires check_rev_over_rev to be True');
  assert(!checkBatchedGrad || reverse, 'Setting check_batched_grad=True requires check_rev_over_rev to be True');

  const outputsOf = asOutputs(func);
  const differentiable = (args: unknown[]): Tensor[] => outputsOf(...args).filter((output) => output.requiresGrad);
  const inputList = asArray(inputs);
  const grads =
    gradOutputs === null
      ? differentiable(inputList).map((output) => randomGrad(output, genNonContigGradOutputs ?? false))
      : (asArray(gradOutputs) as Tensor[]);
  const all = [...inputList, ...grads];
  // Forward mode detaches the inputs, so they must be marked again.
  const wanted = all.map(isChecked);
  const gradientsOf = (...args: unknown[]): Tensor[] => {
    const given = args.map((arg, i) => (wanted[i] ? (arg as Tensor).requiresGrad_() : arg));
    const list = given.slice(0, inputList.length);
    return grad(differentiable(list), list.filter((_, i) => wanted[i]) as Tensor[], {
      gradOutputs: given.slice(inputList.length) as Tensor[],
      createGraph: true,
      allowUnused: true,
    }).filter((gradient) => gradient !== null);
  };
  return gradcheck(gradientsOf, all, { ...common, checkForwardAd: checkFwdOverRev ?? false, checkBackwardAd: reverse });
}
