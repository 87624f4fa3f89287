/** Functions and modules that the tests export; exported.py has the same in Python. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { Float } from '../../lib/float';
import type { AnyFunction } from '../../lib/types';

const { func, nn, vmap } = torch;
const { functional: F } = nn;
type Tensors = Record<string, Tensor>;

interface Call {
  args: unknown[];
  kwargs?: Record<string, unknown>;
}

/** A function, and the arguments of calls; the first ones are those of the export. */
export interface Case {
  func: AnyFunction;
  calls: Call[];
  dynamicShapes?: torch.export.DynamicShapes;
}

const float64 = { dtype: 'float64' } as const;

/** Numbers from -1 to 1, moved by `shift`. */
function ramp(shape: number[], shift = 0): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return torch.linspace(-1, 1, count, float64).add(shift).reshape(shape);
}

/** Calls with these arguments, and with others of the same shapes. */
const twice = (make: (shift: number) => unknown[]): Call[] => [{ args: make(0) }, { args: make(0.3) }];

const arm = (x: Tensor): Tensor =>
  torch.stack([x.prod(), x.select(0, 0).sin(), torch.where(x.gt(0.5), x, 1).sum(), x.mul(2).exp().index('1:').sum()]);

/** A module in float64 whose parameters and buffers are not those of the initialisation. */
function filled<M extends torch.nn.Module>(module: M): M {
  module.to('float64');
  torch.noGrad(() => {
    for (const p of module.parameters()) p.copy_(torch.linspace(-0.5, 0.6, p.numel(), float64).reshape(p.shape));
    for (const [name, b] of module.namedBuffers()) if (name.endsWith('runningMean')) b.add_(0.1);
  });
  return module.eval();
}

class Mlp extends nn.Module {
  hidden = new nn.Linear(3, 5);
  outLayer = new nn.Linear(5, 2);
  override forward(x: Tensor): Tensor {
    return this.outLayer(this.hidden(x).tanh());
  }
}

class MlpJacobian extends nn.Module {
  net = new Mlp();
  override forward(x: Tensor): Tensor {
    return vmap(func.jacrev((row: Tensor) => this.net(row)))(x);
  }
}

class Hvp extends nn.Module {
  net = new Mlp();
  override forward(x: Tensor, tangent: Tensor): unknown {
    const params = Object.fromEntries(this.net.namedParameters());
    const loss = (p: Tensors): Tensor => func.functionalCall(this.net, p, x).square().mean();
    const tangents = Object.fromEntries(Object.entries(params).map(([key, p]) => [key, tangent.expand(p.shape)]));
    const [, product] = func.jvp(func.grad(loss), [params], [tangents]) as [Tensors, Tensors];
    return {
      'hidden.weight': product['hidden.weight'],
      'hidden.bias': product['hidden.bias'],
      'out_layer.weight': product['outLayer.weight'],
      'out_layer.bias': product['outLayer.bias'],
    };
  }
}

class Cnn extends nn.Module {
  net = new nn.Sequential(
    new nn.Conv2d(1, 3, 3),
    new nn.BatchNorm2d(3),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(48, 2),
  );
  override forward(x: Tensor, y: Tensor): Tensors {
    const params = Object.fromEntries(this.net.namedParameters());
    const loss = (p: typeof params, x: Tensor, y: Tensor): Tensor =>
      F.crossEntropy(func.functionalCall(this.net, p, x.unsqueeze(0)), y.unsqueeze(0));
    return vmap(func.grad(loss), { inDims: [null, 0, 0] })(params, x, y);
  }
}

class Stateful extends nn.Module {
  norm = new nn.BatchNorm1d(3);
  runningTotal = this.registerBuffer('runningTotal', torch.zeros(3));
  lastInput = this.registerBuffer('lastInput', torch.zeros(4, 3), { persistent: false });
  count = this.registerBuffer('count', torch.tensor(0n));
  override forward(x: Tensor): unknown {
    this.runningTotal.add_(x.sum(0));
    this.lastInput = x.mul(2);
    this.count = this.count.add(1);
    const y = this.norm(x).mul(this.runningTotal);
    x.mul_(0.5);
    return [y, x, this.count];
  }
}

class Tied extends nn.Module {
  first = new nn.Parameter(torch.ones(2, 3));
  second = this.first;
  override forward(x: Tensor): Tensor {
    return x.matmul(this.first.t()).matmul(this.second);
  }
}

