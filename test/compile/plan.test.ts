/**
 * Compiled functions whose graphs mix fused groups, matrix products and library calls give what eager execution gives.
 * The first call of a compiled function records it; the calls after it, on other numbers, run the plan.
 */
import * as torch from '../../lib';
import { check, expectSame } from '../support/compile/plans';
import type { Case, Func, Shape } from '../support/compile/plans';

const { vmap, grad, jacrev, jacfwd, hessian, jvp } = torch.func;
const { linear, mseLoss, smoothL1Loss, huberLoss, binaryCrossEntropy } = torch.nn.functional;

const integers = (shape: number[], end: number) => () => torch.randint(0, end, shape);
const float64 = (shape: number[]) => () => torch.randn(shape, { dtype: 'float64' });

const LIBRARY: Case[] = [
  {
    name: 'linalg.solve between elementwise operators',
    func: (a, b) =>
      torch.linalg
        .solve(a.matmul(a.mT).add(torch.eye(20).mul(20)), b.sin())
        .mul(2)
        .add(b),
    shapes: [
      [20, 20],
      [20, 3],
    ],
    tolerance: 1e-5,
  },
  {
    name: 'conv2d, then relu and a mean',
    func: (x, w) => torch.nn.functional.conv2d(x, w).relu().mean([2, 3]),
    shapes: [
      [2, 3, 16, 16],
      [4, 3, 3, 3],
    ],
    tolerance: 1e-5,
  },
  { name: 'sort with both results', func: (x) => x.sin().sort(1), shapes: [[40, 30]], tolerance: 0 },
  {
    name: 'reductions of a single number',
    func: (x) => [
      x.mean(0).add(1),
      x.sum(0).mul(2),
      torch.amax(x, [-1]),
      torch.var(x, 0, { correction: 0 }),
      torch.linalg.vectorNorm(x, 2, 0),
    ],
    shapes: [[]],
  },
  // The variants with out arguments resize what they are given.
  ...(['mean', 'sum'] as const).map((reduction) => ({
    name: `derivatives of losses with the reduction ${reduction}`,
    func: (x: torch.Tensor, y: torch.Tensor) =>
      [mseLoss, smoothL1Loss, huberLoss, binaryCrossEntropy].flatMap((loss): torch.Tensor[] => [
        loss(x, y, { reduction }).mul(2),
        grad((z: torch.Tensor) => loss(z, y, { reduction }).square())(x) as torch.Tensor,
      ]),
    shapes: [() => torch.rand([50, 40]), () => torch.rand([50, 40])],
  })),
  {
    name: 'softmax of a scaled product',
    func: (x, y) => x.matmul(y).div(4).softmax(-1),
    shapes: [
      [60, 16],
      [16, 70],
    ],
  },
  {
    name: 'indexPut of a sum',
    func: (x, i, v) => x.add(1).indexPut([i], v.mul(2)).cos(),
    shapes: [[50, 40], integers([7], 50), [7, 40]],
  },
  {
    name: 'embedding',
    func: (w, i) => torch.nn.functional.embedding(i, w).tanh().sum(1),
    shapes: [[100, 24], integers([30, 5], 100)],
  },
  { name: 'cumsum and topk', func: (x) => x.cumsum(1).mul(x).topk(5, 1), shapes: [[30, 50]] },
  { name: 'a sum over the first dimension', func: (x, y) => x.mul(y).exp().sum(0), shapes: [[200, 30], [30]] },
  { name: 'means over two dimensions', func: (x) => x.square().mean([0, 2]).sqrt(), shapes: [[20, 30, 40]] },
  {
    name: 'cat of products',
    func: (x, y) => torch.cat([x.mul(2), y.neg(), x.mul(y)], 1).relu(),
    shapes: [
      [60, 50],
      [60, 50],
    ],
  },
  {
    name: 'complex numbers',
    func: (x, y) => torch.fft.fft(x.mul(y)).mul(2).abs(),
    shapes: [[30, 64], [64]],
    tolerance: 1e-5,
  },
  {
    name: 'an outer product in batches',
    func: (x, y) => x.tanh().unsqueeze(2).matmul(y.unsqueeze(1)),
    shapes: [
      [40, 20],
      [40, 30],
    ],
  },
  {
    name: 'a batch of matrix products',
    func: (x, y) => x.matmul(y).add(1).tanh(),
    shapes: [
      [20, 30, 40],
      [20, 40, 10],
    ],
  },
  {
    name: 'a matrix-vector product',
    func: (x, y) => x.matmul(y).tanh().outer(y),
    shapes: [[200, 300], [300]],
    tolerance: 1e-5,
  },
  {
    name: 'transposed operands',
    func: (x, y) => x.t().matmul(y.t()).sin(),
    shapes: [
      [60, 50],
      [70, 60],
    ],
  },
  {
    name: 'a part of a result',
    func: (x, y) => x.matmul(y).narrow(1, 3, 20).t().exp(),
    shapes: [
      [50, 60],
      [60, 40],
    ],
  },
];

