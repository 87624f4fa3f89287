/** `torch.autograd.functional.jacobian`. */

import { checkBooleans, readOptions } from '../../arguments';
import type { Optional } from '../../arguments';
import { AssertionError, NotImplementedError, RuntimeError } from '../../errors';
import { jacobianByColumns, jacobianByRows, viewOwn } from '../../func/jacobian-blocks';
import { flatJvp } from '../../func/jvp';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { gradOrNull, gradOrZeros } from '../engine';
import { checkConnected, constantResult } from './checks';
import { record } from './recording';
import { callFunction, arrayOrSingle, readTensors } from './tensors';
import type { Arguments, JacobianOf, TensorList, Tensors } from './tensors';

/** Whether a Jacobian is computed column by column or row by row. */
export type Strategy = 'forward-mode' | 'reverse-mode';

/** The options of {@link jacobian}. */
export interface JacobianOptions {
  /** Whether the result can be differentiated. */
  createGraph?: boolean;
  /** Whether an output that does not depend on the inputs is an error; otherwise the Jacobian is zeros. */
  strict?: boolean;
  /** Whether all rows are computed in one batched backward pass, instead of one pass each. */
  vectorize?: boolean;
  /** `'reverse-mode'` (default), or `'forward-mode'`, which requires `vectorize`. */
  strategy?: Strategy;
}

const API = 'torch.autograd.functional.jacobian';

interface RowOptions {
  createGraph: boolean;
  strict: boolean;
}

/** The gradients of one element of output `i`. */
function row(element: Tensor, i: number, inputs: readonly Tensor[], { createGraph, strict }: RowOptions): Tensor[] {
  return gradOrNull([element], inputs, null, { retainGraph: true, createGraph }).map((grad, j) => {
    if (grad === null) {
      if (!strict) return torchFunctions.zerosLike(inputs[j]);
      throw new RuntimeError(
        `Output ${i} of the user-provided function is independent of input ${j}. This is not allowed in strict mode.`,
      );
    }
    // PyTorch's message has the index of the output here, though it speaks of the input.
    if (strict && createGraph && !grad.requiresGrad) throw new RuntimeError(constantResult('jacobian', j));
    return grad;
  });
}

function rowByRow(outputs: readonly Tensor[], inputs: readonly Tensor[], options: RowOptions): Tensor[][] {
  return outputs.map((output, i) => {
    const rows: Tensor[][] = inputs.map(() => []);
    const flat = output.reshape(-1);
    for (let index = 0; index < flat.numel(); index++) {
      const element = flat.select(0, index);
      row(element, i, inputs, options).forEach((grad, j) => rows[j].push(grad));
      element.dispose();
    }
    flat.dispose();
    return rows.map((list, j) => {
      // PyTorch throws for an output without elements.
      if (list.length === 0) return inputs[j].newEmpty([...output.shape, ...inputs[j].shape]);
      const stacked = torchFunctions.stack(list);
      list.forEach((grad) => grad.dispose());
      return viewOwn(stacked, [...output.shape, ...inputs[j].shape]);
    });
  });
}

function forwardJacobian(func: (inputs: readonly Tensor[]) => TensorList, inputs: TensorList): unknown {
  let isArray = false;
  const call = (...duals: Tensor[]): Tensor[] => {
    const outputs = func(duals);
    isArray = outputs.isArray;
    return outputs.list;
  };
  const pushforward = (tangents: Tensor[]): Tensor[] =>
    flatJvp(call, inputs.list, tangents, null, false, false).tangents;
  const blocks = jacobianByColumns(inputs.list, pushforward);
  return arrayOrSingle(
    blocks.map((row) => arrayOrSingle(row, inputs.isArray)),
    isArray,
  );
}

