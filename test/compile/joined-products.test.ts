/** Matrix products with the same right operand run as one. */

import * as torch from '../../lib';
import { check } from '../support/compile/plans';
import type { Func, Shape } from '../support/compile/plans';

const { grad, jvp } = torch.func;

/** The sizes `rows×inner×columns` of the matrix products of a function, in the order in which they run. */
function productsOf(func: Func, shapes: number[][]): string[] {
  const [explanation] = torch.compile(func, { fullgraph: true }).explain(...shapes.map((shape) => torch.randn(shape)));
  return explanation!.steps
    .flatMap((step) => [step, ...step.steps])
    .flatMap(({ description }) => /^matrix product ([^\s,]+)/.exec(description)?.[1] ?? []);
}

/** The samples of a chunk. */
function samplesOf(func: Func, shapes: number[][]): number {
  const [explanation] = torch.compile(func).explain(...shapes.map((shape) => torch.randn(shape)));
  return Number(/chunks of (\d+)/.exec(explanation!.steps.map(({ description }) => description).join())?.[1]);
}

interface Joined {
  name: string;
  func: Func;
  shapes: number[][];
  products: string[];
}

const CASES: Joined[] = [
  {
    name: 'two operands',
    func: (x, w) => x!.sin().matmul(w!).add(x!.cos().matmul(w!)),
    shapes: [
      [20, 30],
      [30, 40],
    ],
    products: ['40x30x40'],
  },
  {
    name: 'a result that an operator of the library reads, and a product that only one of the results needs',
    func: (x, y, w) => [
      x!.sin().matmul(w!).exp().matmul(x!).sum(),
      y!.cos().matmul(w!).sum(),
      x!.tan().matmul(w!).mul(2),
    ],
    shapes: [
      [20, 20],
      [7, 20],
      [20, 20],
    ],
    products: ['40x20x20', '7x20x20', '20x20x20'],
  },
  {
    name: 'operands with different numbers of rows',
    func: (x, y, w) => [x!.sin().matmul(w!).exp(), y!.cos().matmul(w!).mul(2), y!.tan().matmul(w!).abs()],
    shapes: [
      [20, 30],
      [7, 30],
      [30, 40],
    ],
    products: ['34x30x40'],
  },
  {
    name: 'an operand that depends on the first product',
    func: (x, w) => {
      const first = x!.sin().matmul(w!);
      return first.tanh().matmul(w!).add(first);
    },
    shapes: [
      [20, 30],
      [30, 30],
    ],
    products: ['20x30x30', '20x30x30'],
  },
  {
    name: 'other views of the same matrix',
    func: (x, w) => x!.sin().matmul(w!).add(x!.cos().matmul(w!.t())).add(x!.tan().matmul(w!.t())),
    shapes: [
      [20, 30],
      [30, 30],
    ],
    products: ['20x30x30', '40x30x30'],
  },
  {
    name: 'inputs, which lie where the caller has them',
    func: (x, y, w) => x!.matmul(w!).add(y!.matmul(w!)).sin(),
    shapes: [
      [20, 30],
      [20, 30],
      [30, 40],
    ],
    products: ['20x30x40', '20x30x40'],
  },
  {
    name: 'an output, which is a tensor of its own',
    func: (x, w) => [x!.sin().matmul(w!), x!.cos().matmul(w!).mul(2)],
    shapes: [
      [20, 30],
      [30, 40],
    ],
    products: ['20x30x40', '20x30x40'],
  },
];

test.each(CASES)('$name', ({ func, shapes, products }) => {
  expect(productsOf(func, shapes)).toEqual(products);
  check({ name: '', func, shapes, tolerance: 4e-6 });
});

test('a tangent is multiplied together with its value, in chunks of the batch', () => {
  const loss = (z: torch.Tensor, ws: torch.Tensor[]) =>
    ws
      .reduce((h, w) => h.tanh().matmul(w), z)
      .square()
      .sum();
  const func: Func = (x, v, ...ws) =>
    jvp(
      grad((z: torch.Tensor) => loss(z, ws)),
      [x!],
      [v!],
    )[1] as torch.Tensor;
  for (const batch of [256, 300]) {
    const shapes = [
      [batch, 64],
      [batch, 64],
      [64, 128],
      [128, 128],
    ];
    const rows = productsOf(func, shapes).map((product) => Number(product.split('x')[0]));
    // Forward through two layers, and back.
    expect(rows).toHaveLength(4);
    expect(rows).toEqual(rows.map(() => 2 * samplesOf(func, shapes)));
    const scaled: Shape[] = shapes.map((shape) => () => torch.randn(shape).div(8));
    check({ name: '', func, shapes: scaled, tolerance: 8e-6 });
  }
});
