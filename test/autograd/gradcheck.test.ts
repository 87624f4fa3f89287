import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';
import { operators } from './gradcheck/operators';
import { any, complexOf } from './gradcheck/values';

const { gradcheck, gradgradcheck, GradcheckError } = torch.autograd;
type Ctx = torch.autograd.FunctionCtx;

afterEach(() => {
  expect(native.levelDepth()).toBe(0);
});

test('there are at least 100 operators', () => {
  expect(new Set(operators.map(({ name }) => name)).size).toBeGreaterThanOrEqual(100);
});

describe.each(operators)('$name', ({ f, inputs, lacks }) => {
  const first = lacks !== 'forward and second';
  test('gradcheck', () => {
    expect(gradcheck(f, inputs(), { checkForwardAd: first, checkBatchedGrad: true })).toBe(true);
  });
  test('in fast mode', () => {
    expect(gradcheck(f, inputs(), { checkForwardAd: first, fastMode: true })).toBe(true);
  });
  test('gradgradcheck', () => {
    if (!first) {
      expect(() => gradgradcheck(f, inputs())).toThrow('is not implemented');
      return;
    }
    expect(gradgradcheck(f, inputs())).toBe(true);
    const checkUndefinedGrad = lacks === undefined;
    expect(gradgradcheck(f, inputs(), { checkFwdOverRev: true, checkUndefinedGrad })).toBe(true);
  });
});

// libtorch's batching rule of its backward gives every sample the gradient of the first.
test.each([0, 0.5, 1, 1.5, 2, 3, Infinity])('batched gradients of cdist, p = %s', (p) => {
  const points = any(4, 3);
  const others = torch.cat([any(2, 3).detach().mul(0.7), points.detach().narrow(0, 1, 1)]).requiresGrad_();
  const y = torch.cdist(points, others, p);
  const directions = torch.stack([any(4, 3), any(4, 3).flip(0), any(4, 3).sin()]).detach();
  const inputs = [points, others];
  const batched = torch.autograd.grad(y, inputs, { gradOutputs: directions, isGradsBatched: true, retainGraph: true });
  const single = directions.unbind(0).map((v) => torch.autograd.grad(y, inputs, { gradOutputs: v, retainGraph: true }));
  batched.forEach((gradient, i) => {
    expect(gradient.allclose(torch.stack(single.map((one) => one[i])))).toBe(true);
  });
});

// PyTorch refuses them; they are those of the formula. A distance of 0 has no second derivative: masked by the function, it
// must contribute 0, and neither NaN nor a large number.
test.each([1, 1.5, 2, 3, Infinity])('second derivatives of cdist through a batch of gradients, p = %s', (p) => {
  const x = any(4, 3).detach();
  const y = torch.cat([any(2, 3).detach().mul(0.7), x.narrow(0, 1, 1)]);
  const weights = torch.stack([any(4, 3), any(4, 3).flip(0), any(4, 3).sin()]).detach();
  const same = x.unsqueeze(1).eq(y).all(-1);
  expect(same.sum().item()).toBe(1);
  const written = (a: Tensor): Tensor => {
    const difference = a.unsqueeze(1).sub(y).abs();
    const safe = difference.maskedFill(same.unsqueeze(-1), 1);
    const distance =
      p === Infinity
        ? safe.amax(-1)
        : safe
            .pow(p)
            .sum(-1)
            .pow(1 / p);
    return distance.maskedFill(same, 0);
  };
  const second = (f: (a: Tensor) => Tensor): Tensor => {
    const gradients = (a: Tensor) => torch.vmap((w: Tensor) => torch.func.grad((b: Tensor) => f(b).mul(w).sum())(a));
    return torch.func.grad((a: Tensor) => gradients(a)(weights).sin().sum())(x);
  };
  expect(second((a) => torch.cdist(a, y, p).maskedFill(same, 0)).allclose(second(written))).toBe(true);
});