/** The Jacobian of a function of a list of inputs; `hessian` uses it too. */
export function jacobianOf(
  func: (inputs: readonly Tensor[]) => TensorList,
  inputs: unknown,
  { createGraph, strict, vectorize, strategy }: Required<JacobianOptions>,
): unknown {
  if (strategy !== 'forward-mode' && strategy !== 'reverse-mode') {
    throw new AssertionError(
      'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".',
    );
  }
  if (strategy === 'forward-mode') {
    if (createGraph) {
      throw new NotImplementedError(
        `${API}: \`createGraph=true\` and \`strategy="forward-mode"\` are not supported together (yet). Please either set \`createGraph=false\` or \`strategy="reverse-mode"\`.`,
      );
    }
    if (strict) {
      throw new RuntimeError(
        `${API}: \`strict=true\` and \`strategy="forward-mode"\` are not supported together (yet). Please either set \`strict=false\` or \`strategy="reverse-mode"\`.`,
      );
    }
    const given = readTensors(inputs, 'inputs', 'jacobian');
    if (!vectorize) {
      throw new NotImplementedError(
        'Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=true`.',
      );
    }
    return forwardJacobian(func, given);
  }
  return record(createGraph, (recording) => {
    const given = readTensors(inputs, 'inputs', 'jacobian');
    const leaves = recording.inputs(given.list);
    const outputs = func(leaves);
    checkConnected(strict, outputs.list, 'outputs');
    if (vectorize && strict) {
      throw new RuntimeError(
        `${API}: \`strict=true\` and \`vectorize=true\` are not supported together. Please either set \`strict=false\` or \`vectorize=false\`.`,
      );
    }
    const blocks = vectorize
      ? jacobianByRows(outputs.list, (vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph))
      : rowByRow(outputs.list, leaves, { createGraph, strict });
    return arrayOrSingle(
      blocks.map((block) => arrayOrSingle(recording.derivatives(block), given.isArray)),
      outputs.isArray,
    );
  });
}

/**
 * The Jacobian of `func` at the inputs; `torch.autograd.functional.jacobian`.
 *
 * `inputs` is a tensor or an array of tensors, the arguments of `func`; `func` returns a tensor or an array of tensors.
 * The block of one output and one input has the shape `[...output, ...input]`. For an array of inputs or of outputs the
 * result is an array of blocks, for both `J[output][input]`. The dtype is that of the input, in forward mode that of
 * the output. For complex numbers the rows are conjugated, like gradients.
 *
 * {@link func.jacrev} and {@link func.jacfwd} accept any pytree, can be nested, and can limit their memory.
 *
 * @throws TypeError for non-tensor values; AssertionError for an unknown strategy; NotImplementedError for forward mode
 * with `createGraph` or without `vectorize`; RuntimeError for `strict` with `vectorize`, for integer inputs, in strict
 * mode for an output that does not depend on an input, and inside a transformed function. With `vectorize`, a random
 * operator in the batched pass is an error.
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const x = torch.tensor([1, 2]);
 * const J = torch.autograd.functional.jacobian((t) => t.pow(2), x, { vectorize: true });
 * J.toArray(); // [[2, 0], [0, 4]]
 * ```
 */
export function jacobian<const I extends Tensors, O extends Tensors>(
  func: (...inputs: Arguments<I>) => O,
  inputs: I,
  ...rest: Optional<[createGraph: boolean, strict: boolean, vectorize: boolean, strategy: Strategy], JacobianOptions>
): JacobianOf<O, I> {
  const options = readOptions<JacobianOptions>(
    'jacobian',
    rest,
    ['createGraph', 'strict', 'vectorize', 'strategy'],
    [],
    2,
  );
  const { createGraph = false, strict = false, vectorize = false, strategy = 'reverse-mode' } = options;
  checkBooleans('jacobian', { createGraph, strict, vectorize });
  const call = (leaves: readonly Tensor[]): TensorList => callFunction('jacobian', func, leaves, createGraph);
  return jacobianOf(call, inputs, { createGraph, strict, vectorize, strategy }) as JacobianOf<O, I>;
}
