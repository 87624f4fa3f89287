/** vmap: where the mapped dimension is, structures, randomness, chunks. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { vmap } = torch;

export function mapping(cases: Cases): void {
  cases.group('vmap, inDims and outDims', () => {
    cases.add('vmap(torch.sin)(m)', ({ m }) => vmap((x: Tensor) => x.sin())(m));
    cases.add('vmap(torch.dot)(m, m + 1)', ({ m }) => vmap((a: Tensor, b: Tensor) => a.dot(b))(m, m.add(1)));
    for (const d of [0, 1, 2, -1, -2, -3]) {
      cases.add(`vmap(lambda a: a.sum(0), in_dims=${d})(t)`, ({ t }) =>
        vmap((a: Tensor) => a.sum(0), { inDims: d })(t),
      );
      cases.add(`vmap(lambda a: a.exp(), out_dims=${d})(t)`, ({ t }) =>
        vmap((a: Tensor) => a.exp(), { outDims: d })(t),
      );
      cases.add(`vmap(lambda a: a.T, in_dims=${d}, out_dims=-1)(t)`, ({ t }) =>
        vmap((a: Tensor) => a.T, { inDims: d, outDims: -1 })(t),
      );
    }
    cases.add('vmap(torch.sin, in_dims=3)(t)', ({ t }) => vmap((x: Tensor) => x.sin(), { inDims: 3 })(t));
    cases.add('vmap(torch.sin, in_dims=-4)(t)', ({ t }) => vmap((x: Tensor) => x.sin(), { inDims: -4 })(t));
    cases.add('vmap(torch.sin, out_dims=3)(t)', ({ t }) => vmap((x: Tensor) => x.sin(), { outDims: 3 })(t));
    cases.add('vmap(torch.sin, out_dims=-4)(t)', ({ t }) => vmap((x: Tensor) => x.sin(), { outDims: -4 })(t));
    cases.add('vmap(torch.mul, in_dims=(0, None))(m, x)', ({ m, x }) =>
      vmap((a: Tensor, b: Tensor) => a.mul(b), { inDims: [0, null] })(m, x),
    );
    cases.add('vmap(torch.mul, in_dims=(1, 0))(m, x)', ({ m, x }) =>
      vmap((a: Tensor, b: Tensor) => a.mul(b), { inDims: [1, 0] })(m, x),
    );
    cases.add('vmap(torch.mul, in_dims=(None, None))(m, x)', ({ m, x }) =>
      vmap((a: Tensor, b: Tensor) => a.mul(b), { inDims: [null, null] })(m, x),
    );
    cases.add('vmap(torch.mul, in_dims=(0,))(m, x)', ({ m, x }) =>
      vmap((a: Tensor, b: Tensor) => a.mul(b), { inDims: [0] })(m, x),
    );
    cases.add('vmap(torch.mul)(m, x)', ({ m, x }) => vmap((a: Tensor, b: Tensor) => a.mul(b))(m, x));
    cases.add('vmap(torch.sin)(s)', ({ s }) => vmap((x: Tensor) => x.sin())(s));
    cases.add('vmap(lambda d: d["a"] * d["b"][0], in_dims=({"a": 0, "b": [1]},))({"a": m, "b": [k]})', ({ m, k }) =>
      vmap((d: { a: Tensor; b: Tensor[] }) => d.a.mul(d.b[0]), { inDims: [{ a: 0, b: [1] }] })({ a: m, b: [k] }),
    );
    cases.add('vmap(lambda d: d["a"] * d["n"], in_dims=({"a": 0, "n": None},))({"a": m, "n": 3})', ({ m }) =>
      vmap((d: { a: Tensor; n: number }) => d.a.mul(d.n), { inDims: [{ a: 0, n: null }] })({ a: m, n: 3 }),
    );
    cases.add('vmap(lambda d: d["a"], in_dims=({"b": 0},))({"a": m})', ({ m }) =>
      vmap((d: { a: Tensor }) => d.a, { inDims: [{ b: 0 }] })({ a: m }),
    );
    cases.add('vmap(lambda a, n: a * n)(m, 3)', ({ m }) => vmap((a: Tensor, n: number) => a.mul(n))(m, 3));
    cases.add('vmap(lambda a: {"u": a.sum(), "v": [a, a * 2]}, out_dims={"u": 0, "v": [1, 0]})(m)', ({ m }) =>
      vmap((a: Tensor) => ({ u: a.sum(), v: [a, a.mul(2)] }), { outDims: { u: 0, v: [1, 0] } })(m),
    );
    cases.add('vmap(lambda a: (a, a), out_dims=(0,))(m)', ({ m }) => vmap((a: Tensor) => [a, a], { outDims: [0] })(m));
    cases.add('vmap(lambda a: a, out_dims=(1,))(m)', ({ m }) => vmap((a: Tensor) => a, { outDims: [1] })(m));
    cases.add('vmap(lambda a: (a, 5), out_dims=(0, None))(m)', ({ m }) =>
      vmap((a: Tensor) => [a, 5], { outDims: [0, null] })(m),
    );
    cases.add('vmap(lambda a: 5)(m)', ({ m }) => vmap((_: Tensor) => 5)(m));
    cases.add('vmap(lambda a: None)(m)', ({ m }) => vmap((_: Tensor) => null)(m));
    cases.add('vmap(lambda a: a, out_dims=None)(m)', ({ m }) => vmap((a: Tensor) => a, { outDims: null })(m));
    cases.add('vmap(lambda a: x, out_dims=None)(m)', ({ m, x }) => vmap((_: Tensor) => x, { outDims: null })(m));
    cases.add('vmap(lambda a: x)(m)', ({ m, x }) => vmap((_: Tensor) => x)(m));
    // PyTorch ignores where the dimension is to go.
    cases.add('x.unsqueeze(1).expand(3, 2)', ({ m, x }) => vmap((_: Tensor) => x, { outDims: 1 })(m), {
      name: 'vmap of a constant with outDims 1',
    });
    cases.add('x.unsqueeze(1).expand(3, 2)', ({ m, x }) => vmap((_: Tensor) => x, { outDims: -1 })(m), {
      name: 'vmap of a constant with outDims -1',
    });
    cases.add('vmap(torch.sin, in_dims=0.5)(m)', ({ m }) => vmap((a: Tensor) => a.sin(), { inDims: 0.5 })(m));
    cases.add('vmap(torch.sin, in_dims=None)(m)', ({ m }) => vmap((a: Tensor) => a.sin(), { inDims: null })(m));
    cases.add("vmap(torch.sin, in_dims=('a',))(m)", ({ m }) =>
      vmap((a: Tensor) => a.sin(), { inDims: ['a' as any] })(m),
    );
    cases.add("vmap(torch.sin, out_dims='a')(m)", ({ m }) => vmap((a: Tensor) => a.sin(), { outDims: 'a' as any })(m));
    cases.add('vmap(lambda: 1)()', () => vmap(() => 1)());
    cases.add('vmap(torch.sin)(m[:0])', ({ m }) => vmap((a: Tensor) => a.sin())(m.index(':0')));
    cases.add('vmap(vmap(torch.dot, in_dims=(0, None)), in_dims=(None, 0))(m, m)', ({ m }) =>
      vmap(
        vmap((a: Tensor, b: Tensor) => a.dot(b), { inDims: [0, null] }),
        { inDims: [null, 0] },
      )(m, m),
    );
    cases.add('vmap(vmap(vmap(lambda a: a * 2)), out_dims=2)(t)', ({ t }) =>
      vmap(vmap(vmap((a: Tensor) => a.mul(2))), { outDims: 2 })(t),
    );
    cases.add('vmap(lambda a: vmap(lambda b: a.sum() * b)(k))(m)', ({ m, k }) =>
      vmap((a: Tensor) => vmap((b: Tensor) => a.sum().mul(b))(k))(m),
    );
    cases.add('vmap(lambda a: vmap(lambda b: a * b)(k))(m)', ({ m, k }) =>
      vmap((a: Tensor) => vmap((b: Tensor) => a.mul(b))(k))(m),
    );
  });

  cases.group('vmap, what functions do', () => {
    cases.add('vmap(lambda a: a.item())(x)', ({ x }) => vmap((a: Tensor) => a.item() as any)(x));
    cases.add('vmap(lambda a: a if a > 0 else -a)(x)', ({ x }) =>
      vmap((a: Tensor) => (a.gt(0).item() ? a : a.neg()))(x),
    );
    cases.add('vmap(lambda a: a.nonzero())(m)', ({ m }) => vmap((a: Tensor) => a.nonzero())(m));
    cases.add('vmap(lambda a: torch.where(a > 0, a, -a))(m)', ({ m }) =>
      vmap((a: Tensor) => torch.where(a.gt(0), a, a.neg()))(m),
    );
    cases.add('vmap(lambda a: x.add_(a))(m)', ({ m, x }) => vmap((a: Tensor) => x.add_(a))(m));
    cases.add('vmap(lambda a: a.add_(x))(m); return m', ({ m, x }) => {
      vmap((a: Tensor) => a.add_(x))(m);
      return m;
    });
    cases.add('vmap(lambda a: a.clone().index_put_((i,), a * 2))(m)', ({ m, i }) =>
      vmap((a: Tensor) => a.clone().indexPut_([i], a.mul(2)))(m),
    );
    cases.add('vmap(lambda a, j: a[j.unsqueeze(0)])(m, i[:2])', ({ m, i }) =>
      vmap((a: Tensor, j: Tensor) => a.index(j.unsqueeze(0)))(m, i.index(':2')),
    );
    // PyTorch takes a 0-d index for a number and refuses to read it.
    cases.add(
      'torch.stack([m[0, i[0]], m[1, i[1]]])',
      ({ m, i }) => vmap((a: Tensor, j: Tensor) => a.index(j))(m, i.index(':2')),
      { name: 'a 0-d index that is mapped over' },
    );
    cases.add('vmap(lambda a, j: a.index_select(0, j))(m, torch.stack([i, i]))', ({ m, i }) =>
      vmap((a: Tensor, j: Tensor) => a.indexSelect(0, j))(m, torch.stack([i, i])),
    );
    cases.add('vmap(lambda a: a.shape[0] * a)(t)', ({ t }) => vmap((a: Tensor) => a.mul(a.shape[0]))(t));
    cases.add('vmap(lambda a: a.sort(descending=True))(m)', ({ m }) =>
      vmap((a: Tensor) => a.sort({ descending: true }))(m),
    );
    cases.add('vmap(lambda a: torch.linalg.svdvals(a))(t)', ({ t }) => vmap((a: Tensor) => torch.linalg.svdvals(a))(t));
    cases.add('vmap(lambda a: torch.cat([a, x]))(m)', ({ m, x }) => vmap((a: Tensor) => torch.cat([a, x]))(m));
    cases.add('vmap(lambda a: a.new_zeros(2))(m)', ({ m }) => vmap((a: Tensor) => a.newZeros(2))(m));
    cases.add('vmap(lambda a: torch.zeros(2).copy_(a[:2]))(m)', ({ m }) =>
      vmap((a: Tensor) => torch.zeros(2).copy_(a.index(':2')))(m),
    );
    cases.add('vmap(lambda a: a.to(torch.float32).sum())(m)', ({ m }) => vmap((a: Tensor) => a.to('float32').sum())(m));
    cases.add('vmap(lambda a: torch.einsum("i,j->ij", a, x))(m)', ({ m, x }) =>
      vmap((a: Tensor) => torch.einsum('i,j->ij', [a, x]))(m),
    );
    cases.add('vmap(lambda a: torch.fft.fft(a).conj())(m)', ({ m }) => vmap((a: Tensor) => torch.fft.fft(a).conj())(m));
    cases.add('vmap(lambda a: [a.is_floating_point(), a.is_complex(), a.is_signed()] and a)(m)', ({ m }) =>
      vmap((a: Tensor) => (torch.isFloatingPoint(a) ? a : a.mul(0)))(m),
    );
    cases.add('vmap(lambda a: a.unbind(0)[1])(m)', ({ m }) => vmap((a: Tensor) => [...a][1])(m));
  });

  cases.group('vmap, randomness', () => {
    for (const randomness of ['same', 'different', 'error'] as const) {
      const option = `randomness='${randomness}'`;
      cases.add(`vmap(lambda a: torch.randn(2), ${option})(m)`, ({ m }) =>
        vmap(() => torch.randn(2), { randomness })(...([m] as unknown as [])),
      );
      cases.add(`vmap(lambda a: a + torch.rand(3), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => a.add(torch.rand(3)), { randomness })(m),
      );
      cases.add(`vmap(lambda a: torch.rand_like(a), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => torch.randLike(a), { randomness })(m),
      );
      cases.add(`vmap(lambda a: F.dropout(a, 0.5), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => torch.dropout(a, 0.5, true), { randomness })(m),
      );
      cases.add(`vmap(lambda a: torch.bernoulli(a.abs() / 2), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => torch.bernoulli(a.abs().div(2)), { randomness })(m),
      );
      cases.add(`vmap(lambda a: torch.randperm(4), ${option})(m)`, ({ m }) =>
        vmap((_: Tensor) => torch.randperm(4), { randomness })(m),
      );
      cases.add(`vmap(lambda a: a.clone().uniform_(), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => a.clone().uniform_(), { randomness })(m),
      );
      cases.add(`vmap(lambda a: torch.multinomial(a.abs(), 2), ${option})(m)`, ({ m }) =>
        vmap((a: Tensor) => torch.multinomial(a.abs(), 2), { randomness })(m),
      );
      for (const inner of ['same', 'different'] as const) {
        cases.add(`vmap(vmap(lambda a: a + torch.rand(4), randomness='${inner}'), ${option})(t)`, ({ t }) =>
          vmap(
            vmap((a: Tensor) => a.add(torch.rand(4)), { randomness: inner }),
            { randomness },
          )(t),
        );
      }
      cases.add(`vmap(grad(lambda a: (a * torch.rand(3)).sum()), ${option})(m)`, ({ m }) =>
        vmap(
          torch.func.grad((a: Tensor) => a.mul(torch.rand(3)).sum()),
          { randomness },
        )(m),
      );
      cases.add(`[vmap(lambda a: a + torch.rand(3), ${option}, chunk_size=1)(m), torch.rand(2)]`, ({ m }) => [
        vmap((a: Tensor) => a.add(torch.rand(3)), { randomness, chunkSize: 1 })(m),
        torch.rand(2),
      ]);
    }
    cases.add("vmap(torch.sin, randomness='often')", () =>
      vmap((a: Tensor) => a.sin(), { randomness: 'often' as any }),
    );
  });

  cases.group('vmap in chunks', () => {
    for (const chunkSize of [1, 2, 3, 4, 100]) {
      cases.add(`vmap(lambda a: a.sin() * a.sum(), in_dims=2, out_dims=1, chunk_size=${chunkSize})(t)`, ({ t }) =>
        vmap((a: Tensor) => a.sin().mul(a.sum()), { inDims: 2, outDims: 1, chunkSize })(t),
      );
      cases.add(
        `vmap(lambda a, b: {"p": a * b, "q": [b]}, in_dims=(0, None), out_dims={"p": -1, "q": 0}, chunk_size=${chunkSize})(k, x[:2])`,
        ({ k, x }) =>
          vmap((a: Tensor, b: Tensor) => ({ p: a.mul(b), q: [b] }), {
            inDims: [0, null],
            outDims: { p: -1, q: 0 },
            chunkSize,
          })(k, x.index(':2')),
      );
      cases.add(`vmap(grad(lambda a: (a ** 3).sum()), chunk_size=${chunkSize})(k)`, ({ k }) =>
        vmap(
          torch.func.grad((a: Tensor) => a.pow(3).sum()),
          { chunkSize },
        )(k),
      );
    }
    cases.add('vmap(torch.sin, chunk_size=0)', () => vmap((a: Tensor) => a.sin(), { chunkSize: 0 }));
    // PyTorch tries to join what is not mapped, and cannot cut an empty batch.
    cases.add(
      'vmap(lambda a: (a, 1), out_dims=(0, None))(m)',
      ({ m }) => vmap((a: Tensor) => [a, 1], { outDims: [0, null], chunkSize: 1 })(m),
      { name: 'outDims null in chunks' },
    );
    cases.add('m[:0]', ({ m }) => vmap((a: Tensor) => a.sin(), { chunkSize: 2 })(m.index(':0')), {
      name: 'an empty batch in chunks',
    });
  });
}
