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

describe('a tensor from outside whose shape changes in place', () => {
  const changes: Record<string, (w: Tensor) => unknown> = {
    unsqueeze_: (w) => w.unsqueeze_(1),
    resize_: (w) => w.resize_([2]).fill_(7),
    set_: (w) => w.set_(torch.tensor([5, 6, 7, 8])),
    'asStrided_, with the same shape': (w) => w.asStrided_([3], [0]),
  };
  const functions: Record<string, (w: Tensor) => (x: Tensor) => Tensor> = {
    matmul: (w) => (x) => x.matmul(w),
    'a gradient': (w) => torch.func.grad((x: Tensor) => x.mul(w).sum()),
    'a view': (w) => () => w.view([-1]),
    sum: (w) => (x) => x.sum().add(w.sum()),
  };
  const outcome = (f: (x: Tensor) => Tensor): unknown => {
    try {
      const y = f(torch.tensor([1, 2, 4]));
      return [y.shape, y.stride(), y.toArray()];
    } catch (error) {
      return (error as Error).message;
    }
  };
  const all = Object.keys(changes).flatMap((change) => Object.keys(functions).map((f) => [change, f]));
  test.each(all)('%s before %s', (change, name) => {
    const [w, same] = [torch.tensor([1, 2, 3]), torch.tensor([1, 2, 3])];
    const eager = functions[name](same);
    for (const backend of ['native', 'aot_eager'] as const) {
      const own = w.clone();
      const compiled = torch.compile(functions[name](own), { backend });
      for (let i = 0; i < 2; i++) expect(outcome(compiled)).toEqual(outcome(functions[name](w)));
      changes[change](own);
      if (backend === 'native') changes[change](same);
      for (let i = 0; i < 2; i++) expect(outcome(compiled)).toEqual(outcome(eager));
    }
  });

  test('an asynchronous call sees it too, and the first shape is still compiled', async () => {
    const w = torch.tensor([1, 2, 3]);
    let calls = 0;
    const compiled = torch.compile((x: Tensor) => (calls++, x.matmul(w)));
    const x = torch.ones(3);
    expect((await compiled.async(x)).toArray()).toBe(6);
    w.unsqueeze_(1);
    expect((await compiled.async(x)).toArray()).toEqual([6]);
    w.squeeze_();
    expect([compiled(x).toArray(), calls]).toEqual([6, 2]);
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
