import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError, IndexError } = torch;
const { vmap } = torch;
const x = torch.tensor([1, 2, 3]);
const m = torch.ones(2, 3);
function f(t: Tensor): Tensor {
  return t.sin();
}
function g(a: Tensor, b: Tensor): Tensor {
  return a.mul(b);
}
type Refused = [string, () => unknown, new (message: string) => Error, string | RegExp];

describe('what vmap refuses', () => {
  const refused: Refused[] = [
    [
      'an unknown randomness',
      () => vmap(f, { randomness: 'bogus' as any }),
      RuntimeError,
      "Only allowed values for randomness are 'error', 'different', or 'same'. Got bogus",
    ],
    [
      'chunkSize 0',
      () => vmap(f, { chunkSize: 0 }),
      ValueError,
      'vmap: chunkSize should be null or greater than 0. (got 0)',
    ],
    [
      'chunkSize -1',
      () => vmap(f, { chunkSize: -1 }),
      ValueError,
      'vmap: chunkSize should be null or greater than 0. (got -1)',
    ],
    [
      'outDims of text',
      () => vmap(f, { outDims: 'a' as any })(m),
      ValueError,
      'vmap(f, ..., outDims=a): `outDims` must be an int, null or a collection of ints representing where in the outputs the vmapped dimension should appear.',
    ],
    [
      'inDims of text',
      () => vmap(f, { inDims: 'a' as any })(m),
      ValueError,
      'vmap(f, inDims=a, ...)(<inputs>): expected `inDims` to be int or a (potentially nested) tuple matching the structure of inputs, got: string.',
    ],
    [
      'inDims null',
      () => vmap(f, { inDims: null })(m),
      ValueError,
      'vmap(f, inDims=null, ...)(<inputs>): expected `inDims` to be int or a (potentially nested) tuple matching the structure of inputs, got: null.',
    ],
    [
      'no inputs',
      () => (vmap(f) as any)(),
      ValueError,
      'vmap(f)(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.',
    ],
    [
      'inDims of another structure',
      () => vmap(g, { inDims: [0] })(m, m),
      ValueError,
      'vmap(g, inDims=[0], ...)(<inputs>): inDims is not compatible with the structure of `inputs`. inDims has 1 entry, but the function got 2 arguments.',
    ],
    [
      'a non-integer inDim',
      () => vmap(g, { inDims: [0, 0.5] })(m, m),
      ValueError,
      'vmap(g, inDims=[0, 0.5], ...)(<inputs>): Got inDim=0.5 for an input but inDim must be either an integer dimension or null.',
    ],
    [
      'an inDim for a number',
      () => vmap(g as any)(m, 3),
      ValueError,
      'vmap(g, inDims=0, ...)(<inputs>): Got inDim=0 for an input but the input is of type number. We cannot vmap over non-Tensor arguments, please use null as the respective inDim',
    ],
    [
      'an inDim out of range',
      () => vmap(f, { inDims: 2 })(m),
      ValueError,
      'vmap(f, inDims=2, ...)(<inputs>): Got inDim=2 for some input, but that input is a Tensor of dimensionality 2 so expected inDim to satisfy -2 <= inDim < 2.',
    ],
    [
      'a 0-d tensor',
      () => vmap(f)(torch.tensor(1)),
      ValueError,
      'vmap(f, inDims=0, ...)(<inputs>): Got inDim=0 for some input, but that input is a Tensor of dimensionality 0 so expected inDim to satisfy -0 <= inDim < 0.',
    ],
    [
      'nothing to map over',
      () => vmap(g, { inDims: [null, null] })(m, m),
      ValueError,
      'vmap: Expected at least one Tensor to vmap over',
    ],
    [
      'sizes that differ',
      () => vmap(g)(m, x),
      ValueError,
      'vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [2, 3] for the mapped dimension',
    ],
    [
      'outDims of another structure',
      () => vmap(f, { outDims: [0, 1] })(m),
      ValueError,
      /^vmap\(f, \.\.\., outDims=\[0, 1\]\)\(<inputs>\): outDims is not compatible with the structure of `outputs`\. outDims has 2 entries, but the function returned 1 output\.$/,
    ],
    [
      'outDims null for what is mapped',
      () => vmap(f, { outDims: null })(m),
      ValueError,
      'vmap(f, ...): `f` can not return a BatchedTensor when outDim is null',
    ],
    [
      'an output that is no tensor',
      () => vmap((_: Tensor) => 5)(m),
      ValueError,
      /must only return Tensors, got type number\. Did you mean to set outDims= to null for output\?$/,
    ],
    [
      'an outDim out of range',
      () => vmap(f, { outDims: 2 })(m),
      IndexError,
      'Dimension out of range (expected to be in range of [-2, 1], but got 2)',
    ],
    [
      'a random operator',
      () => vmap((t: Tensor) => t.add(torch.rand(3)))(m),
      RuntimeError,
      /^vmap: called random operation while in randomness error mode/,
    ],
    ['reading a value', () => vmap((t: Tensor) => t.sum().item() as any)(m), RuntimeError, /vmap/],
    [
      'reading values',
      () => vmap((t: Tensor) => t.toArray() as any)(m),
      RuntimeError,
      /^Cannot access data pointer of Tensor/,
    ],
    [
      'writing what is mapped into what is not',
      () => vmap((t: Tensor) => x.clone().mul_(t))(m),
      RuntimeError,
      /^vmap: inplace arithmetic\(self, \*extra_args\) is not possible because there exists a Tensor `other` in extra_args that has more elements than `self`/,
    ],
    [
      'an output of data-dependent shape',
      () => vmap((t: Tensor) => t.nonzero())(m),
      RuntimeError,
      /vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow|dynamic shape|vmap/,
    ],
    [
      'an unknown option',
      () => vmap(f, { in_dims: 0 } as any),
      TypeError,
      "vmap(): unknown option 'in_dims'; the options are inDims, outDims, randomness, chunkSize",
    ],
    ['no function', () => vmap({} as any), TypeError, "vmap(): argument 'func' must be a function, not Object"],
  ];
  test.each(refused)('%s', (_, body, type, message) => expectError(body, type, message));
});

