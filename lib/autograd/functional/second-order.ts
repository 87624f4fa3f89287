/** The gradient of a function of one value, with its graph, for `vhp` and `hvp`. */

import type { Tensor } from '../../tensor';
import { gradOrNull } from '../engine';
import { checkConnected, readInputVector, singleOutput } from './checks';
import type { Recording } from './recording';
import { callFunction, readTensors } from './tensors';
import type { Tensors } from './tensors';

/** The arguments and the gradient, which is null for an input that the output does not depend on. */
export interface Gradient {
  isArray: boolean;
  leaves: Tensor[];
  vector: Tensor[] | null;
  output: Tensor;
  gradient: (Tensor | null)[];
}

/** Calls `func` and differentiates it once; the checks are in PyTorch's order. */
export function gradientWithGraph(
  api: string,
  func: (...inputs: never[]) => unknown,
  inputs: Tensors,
  { v, strict }: { v: unknown; strict: boolean },
  recording: Recording,
): Gradient {
  const given = readTensors(inputs, 'inputs', api);
  const leaves = recording.inputs(given.list);
  const vector = readInputVector(api, v, { ...given, list: leaves }, recording);
  const outputs = callFunction(api, func, leaves, true);
  checkConnected(strict, outputs.list, 'outputs');
  const output = singleOutput(api, outputs);
  const gradient = gradOrNull([output], leaves, null, { retainGraph: true, createGraph: true });
  checkConnected(strict, gradient, 'jacobian');
  return { isArray: given.isArray, leaves, vector, output, gradient };
}
