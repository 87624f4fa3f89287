/** functionalCall, stackModuleState and replaceAllBatchNormModules_ against PyTorch, and what they leave behind. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';

const { nn } = torch;
const { functionalCall, grad, hessian, jacfwd, jacrev, jvp, replaceAllBatchNormModules_, stackModuleState, vjp } =
  torch.func;

type State = Record<string, Tensor>;

const PYTHON = `
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.b = nn.Linear(4, 2)
    def forward(self, x, scale=1.0):
        return self.b(self.norm(self.a(x)).tanh()) * scale
class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(4, 2)
        self.b.bias = nn.Parameter(torch.ones(2))
    def forward(self, x):
        return self.b(self.a(x).tanh())
class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('count', torch.zeros(1))
        self.register_buffer('seen', torch.zeros(1))
    def forward(self, x):
        self.count = self.count + x
        self.seen.add_(x)
        return self.count * self.seen
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 3)
        self.b = nn.Linear(3, 3)
        self.b.weight = self.a.weight
    def forward(self, x):
        return self.b(self.a(x))
net = Net(); mlp = Mlp(); counter = Counter(); tied = Tied()
params = dict(net.named_parameters()); buffers = dict(net.named_buffers())
p = dict(mlp.named_parameters())
loss = lambda p, x: functional_call(mlp, p, x).square().sum()
`;

class Net extends nn.Module {
  a = new nn.Linear(3, 4);
  norm = new nn.BatchNorm1d(4);
  b = new nn.Linear(4, 2);
  override forward(x: Tensor, { scale = 1 }: { scale?: number } = {}): Tensor {
    return this.b(this.norm(this.a(x)).tanh()).mul(scale);
  }
}

class Mlp extends nn.Module {
  a = new nn.Linear(3, 4);
  b = new nn.Linear(4, 2);
  constructor() {
    super();
    this.b.bias = new nn.Parameter(torch.ones(2));
  }
  override forward(x: Tensor): Tensor {
    return this.b(this.a(x).tanh());
  }
}

class Counter extends nn.Module {
  count = this.registerBuffer('count', torch.zeros(1)) as Tensor;
  seen = this.registerBuffer('seen', torch.zeros(1));
  override forward(x: Tensor): Tensor {
    this.count = this.count.add(x);
    this.seen.add_(x);
    return this.count.mul(this.seen);
  }
}

class Tied extends nn.Module {
  a = new nn.Linear(3, 3);
  b = new nn.Linear(3, 3);
  constructor() {
    super();
    this.b.weight = this.a.weight;
  }
  override forward(x: Tensor): Tensor {
    return this.b(this.a(x));
  }
}

function setting() {
  const [net, mlp, counter, tied] = [new Net(), new Mlp(), new Counter(), new Tied()];
  return {
    net,
    mlp,
    counter,
    tied,
    params: Object.fromEntries(net.namedParameters()),
    buffers: Object.fromEntries(net.namedBuffers()),
    p: Object.fromEntries(mlp.namedParameters()) as State,
    loss: (p: State, x: Tensor): Tensor => functionalCall(mlp, p, x).square().sum(),
  };
}

type Setting = ReturnType<typeof setting> & { x: Tensor; one: Tensor; v: Tensor };

parity('functions of modules', (cases) => {
  cases.inputs({ x: some([5, 3], 'float32'), one: some([3], 'float32', 2), v: some([3, 3], 'float32', 3) });
  // Each leaves the modules with what they had.
  const add = (python: string, javascript: (given: Setting) => unknown): void => {
    const body = python.includes('return') ? python : `return ${python}`;
    cases.add(
      `${PYTHON}${body}`,
      (inputs) => {
        const given = { ...setting(), ...inputs } as Setting;
        const modules = [given.net, given.mlp, given.counter, given.tied];
        const tensors = () => modules.flatMap((module) => [...module.parameters(), ...module.buffers()]);
        const before = tensors();
        const result = javascript(given);
        if (!/replace_all|train/.test(python)) expect(tensors().every((tensor, i) => tensor === before[i])).toBe(true);
        return result;
      },
      { name: python, tolerance: 1e-5 },
    );
  };

  cases.group('functionalCall', () => {
    add('functional_call(net, params, x)', ({ net, params, x }) => functionalCall(net, params, x));
    add("functional_call(net, (params, buffers), (x,), {'scale': 2.0})", ({ net, params, buffers, x }) =>
      functionalCall(net, [params, buffers], [x], { kwargs: { scale: 2 } }),
    );
    add('functional_call(net, [], (x, 3.0))', ({ net, x }) => functionalCall(net, [], [x, { scale: 3 }]));
    add('functional_call(net, {k: v * 0 + 0.5 for k, v in params.items()}, x)', ({ net, params, x }) =>
      functionalCall(net, Object.fromEntries(Object.entries(params).map(([k, v]) => [k, v.mul(0).add(0.5)])), x),
    );
    add("functional_call(net, {'a.bias': torch.ones(4), 'nothing': x}, x)", ({ net, x }) => {
      const result = functionalCall(net, { 'a.bias': torch.ones(4), nothing: x }, x);
      expect('nothing' in net).toBe(false);
      return result;
    });
    add('functional_call(net, (params, buffers), x, strict=True)', ({ net, params, buffers, x }) =>
      functionalCall(net, [params, buffers], x, { strict: true }),
    );
    add(
      'b = {k: v.clone() for k, v in buffers.items()}; r = functional_call(net, (params, b), x); return [r, list(b.values()), list(buffers.values())]',
      ({ net, params, buffers, x }) => {
        const b = Object.fromEntries(Object.entries(buffers).map(([k, v]) => [k, v.clone()]));
        const r = functionalCall(net, [params, b], x);
        return [r, Object.values(b), Object.values(buffers)];
      },
    );
    add(
      "d = {'count': torch.ones(1), 'seen': torch.ones(1)}; r = functional_call(counter, d, torch.ones(1)); return [r, d, counter.count, counter.seen]",
      ({ counter }) => {
        const d = { count: torch.ones(1), seen: torch.ones(1) };
        const r = functionalCall(counter, d, torch.ones(1));
        return [r, d, counter.count, counter.seen];
      },
    );
    add(
      "[functional_call(tied, {'a.weight': v}, x), functional_call(tied, {'b.weight': v}, x), functional_call(tied, {'a.weight': v, 'b.weight': v}, x), functional_call(tied, {'a.weight': v}, x, tie_weights=False), functional_call(tied, {'a.weight': v, 'b.weight': v * 2}, x, tie_weights=False)]",
      ({ tied, v, x }) => [
        functionalCall(tied, { 'a.weight': v }, x),
        functionalCall(tied, { 'b.weight': v }, x),
        functionalCall(tied, { 'a.weight': v, 'b.weight': v }, x),
        functionalCall(tied, { 'a.weight': v }, x, { tieWeights: false }),
        functionalCall(tied, { 'a.weight': v, 'b.weight': v.mul(2) }, x, { tieWeights: false }),
      ],
    );
    add("functional_call(tied, {'a.weight': v, 'a.bias': one, 'b.bias': one}, x, strict=True)", ({ tied, v, one, x }) =>
      functionalCall(tied, { 'a.weight': v, 'a.bias': one, 'b.bias': one }, x, { strict: true }),
    );
    add('functional_call(nn.Identity(), {}, (one,))', ({ one }) => functionalCall(new nn.Identity(), {}, one));
  });

  cases.group('under the transforms', () => {
    add('grad(loss)(p, x)', ({ loss, p, x }) => grad(loss)(p, x));
    add('vmap(grad(loss), in_dims=(None, 0))(p, x)', ({ loss, p, x }) =>
      torch.vmap(grad(loss), { inDims: [null, 0] })(p, x),
    );
    add('jacrev(loss, argnums=1)(p, x)', ({ loss, p, x }) => jacrev(loss, { argnums: 1 })(p, x));
    add('jacfwd(lambda p: functional_call(mlp, p, one))(p)', ({ mlp, p, one }) =>
      jacfwd((p: State) => functionalCall(mlp, p, one))(p),
    );
    add("hessian(lambda b: loss({**p, 'a.bias': b}, x))(p['a.bias'])", ({ loss, p, x }) =>
      hessian((b: Tensor) => loss({ ...p, 'a.bias': b }, x))(p['a.bias']),
    );
    add('jvp(lambda p: functional_call(mlp, p, one), (p,), ({k: v * 2 for k, v in p.items()},))', ({ mlp, p, one }) =>
      jvp(
        (p: State) => functionalCall(mlp, p, one),
        [p],
        [Object.fromEntries(Object.entries(p).map(([k, v]) => [k, v.mul(2)]))],
      ),
    );
    add('y, f = vjp(lambda p: functional_call(mlp, p, x), p); return [y, f(y)[0]]', ({ mlp, p, x }) => {
      const [y, f] = vjp((p: State) => functionalCall(mlp, p, x), p);
      return [y, f(y)[0]];
    });
    add(
      'inner = lambda p, x: {k: v - 0.1 * g for (k, v), g in zip(p.items(), grad(loss)(p, x).values())}; return grad(lambda p: loss(inner(p, x[:3]), x[3:]))(p)',
      ({ loss, p, x }) => {
        const inner = (p: State, x: Tensor): State => {
          const g = grad(loss)(p, x);
          return Object.fromEntries(Object.entries(p).map(([k, v]) => [k, v.sub(g[k].mul(0.1))]));
        };
        return grad((p: State) => loss(inner(p, x.index(':3')), x.index('3:')))(p);
      },
    );
    add('vmap(net.eval())(x.unsqueeze(1))', ({ net, x }) => torch.vmap(net.eval())(x.unsqueeze(1)));
    add(
      'grad(lambda p: functional_call(net, (p, buffers), x).sum())(params); return list(buffers.values())',
      ({ net, params, buffers, x }) => {
        grad((p: State) => functionalCall(net, [p, buffers], x).sum())(params);
        return Object.values(buffers);
      },
    );
  });

  cases.group('modules made inside a transform', () => {
    const made = (x: Tensor): Tensor => new nn.Linear(3, 1)(x).sum();
    add('grad(lambda x: nn.Linear(3, 1)(x).sum())(one)', ({ one }) => grad(made)(one));
    add("vmap(grad(lambda x: nn.Linear(3, 1)(x).sum()), randomness='same')(x)", ({ x }) =>
      torch.vmap(grad(made), { randomness: 'same' })(x),
    );
    add('vmap(lambda x: nn.Linear(3, 1)(x).sum())(x)', ({ x }) => torch.vmap(made)(x));
    add('jvp(lambda x: nn.Linear(3, 1)(x).sum(), (one,), (one,))', ({ one }) => jvp(made, [one], [one]));
    add('grad(lambda x: (nn.Parameter(x * 2) * x).sum())(one)', ({ one }) =>
      grad((x: Tensor) => new nn.Parameter(x.mul(2)).mul(x).sum())(one),
    );
    add(
      'torch.no_grad().__enter__(); w = nn.Linear(3, 1).weight; torch.set_grad_enabled(True); return w.requires_grad',
      () => torch.noGrad(() => new nn.Linear(3, 1).weight.requiresGrad),
    );
  });

  cases.group('stackModuleState', () => {
    add('list(stack_module_state([Net(), Net(), Net()])[1].values())', () =>
      Object.values(stackModuleState([new Net(), new Net(), new Net()])[1]),
    );
    add(
      'ps, bs = stack_module_state([Mlp(), Mlp()]); return [ps, bs, [v.requires_grad and v.is_leaf for v in ps.values()]]',
      () => {
        const [ps, bs] = stackModuleState([new Mlp(), new Mlp()]);
        return [ps, bs, Object.values(ps).map((v) => v.requiresGrad && v.isLeaf)];
      },
    );
    add(
      'ps, bs = stack_module_state(nn.ModuleList([Mlp(), Mlp(), mlp])); f = lambda p, b, x: functional_call(mlp, (p, b), x); return [vmap(f, (0, 0, None))(ps, bs, x), vmap(f)(ps, bs, x[:3])]',
      ({ mlp, x }) => {
        const [ps, bs] = stackModuleState(new nn.ModuleList([new Mlp(), new Mlp(), mlp]));
        const f = (p: State, b: State, x: Tensor): Tensor => functionalCall(mlp, [p, b], x);
        return [torch.vmap(f, { inDims: [0, 0, null] })(ps, bs, x), torch.vmap(f)(ps, bs, x.index(':3'))];
      },
    );
    add('stack_module_state([mlp.requires_grad_(False)])[0]["a.bias"].requires_grad', ({ mlp }) => {
      return stackModuleState([mlp.requiresGrad_(false)])[0]['a.bias'].requiresGrad;
    });
    add('list(stack_module_state((mlp.eval(), Mlp().eval()))[0])', ({ mlp }) =>
      Object.keys(stackModuleState([mlp.eval(), new Mlp().eval()])[0]),
    );
  });

  cases.group('replaceAllBatchNormModules_', () => {
    add('r = replace_all_batch_norm_modules_(net); return [r is net, str(net), list(net.state_dict())]', ({ net }) => {
      const r = replaceAllBatchNormModules_(net);
      return [r === net, String(net), Object.keys(net.stateDict())];
    });
    add('vmap(replace_all_batch_norm_modules_(net))(torch.stack([x, x * 2]))', ({ net, x }) =>
      torch.vmap(replaceAllBatchNormModules_(net))(torch.stack([x, x.mul(2)])),
    );
    add('vmap(net)(torch.stack([x, x * 2]))', ({ net, x }) => torch.vmap(net)(torch.stack([x, x.mul(2)])));
    add(
      'b = replace_all_batch_norm_modules_(nn.BatchNorm1d(3, affine=False)); return [b(x), b.eval()(x), str(b)]',
      ({ x }) => {
        const b = replaceAllBatchNormModules_(new nn.BatchNorm1d(3, { affine: false }));
        return [b(x), b.eval()(x), String(b)];
      },
    );
    add('i = nn.InstanceNorm1d(3, track_running_stats=True); return str(replace_all_batch_norm_modules_(i))', () =>
      String(replaceAllBatchNormModules_(new nn.InstanceNorm1d(3, { trackRunningStats: true }))),
    );
  });
});

describe('whatever happens, the module has its own tensors again', () => {
  const net = new Mlp();
  const own = net.parameters();
  const params = Object.fromEntries(net.namedParameters());
  const zeros = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, torch.zerosLike(value)]));
  const x = torch.ones(3);
  afterEach(() => {
    const now = net.parameters();
    expect(now.map((tensor, i) => tensor === own[i])).toEqual(own.map(() => true));
    expect(Object.keys(net).sort()).toEqual(['a', 'b', 'training']);
  });

  test('an exception in forward', () => {
    expect(() => functionalCall(net, zeros, torch.ones(7))).toThrow(torch.RuntimeError);
  });

  test('an exception while the tensors are being put in', () => {
    expect(() => functionalCall(net, { ...zeros, 'b.nothing.x': x, extra: x }, x)).toThrow(
      'Linear has no attribute `nothing`',
    );
    expect(() => functionalCall(net, { ...zeros, extra: 1 as never }, x)).toThrow(
      '1 is not an instance of torch.Tensor',
    );
    expect(() => functionalCall(net, { ...zeros, a: x }, x)).toThrow(
      'attribute `a`: Linear(in_features=3, out_features=4, bias=True) is not an instance of torch.Tensor',
    );
    expect(() => functionalCall(net, { ...zeros, 'training.x': x }, x)).toThrow(
      'submodule `training`: true is not an instance of torch.nn.Module',
    );
    expect(() => functionalCall(net, { ...zeros, '': x }, x)).toThrow('tensor name can\'t be empty string ""');
  });

  test('an exception below several transforms', () => {
    const fail = (p: State, x: Tensor): Tensor => {
      functionalCall(net, p, x);
      throw new Error('mine');
    };
    const call = (p: State, x: Tensor): Tensor => functionalCall(net, p, fail(p, x));
    expect(() => torch.vmap(grad(call), { inDims: [null, 0] })(params, torch.ones(2, 3))).toThrow('mine');
  });

  test('a call within a call', () => {
    class Outer extends nn.Module {
      inner = net;
      override forward(x: Tensor): Tensor {
        expect(net.parameters()[0]).not.toBe(own[0]);
        return functionalCall(net, params, x).sub(this.inner(x));
      }
    }
    const prefixed = Object.fromEntries(Object.entries(zeros).map(([name, value]) => [`inner.${name}`, value]));
    expect(functionalCall(new Outer(), prefixed, x).toArray()).toEqual(net(x).toArray());
  });

  test('an argument that is no module, or an unknown option', () => {
    expect(() => functionalCall((() => 1) as unknown as Mlp, {}, x)).toThrow(
      "argument 'module' must be a torch.nn.Module",
    );
    expect(() => functionalCall(net, {}, x, { tie: true } as never)).toThrow("unknown option 'tie'");
    expect(() => stackModuleState(3 as never)).toThrow("argument 'models' must be an array of modules, not number");
  });
});

test('an object that is frozen is read only', () => {
  const net = new nn.Linear(2, 1);
  const params = Object.freeze({ weight: torch.ones(1, 2), bias: torch.ones(1) });
  expect(functionalCall(net, params, torch.ones(2)).item()).toBe(3);
});