/** x^3 with derivatives that are wrong by the given factors. */
function cube({ backward = 1, jvp = 1, second = 1 }: { backward?: number; jvp?: number; second?: number }) {
  class Scale extends torch.autograd.Function {
    static override forward(ctx: Ctx, g: Tensor, x: Tensor) {
      ctx.saveForBackward(g, x);
      ctx.saveForForward(g, x);
      return g.mul(x.pow(2)).mul(3 * backward);
    }
    static override backward(ctx: Ctx, gg: Tensor) {
      const [g, x] = ctx.savedTensors;
      return [
        gg.mul(x.pow(2)).mul(3 * backward),
        gg
          .mul(g)
          .mul(x)
          .mul(6 * backward * second),
      ];
    }
    static override jvp(ctx: Ctx, dg: Tensor, dx: Tensor) {
      const [g, x] = ctx.savedTensors;
      return dg
        .mul(x.pow(2))
        .mul(3 * backward)
        .add(
          g
            .mul(x)
            .mul(dx)
            .mul(6 * backward * second),
        );
    }
  }
  class Cube extends torch.autograd.Function {
    static override forward(ctx: Ctx, x: Tensor) {
      ctx.saveForBackward(x);
      ctx.saveForForward(x);
      return x.pow(3);
    }
    static override backward(ctx: Ctx, g: Tensor) {
      return Scale.apply(g, ctx.savedTensors[0]);
    }
    static override jvp(ctx: Ctx, dx: Tensor) {
      return dx.mul(ctx.savedTensors[0].pow(2)).mul(3 * jvp);
    }
  }
  return (x: Tensor): Tensor => Cube.apply(x);
}

