/** Anomaly detection: which errors show which calls. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { detectAnomaly, setDetectAnomaly } = torch.autograd;
const zero = (): Tensor => torch.tensor([0, 1], { requiresGrad: true });

function thrown(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

function theRoot(x: Tensor): Tensor {
  return x.sqrt();
}

test('a gradient that is NaN: the node, and the line of the forward call', () => {
  const error = thrown(() => detectAnomaly(() => theRoot(zero()).mul(0).sum().backward()));
  expect(error).toBeInstanceOf(torch.RuntimeError);
  expect(error.message).toContain("Function 'SqrtBackward0' returned nan values in its 0th output.");
  expect(error.message).toContain('Error detected in SqrtBackward0. Stack of the forward call that caused the error:');
  expect(error.message).toMatch(/at theRoot \(.*anomaly\.test\.ts:\d+:\d+\)/);
});

test('without NaN checks the gradient is computed', () => {
  const x = zero();
  detectAnomaly({ checkNan: false }, () => {
    expect(torch.isAnomalyCheckNanEnabled()).toBe(false);
    theRoot(x).mul(0).sum().backward();
  });
  expect(x.grad?.toArray()).toEqual([NaN, 0]);
});

test('a tensor that was changed in place: the call that saved it', () => {
  const error = thrown(() =>
    detectAnomaly({ checkNan: false }, () => {
      const y = zero().sigmoid();
      y.mul_(2);
      y.sum().backward();
    }),
  );
  expect(error.message).toContain('has been modified by an inplace operation');
  expect(error.message).toMatch(/Error detected in SigmoidBackward0\.[^]*anomaly\.test\.ts/);
});

test('a forward pass outside of the mode has no stack', () => {
  const y = theRoot(zero()).mul(0).sum();
  const error = thrown(() =>
    detectAnomaly(() => {
      y.backward();
    }),
  );
  expect(error.message).toContain('No forward pass information available.');
});

test('a node made by backward: also the node that made it', () => {
  const error = thrown(() =>
    detectAnomaly(() => {
      const x = zero();
      const [g] = torch.autograd.grad(x.pow(1.5).sum(), x, { createGraph: true });
      g.mul(0).sum().backward();
    }),
  );
  expect(error.message).toContain("Function 'PowBackward0' returned nan values in its 0th output.");
  expect(error.message).toMatch(/This node was made by the backward of another: Error detected in PowBackward0\./);
});

test('what a custom function throws is unchanged, and the stack is a warning', () => {
  const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const own = new Error('mine');
  class Failing extends torch.autograd.Function {
    static override forward(_ctx: torch.autograd.FunctionCtx, x: Tensor): Tensor {
      return x.clone();
    }
    static override backward(): never {
      throw own;
    }
  }
  try {
    expect(thrown(() => detectAnomaly(() => Failing.apply(zero()).sum().backward()))).toBe(own);
    expect(emit.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/^Error detected in FailingBackward\. Stack of the forward call[^]*anomaly\.test\.ts/),
    ]);
  } finally {
    emit.mockRestore();
  }
});

test('the mode ends with its body or block, and nests', () => {
  expect(torch.isAnomalyEnabled()).toBe(false);
  {
    using _ = detectAnomaly();
    expect([torch.isAnomalyEnabled(), torch.isAnomalyCheckNanEnabled()]).toEqual([true, true]);
    setDetectAnomaly(false);
    expect(torch.isAnomalyEnabled()).toBe(false);
  }
  expect(torch.isAnomalyEnabled()).toBe(false);
  setDetectAnomaly(true, { checkNan: false });
  expect([torch.isAnomalyEnabled(), torch.isAnomalyCheckNanEnabled()]).toEqual([true, false]);
  setDetectAnomaly(false);
  expect(thrown(() => detectAnomaly(() => thrown(() => 1))).message).toBe('nothing was thrown');
  expect(torch.isAnomalyEnabled()).toBe(false);
});

test('wrong arguments', () => {
  expect(() => setDetectAnomaly(1 as never)).toThrow(
    new TypeError("setDetectAnomaly(): argument 'mode' must be a boolean, not number"),
  );
  expect(() => detectAnomaly({ checkNan: 1 } as never, () => 1)).toThrow(
    new TypeError("detectAnomaly(): argument 'checkNan' must be a boolean, not number"),
  );
  expect(() => detectAnomaly({ checkNaN: true } as never, () => 1)).toThrow(/unknown option 'checkNaN'/);
});

test('inside vmap: per-sample gradients, and the node of one that is NaN', () => {
  const x = torch.ones(3).neg();
  detectAnomaly(() => {
    const { grad } = torch.func;
    expect(
      torch
        .vmap(grad((t: Tensor) => t.sum()))(x)
        .toArray(),
    ).toEqual([1, 1, 1]);
    const error = thrown(() => torch.vmap(grad((t: Tensor) => t.sqrt().sum()))(x));
    expect(error).toBeInstanceOf(torch.RuntimeError);
    expect(error.message).toContain("Function 'SqrtBackward0' returned nan values in its 0th output.");
  });
});
