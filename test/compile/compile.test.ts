/** `torch.compile`: what a compiled function computes is what the function computes. The oracle is eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { grad, vmap, vjp, jvp, jacrev, jacfwd, hessian } = torch.func;

type AnyFunction = (...args: never[]) => unknown;

/** Calls the function compiled and eagerly, first with the arguments that it is recorded with, then with the others. */
function check(f: AnyFunction, ...calls: unknown[][]): void {
  const compiled = torch.compile(f, { fullgraph: true });
  for (const args of calls) expectSame(compiled(...(args as never[])), f(...(args as never[])));
}

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => {
  warnings.mockClear();
  torch.manualSeed(0);
});

const small = (x: Tensor) => x.sin().mul(x).sum();
const predict = (weight: Tensor, bias: Tensor, x: Tensor) => torch.nn.functional.linear(x, weight, bias).tanh();
const map = (x: Tensor) => {
  const a = x.select(0, 0);
  const c = x.select(0, 1);
  return torch.stack([a.mul(c), a.add(c.pow(2)).sin(), a.pow(2).sub(c.mul(3))]);
};

describe('compositions of transforms', () => {
  const vector = () => torch.randn([5]);
  const linear = (): [Tensor, Tensor, Tensor] => [torch.randn([4, 5]), torch.randn([4]), torch.randn([5])];

  test.each<[string, AnyFunction, () => unknown[]]>([
    ['plain', small, () => [vector()]],
    ['grad', grad(small), () => [vector()]],
    ['grad of grad of grad', grad((a) => grad((b) => grad((c: Tensor) => c.sin())(b))(a)), () => [torch.randn([])]],
    ['hessian', hessian(small), () => [vector()]],
    ['jacfwd of gelu', vmap(jacfwd((x: Tensor) => torch.nn.functional.gelu(x))), () => [torch.randn([1, 3, 3])]],
    ['jacrev of gelu', vmap(jacrev((x: Tensor) => torch.nn.functional.gelu(x))), () => [torch.randn([1, 3, 3])]],
    ['jvp of grad', (x: Tensor, v: Tensor) => jvp(grad(small), [x], [v])[1], () => [vector(), vector()]],
    ['vjp', (x: Tensor) => vjp(small, x)[1](torch.ones([])), () => [vector()]],
    ['jacrev', jacrev(predict, { argnums: 2 }), linear],
    ['jacfwd', jacfwd(predict, { argnums: [0, 2] }), linear],
    ['vmap of jacrev', vmap(jacrev(map)), () => [torch.randn([7, 2])]],
    ['vmap of jacfwd', vmap(jacfwd(map), { inDims: 1, outDims: 2 }), () => [torch.randn([2, 7])]],
    [
      'vmap of hessian',
      vmap(hessian(predict, { argnums: 2 }), { inDims: [null, null, 0] }),
      () => {
        const [weight, bias] = linear();
        return [weight, bias, torch.randn([3, 5])];
      },
    ],
    [
      'vmap of grad of solve',
      vmap(grad((a: Tensor) => torch.linalg.solve(a, torch.ones([3])).sum())),
      () => [torch.randn([4, 3, 3])],
    ],
    [
      'autograd.grad inside',
      (x: Tensor) => {
        const y = x.detach().requiresGrad_();
        return torch.autograd.grad(small(y), y)[0].detach();
      },
      () => [vector()],
    ],
  ] as [string, AnyFunction, () => unknown[]][])('%s', (_, f, args) => {
    check(f, args() as never[], args() as never[], args() as never[]);
  });
});

