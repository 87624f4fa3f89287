/** Other parameters and another state for an optimiser, for a while. */

import { isPlainObject } from '../arguments';
import { enterMode, runInMode } from '../autograd/guard';
import type { ModeGuard } from '../autograd/guard';
import { describeType, quoted } from '../describe';
import { RuntimeError } from '../errors';
import type { Tensor } from '../tensor';
import { withOwnNames } from './names';
import type { AnyOptimizer } from './optimizer';
import type { ParamGroup } from './params';
import { readState } from './state-dict';
import type { OptimizerStateDict } from './state-dict';

const API = 'swapInOptimizerParamsAndState';

function fail(message: string): never {
  throw new RuntimeError(`${API}(): ${message}`);
}

/** The groups with other parameters and options; refuses a state dict of another optimiser. */
function swappedGroups(optimizer: AnyOptimizer, tensors: readonly Tensor[], saved: unknown): ParamGroup<object>[] {
  if (optimizer.state.size === 0) fail('the optimizer has no state yet; take a step first');
  if (!Array.isArray(saved)) fail(`expected 'param_groups' to be an array, got ${describeType(saved)}`);
  if (saved.length !== optimizer.paramGroups.length) {
    fail('the state dict has a different number of parameter groups than the optimizer');
  }
  let offset = 0;
  return optimizer.paramGroups.map((group, i) => {
    const given: unknown = saved[i];
    const numbers: unknown = isPlainObject(given) ? given['params'] : undefined;
    if (!Array.isArray(numbers) || numbers.length !== group.params.length) {
      fail(`group ${i} of the state dict has a different number of params than that of the optimizer`);
    }
    const options = withOwnNames(given as object);
    const names = (one: object, other: object): string[] => Object.keys(one).filter((name) => !(name in other));
    const different = [...names(options, group), ...names(group, options)];
    if (different.length > 0) fail(`the options of group ${i} do not match: ${quoted(different)}`);
    const params = tensors.slice(offset, (offset += numbers.length));
    if (params.length < numbers.length) fail('there are fewer parameters than in the groups of the optimizer');
    return { ...options, params };
  });
}

/**
 * Gives an optimiser other parameters and another state while `body` runs or, with `using`, until the end of the block;
 * `torch.optim.swap_in_optimizer_params_and_state`. Steps change the given tensors in place.
 *
 * @param optimizer - The optimiser, which must have taken a step.
 * @param parameters - The tensors, by names, in the order of the parameters in the groups.
 * @param stateDict - The state and the options, as from `optimizer.stateDict()`.
 * @throws RuntimeError for a state dict, or a number of tensors, that does not fit; TypeError if `body` returns a Promise.
 * @example
 * ```ts
 * const w = torch.tensor([1, 2], { requiresGrad: true });
 * const optimizer = new torch.optim.SGD([w], { lr: 1, momentum: 0.5 });
 * w.grad = torch.ones(2);
 * optimizer.step();
 * const other = torch.zeros(2);
 * other.grad = torch.ones(2);
 * torch.optim.swapInOptimizerParamsAndState(optimizer, { w: other }, optimizer.stateDict(), () => optimizer.step());
 * other; // [-1.5, -1.5]
 * w.detach(); // [0, 1]
 * ```
 */
export function swapInOptimizerParamsAndState(
  optimizer: AnyOptimizer,
  parameters: Readonly<Record<string, Tensor>>,
  stateDict: OptimizerStateDict,
): ModeGuard;
export function swapInOptimizerParamsAndState<T>(
  optimizer: AnyOptimizer,
  parameters: Readonly<Record<string, Tensor>>,
  stateDict: OptimizerStateDict,
  body: () => T,
): T;
export function swapInOptimizerParamsAndState(
  optimizer: AnyOptimizer,
  parameters: Readonly<Record<string, Tensor>>,
  stateDict: OptimizerStateDict,
  body?: () => unknown,
): unknown {
  const given: unknown = stateDict;
  if (!isPlainObject(given)) fail(`expected a state dict, got ${describeType(given)}`);
  const groups = swappedGroups(optimizer, Object.values(parameters), given['param_groups']);
  const state = readState(given, stateDict.param_groups, groups);
  const enter = (): (() => void) => {
    const before = { paramGroups: optimizer.paramGroups, state: optimizer.state };
    optimizer.paramGroups = groups;
    optimizer.state = state as Map<Tensor, object>;
    return () => Object.assign(optimizer, before);
  };
  return body === undefined ? enterMode(API, enter) : runInMode(API, enter, body);
}
