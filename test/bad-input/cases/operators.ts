/** Wrong operator calls: types, shapes, dtypes, sizes, indices, options. */

import * as torch from '../../../lib';
import { type Case, disposed, integers, matrix, planted, vector, wrong } from '../../support/bad-input';

const x = vector();
const m = matrix();
const on =
  (self: unknown, method: string, ...args: unknown[]) =>
  () =>
    (torch.Tensor.prototype as never as Record<string, (...args: unknown[]) => unknown>)[method].apply(self, args);
const call =
  (name: string, ...args: unknown[]) =>
  () =>
    (torch as never as Record<string, (...args: unknown[]) => unknown>)[name](...args);
const SIGNATURE = /signature|expected one of/;
const stranger = Object.create(torch.Tensor.prototype) as torch.Tensor;
const cyclic: unknown[] = [];
cyclic.push(cyclic);
const cyclicOptions: Record<string, unknown> = {};
cyclicOptions.dim = cyclicOptions;

export const operators: Case[] = [
  // The receiver.
  ['sin on undefined', on(undefined, 'sin'), 'TypeError', /sin\(\): must be called on a Tensor/],
  ['sin on a number', on(1, 'sin'), 'TypeError', /must be called on a Tensor/],
  ['sin on a plain object', on({}, 'sin'), 'TypeError', /not on object/],
  ['sin on the prototype', on(torch.Tensor.prototype, 'sin'), 'TypeError', /looks like a Tensor/],
  ['sin on new Tensor()', on(new torch.Tensor(), 'sin'), 'TypeError', /looks like a Tensor/],
  ['sin on Object.create', on(stranger, 'sin'), 'TypeError', /looks like a Tensor/],
  ['sin on a Proxy of a tensor', on(new Proxy(x, {}), 'sin'), 'TypeError', /must be called on a Tensor/],
  ['sin on a Proxy that throws', on(new Proxy(x, { get: planted }), 'sin'), 'TypeError', /must be called on a Tensor/],
  ['sin on a generator', on(new torch.Generator(), 'sin'), 'TypeError', /not on Generator/],
  [
    'sin on a subclass instance without tensor',
    on(new (class Mine extends torch.Tensor {})(), 'sin'),
    'TypeError',
    /not on Mine/,
  ],
  ['shape of the prototype', () => torch.Tensor.prototype.shape, 'TypeError', /must be Tensor/],
  ['dtype of Object.create', () => stranger.dtype, 'TypeError', /must be Tensor/],
  ['grad of Object.create', () => stranger.grad, 'TypeError', /must be Tensor/],
  ['item of Object.create', () => stranger.item(), 'TypeError', /must be Tensor/],
  ['dispose of Object.create', () => stranger.dispose(), 'TypeError', /must be called on a Tensor/],
  // Argument types.
  ['add nothing', on(x, 'add'), 'TypeError', SIGNATURE],
  ['add undefined', on(x, 'add', undefined), 'TypeError', /missing required argument 'other'/],
  ['add null', on(x, 'add', null), 'TypeError', SIGNATURE],
  ['add a string', on(x, 'add', '1'), 'TypeError', /string/],
  ['add a symbol', on(x, 'add', Symbol('s')), 'TypeError', /symbol/],
  ['add a function', on(x, 'add', () => 1), 'TypeError', /function/],
  ['add a list', on(x, 'add', [1]), 'TypeError', /array of \[int\]/],
  ['add a Date', on(x, 'add', new Date()), 'TypeError', /Date/],
  ['add a Map', on(x, 'add', new Map()), 'TypeError', /Map/],
  ['add a Buffer', on(x, 'add', Buffer.alloc(3)), 'TypeError', /Buffer/],
  ['add a Float32Array', on(x, 'add', new Float32Array(3)), 'TypeError', /Float32Array/],
  ['add an external-like Proxy', on(x, 'add', new Proxy(x, {})), 'TypeError', /looks like a Tensor/],
  ['add a bigint beyond uint64', on(x, 'add', 2n ** 64n), 'TypeError', /bigint beyond int64/],
  ['add two tensors', on(x, 'add', x, x), 'TypeError', SIGNATURE],
  ['add too many', on(x, 'add', x, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 'TypeError', SIGNATURE],
  ['sin of an argument', on(x, 'sin', 1), 'TypeError', /sin\(\): takes 0 positional arguments but 1 were given/],
  ['a cyclic list', on(x, 'sum', cyclic), 'ValueError', /contains itself/],
  ['cyclic options', on(x, 'sum', cyclicOptions), 'TypeError', /dim/],
  ['an unknown option', on(x, 'sum', 0, { keepDim: true }), 'TypeError', /keepDim/],
  ['an option given twice', on(x, 'sum', 0, { dim: 0 }), 'TypeError', /'dim' was given twice/],
  ['a string as a boolean', on(x, 'sum', 0, { keepdim: 'yes' }), 'TypeError', /keepdim/],
  ['a number as a boolean', on(x, 'sum', 0, { keepdim: 1 }), 'TypeError', /keepdim/],
  [
    'an option getter that throws',
    on(x, 'sum', {
      get dim() {
        return planted();
      },
    }),
    'Planted',
    /planted/,
  ],
  ['an option Proxy whose ownKeys throws', on(x, 'sum', new Proxy({}, { ownKeys: planted })), 'Planted', /planted/],
  ['an option Proxy whose get throws', on(x, 'sum', new Proxy({ dim: 0 }, { get: planted })), 'Planted', /planted/],
  [
    'an option Proxy whose getPrototypeOf throws',
    on(x, 'sum', new Proxy({ dim: 0 }, { getPrototypeOf: planted })),
    'Planted',
    /planted/,
  ],
  ['an option Proxy whose has throws', on(x, 'sum', new Proxy({ dim: 0 }, { has: planted })), 'Planted', /planted/],
  ['a list Proxy whose get throws', on(x, 'sum', new Proxy([0], { get: planted })), 'Planted', /planted/],
  [
    'a revoked Proxy',
    on(
      x,
      'sum',
      (() => {
        const { proxy, revoke } = Proxy.revocable([], {});
        revoke();
        return proxy;
      })(),
    ),
    'TypeError',
    /revoked/,
  ],
  ['2^32 - 1 holes', on(x, 'sum', new Array(2 ** 32 - 1)), 'TypeError', /array of \[undefined\]/],
  ['a number as a dtype', on(x, 'to', 5), 'TypeError', /to\(\): argument 'target'/],
  ['an unknown dtype', on(x, 'to', 'float99'), 'RuntimeError', /device/],
  ['a long string as a device', on(x, 'to', 'x'.repeat(1e7)), 'RuntimeError', /Invalid device string/],
  ['a symbol as a target', on(x, 'to', Symbol('t')), 'TypeError', /'target'/],
  [
    'to a device getter that throws',
    on(x, 'to', {
      get device() {
        return planted();
      },
    }),
    'Planted',
    /planted/,
  ],
  ['a generator that is none', call('rand', [2], { generator: {} }), 'TypeError', /generator/],
  ['a tensor as a generator', call('rand', [2], { generator: x }), 'TypeError', /generator/],
  ['out that is none', call('add', x, x, { out: 1 }), 'TypeError', /out/],
  ['out of the wrong count', call('add', x, x, { out: [x, x] }), 'TypeError', /out/],
  ['out with a hole', call('max', m, 0, { out: [x, undefined] }), 'TypeError', /out/],
  // Shapes and dtypes.
  [
    'shapes that do not broadcast',
    on(x, 'add', torch.ones([4])),
    'RuntimeError',
    /must match the size of tensor b \(4\)/,
  ],
  ['mm of a vector', on(x, 'mm', x), 'RuntimeError', /self must be a matrix/],
  [
    'matmul of shapes that do not fit',
    on(m, 'matmul', m),
    'RuntimeError',
    /mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\)/,
  ],
  ['view of a wrong size', on(x, 'view', [2, 2]), 'RuntimeError', /shape '\[2, 2\]' is invalid for input of size 3/],
  ['reshape of NaN', on(x, 'reshape', [NaN]), 'TypeError', /NaN/],
  ['reshape of fractions', on(x, 'reshape', [1.5, 2]), 'TypeError', /float/],
  ['reshape of two unknowns', on(x, 'reshape', [-1, -1]), 'RuntimeError', /only one dimension can be inferred/],
  ['expand to a smaller size', on(x, 'expand', [2]), 'RuntimeError', /expanded size/],
  ['cat of nothing', call('cat', []), 'ValueError', /non-empty/i],
  ['cat of numbers', call('cat', [1, 2]), 'TypeError', /Tensor\[\]/],
  [
    'cat of a disposed tensor',
    call('cat', [x, disposed()]),
    'RuntimeError',
    /'tensors' is a Tensor that has been disposed/,
  ],
  ['cat of a Proxy', call('cat', [x, new Proxy(x, {})]), 'TypeError', /looks like a Tensor/],
  ['stack of different shapes', call('stack', [x, torch.ones([2])]), 'RuntimeError', /equal size/],
  ['mean of integers', on(integers(), 'mean'), 'RuntimeError', /mean\(\): could not infer output dtype/],
  ['dot of different dtypes', on(x, 'dot', integers()), 'RuntimeError', /same dtype/],
  ['in place into integers', on(integers(), 'add_', 1.5), 'RuntimeError', /can't be cast/],
  ['inverse of a vector', () => torch.linalg.inv(x), 'RuntimeError', /at least 2 dimensions/],
  ['inverse of a singular matrix', () => torch.linalg.inv(torch.zeros([2, 2])), 'LinAlgError', /singular/],
  [
    'cholesky of no positive matrix',
    () => torch.linalg.cholesky(torch.zeros([2, 2])),
    'LinAlgError',
    /positive-definite/,
  ],
  ['fft of booleans as real', () => torch.fft.rfft(torch.ones([2], { dtype: 'complex64' })), 'RuntimeError', /real/],
  ['a long einsum equation', () => torch.einsum('i'.repeat(1e5) + ',,,', wrong([x, x])), 'RuntimeError', /einsum\(\)/],
  ['an einsum equation of other characters', () => torch.einsum('i;j', wrong([x, x])), 'RuntimeError', /einsum\(\)/],
  ['an einsum of numbers', () => torch.einsum(wrong(5), wrong([x])), 'TypeError', /./],
  // Dimensions and indices.
  ['a dim out of range', on(x, 'sum', 1), 'IndexError', /Dimension out of range/],
  ['a dim of 2^53', on(x, 'sum', 2 ** 53), 'IndexError', /Dimension out of range/],
  ['a dim of NaN', on(x, 'sum', NaN), 'TypeError', /NaN/],
  ['a dim of Infinity', on(x, 'sum', Infinity), 'TypeError', /Infinity/],
  ['a dim of a half', on(x, 'sum', 0.5), 'TypeError', /float/],
  ['a dim of 2^64', on(x, 'sum', 2n ** 64n), 'TypeError', /bigint beyond int64/],
  ['size of a wrong dim', on(x, 'size', 1), 'IndexError', /Dimension out of range/],
  ['size of NaN', on(x, 'size', NaN), 'IndexError', /NaN/],
  ['transpose of a wrong dim', on(m, 'transpose', 0, 5), 'IndexError', /Dimension out of range/],
  ['an index out of range', on(x, 'index', 3), 'IndexError', /index 3 is out of bounds/],
  ['an index of NaN', on(x, 'index', NaN), 'IndexError', /valid indices/],
  ['an index of Infinity', on(x, 'index', -Infinity), 'IndexError', /valid indices/],
  ['an index of a half', on(x, 'index', 0.5), 'IndexError', /valid indices.*0\.5/],
  ['an index of 2^53', on(x, 'index', 2 ** 53), 'IndexError', /out of bounds/],
  ['an index of 2^70', on(x, 'index', 2n ** 70n), 'ValueError', /Overflow/],
  ['an index of undefined', on(x, 'index', undefined), 'IndexError', /valid indices/],
  ['a symbol as index', on(x, 'index', Symbol('i')), 'IndexError', /valid indices/],
  ['a word as index', on(x, 'index', 'first'), 'IndexError', /'first'/],
  ['a long string as index', on(x, 'index', ':'.repeat(1e6)), 'IndexError', /1000000 bytes/],
  ['a slice of words', on(x, 'index', 'a:b'), 'IndexError', /'a:b'/],
  ['a slice with step 0', on(x, 'index', torch.slice(0, 3, 0)), 'ValueError', /step/],
  ['a slice with step -1', on(x, 'index', '::-1'), 'ValueError', /step/],
  ['a slice of a half', on(x, 'index', torch.slice(0.5, 1)), 'TypeError', /slice indices must be integers/],
  ['too many indices', on(x, 'index', 0, 0), 'IndexError', /too many indices/],
  ['a float tensor as index', on(x, 'index', x), 'IndexError', /tensors used as indices must be/],
  ['a mask of another shape', on(x, 'index', [true, false]), 'IndexError', /indexed tensor/],
  ['a ragged index', on(x, 'index', [[[0, 1], [2]]]), 'ValueError', /expected sequence of length 2/],
  ['a cyclic index', on(x, 'index', cyclic), 'ValueError', /contains itself/],
  ['a disposed index', on(x, 'index', disposed()), 'RuntimeError', /disposed/],
  [
    'an index getter that throws',
    on(x, 'index', {
      get start() {
        return planted();
      },
      stop: 1,
      step: 1,
    }),
    'Planted',
    /planted/,
  ],
  [
    'index of an object that is not a tensor',
    () => torch.Tensor.prototype.index.call(wrong({}), 0),
    'TypeError',
    /must be called on a Tensor/,
  ],
  ['indexPut_ of a string', () => vector().indexPut_([0], wrong('1')), 'TypeError', /can't assign a string/],
  ['indexPut_ of another shape', () => vector().indexPut_([':'], torch.ones([2])), 'RuntimeError', /shape|size/],
  ['indexPut_ without a list', () => vector().indexPut_(wrong(0), 1), 'TypeError', /'indices' must be an array/],
  [
    'indexPut_ of a disposed tensor',
    () => vector().indexPut_([0], disposed()),
    'RuntimeError',
    /'value' is a Tensor that has been disposed/,
  ],
  ['gather out of range', () => torch.gather(x, 0, torch.tensor([5n])), 'RuntimeError', /out of bounds/],
  ['indexSelect of floats', () => torch.indexSelect(x, 0, x), 'RuntimeError', /(int32|dtype|IntTensor)/i],
  // Sizes.
  ['2^53 elements', call('zeros', [2 ** 53]), 'RuntimeError', /allocate|memory/],
  ['2^62 elements', call('zeros', [2n ** 62n]), 'RuntimeError', /overflow/],
  ['a product that overflows', call('zeros', [2n ** 40n, 2n ** 40n]), 'RuntimeError', /overflow/],
  ['a negative size', call('zeros', [-1]), 'RuntimeError', /negative/],
  ['NaN as size', call('zeros', [NaN]), 'TypeError', /NaN/],
  ['Infinity as size', call('zeros', [Infinity]), 'TypeError', /Infinity/],
  ['a half as size', call('zeros', [0.5]), 'TypeError', /float/],
  ['a string as size', call('zeros', '2'), 'TypeError', /string/],
  ['2^64 as size', call('zeros', [2n ** 64n]), 'TypeError', /bigint beyond int64/],
  ['a size getter that throws', call('zeros', Object.defineProperty([1], 0, { get: planted })), 'Planted', /planted/],
  ['arange without end', call('arange', Infinity), 'RuntimeError', /unsupported range|finite/],
  ['arange of NaN', call('arange', NaN), 'RuntimeError', /unsupported range|finite/],
  ['arange backwards', call('arange', 5, 1), 'RuntimeError', /upper bound and lower bound inconsistent/],
  ['arange with step 0', call('arange', 0, 5, 0), 'RuntimeError', /step must be nonzero/],
  ['linspace of -1 steps', call('linspace', 0, 1, -1), 'RuntimeError', /non-negative/],
  ['eye of 2^31', call('eye', 2 ** 31), 'RuntimeError', /overflow|allocate/],
  ['repeat by 2^60', on(x, 'repeat', [2n ** 60n]), 'RuntimeError', /overflow|allocate|large/],
  ['repeat by -1', on(x, 'repeat', [-1]), 'RuntimeError', /negative/],
  [
    'reading an expanded tensor of 2^60',
    () =>
      torch
        .ones([1])
        .expand(wrong([2n ** 60n]))
        .toArray(),
    'RuntimeError',
    /overflow|allocate/,
  ],
  ['randint of an empty range', call('randint', 5, 5, [1]), 'RuntimeError', /to/],
  ['setNumThreads of 0', call('setNumThreads', 0), 'RuntimeError', /positive integer/],
  ['setNumThreads of NaN', call('setNumThreads', NaN), 'RuntimeError', /expects an int/],
  ['setNumThreads of 2^31 - 1', call('setNumThreads', 2 ** 31 - 1), 'ValueError', /at most/],
  ['setDefaultDtype of int64', call('setDefaultDtype', 'int64'), 'TypeError', /floating-point/],
  ['setDefaultDtype of a long string', call('setDefaultDtype', 'f'.repeat(1e5)), 'TypeError', /floating-point/],
  ['manualSeed of NaN', call('manualSeed', NaN), 'ValueError', /NaN/],
  ['manualSeed of 2^70', call('manualSeed', 2n ** 70n), 'ValueError', /Overflow/],
  ['manualSeed of a string', call('manualSeed', '1'), 'TypeError', /'seed'/],
  // Devices.
  [
    'cuda without CUDA',
    () => {
      if (torch.cuda.isAvailable()) planted();
      return x.to('cuda:99');
    },
    torch.cuda.isAvailable() ? 'Planted' : 'RuntimeError',
    /CUDA|planted/,
  ],
  ['a device of no type', () => new torch.Device(wrong({})), 'TypeError', /device\(\)/],
  ['a device of null', () => new torch.Device(wrong(null)), 'TypeError', /device\(\)/],
  ['a device index of NaN', () => new torch.Device('cuda', NaN), 'TypeError', /'index' must be int/],
  [
    'a device getter that throws',
    () =>
      new torch.Device(
        wrong({
          get type() {
            return planted();
          },
        }),
      ),
    'Planted',
    /planted/,
  ],
  ['a Generator on no device', () => new torch.Generator('meta'), 'RuntimeError', /./],
  ['a Generator state that is none', () => new torch.Generator().setState(x), 'TypeError', /./],
  ['a Generator seed of a half', () => new torch.Generator().manualSeed(0.5), 'RuntimeError', /expected a long/],
  // Values and autograd.
  ['item of three elements', () => x.item(), 'RuntimeError', /3 elements cannot be converted to Scalar/],
  ['iterating a scalar', () => [...torch.tensor(1)], 'TypeError', /0-d tensor/],
  ['data of a meta tensor', () => torch.ones([2], { device: 'meta' }).data(), 'RuntimeError', /meta/],
  ['item of a meta tensor', () => torch.ones([], { device: 'meta' }).item(), 'NotImplementedError', /Meta/],
  ['backward without a graph', () => vector().sum().backward(), 'RuntimeError', /does not require grad/],
  ['backward of a vector', () => vector().requiresGrad_().sin().backward(), 'RuntimeError', /scalar outputs/],
  [
    'backward twice',
    () => {
      const y = vector().requiresGrad_().sin().sum();
      y.backward();
      y.backward();
    },
    'RuntimeError',
    /second time/,
  ],
  ['grad of a number', () => torch.autograd.grad(wrong(1), x), 'AssertionError', /Tensor/],
  [
    'grad with respect to a number',
    () => torch.autograd.grad(vector().requiresGrad_().sum(), wrong(1)),
    'RuntimeError',
    /Tensor/,
  ],
  [
    'grad with respect to no leaf',
    () => torch.autograd.grad(vector().requiresGrad_().sum(), x),
    'RuntimeError',
    /does not require grad/,
  ],
  [
    'grad assigned of another shape',
    () => {
      vector().grad = torch.ones([2]);
    },
    'RuntimeError',
    /size/,
  ],
  [
    'grad assigned to itself',
    () => {
      const y = vector();
      y.grad = y;
    },
    'RuntimeError',
    /own grad/,
  ],
  [
    'grad assigned a string',
    () => {
      vector().grad = wrong('g');
    },
    'TypeError',
    /grad/,
  ],
  ['requiresGrad_ of a string', () => vector().requiresGrad_(wrong('yes')), 'TypeError', /must be boolean/],
  ['retainGrad without grad', () => vector().retainGrad(), 'RuntimeError', /retain_grad/],
  [
    'an in-place change of what backward needs',
    () => {
      const y = vector().requiresGrad_().exp();
      y.add_(1);
      y.sum().backward();
    },
    'RuntimeError',
    /modified by an inplace operation/,
  ],
  ['an in-place change of a leaf', () => vector().requiresGrad_().add_(1), 'RuntimeError', /leaf Variable/],
  ['ops.aten of nothing', () => torch.ops.aten.noSuchOperator, 'AttributeError', /noSuchOperator/],
  ['noGrad of a Promise', () => torch.noGrad(() => Promise.resolve(1)), 'TypeError', /Promise/],
  ['noGrad of a number', () => torch.noGrad(wrong(1)), 'TypeError', /./],
  ['noGrad of a function that throws', () => torch.noGrad(planted), 'Planted', /planted/],
  ['scope of a Promise', () => torch.scope(() => Promise.resolve(1)), 'TypeError', /Promise/],
  ['scope of a number', () => torch.scope(wrong(1)), 'TypeError', /./],
  ['scope of a function that throws', () => torch.scope(planted), 'Planted', /planted/],
  ['scope of a cyclic result', () => torch.scope(() => cyclic), 'ValueError', /contains itself/],
  [
    'use after a scope',
    () => {
      let kept = x;
      torch.scope(() => {
        kept = x.sin();
      });
      return kept.sin();
    },
    'RuntimeError',
    /disposed/,
  ],
];