describe('signatures', () => {
  test('another shape, dtype, stride, number, structure or mode records again', () => {
    let calls = 0;
    const compiled = torch.compile((x: unknown, n: unknown = 2) => {
      calls++;
      const [tensor] = Array.isArray(x) ? (x as Tensor[]) : [x as Tensor];
      return tensor.mul(n as number).add(torch.ones([]));
    });
    const expectCalls = (count: number, ...args: [unknown, unknown?]) => {
      const eager = (Array.isArray(args[0]) ? (args[0] as Tensor[])[0] : (args[0] as Tensor)).mul(
        (args[1] ?? 2) as number,
      );
      expectSame(compiled(...args), eager.add(torch.ones([])));
      expectSame(compiled(...args), eager.add(torch.ones([])));
      expect(calls).toBe(count);
    };
    expectCalls(1, torch.randn([3]));
    expectCalls(2, torch.randn([4]));
    expectCalls(3, torch.randn([3], { dtype: 'float64' }));
    expectCalls(4, torch.randn([3, 2]).select(1, 0));
    expectCalls(5, torch.randn([3]), 3);
    expectCalls(6, torch.randn([3]), -0);
    expectCalls(7, torch.randn([3]), NaN);
    expectCalls(8, [torch.randn([3])]);
    torch.setDefaultDtype('float64');
    try {
      expectCalls(9, torch.randn([3], { dtype: 'float32' }));
    } finally {
      torch.setDefaultDtype('float32');
    }
    expectCalls(9, torch.randn([3]));
  });

  test('values besides tensors are part of the result', () => {
    check(
      (o: { a: Tensor; b: [Tensor, number] }) => ({ y: o.a.add(o.b[0]), n: o.b[1], none: null, z: [o.a, o.b[0]] }),
      [{ a: torch.randn([2]), b: [torch.randn([2]), 1] }],
      [{ a: torch.randn([2]), b: [torch.randn([2]), 1] }],
      [{ a: torch.randn([2]), b: [torch.randn([2]), 5] }],
    );
  });

  test('an array of one tensor stays an array', () => {
    check((x: Tensor) => [x.sin()], [torch.randn([2])], [torch.randn([2])]);
  });

  test('the least recently used of 64 signatures gives way', () => {
    let calls = 0;
    const compiled = torch.compile((x: Tensor, n: number) => {
      calls++;
      return x.add(n);
    });
    const x = torch.ones([2]);
    for (let n = 0; n < 65; n++) expect(compiled(x, n).toArray()).toEqual([n + 1, n + 1]);
    compiled(x, 64);
    expect(calls).toBe(65);
    expect(compiled(x, 0).toArray()).toEqual([1, 1]);
    expect(calls).toBe(66);
  });

  test('reset() records again', () => {
    let factor = torch.tensor(2);
    const compiled = torch.compile((x: Tensor) => x.mul(factor));
    expect(compiled(torch.ones([])).item()).toBe(2);
    factor = torch.tensor(3);
    compiled.reset();
    expect(compiled(torch.ones([])).item()).toBe(3);
    factor = torch.tensor(4);
    torch.compiler.reset();
    expect(compiled(torch.ones([])).item()).toBe(4);
  });
});

