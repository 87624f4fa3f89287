/** Wrong operators, planted: the truth run must find each, in the check that is made for it. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { Sample } from '../../scripts/opdb/corpus';
import { counterparts } from '../../scripts/opdb/counterparts';
import { MODE_NAMES, runCheck } from '../../scripts/truth/suite';
import type { TruthFinding } from '../../scripts/truth/verdicts';

const planted = counterparts as Record<string, (...args: any[]) => unknown>;
const { Function } = torch.autograd;
type Ctx = torch.autograd.FunctionCtx;

// The name that the sample's program calls; each test plants its own function under another one.
let count = 0;

/** A sample of `f` with tensors of random numbers between 0.5 and 1.5 in these shapes. */
function plant(f: (...args: Tensor[]) => unknown, shapes: number[][] = [[3, 2]]): [Sample, Uint8Array] {
  const fn = `torch.planted${count++}`;
  planted[fn] = f;
  const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
  const values = Float64Array.from(
    { length: sizes.reduce((a, b) => a + b, 0) },
    (_, i) => 1 + 0.5 * Math.sin(7 * i + 1),
  );
  let offset = 0;
  const leaves = shapes.map((shape, i): Sample['leaves'][0] => {
    const at = offset;
    offset += 8 * sizes[i];
    return ['float64', shape, at];
  });
  const program = { fn, args: shapes.map((_, t) => ({ t })), kwargs: {} };
  const diff = shapes.map((_, i) => i);
  const sample = { dtype: 'float64', sample: 0, leaves, diff, outs: [], program, variants: {}, cases: [] };
  return [sample, new Uint8Array(values.buffer)];
}

function check(mode: string, f: (...args: Tensor[]) => unknown, shapes?: number[][]): TruthFinding {
  return runCheck(mode, ...plant(f, shapes));
}

const lines = ({ why }: TruthFinding): string[] => why?.split('\n') ?? [];

/** x ** 3 by a custom function, with what a test changes of it. */
function cube(changes: Partial<Record<'backward' | 'jvp' | 'forward', (...args: any[]) => unknown>>) {
  class Cube extends Function {
    static override generateVmapRule = true;
    static override forward(x: Tensor): unknown {
      return x.pow(3);
    }
    static override setupContext(ctx: Ctx, [x]: [Tensor]) {
      ctx.saveForBackward(x);
      ctx.saveForForward(x);
    }
    static override backward(ctx: Ctx, g: Tensor): unknown {
      return ctx.savedTensors[0].pow(2).mul(3).mul(g);
    }
    static override jvp(ctx: Ctx, t: Tensor): unknown {
      return ctx.savedTensors[0].pow(2).mul(3).mul(t);
    }
  }
  Object.assign(Cube, changes);
  return (x: Tensor) => Cube.apply(x);
}

test.each(MODE_NAMES)('right operators: %s finds nothing wrong', (mode) => {
  const operators: [(...args: Tensor[]) => unknown, number[][]][] = [
    [(x) => x.sin(), [[3, 2]]],
    [(x, y) => x.mul(y.cos()), [[3, 2], [2]]],
    [(x) => [x.prod(-1), x.sum(0)], [[3, 2]]],
    [(x) => x.matmul(x), [[3, 3]]],
    [cube({}), [[3]]],
  ];
  const findings = operators.map(([f, shapes]) => check(mode, f, shapes));
  expect(findings.map(({ why }) => why)).toEqual(operators.map(() => null));
  expect(findings.reduce((sum, { right }) => sum + right, 0)).toBeGreaterThan(0);
});

test('a wrong backward', () => {
  const found = check(
    'first',
    cube({ backward: (ctx: Ctx, g: Tensor) => ctx.savedTensors[0].pow(2).mul(3.001).mul(g) }),
  );
  const wrong = lines(found).map((line) => line.split(':')[0]);
  expect(wrong).toEqual(expect.arrayContaining(['vjp', 'jacrev', 'functional.vjp', 'functional.jacobian']));
  expect(wrong).not.toContain('jvp');
  expect(found.right).toBeGreaterThan(2);
});