const LAYOUTS: Case[] = [
  { name: 'a number', func: (x) => x.sin().mul(x).exp(), shapes: [[]], tolerance: 0 },
  {
    name: 'no elements',
    func: (x, y) => x.mul(2).matmul(y),
    shapes: [
      [0, 5],
      [5, 3],
    ],
    tolerance: 0,
  },
  { name: 'an empty sum', func: (x) => x.sin().sum(0), shapes: [[0, 5]], tolerance: 0 },
  {
    name: 'transposed input',
    func: (x, y) => x.mul(y).sin(),
    shapes: [() => torch.randn(70, 60).t(), [60, 70]],
    tolerance: 0,
  },
  {
    name: 'every second column',
    func: (x) => x.mul(3).sub(x.cos()),
    shapes: [() => torch.randn(80, 90).index(':', '::2')],
    tolerance: 0,
  },
  {
    name: 'expanded input',
    func: (x, y) => x.mul(y).add(x),
    shapes: [() => torch.randn(1, 60).expand([70, 60]), [70, 60]],
    tolerance: 0,
  },
  {
    name: 'channels last',
    func: (x) => x.mul(2).sigmoid(),
    shapes: [() => torch.randn(2, 5, 30, 30).to({ memoryFormat: 'channels_last' } as never)],
    tolerance: 0,
  },
  {
    name: 'float64',
    func: (x, y) => x.matmul(y).tanh().mul(x.sum()),
    shapes: [float64([60, 50]), float64([50, 70])],
    tolerance: 1e-12,
  },
  {
    name: 'int64',
    func: (x, y) => x.mul(y).add(7).floorDivide(3),
    shapes: [integers([50, 60], 90), integers([60], 50)],
    tolerance: 0,
  },
  {
    name: 'bool and where',
    func: (x, y) => torch.where(x.gt(y).logicalAnd(y.lt(1)), x, y.neg()),
    shapes: [[60, 70], [70]],
    tolerance: 0,
  },
  { name: 'mixed dtypes', func: (x, i) => x.mul(i).add(i.gt(3)), shapes: [[60, 50], integers([50], 9)], tolerance: 0 },
  {
    name: 'operands that are the same in some dimensions',
    func: (x, w) => x.sin().unsqueeze(2).mul(w).unsqueeze(3).mul(w.unsqueeze(1)),
    shapes: [
      [20, 30],
      [30, 40],
    ],
    tolerance: 0,
  },
];

const ALIASES: Case[] = [
  {
    name: 'a result and its parts',
    func: (x) => {
      const y = x.sin().mul(2);
      return [y, y.select(0, 0), y.t(), y];
    },
    shapes: [[60, 70]],
    tolerance: 0,
  },
  { name: 'only a part of a result', func: (x) => x.matmul(x).select(0, 1), shapes: [[50, 50]] },
  { name: 'views of the input', func: (x) => [x.t(), x.select(0, 0), x.mul(2)], shapes: [[50, 60]], tolerance: 0 },
  { name: 'a constant', func: (x) => [torch.tensor([1, 2, 3]), x.mul(2)], shapes: [[50, 60]], tolerance: 0 },
  { name: 'an expanded result', func: (x) => x.sum(1, true).expand([50, 60]), shapes: [[50, 60]] },
];

