/** `torch.func.stack_module_state`. */

import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { Module } from '../nn/module';
import { torchFunctions } from '../operators';
import type { Tensor } from '../tensor';
import { checkModule } from './functional-call';
import type { TensorDict } from './functional-call';

function stacked(name: string, tensors: readonly Tensor[]): Tensor {
  const requiring = tensors.filter((tensor) => tensor.requiresGrad).length;
  if (requiring !== 0 && requiring !== tensors.length) {
    throw new RuntimeError(`Expected ${name} from each model to have the same .requires_grad`);
  }
  const result = torchFunctions.stack(tensors);
  // Inside a transform nothing becomes a leaf: the level that differentiates wraps its own inputs
  // (pytorch/pytorch#182842).
  if (requiring === 0) return result;
  return native.levelDepth() > 0 ? result.detach() : result.detach().requiresGrad_();
}

function stackedByName(dicts: readonly TensorDict[]): TensorDict {
  const names = Object.keys(dicts[0]);
  return Object.fromEntries(
    names.map((name) => [
      name,
      stacked(
        name,
        dicts.map((dict) => dict[name]),
      ),
    ]),
  );
}

/**
 * The parameters and buffers of several models of one class, each stacked along a new first dimension, so that `vmap`
 * can run all models at once; `torch.func.stack_module_state`. The stacked parameters are new leaves, which an
 * optimizer can update; inside a transform they are constants.
 *
 * @throws RuntimeError for an empty list, or models that differ in class, in mode, or in which tensors require
 * gradients.
 * @example
 * ```ts
 * const { functionalCall, stackModuleState } = torch.func;
 * const models = Array.from({ length: 5 }, () => new torch.nn.Linear(3, 2));
 * const [params, buffers] = stackModuleState(models);
 * params.weight.shape; // [5, 2, 3]
 *
 * type State = Record<string, torch.Tensor>;
 * const call = (params: State, buffers: State, x: torch.Tensor) => functionalCall(models[0], [params, buffers], x);
 * torch.vmap(call, { inDims: [0, 0, null] })(params, buffers, torch.ones(7, 3)).shape; // [5, 7, 2]
 * ```
 */
export function stackModuleState(models: Iterable<Module>): [params: TensorDict, buffers: TensorDict] {
  if (typeof (models as Partial<Iterable<Module>> | null)?.[Symbol.iterator] !== 'function') {
    throw new TypeError(
      `stackModuleState(): argument 'models' must be an array of modules, not ${describeType(models)}`,
    );
  }
  const list: Module[] = [];
  for (const model of models) {
    checkModule('stackModuleState', `models[${list.length}]`, model);
    list.push(model);
  }
  if (list.length === 0) throw new RuntimeError('stack_module_state: Expected at least one model, got 0.');
  if (list.some((model) => model.training !== list[0].training)) {
    throw new RuntimeError('stack_module_state: Expected all models to have the same training/eval mode.');
  }
  if (list.some((model) => model.constructor !== list[0].constructor)) {
    throw new RuntimeError('stack_module_state: Expected all models to be of the same class.');
  }
  return [
    stackedByName(list.map((model) => Object.fromEntries(model.namedParameters()))),
    stackedByName(list.map((model) => Object.fromEntries(model.namedBuffers()))),
  ];
}