describe('vmap', () => {
  test('nests, and sees shapes without the mapped dimensions', () => {
    const shapes: number[][] = [];
    vmap((a: Tensor) => {
      shapes.push(a.shape);
      return vmap((b: Tensor) => (shapes.push(b.shape), b.mul(2)))(a);
    })(torch.ones(4, 3, 2));
    expect(shapes).toEqual([[3, 2], [2]]);
  });
  test('in chunks calls the function once per chunk', () => {
    const sizes: number[] = [];
    const out = vmap((a: Tensor) => (sizes.push(a.shape[0]), a.mul(2)), { chunkSize: 3 })(
      torch.arange(7).reshape(7, 1),
    );
    expect(sizes).toEqual([1, 1, 1]);
    expect(out.flatten().toArray()).toEqual([0, 2, 4, 6, 8, 10, 12]);
  });
  test('stacks tensors of samples with torch.tensor and torch.stack', () => {
    const out = vmap((a: Tensor) => torch.tensor([a.sum(), 1, a.prod()]))(m.mul(2));
    expect(out.toArray()).toEqual([
      [6, 1, 8],
      [6, 1, 8],
    ]);
  });
  test('a mapped tensor that escapes does not crash the process', () => {
    let escaped: Tensor | undefined;
    vmap((a: Tensor) => (escaped = a.mul(2)))(m);
    try {
      escaped!.add(1).toString();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(escaped!.shape).toEqual([3]);
  });
  test('another name is torch.func.vmap', () => {
    expect(torch.func.vmap).toBe(torch.vmap);
  });
});
