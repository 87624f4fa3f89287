/** What Python adds to a tensor by hand, and torch.asarray and its like, against PyTorch. */

import * as torch from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const inputs = {
  a: some([2, 3]),
  f: some([2, 3], 'float32', 2),
  i: some([2, 3], 'int64', 3),
  z: some([2], 'complex64', 4),
  image: some([2, 3, 4, 5], 'float32', 5),
  s: tensorOf(2),
  p: tensorOf([1, 2, 4]),
  k: tensorOf([1, 2, 3], 'int64'),
};

parity('members', (cases) => {
  cases.inputs(inputs);

  cases.group('type', () => {
    for (const dtype of ['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64'] as const) {
      cases.add(`torch.ones(2, dtype=torch.${dtype}).type()`, () => torch.ones([2], { dtype }).type());
    }
    for (const dtype of [
      'float16',
      'bfloat16',
      'float32',
      'float64',
      'complex32',
      'complex64',
      'complex128',
    ] as const) {
      cases.add(`torch.empty(2, dtype=torch.${dtype}).type()`, () => torch.empty([2], { dtype }).type());
    }
    cases.add('a.to_sparse().type()', ({ a }) => a.toSparse().type());
    cases.add("torch.empty(2, device='meta').type()", () => torch.empty([2], { device: 'meta' }).type());
    cases.add('a.type(torch.int32)', ({ a }) => a.type('int32'));
    cases.add("a.type('torch.FloatTensor', non_blocking=True)", ({ a }) =>
      a.type('torch.FloatTensor', { nonBlocking: true }),
    );
    cases.add("i.type('torch.sparse.DoubleTensor').is_sparse", ({ i }) => i.type('torch.sparse.DoubleTensor').isSparse);
    cases.add("a.type('torch.XTensor')", ({ a }) => a.type('torch.XTensor'));
    cases.add("a.type('foo')", ({ a }) => a.type('foo'));
    cases.add('torch.typename(f)', ({ f }) => torch.typename(f));
    cases.add('a.type_as(f)', ({ a, f }) => a.typeAs(f));
    cases.add('[a.char(), i.half(), f.bool()]', ({ a, i, f }) => [a.char(), i.half(), f.bool()]);
    cases.add('f.chalf().dtype', ({ f }) => f.chalf().dtype);
  });

  cases.group('properties', () => {
    cases.add('[a.is_cpu, a.is_sparse, a.is_sparse_csr, a.is_mkldnn, a.is_meta]', ({ a }) => [
      ...[a.isCpu, a.isSparse, a.isSparseCsr, a.isMkldnn, a.isMeta],
    ]);
    cases.add('a.to_sparse_csr().is_sparse_csr', ({ a }) => a.toSparseCsr().isSparseCsr);
    cases.add('[a.itemsize, a.nbytes, z.itemsize, z.nbytes]', ({ a, z }) => [
      a.itemsize,
      a.nbytes,
      z.itemsize,
      z.nbytes,
    ]);
    cases.add('a.to_sparse().nbytes', ({ a }) => a.toSparse().nbytes);
    cases.add('[x.output_nr for x in a.requires_grad_().unbind()]', ({ a }) =>
      a
        .requiresGrad_()
        .unbind()
        .map((x: torch.Tensor) => x.outputNr),
    );
    cases.add('[a.ndimension(), torch.numel(a), a.get_device(), torch.get_device(a)]', ({ a }) => [
      ...[a.ndimension(), torch.numel(a), a.getDevice(), torch.getDevice(a)],
    ]);
    cases.add('i.tolist()', ({ i }) => i.tolist());
    cases.add('s.tolist()', ({ s }) => s.tolist());
    cases.add('[torch.e, torch.pi, torch.inf, torch.newaxis]', () => [torch.e, torch.pi, torch.inf, torch.newaxis]);
    cases.add('a[torch.newaxis, 0]', ({ a }) => a.index(torch.newaxis, 0));
  });

  cases.group('new', () => {
    cases.add('i.new_tensor([1, 2])', ({ i }) => i.newTensor([1, 2]));
    cases.add('a.new_tensor([[1, 2]], dtype=torch.int8)', ({ a }) => a.newTensor([[1, 2]], { dtype: 'int8' }));
    cases.add(
      'a.new_tensor(3., requires_grad=True).requires_grad',
      ({ a }) => a.newTensor(3, { requiresGrad: true }).requiresGrad,
    );
    cases.add('a.new(2, 3).shape', ({ a }) => a.new(2, 3).shape);
    cases.add('a.new().shape', ({ a }) => a.new().shape);
    cases.add('i.new([1, 2])', ({ i }) => i.new([1, 2]));
    cases.add('a.new(a)', ({ a }) => a.new(a));
    cases.add('a.resize(3, 2)', ({ a }) => a.resize(3, 2));
    cases.add('a.resize(6)', ({ a }) => a.resize(6));
    cases.add('a.resize_as(torch.ones(3, 2))', ({ a }) => a.resizeAs(torch.ones([3, 2])));
    cases.add('a.resize(4)', ({ a }) => a.resize(4));
    cases.add('a.to_sparse_coo().to_dense()', ({ a }) => a.toSparseCoo().toDense());
    cases.add('a.module_load(f)', ({ a, f }) => a.moduleLoad(f));
    cases.add('a.module_load(f, assign=True)', ({ a, f }) => a.moduleLoad(f, { assign: true }));
    cases.add('a.unflatten(1, (3, 1))', ({ a }) => a.unflatten(1, [3, 1]));
    cases.add('a.unflatten(1, ())', ({ a }) => a.unflatten(1, []));
    cases.add('a.view(torch.int64)', ({ a }) => a.view('int64'));
  });

  cases.group('dim_order', () => {
    cases.add('image.dim_order()', ({ image }) => image.dimOrder());
    cases.add('image.to(memory_format=torch.channels_last).dim_order()', ({ image }) =>
      image.to({ memoryFormat: 'channels_last' }).dimOrder(),
    );
    cases.add('image.permute(3, 1, 0, 2).dim_order()', ({ image }) => image.permute(3, 1, 0, 2).dimOrder());
    cases.add('[a.t().dim_order(), s.dim_order(), a[0].dim_order()]', ({ a, s }) => [
      ...[a.t().dimOrder(), s.dimOrder(), a.index(0).dimOrder()],
    ]);
    cases.add('torch.empty(2, 1, 3).dim_order()', () => torch.empty([2, 1, 3]).dimOrder());
    cases.add('torch.empty(2, 1, 3).transpose(1, 2).dim_order()', () =>
      torch.empty([2, 1, 3]).transpose(1, 2).dimOrder(),
    );
    cases.add('s.expand(2, 3).dim_order()', ({ s }) => s.expand(2, 3).dimOrder());
    cases.add('image.dim_order(ambiguity_check=True)', ({ image }) => image.dimOrder({ ambiguityCheck: true }));
    cases.add('torch.empty(1, 2, 3, 4).dim_order(ambiguity_check=True)', () =>
      torch.empty([1, 2, 3, 4]).dimOrder({ ambiguityCheck: true }),
    );
    cases.add('torch.empty(1, 2, 3, 4).dim_order(ambiguity_check=[torch.contiguous_format])', () =>
      torch.empty([1, 2, 3, 4]).dimOrder({ ambiguityCheck: ['contiguous_format'] }),
    );
    cases.add('torch.empty(1, 1, 1, 1).dim_order(ambiguity_check=[torch.contiguous_format, torch.channels_last])', () =>
      torch.empty([1, 1, 1, 1]).dimOrder({ ambiguityCheck: ['contiguous_format', 'channels_last'] }),
    );
    cases.add("image.dim_order(ambiguity_check='x')", ({ image }) => image.dimOrder({ ambiguityCheck: 'x' as never }));
    cases.add('a.to_sparse().dim_order()', ({ a }) => a.toSparse().dimOrder());
  });

  cases.group('reflected operators', () => {
    cases.add('2 - p', ({ p }) => p.__rsub__(2));
    cases.add('2 / p', ({ p }) => p.__rtruediv__(2));
    cases.add('p.__rdiv__(3)', ({ p }) => p.__rdiv__(3));
    cases.add('7 // p', ({ p }) => p.__rfloordiv__(7));
    cases.add('7 % p', ({ p }) => p.__rmod__(7));
    cases.add('2 ** p', ({ p }) => p.__rpow__(2));
    cases.add('1 << k', ({ k }) => k.__rlshift__(1));
    cases.add('64 >> k', ({ k }) => k.__rrshift__(64));
    cases.add('p.__rmatmul__(a)', ({ p, a }) => p.__rmatmul__(a));
  });

  cases.group('asarray', () => {
    cases.add('torch.asarray([1., 2.])', () => torch.asarray([1, 2]));
    cases.add('torch.asarray([1, 2], dtype=torch.float64)', () => torch.asarray([1n, 2n], { dtype: 'float64' }));
    cases.add('torch.asarray(a) is a', ({ a }) => torch.asarray(a) === a);
    cases.add('torch.asarray(a, copy=True) is a', ({ a }) => torch.asarray(a, { copy: true }) === a);
    cases.add('torch.asarray(a, dtype=torch.float32)', ({ a }) => torch.asarray(a, { dtype: 'float32' }));
    cases.add('torch.asarray(a, dtype=torch.float32, copy=False)', ({ a }) =>
      torch.asarray(a, { dtype: 'float32', copy: false }),
    );
    cases.add("torch.asarray(a, device='meta', copy=False)", ({ a }) =>
      torch.asarray(a, { device: 'meta', copy: false }),
    );
    cases.add('torch.asarray([1.], copy=False)', () => torch.asarray([1], { copy: false }));
    cases.add(
      'torch.asarray([1.], requires_grad=True).requires_grad',
      () => torch.asarray([1], { requiresGrad: true }).requiresGrad,
    );
    cases.add(
      'torch.asarray(a.requires_grad_()).requires_grad',
      ({ a }) => torch.asarray(a.requiresGrad_()).requiresGrad,
    );
    cases.add(
      'torch.asarray(a.requires_grad_(), requires_grad=False).requires_grad',
      ({ a }) => torch.asarray(a.requiresGrad_(), { requiresGrad: false }).requiresGrad,
    );
    cases.add('torch.asarray(i, requires_grad=True)', ({ i }) => torch.asarray(i, { requiresGrad: true }));
    cases.add('torch.asarray(a, foo=1)', ({ a }) => torch.asarray(a, { foo: 1 } as never));
    cases.add('[torch.dsmm(a, a.t()), torch.spmm(a.to_sparse(), a.t())]', ({ a }) => [
      torch.dsmm(a, a.t()),
      torch.spmm(a.toSparse(), a.t()),
    ]);
  });
});
