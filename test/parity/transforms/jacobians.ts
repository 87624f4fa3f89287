/** jacrev, jacfwd and hessian. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { hessian, jacfwd, jacrev } = torch.func;

export function jacobians(cases: Cases): void {
  for (const [name, jacobian] of [
    ['jacrev', jacrev],
    ['jacfwd', jacfwd],
  ] as [string, any][]) {
    cases.group(name, () => {
      cases.add(`${name}(torch.sin)(x)`, ({ x }) => jacobian((x: Tensor) => x.sin())(x));
      cases.add(`${name}(lambda x: x.sum())(m)`, ({ m }) => jacobian((x: Tensor) => x.sum())(m));
      cases.add(`${name}(lambda s: s * x)(s)`, ({ s, x }) => jacobian((s: Tensor) => s.mul(x))(s));
      cases.add(`${name}(lambda m: m.T @ m)(m)`, ({ m }) => jacobian((m: Tensor) => m.T.matmul(m))(m));
      cases.add(`${name}(lambda x: x.float() * 2)(x)`, ({ x }) => jacobian((x: Tensor) => x.float().mul(2))(x));
      cases.add(`${name}(lambda x: x.double() ** 2)(f)`, ({ f }) => jacobian((x: Tensor) => x.double().pow(2))(f));
      const mix = (x: Tensor, m: Tensor) => ({ a: m.matmul(x), b: [x.sum(), m.sum(0)] });
      const python = 'lambda x, m: {"a": m @ x, "b": [x.sum(), m.sum(0)]}';
      for (const argnums of [0, 1, -1, [0, 1], [1, 0], [1]]) {
        // PyTorch's jacfwd takes a negative number for an argument that is not there, and gives zeros.
        const text = Array.isArray(argnums) ? `(${argnums.join(', ')},)` : String((argnums + 2) % 2);
        cases.add(`${name}(${python}, argnums=${text})(x, m)`, ({ x, m }) => jacobian(mix, { argnums })(x, m), {
          name: `${name}, argnums ${JSON.stringify(argnums)}`,
        });
      }
      cases.add(`${name}(${python}, argnums=2)(x, m)`, ({ x, m }) => jacobian(mix, { argnums: 2 })(x, m));
      cases.add(`${name}(lambda d: d["a"] * d["b"].sum())({"a": x, "b": m})`, ({ x, m }) =>
        jacobian((d: { a: Tensor; b: Tensor }) => d.a.mul(d.b.sum()))({ a: x, b: m }),
      );
      cases.add(`${name}(lambda x: (x ** 2, {"v": x + 1}), has_aux=True)(x)`, ({ x }) =>
        jacobian((x: Tensor) => [x.pow(2), { v: x.add(1) }], { hasAux: true })(x),
      );
      cases.add(`${name}(lambda x: x ** 2, has_aux=True)(x)`, ({ x }) =>
        jacobian((x: Tensor) => x.pow(2), { hasAux: true })(x),
      );
      cases.add(`${name}(lambda x: torch.ones(2, dtype=x.dtype))(x)`, ({ x }) =>
        jacobian((x: Tensor) => torch.ones(2, { dtype: x.dtype }))(x),
      );
      cases.add(`${name}(lambda x: x[:0])(x)`, ({ x }) => jacobian((x: Tensor) => x.index(':0'))(x));
      // Python's jacfwd fails where there are no columns.
      cases.add(
        name === 'jacfwd' ? 'torch.zeros(len(y), 0, dtype=x.dtype)' : `${name}(lambda x: x.sum() * y)(x[:0])`,
        ({ x, y }) => jacobian((x: Tensor) => x.sum().mul(y))(x.index(':0')),
        { name: `${name}(lambda x: x.sum() * y)(x[:0])` },
      );
      cases.add(`${name}(lambda z: z.abs())(z)`, ({ z }) => jacobian((z: Tensor) => z.abs())(z));
      cases.add(`${name}(lambda x: torch.complex(x, x))(x)`, ({ x }) =>
        jacobian((x: Tensor) => torch.complex(x, x))(x),
      );
      cases.add(`${name}(lambda x: x > 0)(x)`, ({ x }) => jacobian((x: Tensor) => x.gt(0))(x));
      cases.add(`${name}(torch.sin)(i)`, ({ i }) => jacobian((x: Tensor) => x.sin())(i));
      cases.add(`${name}(lambda x: None)(x)`, ({ x }) => jacobian(() => null)(x));
      cases.add(`${name}(lambda x: [x, 1])(x)`, ({ x }) => jacobian((x: Tensor) => [x, 1])(x));
      cases.add(`${name}(lambda x: x * torch.rand(3))(x)`, ({ x }) => jacobian((x: Tensor) => x.mul(torch.rand(3)))(x));
      cases.add(`vmap(${name}(lambda x: x.sin().cumsum(0)))(m)`, ({ m }) =>
        torch.vmap(jacobian((x: Tensor) => x.sin().cumsum(0)))(m),
      );
      cases.add(`vmap(${name}(lambda x, y: x * y.sum()), in_dims=(0, None))(m, y)`, ({ m, y }) =>
        torch.vmap(
          jacobian((x: Tensor, y: Tensor) => x.mul(y.sum())),
          { inDims: [0, null] },
        )(m, y),
      );
      cases.add(`vmap(${name}(lambda x, y: x * y.sum(), argnums=(0, 1)), in_dims=(None, 0))(x, m)`, ({ x, m }) =>
        torch.vmap(
          jacobian((x: Tensor, y: Tensor) => x.mul(y.sum()), { argnums: [0, 1] }),
          { inDims: [null, 0] },
        )(x, m),
      );
      cases.add(`${name}(${name}(lambda m: (m ** 3).sum(0)))(m)`, ({ m }) =>
        jacobian(jacobian((m: Tensor) => m.pow(3).sum(0)))(m),
      );
    });
  }

  cases.group('jacrev with chunks', () => {
    for (const chunk of [1, 2, 5, 6, 7, 100]) {
      cases.add(`jacrev(lambda m: m.sin() * m.sum(), chunk_size=${chunk})(m)`, ({ m }) =>
        jacrev((m: Tensor) => m.sin().mul(m.sum()), { chunkSize: chunk })(m),
      );
      cases.add(
        `jacrev(lambda x, m: (m @ x, x.sum()), argnums=(0, 1), chunk_size=${chunk}, _preallocate_and_copy=True)(x, m)`,
        ({ x, m }) =>
          jacrev((x: Tensor, m: Tensor) => [m.matmul(x), x.sum()], { argnums: [0, 1], chunkSize: chunk })(x, m),
      );
      cases.add(`vmap(jacrev(lambda x: x.sin() * x.sum(), chunk_size=${chunk}))(m)`, ({ m }) =>
        torch.vmap(jacrev((x: Tensor) => x.sin().mul(x.sum()), { chunkSize: chunk }))(m),
      );
      cases.add(`jacrev(jacrev(lambda x: x.sin() * x.sum(), chunk_size=${chunk}), chunk_size=${chunk})(x)`, ({ x }) =>
        jacrev(
          jacrev((x: Tensor) => x.sin().mul(x.sum()), { chunkSize: chunk }),
          { chunkSize: chunk },
        )(x),
      );
      cases.add(`with torch.no_grad(): return jacrev(lambda x: x ** 3, chunk_size=${chunk})(x)`, ({ x }) =>
        torch.noGrad(() => jacrev((x: Tensor) => x.pow(3), { chunkSize: chunk })(x)),
      );
    }
    cases.add('jacrev(torch.sin, chunk_size=0)', () => jacrev((x: Tensor) => x.sin(), { chunkSize: 0 }));
    cases.add('jacrev(torch.sin, chunk_size=-3)', () => jacrev((x: Tensor) => x.sin(), { chunkSize: -3 }));
  });

  cases.group('jacfwd alone', () => {
    cases.add('jacfwd(lambda x, y: x * y, argnums=None)(x, y)', ({ x, y }) =>
      jacfwd((x: Tensor, y: Tensor) => x.mul(y), { argnums: null })(x, y),
    );
    cases.add("jacfwd(lambda x: x * torch.rand(3), randomness='same')(x)", ({ x }) =>
      jacfwd((x: Tensor) => x.mul(torch.rand(3)), { randomness: 'same' })(x),
    );
    cases.add("jacfwd(lambda x: x * torch.rand(3), randomness='different')(x)", ({ x }) =>
      jacfwd((x: Tensor) => x.mul(torch.rand(3)), { randomness: 'different' })(x),
    );
    cases.add("jacfwd(torch.sin, randomness='often')(x)", ({ x }) =>
      jacfwd((x: Tensor) => x.sin(), { randomness: 'often' as any })(x),
    );
    cases.add('jacfwd(lambda x, n: x * n)(x, 2)', ({ x }) => jacfwd((x: Tensor, n: number) => x.mul(n))(x, 2));
    cases.add('jacfwd(lambda x: (x ** 2, 1), has_aux=True)(x)', ({ x }) =>
      jacfwd((x: Tensor) => [x.pow(2), 1] as const, { hasAux: true })(x),
    );
  });

  cases.group('hessian', () => {
    cases.add('hessian(lambda x: (x ** 3).sum())(x)', ({ x }) => hessian((x: Tensor) => x.pow(3).sum())(x));
    cases.add('hessian(lambda m: (m @ m.T).exp())(m[:, :2] / 4)', ({ m }) =>
      hessian((m: Tensor) => m.matmul(m.T).exp())(m.index(':', ':2').div(4)),
    );
    const f = (x: Tensor, y: Tensor) => x.pow(2).mul(y.sin()).sum();
    const python = 'lambda x, y: (x ** 2 * y.sin()).sum()';
    cases.add(`hessian(${python}, argnums=1)(x, y)`, ({ x, y }) => hessian(f, { argnums: 1 })(x, y));
    cases.add(`hessian(${python}, argnums=(0, 1))(x, y)`, ({ x, y }) => hessian(f, { argnums: [0, 1] })(x, y));
    cases.add(`hessian(${python}, argnums=1)(x, y)`, ({ x, y }) => hessian(f, { argnums: -1 })(x, y), {
      name: 'hessian, argnums -1, where PyTorch gives zeros',
    });
    cases.add('hessian(lambda p: (p["w"] @ p["x"]).sin().sum())({"w": m, "x": x})', ({ m, x }) =>
      hessian((p: { w: Tensor; x: Tensor }) => p.w.matmul(p.x).sin().sum())({ w: m, x }),
    );
    cases.add('vmap(hessian(lambda x: (x ** 3).sum()))(m)', ({ m }) =>
      torch.vmap(hessian((x: Tensor) => x.pow(3).sum()))(m),
    );
    cases.add('hessian(lambda x: {"a": x.prod(), "b": x ** 2})(x)', ({ x }) =>
      hessian((x: Tensor) => ({ a: x.prod(), b: x.pow(2) }))(x),
    );
    cases.add('hessian(lambda x: x.sum())(z)', ({ z }) => hessian((x: Tensor) => x.sum())(z));
    cases.add('hessian(lambda x: (x * torch.rand(3)).sum())(x)', ({ x }) =>
      hessian((x: Tensor) => x.mul(torch.rand(3)).sum())(x),
    );
  });
}