test('a wrong jvp', () => {
  const found = check('first', cube({ jvp: (ctx: Ctx, t: Tensor) => ctx.savedTensors[0].mul(3).mul(t) }));
  const wrong = lines(found).map((line) => line.split(':')[0]);
  expect(wrong).toEqual(expect.arrayContaining(['jvp', 'jacfwd', 'functional.jacobian forward']));
  expect(wrong).not.toContain('vjp');
});

test('a product whose derivative in the tangent or the cotangent is wrong', () => {
  const names = (found: TruthFinding) => lines(found).map((line) => line.split(':')[0]);
  const forward = cube({ jvp: (ctx: Ctx, t: Tensor) => ctx.savedTensors[0].pow(2).mul(3).mul(t.detach()) });
  expect(names(check('first', forward))).toEqual(['vjp of jvp in the tangent', 'jvp of jvp in the tangent']);
  const reverse = cube({ backward: (ctx: Ctx, g: Tensor) => ctx.savedTensors[0].pow(2).mul(3).mul(g.detach()) });
  const wrong = names(check('first', reverse));
  expect(wrong).toEqual(expect.arrayContaining(['vjp of vjp in the cotangent', 'jvp of vjp in the cotangent']));
  expect(wrong).not.toContain('vjp');
});

test('both modes equally wrong', () => {
  const found = check('first', (x) => x.add(x.detach()));
  expect(lines(found)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^jvp: /), expect.stringMatching(/^vjp: /)]),
  );
});

test('NaN in place of a derivative', () => {
  const found = check('first', cube({ backward: (_: Ctx, g: Tensor) => g.mul(NaN) }));
  expect(lines(found)).toEqual(expect.arrayContaining([expect.stringMatching(/^vjp: NaN, right -?[\d.]+$/)]));
});

test('a backward that is right once, and not twice', () => {
  const constant = cube({ backward: (ctx: Ctx, g: Tensor) => ctx.savedTensors[0].detach().pow(2).mul(3).mul(g) });
  expect(check('first', constant).why).toBeNull();
  const wrong = lines(check('second', constant)).map((line) => line.split(':')[0]);
  expect(wrong).toEqual(expect.arrayContaining(['vjp of vjp', 'jvp of vjp', 'functional.hvp']));
  expect(wrong).not.toContain('jvp of jvp');
});

test('a rule that breaks down at zeros, and one that breaks down far from them', () => {
  const divides = cube({
    backward: (ctx: Ctx, g: Tensor) => ctx.savedTensors[0].pow(3).div(ctx.savedTensors[0]).mul(3).mul(g),
  });
  expect(check('first', divides).why).toBeNull();
  expect(lines(check('at_zeros', divides))[0]).toMatch(/^vjp: NaN, right \S+$/);
  // sigmoid by exponential functions, of which one is infinite far from zero.
  class Sigmoid extends Function {
    static override forward(x: Tensor): unknown {
      return x.sigmoid();
    }
    static override setupContext(ctx: Ctx, [x]: [Tensor]) {
      ctx.saveForBackward(x);
    }
    static override backward(ctx: Ctx, g: Tensor): unknown {
      const e = ctx.savedTensors[0].mul(-20).exp().pow(0.05);
      return e.div(e.add(1).square()).mul(g);
    }
  }
  expect(check('first', (x) => Sigmoid.apply(x)).why).toBeNull();
  expect(lines(check('at_far', (x) => Sigmoid.apply(x)))[0]).toMatch(/^vjp: NaN, right \S+$/);
});

test('a third derivative', () => {
  // The second derivative is computed from a constant.
  const constant = cube({
    jvp: (ctx: Ctx, t: Tensor) => {
      const [x] = ctx.savedTensors;
      return x.mul(x.detach()).mul(6).sub(x.detach().pow(2).mul(3)).mul(t);
    },
  });
  expect(check('second', constant).why).toBeNull();
  expect(lines(check('third', constant))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^jvp of jvp of jvp: /)]),
  );
});

test('a batching rule that mixes the samples', () => {
  class Mixed extends Function {
    static override forward(x: Tensor): unknown {
      return x.clone();
    }
    static override setupContext() {}
    static override vmap(_info: unknown, [dim]: [number | null], x: Tensor): unknown {
      return [dim === null ? x : x.roll(1, dim), dim];
    }
  }
  for (const mode of ['vmap', 'vmap_twice']) {
    expect(lines(check(mode, (x) => Mixed.apply(x)))[0]).toMatch(/element \d+ is \S+, right \S+$/);
  }
});