const CHAINS: Case[] = (() => {
  const mlp = (x: torch.Tensor, ...ws: torch.Tensor[]): torch.Tensor =>
    ws.reduce((h, w, i) => (i + 1 < ws.length ? linear(h, w).tanh() : linear(h, w)), x);
  const weights: Shape[] = [
    [128, 64],
    [128, 128],
    [32, 128],
  ].map(
    ([o, i]) =>
      () =>
        torch.randn([o!, i!]).div(Math.sqrt(i!)),
  );
  const jacobian: Func = (x, ...ws) => vmap(jacrev((z: torch.Tensor) => mlp(z, ...ws)))(x) as torch.Tensor;
  const forward: Func = (x, ...ws) => vmap(jacfwd((z: torch.Tensor) => mlp(z, ...ws)))(x) as torch.Tensor;
  const perSample: Func = (x, ...ws) =>
    vmap(
      grad((vs: torch.Tensor[], z: torch.Tensor) =>
        mlp(z, ...vs)
          .square()
          .sum(),
      ),
      { inDims: [null, 0] as never },
    )(ws, x) as torch.Tensor[];
  const product: Func = (x, v, ...ws) =>
    jvp(
      grad((z: torch.Tensor) =>
        mlp(z, ...ws)
          .square()
          .sum(),
      ),
      [x],
      [v],
    )[1] as torch.Tensor;
  const value: Func = (x, ...ws) => [mlp(x, ...ws), mlp(x, ...ws).sum(0)];
  const batches = [256, 300];
  return batches.flatMap((batch): Case[] => [
    { name: `an MLP of ${batch} samples`, func: value, shapes: [[batch, 64], ...weights], tolerance: 4e-6 },
    { name: `Jacobians of ${batch} samples`, func: jacobian, shapes: [[batch, 64], ...weights] },
    { name: `forward Jacobians of ${batch} samples`, func: forward, shapes: [[batch, 64], ...weights] },
    { name: `gradients of ${batch} samples`, func: perSample, shapes: [[batch, 64], ...weights], tolerance: 4e-6 },
    {
      name: `Hessian-vector products of ${batch} samples`,
      func: product,
      shapes: [[batch, 64], [batch, 64], ...weights],
      tolerance: 4e-6,
    },
  ]);
})();

const TRANSFORMS: Case[] = (() => {
  const layer = (w: torch.Tensor, b: torch.Tensor, x: torch.Tensor) => linear(x, w, b).tanh();
  const shapes: Shape[] = [[33, 31], [33], [64, 31]];
  const inDims = { inDims: [null, null, 0] as never };
  // Products of many small matrices, of which the result is a part: its strides leave gaps.
  const rotation = (angle: torch.Tensor, axis: torch.Tensor) =>
    angle.sin().mul(axis).add(torch.eye(4)).mul(angle.cos());
  const arm = (angles: torch.Tensor, axes: torch.Tensor) =>
    [0, 1, 2]
      .map((i) => rotation(angles.select(0, i), axes.select(0, i)))
      .reduce((product, next) => product.matmul(next))
      .narrow(0, 0, 3);
  const armShapes: Shape[] = [
    [3000, 3],
    [3, 4, 4],
  ];
  const armDims = { inDims: [0, null] as never };
  return [
    { name: 'forward Jacobians of an arm', func: vmap(jacfwd(arm), armDims) as Func, shapes: armShapes },
    { name: 'Jacobians of an arm', func: vmap(jacrev(arm), armDims) as Func, shapes: armShapes },
    { name: 'jacrev of a layer', func: jacrev(layer, { argnums: 2 }) as Func, shapes: [[200, 32], [200], [32]] },
    { name: 'jacfwd of a layer', func: jacfwd(layer, { argnums: 2 }) as Func, shapes: [[200, 32], [200], [32]] },
    { name: 'Jacobians of a layer', func: vmap(jacrev(layer, { argnums: 2 }), inDims) as Func, shapes },
    {
      name: 'Hessians of a layer',
      func: vmap(hessian(layer, { argnums: 2 }), inDims) as Func,
      shapes,
      tolerance: 4e-6,
    },
  ];
})();

