/** Operators whose arguments run code of the program that calls other functions. */

import * as torch from '../../lib';

test('a getter among the options reads a gradient', () => {
  const x = torch.ones(2).requiresGrad_();
  x.sum().backward();
  const options = {
    get alpha() {
      return x.grad!.add(1).sum().item();
    },
  };
  expect(torch.add(x, x, options).toArray()).toEqual([5, 5]);
});

test('a getter among the options differentiates', () => {
  const x = torch.tensor([[1, 2]]);
  const options = {
    get dim() {
      return (
        torch.func
          .grad((t: torch.Tensor) => t.mul(3).sum())(torch.ones(1))
          .item() - 2
      );
    },
  };
  expect(torch.sum(x, options).toArray()).toEqual([3]);
});

test('a tensor that a getter has taken stays usable where the operator fails', () => {
  const x = torch.ones(2).requiresGrad_();
  x.sum().backward();
  let taken: torch.Tensor | null = null;
  const options = {
    get alpha() {
      taken = x.grad;
      return 'a' as unknown as number;
    },
  };
  expect(() => torch.add(x, x, options)).toThrow(TypeError);
  expect(taken!.toArray()).toEqual([1, 1]);
});

test('an iterator of arrays that calls operators does not exchange the arguments', () => {
  const [x, y, weight] = [torch.tensor([1, 2]), torch.tensor([10, 20]), torch.tensor([0.5, 0.5])];
  const other = torch.tensor([5, 5]);

  const iterate = Array.prototype[Symbol.iterator];
  let running = false;
  Array.prototype[Symbol.iterator] = function (this: unknown[]) {
    if (!running) {
      running = true;
      other.add(other);
      running = false;
    }
    return iterate.call(this) as ArrayIterator<unknown>;
  };
  try {
    expect(torch.lerp(x, y, weight).data()).toEqual(new Float32Array([5.5, 11]));
  } finally {
    Array.prototype[Symbol.iterator] = iterate;
  }
});