interface Batch {
  x: Tensor;
  more: Tensor[];
}

const structures = (
  batch: Batch,
  power: number,
  pair: readonly Tensor[],
  { scale }: { scale: number; nothing: null },
): unknown => {
  const y = batch.x.pow(power).add(batch.more[0]);
  return { sum: y.sum(), list: [y, [pair[0].mul(pair[1])]], rest: [null, 3, 0.5, true], scaled: y.mul(scale) };
};

function closures(): AnyFunction {
  const table = torch.arange(6, float64).reshape(2, 3);
  const total = torch.zeros(3, float64);
  return (x: Tensor) => {
    total.add_(x);
    return [table.matmul(x), table.t(), total.mul(2)];
  };
}

const integers = (x: Tensor, empty: Tensor): Tensor[] => [
  ...[
    x.cumsum(0),
    x.mul(new Float(2) as never),
    x.mul(2),
    x.floorDivide(3),
    x.to('bool'),
    x.to('uint8'),
    x.sum().add(2 ** 40),
  ],
  ...[x.to('float32').mean(), empty.sum(1), torch.cat([empty, empty]), empty.to('int64'), torch.zeros(0, 3, float64)],
];

const dtypes = (half: Tensor, brain: Tensor, single: Tensor, byte: Tensor, flag: Tensor, complex: Tensor): Tensor[] => [
  ...[
    half.mul(2),
    brain.add(1),
    single.to('float64'),
    byte.add(byte),
    flag.logicalNot(),
    complex.mul(new torch.Complex(0, 1)),
  ],
  ...[flag.bitwiseAnd(true), byte.to('bfloat16'), single.to('complex128'), half.to('int16')],
];

const layouts = (x: Tensor, image: Tensor): Tensor[] => {
  const y = F.conv2d(image, ramp([1, 2, 3, 3]));
  return [
    ...[x.t().mul(2), x.t().contiguous().view(-1), y.to({ memoryFormat: 'channels_last' }), x.index(':', '::2')],
    x.unfold(1, 2, 1),
  ];
};

const values = (x: Tensor): Tensor[] => [
  ...[x.clamp(-0.5, Infinity), x.maskedFill(x.gt(0), NaN).isnan(), x.mul(-0), x.pow(3), x.abs().pow(0.5)],
  ...[
    x.to('float32').mul(0.1),
    torch.fullLike(x, 1e300),
    x.copysign(torch.fullLike(x, -0)),
    x.mul(10).to('int64').bitwiseXor(5),
  ],
];

const lists = (x: Tensor): Tensor[] => {
  const [a, b, c] = x.split([1, 2, 1]);
  const { values: best, indices } = x.topk(2);
  return [
    best,
    indices,
    ...x.unbind().slice(0, 2),
    torch.stack([a.sum(), b.prod(), c.mean()]),
    x.index(':1').unbind()[0],
  ];
};

const fourier = (x: Tensor): Tensors => {
  const y = torch.fft.fft(x);
  return {
    power: y.abs().square(),
    back: torch.fft.ifft(y.mul(new torch.Complex(1, 2))),
    conj: y.conj().mul(x),
    real: y.real,
  };
};