describe('traps', () => {
  // Its tangents lie in memory as large as that of the argument.
  test('forward mode of a write to an argument with gaps', () => {
    const f = jacfwd((x: Tensor, y: Tensor) => {
      y.t().narrow(0, 0, 1).sub_(x);
      return y.squeeze();
    });
    const inputs = (): Tensor[] => [torch.randn([7], { dtype: 'float64' }), torch.randn([7, 1, 2]).select(-1, 1)];
    check(f, inputs(), inputs(), inputs());
    check(
      vmap(f),
      ...[1, 2, 3].map(() => [torch.randn([3, 7], { dtype: 'float64' }), torch.randn([3, 7, 1, 2]).select(-1, 1)]),
    );
  });

  test('data that the function makes is a constant, even if the function writes to it', () => {
    check(
      (x: Tensor) => {
        const c = torch.tensor([1, 2, 3]);
        c.mul_(x);
        return c.add(torch.fromTypedArray(new Float32Array([1, 1, 1]), [3]));
      },
      [torch.randn([3])],
      [torch.randn([3])],
      [torch.randn([3])],
    );
    check(
      vmap((x: Tensor) => torch.tensor([1, 2, 3]).mul(x)),
      [torch.randn([4, 3])],
      [torch.randn([4, 3])],
    );
  });

  test.each<[string, (x: Tensor) => unknown]>([
    ['item()', (x) => x.sum().item()],
    ['data()', (x) => x.data()],
    ['data()', (x) => x.toArray()],
    ['toString()', (x) => `${x}`],
    ['equal()', (x) => torch.equal(x, x)],
  ])('%s: values that JavaScript reads', (name, read) => {
    const f = (x: Tensor) => {
      read(x);
      return x.mul(2);
    };
    expect(() => torch.compile(f, { fullgraph: true })(torch.ones([2]))).toThrow(
      `torch.compile: ${name} reads values of a tensor in JavaScript, so the compiled function could not repeat it`,
    );
    const compiled = torch.compile(f);
    for (let i = 0; i < 3; i++) expect(compiled(torch.ones([2])).data()).toEqual(new Float32Array([2, 2]));
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0][0]).toContain(`runs without being compiled: ${name} reads values`);
  });

  test('what the error says to do', () => {
    const weight = torch.ones([2]).requiresGrad_();
    const remedyOf = (f: (x: Tensor) => unknown): string => {
      try {
        torch.compile(f, { fullgraph: true })(torch.ones([2]));
      } catch (error) {
        return (error as Error).message.split('could not repeat it. ')[1];
      }
      return '';
    };
    const otherwise = ', or set fullgraph: false to run the function without compiling it';
    expect(remedyOf((x) => x.sum().item())).toBe(
      `Use operators such as torch.where instead, or move it out of the function${otherwise}`,
    );
    expect(remedyOf((x) => (torch.manualSeed(0), x))).toBe(`Move it out of the function${otherwise}`);
    expect(remedyOf((x) => x.mul(weight))).toBe(`Detach the tensor, or make the call inside torch.noGrad${otherwise}`);
  });

  test('a condition on values takes the right branch', () => {
    const compiled = torch.compile((x: Tensor) => (x.item() > 0 ? x.mul(2) : x.neg()));
    expect([1, -1, 2, -3].map((v) => compiled(torch.tensor(v)).item())).toEqual([2, 1, 4, 3]);
  });

  test('metadata changed in place', () => {
    check(
      (x: Tensor) => x.add(1).unsqueeze_(0).transpose_(0, 1).squeeze_().mul(2),
      [torch.randn([3])],
      [torch.randn([3])],
    );
    const x = torch.ones([1, 2]);
    const compiled = torch.compile((y: Tensor) => y.squeeze_());
    expect(compiled(x).shape).toEqual([2]);
    expect(compiled(torch.ones([1, 2])).shape).toEqual([2]);
  });

  test('numbers keep out of type promotion', () => {
    check((x: Tensor) => x.mul(2.5).add(1).pow(2), [torch.randn([3])], [torch.randn([3])]);
    check((x: Tensor) => x.mul(2.5), [torch.arange(3)], [torch.arange(3).neg()]);
  });

  test('a tensor from outside is read at each call', () => {
    const weight = torch.ones([2]);
    const compiled = torch.compile((x: Tensor) => x.mul(weight));
    expect(compiled(torch.ones([2])).toArray()).toEqual([1, 1]);
    weight.mul_(5);
    expect(compiled(torch.ones([2])).toArray()).toEqual([5, 5]);
  });

  test('a tensor from outside is written to', () => {
    const total = torch.zeros([2]);
    const compiled = torch.compile((x: Tensor) => {
      total.add_(x);
      return total.mul(2);
    });
    for (let i = 1; i <= 3; i++) expect(compiled(torch.ones([2])).toArray()).toEqual([2 * i, 2 * i]);
    expect(total.toArray()).toEqual([3, 3]);
  });

  test('an argument is written to, through a view as well', () => {
    const f = (x: Tensor) => {
      x.add_(1);
      x.select(0, 0).mul_(10);
      return x;
    };
    const compiled = torch.compile(f);
    const x = torch.zeros([2]);
    for (const expected of [
      [10, 1],
      [110, 2],
      [1110, 3],
    ]) {
      const version = x._version;
      expect(compiled(x)).toBe(x);
      expect(x.toArray()).toEqual(expected);
      expect(x._version).toBeGreaterThan(version);
    }
  });

  test('arguments that share memory', () => {
    const compiled = torch.compile((a: Tensor, b: Tensor) => {
      a.add_(1);
      return b.mul(2);
    });
    expect(compiled(torch.zeros([2]), torch.zeros([2])).toArray()).toEqual([0, 0]);
    const x = torch.zeros([2]);
    expect(compiled(x, x.view([2])).toArray()).toEqual([2, 2]);
    expect(compiled(torch.zeros([2]), torch.zeros([2])).toArray()).toEqual([0, 0]);
  });

  test('dtypes move', () => {
    check(
      jacfwd((x: Tensor) => x.select(0, 0).mul(0.1)),
      [torch.randn([2])],
      [torch.randn([2])],
    );
  });

  test('outputs share memory with each other and with arguments', () => {
    const f = (x: Tensor) => {
      const y = x.sin();
      return [y, y.select(0, 0), x.select(0, 1), y];
    };
    const compiled = torch.compile(f);
    for (let i = 0; i < 2; i++) {
      const x = torch.zeros([2]);
      const [y, first, view, same] = compiled(x);
      y.fill_(7);
      x.fill_(3);
      expect([first.item(), view.item()]).toEqual([7, 3]);
      expect(same).toBe(y);
    }
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ['mean', (x) => x.exp().mean(0)],
    ['sum', (x) => x.exp().sum(-1)],
    ['amax', (x) => x.exp().amax(0)],
    ['flip', (x) => x.exp().flip([0])],
    ['cumsum', (x) => x.exp().cumsum(0)],
    ['transpose', (x) => x.exp().transpose(0, -1)],
    ['the mean of a derivative', grad((x: Tensor) => x.exp().mean(0))],
  ])('%s along dimension 0 or -1 of one number', (_, f) => {
    check(f, ...Array.from({ length: 4 }, () => [torch.randn([], { dtype: 'float64' })]));
  });

  test('a number 0 of the function times NaN or infinity is NaN', () => {
    check((x: Tensor) => x.sin().mul(0), [torch.ones([3])], [torch.tensor([NaN, 1, Infinity])]);
  });
});