describe.each([
  ['library calls', LIBRARY],
  ['layouts and dtypes', LAYOUTS],
  ['outputs that share memory', ALIASES],
  ['chains of matrix products', CHAINS],
  ['transforms', TRANSFORMS],
])('a compiled function with %s', (_, cases) => {
  test.each(cases)('$name', check);
});

test('random operators of a compiled function draw what they draw in eager execution', () => {
  const func = (x: torch.Tensor) => [
    torch.nn.functional.dropout(x.matmul(x)),
    torch.randnLike(x).add(x),
    torch.rand(3),
  ];
  check({ name: '', func, shapes: [[40, 40]] });
});

test('outputs of a compiled function that share memory do so with each other and with no other call', () => {
  const compiled = torch.compile((x: torch.Tensor) => {
    const y = x.sin();
    return [y, y.t()];
  });
  compiled(torch.randn(50, 60));
  const [first, transposed] = compiled(torch.ones(50, 60)) as [torch.Tensor, torch.Tensor];
  first.zero_();
  expect(transposed.abs().sum().item()).toBe(0);
  const [second] = compiled(torch.ones(50, 60)) as [torch.Tensor];
  expect(second.select(0, 0).select(0, 0).item()).toBeCloseTo(Math.sin(1), 6);
});

test('outputs of a compiled function that are views of an argument share its memory', () => {
  const compiled = torch.compile((x: torch.Tensor) => [x.t(), x.matmul(x)]);
  compiled(torch.randn(50, 50));
  const x = torch.randn(50, 50);
  const [view] = compiled(x) as [torch.Tensor];
  x.zero_();
  expect(view.abs().sum().item()).toBe(0);
});

test('a constant that a compiled function returns is new at each call', () => {
  const compiled = torch.compile((x: torch.Tensor) => [torch.tensor([1, 2]), x.mul(2)]);
  compiled(torch.randn(50));
  (compiled(torch.randn(50)) as torch.Tensor[])[0]!.zero_();
  expect((compiled(torch.randn(50)) as torch.Tensor[])[0]!.toArray()).toEqual([1, 2]);
});

test('a compiled function writes to its arguments and to tensors from outside', () => {
  const outside = torch.zeros(60, 60);
  const func = (x: torch.Tensor, y: torch.Tensor) => {
    x.mul_(2).add_(y.matmul(y));
    outside.add_(1);
    return x.sum();
  };
  const compiled = torch.compile(func);
  const y = torch.randn(60, 60);
  compiled(torch.randn(60, 60), y);
  const x = torch.randn(60, 60);
  const expected = x.mul(2).add(y.matmul(y));
  const result = compiled(x, y);
  expectSame(x, expected, 2e-6);
  expectSame(result, expected.sum(), 1e-5);
  expect(outside.sum().item()).toBe(2 * 3600);
});

test('a compiled function swaps two arguments', () => {
  const compiled = torch.compile((x: torch.Tensor, y: torch.Tensor) => {
    const before = x.clone();
    x.copy_(y);
    y.copy_(before);
    return x.add(y);
  });
  compiled(torch.zeros(40), torch.ones(40));
  const x = torch.zeros(40);
  const y = torch.ones(40);
  compiled(x, y);
  expect([x.sum().item(), y.sum().item()]).toEqual([40, 0]);
});

test('an error of a library call in a compiled function is that of eager execution', () => {
  const compiled = torch.compile((x: torch.Tensor) => torch.linalg.inv(x).mul(2));
  compiled(torch.eye(3));
  expect(() => compiled(torch.zeros(3, 3))).toThrow(/singular/);
  expectSame(compiled(torch.eye(3)), torch.linalg.inv(torch.eye(3)).mul(2), 0);
});

test('a program of numbers is given up once it takes longer than groups', () => {
  const gradient = torch.compile(
    torch.func.grad((w: torch.Tensor, x: torch.Tensor) => x.matmul(w).tanh().square().mean()),
  );
  gradient(torch.randn(64, 8), torch.randn(64, 64));
  const { reasons, steps } = gradient.explain()[0];
  const most = reasons.map((reason) => /more than (\d+) instructions/.exec(reason)?.[1]).find((text) => text);
  expect(Number(most)).toBeLessThan(50_000);
  expect(steps.filter(({ kind }) => kind === 'product')).toHaveLength(2);
});
