/** Tensors from outside that a compiled function returns: what a caller gets in every call. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const one = (): Tensor => torch.ones(2);

test('a tensor from outside is the same object in every call', async () => {
  const w = torch.tensor([1, 2]);
  const compiled = torch.compile((x: Tensor) => (w.add_(x), w), { fullgraph: true });
  for (let i = 1; i <= 3; i++) {
    expect(compiled(one())).toBe(w);
    expect(w.toArray()).toEqual([1 + i, 2 + i]);
  }
  const untouched = torch.compile((_: Tensor) => w, { fullgraph: true });
  for (let i = 0; i < 3; i++) expect(untouched(one())).toBe(w);
  expect(await untouched.async(one())).toBe(w);
});

test('so it is among other results, and for all sizes', () => {
  const w = torch.tensor([3]);
  const compiled = torch.compile((x: Tensor) => ({ y: x.mul(w), list: [w, x, w] }), { fullgraph: true, dynamic: true });
  for (const n of [2, 3, 4, 5, 2]) {
    const x = torch.ones(n);
    const { y, list } = compiled(x);
    expect(y.toArray()).toEqual(Array<number>(n).fill(3));
    [w, x, w].forEach((expected, i) => expect(list[i]).toBe(expected));
  }
});

test('the first argument passed, and the tensor from outside it is, stay apart', () => {
  const w = torch.tensor([1]);
  const compiled = torch.compile((x: Tensor) => [x, w], { fullgraph: true });
  for (const x of [w, torch.tensor([5]), w]) {
    const [first, second] = compiled(x);
    expect([first === x, second === w]).toEqual([true, true]);
  }
});

test('a parameter that is returned unchanged, without gradients', () => {
  const net = new torch.nn.Linear(2, 1);
  const compiled = torch.compile((x: Tensor) => [net(x), net.weight] as const, { fullgraph: true });
  torch.noGrad(() => {
    for (let i = 0; i < 3; i++) expect(compiled(torch.ones(1, 2))[1]).toBe(net.weight);
  });
});

test('another object with the memory of the tensor is another one in each call', () => {
  const w = torch.tensor([1, 2]);
  // A second object for the same tensor, as eager execution gives.
  const f = (_: Tensor): Tensor => w.contiguous();
  const compiled = torch.compile(f, { fullgraph: true });
  const results = [0, 1, 2].map(() => compiled(one()));
  expect(new Set([w, ...results]).size).toBe(4);
  results[0].dispose();
  w.fill_(7);
  expect(results[1].toArray()).toEqual([7, 7]);
  expect(compiled(one()).toArray()).toEqual([7, 7]);
});