/** Makes each case: modules are new, because calls change them. */
export const CASES: Record<string, () => Case> = {
  jacobian: () => ({ func: vmap(func.jacrev(arm)), calls: twice((s) => [ramp([5, 3], s)]) }),
  forward_jacobian: () => ({ func: vmap(func.jacfwd(arm)), calls: twice((s) => [ramp([5, 3], s)]) }),
  hessians: () => ({
    func: vmap(func.hessian((x: Tensor) => x.sin().mul(x.roll(1)).sum().tanh().add(x.logsumexp(0)))),
    calls: twice((s) => [ramp([4, 3], s)]),
  }),
  mlp_jacobian: () => ({ func: filled(new MlpJacobian()), calls: twice((s) => [ramp([4, 3], s)]) }),
  hvp: () => ({ func: filled(new Hvp()), calls: twice((s) => [ramp([4, 3], s), ramp([], s)]) }),
  cnn: () => ({
    func: filled(new Cnn()),
    calls: twice((s) => [ramp([3, 1, 6, 6], s), torch.tensor([0n, 1n, 1n])]),
  }),
  lstm: () => ({
    func: filled(new nn.LSTM(3, 4, { numLayers: 2, batchFirst: true, bidirectional: true })),
    calls: twice((s) => [ramp([2, 5, 3], s)]),
  }),
  encoder: () => ({
    func: filled(new nn.TransformerEncoderLayer(8, 2, 16, { batchFirst: true })),
    calls: twice((s) => [ramp([2, 5, 8], s)]),
  }),
  attention: () => ({
    func: (q: Tensor, k: Tensor, mask: Tensor) => F.scaledDotProductAttention(q, k, k, mask),
    calls: twice((s) => [ramp([2, 4, 8], s), ramp([2, 3, 8], -s), torch.ones(4, 3).triu().to('bool')]),
  }),
  fourier: () => ({ func: fourier, calls: twice((s) => [torch.complex(ramp([2, 6], s), ramp([2, 6], 1))]) }),
  stateful: () => ({ func: filled(new Stateful()).train(), calls: twice((s) => [ramp([4, 3], s)]) }),
  structures: () => ({
    func: structures,
    calls: [0, 0.3].map((s) => ({
      args: [{ x: ramp([3], s), more: [ramp([3])] }, 3, Object.freeze([ramp([2], s), ramp([2])])],
      kwargs: { scale: 0.5, nothing: null },
    })),
  }),
  integers: () => ({
    func: integers,
    calls: [{ args: [torch.arange(6).to('int64').sub(2), torch.empty(0, 4, float64)] }],
  }),
  closures: () => ({ func: closures(), calls: twice((s) => [ramp([3], s)]) }),
  dtypes: () => ({
    func: dtypes,
    calls: [
      {
        args: [
          ...[ramp([3]).to('float16'), ramp([3]).to('bfloat16'), ramp([3]).to('float32'), torch.arange(3).to('uint8')],
          ...[torch.tensor([true, false]), torch.complex(ramp([3]), ramp([3])).to('complex64')],
        ],
      },
    ],
  }),
  layouts: () => ({
    func: layouts,
    calls: twice((s) => [ramp([3, 4], s).t(), ramp([2, 2, 5, 5], s).to({ memoryFormat: 'channels_last' })]),
  }),
  noise: () => ({
    func: (x: Tensor) => [F.dropout(x, 0.5), torch.rand(3, float64), torch.randnLike(x)],
    calls: twice((s) => [ramp([4], s)]),
  }),
  lists: () => ({ func: lists, calls: twice((s) => [ramp([4], s)]) }),
  values: () => ({ func: values, calls: twice((s) => [ramp([6], s)]) }),
  dynamic_jacobian: () => ({
    func: vmap(func.jacrev(arm)),
    calls: [5, 8, 2, 1].map((n) => ({ args: [ramp([n, 3])] })),
    dynamicShapes: [{ 0: 'batch' }],
  }),
  dynamic_cnn: () => ({
    func: filled(new Cnn()),
    calls: [3, 5, 1].map((n) => ({ args: [ramp([n, 1, 6, 6]), torch.arange(n).remainder(2).to('int64')] })),
    dynamicShapes: [{ 0: 'batch' }, { 0: 'batch' }],
  }),
  dynamic_mlp: () => ({
    func: filled(new MlpJacobian()),
    calls: [3, 6].map((n) => ({ args: [ramp([n, 3])] })),
    dynamicShapes: [{ 0: 'batch' }],
  }),
  dynamic_structures: () => ({
    func: ({ x, pair }: { x: Tensor; pair: Tensor[] }) => [
      ...[x.mean(0), pair[0].t().matmul(x), x.reshape(-1), x.repeat(2, 1), torch.cat([x, x.mul(pair[1])]).var(0)],
      x.mean(),
    ],
    calls: [3, 4].map((n) => ({ args: [{ x: ramp([n, 2]), pair: [ramp([n, 2], 1), ramp([1, 2])] }] })),
    dynamicShapes: [{ x: { 0: 'n' }, pair: [{ 0: 'n' }, null] }],
  }),
  solves: () => ({
    func: vmap(func.jacrev((a: Tensor) => torch.linalg.solve(a, ramp([3], 2)))),
    calls: twice((s) => [ramp([4, 3, 3], s).add(torch.eye(3, float64).mul(3))]),
  }),
  medians: () => ({
    func: (x: Tensor) => [x.unsqueeze(1).expand(4, 3).median(), x.expand(3, 4).t().kthvalue(2, 1).values],
    calls: twice((s) => [ramp([4], s)]),
  }),
  tied: () => ({ func: filled(new Tied()), calls: twice((s) => [ramp([4, 3], s)]) }),
};
