/** What a function sees of the tensors that a transform hands it, and what is left when it is over. */

import * as torch from '../../lib';
import type { Dtype, Tensor } from '../../lib';
import { native } from '../../lib/native';
import { expectError } from '../support/errors';

const { debugUnwrap, functionalize, grad, jacfwd, jacrev, jvp, vjp } = torch.func;
const { vmap } = torch;

describe('properties are those of the value', () => {
  const properties: [string, (t: Tensor) => unknown][] = [
    ['shape', (t) => t.shape],
    ['dtype', (t) => t.dtype],
    ['device', (t) => String(t.device)],
    ['numel', (t) => t.numel()],
    ['dim', (t) => t.dim()],
    ['layout', (t) => t.layout],
  ];
  const x = torch.randn(2, 3, 5, { dtype: 'float64' });
  test.each(properties)('%s', (_, read) => {
    const seen: unknown[] = [];
    const look = (t: Tensor): Tensor => {
      seen.push(read(t));
      return t.sum();
    };
    grad(look)(x);
    jvp(look, [x], [x]);
    vmap(look)(x.unsqueeze(0));
    expect(seen).toEqual(seen.map(() => read(x)));
    expect(seen).toHaveLength(3);
  });

  test('a sparse tensor stays sparse, and so does its gradient', () => {
    const indices = torch.tensor([
      [0n, 1n, 1n],
      [2n, 0n, 2n],
    ]);
    const sparse = torch.sparseCooTensor(indices, torch.tensor([3, 4, 5]), [2, 3]);
    let layout = '';
    const g = grad((t: Tensor) => {
      layout = t.layout;
      return t.coalesce().values().sum();
    })(sparse);
    expect([layout, g.layout]).toEqual(['sparse_coo', 'sparse_coo']);
    expect(g.toDense().toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 1],
    ]);
  });
});

describe('toArray inside grad', () => {
  const x = torch.tensor([1, 2, 3], { requiresGrad: true });
  test('gives the values, and the gradient is as ever', () => {
    const g = grad((t: Tensor) => {
      expect(t.toArray()).toEqual([1, 2, 3]);
      return t.pow(2).sum();
    })(x);
    expect(g.toArray()).toEqual([2, 4, 6]);
  });
  test('at two levels', () => {
    const seen: unknown[] = [];
    const g = grad((outer: Tensor) => {
      seen.push(outer.toArray());
      const inner = (t: Tensor): Tensor => {
        seen.push(t.toArray());
        return t.pow(2).sum();
      };
      return grad(inner)(outer).sum();
    })(x);
    expect(seen).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(g.toArray()).toEqual([2, 2, 2]);
  });
  test('of a matrix', () => {
    const m = torch.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    let rows: unknown;
    grad((t: Tensor) => {
      rows = t.toArray();
      return t.sum();
    })(m);
    expect(rows).toEqual(m.toArray());
  });
  test('of a conjugate view', () => {
    const z = torch.tensor([new torch.Complex(1, 2), new torch.Complex(3, 4)]);
    let values: unknown;
    const g = grad((t: Tensor) => {
      values = t.conj().toArray();
      return t.mul(t.conj()).real.sum();
    })(z);
    expect(values).toEqual([new torch.Complex(1, -2), new torch.Complex(3, -4)]);
    expect(g.toArray()).toEqual([new torch.Complex(2, 4), new torch.Complex(6, 8)]);
  });
});

describe('printing', () => {
  const times = (text: string, part: string): number => text.split(part).length - 1;
  const dtypes: Dtype[] = ['float16', 'bfloat16', 'float32', 'float64'];
  const grads: [string, ((f: (t: Tensor) => Tensor) => (t: Tensor) => unknown)[], number, number, number[]][] = [
    ['vmap', [vmap], 0, 1, [4, 2]],
    ['vmap of vmap', [vmap, vmap], 0, 2, [4, 3, 2]],
    ['grad', [grad], 1, 0, [4, 2]],
    ['grad of an empty tensor', [grad], 1, 0, [0]],
    ['grad of grad', [grad, grad], 2, 0, []],
    ['vmap of grad', [vmap, grad], 1, 1, [4, 2]],
  ] as never;
  test.each(grads)('inside %s every level is named, for every dtype', (_, transforms, grads, batches, shape) => {
    for (const dtype of dtypes) {
      let text = '';
      const look = (t: Tensor): Tensor => {
        text = String(t);
        return t.mean();
      };
      transforms.reduceRight((f, transform) => transform(f) as never, look)(torch.ones(shape, { dtype }));
      expect([times(text, 'GradTrackingTensor('), times(text, 'BatchedTensor(')]).toEqual([grads, batches]);
      expect(text).toContain('tensor(');
      expect(text).toMatch(new RegExp(`^\\w+\\(lvl=${grads + batches}, `));
    }
  });
  test('a captured tensor prints inside as it does outside', () => {
    const captured = torch.tensor([1, 2, 3]);
    let text = '';
    vjp((t: Tensor) => {
      text = String(captured);
      return t;
    }, torch.randn(4));
    expect(text).toBe(String(captured));
  });
});

describe('what is left of a transform', () => {
  test('an escaped tensor is a plain one in the next transform', () => {
    const escaped: Tensor[] = [];
    const x = torch.tensor(0.5);
    grad((t: Tensor) => {
      escaped.push(t.sin());
      return escaped[0];
    })(x);
    expect(native.levelDepth()).toBe(0);
    expect(escaped[0].sum().item()).toBe(x.sin().item());
    expect(grad((t: Tensor) => t.mul(escaped[0]))(x).item()).toBe(x.sin().item());
  });
  test('debugUnwrap through two levels shares the memory of the argument', () => {
    const x = torch.randn(2, 3);
    let inner: Tensor | undefined;
    vmap(
      vmap((t: Tensor) => {
        inner ??= debugUnwrap(t);
        return t.sin();
      }),
    )(x);
    expect(inner!.shape).toEqual([2, 3]);
    inner!.fill_(7);
    expect(x.toArray()).toEqual(torch.full([2, 3], 7).toArray());
  });
  test('a view among several that functionalize gives is still one of several', () => {
    const out = functionalize((t: Tensor) => {
      const base = t.clone();
      const [first] = base.unbind(0);
      base.add_(1);
      return first;
    })(torch.ones(2, 3, { requiresGrad: true }));
    expectError(() => out.mul_(2), torch.RuntimeError, /output of a function that returns multiple views/);
  });
  test('functions keep their names', () => {
    function mine(t: Tensor): Tensor {
      return t.sum();
    }
    for (const transformed of [grad(mine), vmap(mine), jacrev(mine), jacfwd(mine), functionalize(mine)]) {
      expect(transformed.name).toBe('mine');
    }
  });
});

test('jacrev with chunkSize 1 does not batch: an operator of dynamic shape may run in the backward pass', () => {
  const identity = (t: Tensor): Tensor => {
    const y = t.mul(1);
    y.registerHook((g) => {
      g.nonzero();
    });
    return y;
  };
  const x = torch.randn(3, 3, { dtype: 'float64' });
  const expected = torch.autograd.functional.jacobian(identity, x);
  expect(torch.equal(jacrev(identity, { chunkSize: 1 })(x), expected)).toBe(true);
  expectError(
    () => jacrev(identity, { chunkSize: 2 })(x),
    torch.RuntimeError,
    /vmap: We do not support batching operators that can output dynamic shape/,
  );
});
