/** A small problem, described in both languages, and what the tests compare of an optimiser. */

import * as torch from '../../../lib';
import type { Dtype, Tensor } from '../../../lib';
import { some } from '../../support/parity/cases';
import type { TensorSpec } from '../../support/parity/cases';

/** The parameters of the problem: a matrix, a vector, and one that gets no gradient. */
export const INPUTS: Record<string, TensorSpec> = {
  w: some([4, 3]),
  b: some([5], 'float64', 2),
  c: some([2], 'float64', 3),
};

/** `train(make, dtype)` in Python: the parameters after each of six steps, and the state dict at the end. */
export const PYTHON = `
def plain(state):
    return [{str(k): v for k, v in state['state'].items()}, state['param_groups']]
def loss_of(w, b, i):
    return ((w * (i + 1)).sin() * w).sum().abs() + (b * b).sum().abs() * (1.5 if i % 2 else -0.5)
def train(make, dtype, steps=6, loss_of=loss_of):
    params = [torch.nn.Parameter(x.to(dtype)) for x in (w, b, c)]
    optimizer = make(params)
    history = []
    for i in range(steps):
        optimizer.zero_grad()
        loss = loss_of(params[0], params[1], i)
        loss.backward()
        optimizer.step()
        history.append([loss.detach(), *(p.detach().clone() for p in params)])
    return [history, plain(optimizer.state_dict())]
`;

export type Make = (params: torch.nn.Parameter[]) => torch.optim.AnyOptimizer;

export type Loss = (w: Tensor, b: Tensor, i: number) => Tensor;

const lossOf: Loss = (w, b, i) =>
  w
    .mul(i + 1)
    .sin()
    .mul(w)
    .sum()
    .abs()
    .add(
      b
        .mul(b)
        .sum()
        .abs()
        .mul(i % 2 === 1 ? 1.5 : -0.5),
    );

export function plain(state: torch.optim.OptimizerStateDict): unknown {
  return [Object.fromEntries(state.state), state.param_groups];
}

export function parameters(inputs: Record<string, Tensor>, dtype: Dtype): torch.nn.Parameter[] {
  return ['w', 'b', 'c'].map((name) => new torch.nn.Parameter(inputs[name].to(dtype)));
}

/** The counterpart of {@link PYTHON}. */
export function train(
  make: Make,
  inputs: Record<string, Tensor>,
  dtype: Dtype,
  steps = 6,
  loss: Loss = lossOf,
): unknown {
  const params = parameters(inputs, dtype);
  const optimizer = make(params);
  const history = Array.from({ length: steps }, (_, i) => {
    optimizer.zeroGrad();
    const value = loss(params[0], params[1], i);
    value.backward();
    optimizer.step();
    return [value.detach(), ...params.map((param) => param.detach().clone())];
  });
  return [history, plain(optimizer.stateDict())];
}
