/** The triggers of messages.json for hooks on saved tensors, and for what is made of them in PyTorch. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { grad } = torch.func;
const { savedTensorsHooks } = torch.autograd.graph;
const x = torch.tensor([1, 2, 3]);
const sinSum = (t: Tensor): Tensor => t.sin().sum();

function withHooks<T>(body: () => T): T {
  const same = (t: Tensor): Tensor => t;
  return savedTensorsHooks(same, same, body);
}

/** What torch.utils.checkpoint does without reentry: instead of what is saved, backward gets what a second run saves. */
function checkpoint(f: (t: Tensor) => Tensor, t: Tensor): Tensor {
  const again: Tensor[] = [];
  let saved = 0;
  const pack = (): number => saved++;
  const unpack = (position: number): Tensor => {
    if (again.length === 0) {
      savedTensorsHooks(
        (value: Tensor) => again.push(value),
        () => t,
        () => torch.enableGrad(() => f(t.detach().requiresGrad_())),
      );
    }
    return again[position];
  };
  return savedTensorsHooks(pack, unpack, () => f(t));
}

/** What it does with reentry. */
class Checkpoint extends torch.autograd.Function {
  static override forward(ctx: torch.autograd.FunctionCtx, t: Tensor): Tensor {
    ctx.saveForBackward(t);
    return torch.noGrad(() => sinSum(t));
  }
  static override backward(ctx: torch.autograd.FunctionCtx, g: Tensor): Tensor {
    const input = (ctx.savedTensors[0] as Tensor).detach().requiresGrad_();
    return torch.enableGrad(() => torch.autograd.grad(sinSum(input), input, { gradOutputs: g })[0]);
  }
}

/** The gradient outside of transforms, so that the function is known to be one that works. */
function outside(f: (t: Tensor) => Tensor): void {
  const t = x.clone().requiresGrad_();
  expect(torch.autograd.grad(f(t), t)[0].toArray()).toEqual(x.cos().toArray());
}

export const savedTensorTriggers: Record<string, () => unknown> = {
  'grad saved tensor hooks': () => grad((t: Tensor) => withHooks(() => sinSum(t)))(x),
  'grad under saved tensor hooks': () => withHooks(() => grad(sinSum)(x)),
  'checkpoint in grad': () => {
    outside((t) => checkpoint(sinSum, t));
    return grad((t: Tensor) => checkpoint(sinSum, t))(x);
  },
  'checkpoint reentrant in grad': () => {
    outside((t) => Checkpoint.apply(t) as Tensor);
    return grad((t: Tensor) => Checkpoint.apply(t) as Tensor)(x);
  },
};