describe('where a compiled function is not compiled', () => {
  test('under transforms and in other compiled functions it is the function', () => {
    const compiled = torch.compile(small);
    const x = torch.randn([4]);
    compiled(x);
    expectSame(grad(compiled)(x), grad(small)(x));
    const batch = torch.randn([3, 4]);
    expectSame(vmap(compiled)(batch), vmap(small)(batch));
    check(hessian(compiled), [x], [torch.randn([4])]);
  });

  test('arguments and tensors from outside that require gradients', () => {
    const compiled = torch.compile(small);
    const x = torch.randn([4]);
    compiled(x);
    const leaf = x.clone().requiresGrad_();
    compiled(leaf).backward();
    expectSame(leaf.grad, grad(small)(x));
    expectSame(
      torch.noGrad(() => compiled(leaf)),
      small(x),
    );

    const weight = torch.randn([4]).requiresGrad_();
    const product = torch.compile((y: Tensor) => y.mul(weight).sum());
    for (let i = 1; i <= 2; i++) {
      product(x).backward();
      expectSame(weight.grad, x.mul(i));
    }
  });

  test('torch.compiler.disable', () => {
    let calls = 0;
    const counted = torch.compiler.disable((x: Tensor) => {
      calls++;
      return x.mul(2);
    });
    const compiled = torch.compile((x: Tensor) => counted(x).add(1));
    for (let i = 1; i <= 3; i++) {
      expect(compiled(torch.ones([])).item()).toBe(3);
      expect(calls).toBe(i);
    }
  });

  test('isCompiling() is true while a call is recorded', () => {
    const seen: boolean[] = [];
    const compiled = torch.compile((x: Tensor) => {
      seen.push(torch.compiler.isCompiling());
      return x.neg();
    });
    compiled(torch.ones([]));
    compiled(torch.ones([]));
    expect([seen, torch.compiler.isCompiling()]).toEqual([[true], false]);
  });

  test('a function that throws records nothing', () => {
    let fails = true;
    const compiled = torch.compile((x: Tensor) => {
      if (fails) throw new RangeError('not yet');
      return x.neg();
    });
    expect(() => compiled(torch.ones([]))).toThrow('not yet');
    expect(torch.compiler.isCompiling()).toBe(false);
    fails = false;
    expect(compiled(torch.ones([])).item()).toBe(-1);
  });
});

describe('errors', () => {
  test('arguments of compile()', () => {
    expect(() => torch.compile(3 as never)).toThrow(TypeError);
    expect(() => torch.compile(small, { backend: 'inductor' as never })).toThrow(
      "compile(): option 'backend' must be 'native', 'aot_eager' or 'eager', not 'inductor'",
    );
    expect(() => torch.compile(small, { fullgraph: 1 as never })).toThrow(TypeError);
    expect(() => torch.compile(small, { mode: 'x' } as never)).toThrow('mode');
  });

  test('a function that returns a Promise', () => {
    const compiled = torch.compile((async () => torch.ones([])) as never) as () => unknown;
    expect(() => compiled()).toThrow('must be synchronous');
  });

  test('a disposed argument', () => {
    const compiled = torch.compile(small);
    const x = torch.randn([3]);
    compiled(x);
    x.dispose();
    expect(() => compiled(x)).toThrow('disposed');
  });
});

test('an argument with holes', () => {
  const compiled = torch.compile((list: unknown) => list as Tensor);
  // eslint-disable-next-line no-sparse-arrays -- the case under test
  expect(() => compiled([torch.ones([]), , torch.ones([])])).toThrow(
    'an array with holes (position 1 of 3) cannot be an argument of a compiled function',
  );
  expect(() => compiled(new Array(2 ** 32 - 1))).toThrow('position 0 of 4294967295');
});