describe('wrong derivatives are caught', () => {
  test('right ones pass', () => {
    expect(gradcheck(cube({}), [any(3)], { checkForwardAd: true })).toBe(true);
    expect(gradgradcheck(cube({}), [any(3)], { checkFwdOverRev: true })).toBe(true);
  });

  test.each([true, false])('a wrong backward, fast mode %s', (fastMode) => {
    const f = cube({ backward: 1.1 });
    expect(() => gradcheck(f, any(3), { fastMode })).toThrow(GradcheckError);
    expect(() => gradcheck(f, any(3), { fastMode })).toThrow(
      /^Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor\([^]*\nanalytical:tensor\(/,
    );
    expect(gradcheck(f, any(3), { fastMode, raiseException: false })).toBe(false);
    // What is wrong is not asked for.
    expect(gradcheck(f, any(3), { fastMode, checkForwardAd: true, checkBackwardAd: false })).toBe(true);
  });

  test.each([true, false])('a wrong jvp, fast mode %s', (fastMode) => {
    const f = cube({ jvp: 0.9 });
    const options = { fastMode, checkForwardAd: true };
    expect(() => gradcheck(f, any(3), options)).toThrow(
      /^Jacobian computed with forward mode mismatch for output 0 with respect to input 0,/,
    );
    expect(gradcheck(f, any(3), { fastMode })).toBe(true);
  });

  test('a wrong second derivative', () => {
    const f = cube({ second: 1.2 });
    expect(gradcheck(f, any(3))).toBe(true);
    expect(() => gradgradcheck(f, any(3))).toThrow('Jacobian mismatch for output 0 with respect to input 0');
    expect(gradgradcheck(f, any(3), { raiseException: false })).toBe(false);
    expect(() =>
      gradgradcheck(f, any(3), { checkFwdOverRev: true, checkRevOverRev: false, checkUndefinedGrad: false }),
    ).toThrow('Jacobian computed with forward mode mismatch');
  });

  test('in fast mode the report says what slow mode would', () => {
    expect(() => gradcheck(cube({ backward: 1.1 }), any(3), { fastMode: true })).toThrow(
      /Below, both jacobians in slow mode:[^]*Numerical:\n tensor\([^]*Analytical:\ntensor\([^]*The max per-element difference/,
    );
  });

  test('of complex inputs and outputs, part by part', () => {
    class Exp extends torch.autograd.Function {
      static override forward(ctx: Ctx, x: Tensor) {
        const y = x.exp();
        ctx.saveForBackward(y);
        return y;
      }
      // The conjugate is missing.
      static override backward(ctx: Ctx, g: Tensor) {
        return g.mul(ctx.savedTensors[0]);
      }
    }
    const f = (x: Tensor): Tensor => Exp.apply(x);
    expect(() => gradcheck(f, complexOf(2))).toThrow(
      'While considering the imaginary part of complex outputs only, Jacobian mismatch for output 0 with respect to input 0',
    );
    class Tangent extends Exp {
      static override jvp(_ctx: Ctx, t: Tensor) {
        return t;
      }
    }
    expect(() =>
      gradcheck((x: Tensor): Tensor => Tangent.apply(x), complexOf(2), {
        checkForwardAd: true,
        checkBackwardAd: false,
      }),
    ).toThrow('part of complex inputs only, Jacobian computed with forward mode mismatch');
  });

  test('a backward that gives something else each time', () => {
    let calls = 0;
    class Drifting extends torch.autograd.Function {
      static override forward(_ctx: Ctx, x: Tensor) {
        return x.mul(2);
      }
      static override backward(_ctx: Ctx, g: Tensor) {
        return g.mul(2 + 1e-9 * calls++);
      }
    }
    const f = (x: Tensor): Tensor => Drifting.apply(x);
    expect(() => gradcheck(f, any(2))).toThrow('Backward is not reentrant');
    expect(gradcheck(f, any(2), { nondetTol: 1e-6 })).toBe(true);
  });

  test('a backward that is not multiplied by what it is given', () => {
    class Constant extends torch.autograd.Function {
      static override forward(_ctx: Ctx, x: Tensor) {
        return x.sum();
      }
      static override backward() {
        return torch.ones(2, { dtype: 'float64' });
      }
    }
    expect(() => gradcheck((x: Tensor): Tensor => Constant.apply(x), any(2))).toThrow(
      'backward not multiplied by grad_output',
    );
  });

  test('a backward that does not take null', () => {
    class Strict extends torch.autograd.Function {
      static override forward(ctx: Ctx, x: Tensor) {
        ctx.setMaterializeGrads(false);
        return [x.mul(2), x.mul(3)];
      }
      static override backward(_ctx: Ctx, a: Tensor, b: Tensor) {
        return a.mul(2).add(b.mul(3));
      }
    }
    const f = (x: Tensor): Tensor[] => Strict.apply(x);
    expect(() => gradcheck(f, any(2))).toThrow(TypeError); // one output at a time leaves the other null
    class Careless extends Strict {
      static override backward(_ctx: Ctx, a: Tensor | null, b: Tensor | null) {
        if (a === null && b === null) throw new torch.RuntimeError('nothing came');
        return (a ?? torch.zeros(2)).mul(2).add((b ?? torch.zeros(2)).mul(3));
      }
    }
    const g = (x: Tensor): Tensor[] => Careless.apply(x);
    expect(() => gradcheck(g, any(2))).toThrow('Expected backward function to handle undefined output grads');
    expect(gradcheck(g, any(2), { checkUndefinedGrad: false })).toBe(true);
  });

  test('a gradient that vmap cannot batch', () => {
    class Reading extends torch.autograd.Function {
      static override forward(ctx: Ctx, x: Tensor) {
        ctx.saveForBackward(x);
        return x.mul(2);
      }
      static override backward(_ctx: Ctx, g: Tensor) {
        return torch.tensor(g.toArray() as number[], { dtype: 'float64' }).mul(2);
      }
    }
    const f = (x: Tensor): Tensor => Reading.apply(x);
    expect(gradcheck(f, any(2))).toBe(true);
    expect(() => gradcheck(f, any(2), { checkBatchedGrad: true })).toThrow('While computing batched gradients, got:');
  });
});

describe('what is asked for', () => {
  test('batched tangents', () => {
    expect(gradcheck((x: Tensor) => x.sin(), any(2), { checkForwardAd: true, checkBatchedForwardGrad: true })).toBe(
      true,
    );
  });

  describe('of functions whose forward takes the context', () => {
    class Saving extends torch.autograd.Function {
      static override forward(ctx: Ctx & { power: number }, x: Tensor, y: Tensor, power: number) {
        const result = x.pow(power).mul(y);
        ctx.power = power;
        // An input, an output, a value of neither, and a second input.
        const saved = [x, result, x.pow(power), y];
        ctx.saveForBackward(...saved);
        ctx.saveForForward(...saved);
        return result;
      }
      static override backward(ctx: Ctx & { power: number }, g: Tensor) {
        const [x, result, power] = ctx.savedTensors;
        return [result.div(x).mul(ctx.power).mul(g), power.mul(g), null];
      }
      static override jvp(ctx: Ctx & { power: number }, dx: Tensor, dy: Tensor) {
        const [x, result, power, y] = ctx.savedTensors;
        expect([x.shape, y.shape]).toEqual([[3], [3]]);
        return result.div(x).mul(ctx.power).mul(dx).add(power.mul(dy));
      }
    }
    const f = (x: Tensor, y: Tensor): Tensor => Saving.apply(x, y, 3);
    const options = { checkForwardAd: true, checkBatchedForwardGrad: true };

    test('batched tangents', () => {
      expect(gradcheck(f, [any(3), any(3)], { checkForwardAd: true })).toBe(true);
      expect(gradcheck(f, [any(3), any(3)], options)).toBe(true);
      expect(gradcheck((x: Tensor, y: Tensor) => f(f(x, y).sin(), x), [any(3), any(3)], options)).toBe(true);
      expect(gradcheck(f, [any(3), any(3)], { ...options, checkBatchedGrad: true, fastMode: true })).toBe(true);
    });

    test('a jvp that calls another such function', () => {
      class Outer extends Saving {
        static override jvp(ctx: Ctx & { power: number }, dx: Tensor, dy: Tensor) {
          const [x, result, power] = ctx.savedTensors;
          // dx^1 * (the derivative), computed by another function.
          return (Saving.apply(dx, result.div(x).mul(ctx.power), 1) as Tensor).add(power.mul(dy));
        }
      }
      const g = (x: Tensor, y: Tensor): Tensor => Outer.apply(x, y, 3);
      expect(gradcheck(g, [any(3), any(3)], options)).toBe(true);
    });

    test('changes in place', () => {
      class Double extends torch.autograd.Function {
        static override forward(ctx: Ctx, x: Tensor) {
          ctx.markDirty(x);
          return x.mul_(2);
        }
        static override backward(_ctx: Ctx, g: Tensor) {
          return g.mul(2);
        }
        static override jvp(_ctx: Ctx, t: Tensor) {
          return t.mul_(2);
        }
      }
      expect(gradcheck((x: Tensor): Tensor => Double.apply(x.clone()), any(3), options)).toBe(true);
    });

    test('tangents that vmap cannot batch', () => {
      class Reading extends Saving {
        static override jvp(ctx: Ctx & { power: number }, dx: Tensor, dy: Tensor) {
          const [x, result, power] = ctx.savedTensors;
          const read = torch.tensor(dx.toArray() as number[], { dtype: 'float64' });
          return result.div(x).mul(ctx.power).mul(read).add(power.mul(dy));
        }
      }
      const g = (x: Tensor, y: Tensor): Tensor => Reading.apply(x, y, 3);
      expect(gradcheck(g, [any(3), any(3)], { checkForwardAd: true })).toBe(true);
      expect(() => gradcheck(g, [any(3), any(3)], options)).toThrow('While computing batched gradients, got:');
    });

    test('transforms of them are errors, as elsewhere', () => {
      const inside = (x: Tensor, y: Tensor): Tensor => torch.func.jvp((a: Tensor) => f(a, y), [x], [y])[1];
      expect(() => gradcheck(inside, [any(3), any(3)], options)).toThrow('must override the setupContext staticmethod');
      gradcheck(f, [any(3), any(3)], options);
      expect(() => torch.func.jvp(f, [any(3), any(3)], [any(3), any(3)])).toThrow(
        'must override the setupContext staticmethod',
      );
    });
  });

  test('several inputs, of which some are not tensors or need no gradient', () => {
    const f = (x: Tensor, n: number, y: Tensor): Tensor => x.pow(n).mul(y);
    expect(gradcheck(f, [any(2), 2, any(2).detach()])).toBe(true);
    expect(gradgradcheck(f, [any(2), 2, any(2)])).toBe(true);
  });

  test('an input that the function does not use', () => {
    const square = (x: Tensor, _: Tensor): Tensor => x.mul(x);
    expect(gradcheck(square, [any(2), any(3)], { checkForwardAd: true, checkBatchedGrad: true })).toBe(true);
    expect(gradgradcheck(square, [any(2), any(3)])).toBe(true);
  });

  test('batched gradients and tangents of sin and add', () => {
    const options = { checkForwardAd: true, checkBatchedGrad: true, checkBatchedForwardGrad: true };
    expect(gradcheck((x: Tensor) => x.sin(), any(4, 4), options)).toBe(true);
    expect(gradcheck((x: Tensor, y: Tensor) => x.add(y), [any(4, 4), any(4, 4)], options)).toBe(true);
  });

  test('given gradients of the outputs, and such as are not contiguous', () => {
    const g = torch.ones(2, { dtype: 'float64', requiresGrad: true });
    expect(gradgradcheck((x: Tensor) => x.exp(), any(2), g)).toBe(true);
    expect(gradgradcheck((x: Tensor) => x.exp(), any(2), { genNonContigGradOutputs: true })).toBe(true);
  });

  test('functions without differentiable outputs', () => {
    expect(gradcheck((x: Tensor) => x.gt(0), any(3))).toBe(true);
    expect(gradcheck((x: Tensor) => x.gt(0), any(3), { fastMode: true })).toBe(true);
    expect(() => gradcheck((x: Tensor) => x.detach().mul(2), any(3))).toThrow(
      'Numerical gradient for function expected to be zero',
    );
  });

  test('the inputs, the random numbers and the modes are as before', () => {
    const x = any(3);
    const before = x.toArray();
    torch.manualSeed(3);
    const state = torch.getRngState();
    expect(() =>
      gradcheck(() => {
        throw new RangeError('mine');
      }, x),
    ).toThrow(RangeError);
    gradcheck((t: Tensor) => t.sin(), x, { fastMode: true });
    expect(x.toArray()).toEqual(before);
    expect(x._version).toBe(any(3)._version);
    expect(torch.getRngState().equal(state)).toBe(true);
    expect(torch.isGradEnabled()).toBe(true);
  });

  test('what cannot be checked', () => {
    const f = (x: Tensor): Tensor => x.sin();
    expect(() => gradcheck(f, torch.ones(2))).toThrow(
      'gradcheck expects at least one input tensor to require gradient',
    );
    expect(() => gradcheck(f, any(1).expand(3))).toThrow('has a dimension with stride 0');
    expect(() => gradcheck((x: Tensor) => x.mul(2).toSparse(), any(2))).toThrow('Sparse output is not supported');
    expect(() => gradcheck((() => 3) as never, any(2))).toThrow(TypeError);
    expect(() => gradcheck((async (x: Tensor) => x) as never, any(2))).toThrow(TypeError);
    expect(() => gradcheck(3 as never, any(2))).toThrow("argument 'func' must be a function");
    expect(() => gradcheck(f, any(2), { ep: 1 } as never)).toThrow("unknown option 'ep'");
    expect(() => gradcheck(f, any(2), { checkBackwardAd: false })).toThrow(torch.AssertionError);
    expect(() =>
      gradcheck(f, any(2), { checkBackwardAd: false, checkForwardAd: true, checkBatchedGrad: true }),
    ).toThrow('Setting check_batched_grad=True requires check_backward_ad to be True');
    expect(() => gradcheck(f, any(2), { checkBatchedForwardGrad: true })).toThrow(
      'Setting check_batched_forward_grad=True requires check_forward_ad to be True',
    );
    expect(() => gradgradcheck(f, any(2), { checkRevOverRev: false })).toThrow(torch.AssertionError);
    let calls = 0;
    expect(() => gradcheck((x: Tensor) => x.sum().expand(1 + calls++), any(2))).toThrow(
      'Expected `func` to return outputs with the same shape when inputs are perturbed on index [0] by 0.000001',
    );
  });
});
