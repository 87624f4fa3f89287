/** The triggers of messages.json for custom functions inside transforms. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { grad, jvp } = torch.func;
const x = torch.ones(3);

class NoSetup extends torch.autograd.Function {
  static override forward(_: torch.autograd.FunctionCtx, t: Tensor): Tensor {
    return t.mul(2);
  }
  static override backward(_: torch.autograd.FunctionCtx, g: Tensor): Tensor {
    return g.mul(2);
  }
}

class Fn2 extends torch.autograd.Function {
  static override forward(t: Tensor): Tensor {
    return t.mul(2);
  }
  static override setupContext(): void {
    // Nothing to keep.
  }
  static override backward(_: torch.autograd.FunctionCtx, g: Tensor): Tensor {
    return g.mul(2);
  }
}

const fn2 = (t: Tensor): Tensor => Fn2.apply(t) as Tensor;

export const customFunctionTriggers: Record<string, () => unknown> = {
  'autograd.Function no setup_context': () => grad((t: Tensor) => (NoSetup.apply(t) as Tensor).sum())(x),
  'autograd.Function no vmap': () => torch.vmap(fn2)(x),
  'autograd.Function no jvp': () => jvp(fn2, [x], [x]),
};