test('a batching rule whose derivative is wrong', () => {
  class Mixed extends Function {
    static override forward(x: Tensor): unknown {
      return x.pow(2);
    }
    static override setupContext(ctx: Ctx, [x]: [Tensor]) {
      ctx.saveForBackward(x);
    }
    static override backward(ctx: Ctx, g: Tensor): unknown {
      return Backward.apply(g, ctx.savedTensors[0]);
    }
    static override vmap(_info: unknown, [dim]: [number], x: Tensor): unknown {
      return [x.pow(2), dim];
    }
  }
  class Backward extends Function {
    static override forward(g: Tensor, x: Tensor): unknown {
      return g.mul(x).mul(2);
    }
    static override setupContext() {}
    static override vmap(info: { batchSize: number }, dims: (number | null)[], g: Tensor, x: Tensor): unknown {
      const [first, second] = [g, x].map((t, i) =>
        dims[i] === null ? t.unsqueeze(0).expand([info.batchSize, ...t.shape]) : t.movedim(dims[i], 0),
      );
      return [first.mul(second.flip(0)).mul(2), 0];
    }
  }
  expect(check('vmap', (x) => Mixed.apply(x)).refused).toEqual([]);
  expect(lines(check('vmap_vjp', (x) => Mixed.apply(x)))[0]).toMatch(/sample 0: element \d+ is \S+, right \S+$/);
});

test('an operator that reads memory instead of elements', () => {
  const memory = (x: Tensor) => x.asStrided(x.shape, [2, 1]).clone();
  const found = lines(check('strides', memory));
  expect(found).toEqual(
    expect.arrayContaining([expect.stringMatching(/^all transposed: element \d+ is \S+, right \S+$/)]),
  );
  expect(found).toEqual(expect.arrayContaining([expect.stringMatching(/^all narrowed: /)]));
  expect(lines(check('strides_derivatives', memory))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^jvp: /), expect.stringMatching(/^vjp: /)]),
  );
});

test('an operator that ignores the negative bit', () => {
  const lazy = (x: Tensor) => (x.isNeg() ? x.neg() : x.clone());
  expect(lines(check('strides', lazy))).toEqual(expect.arrayContaining([expect.stringMatching(/^all lazy: /)]));
});

test('a dtype or a shape that differs', () => {
  const narrow = (x: Tensor) => (x.isContiguous() ? x.clone() : x.to('float32'));
  expect(lines(check('strides', narrow))[0]).toMatch(/: dtype float32, right float64$/);
  const flat = (x: Tensor) => (x.isContiguous() ? x.clone() : x.reshape(-1));
  expect(lines(check('strides', flat))[0]).toMatch(/: shape \[6\], right \[3, 2\]$/);
});

test('an error is a refusal, with its message; an error of the language is a fault', () => {
  const refuse = (x: Tensor) => {
    if (!x.isContiguous()) throw new torch.RuntimeError(`shape [${x.shape.join(', ')}] is not supported`);
    return x.clone();
  };
  const refused = check('strides', refuse);
  expect(refused.why).toBeNull();
  expect(refused.refused).toContainEqual({
    what: 'all transposed',
    message: 'RuntimeError: shape [...] is not supported',
  });
  const broken = (x: Tensor) => (x.isContiguous() ? x.clone() : (undefined as any).shape);
  expect(lines(check('strides', broken))[0]).toMatch(/^all transposed: broken by TypeError: Cannot read/);
});

test('a level that stays on the stack', () => {
  const leaky = (x: Tensor) => {
    torch.autograd.forwardAd.enterDualLevel();
    return x.clone();
  };
  const [sample, values] = plant(leaky, [[1]]);
  const found = lines(runCheck('vmap_twice', sample, values));
  while (true) {
    try {
      torch.autograd.forwardAd.exitDualLevel();
    } catch {
      break;
    }
  }
  expect(found).toContain('a dual level is left open');
});

test('random operators are compared with the same random numbers', () => {
  const noisy = (x: Tensor) => x.mul(torch.rand([3, 2], { dtype: 'float64' }));
  for (const mode of ['first', 'second', 'vmap', 'vmap_jvp', 'strides']) {
    expect(check(mode, noisy).why).toBeNull();
  }
});
