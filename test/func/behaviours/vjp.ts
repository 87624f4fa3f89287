/** vjp, as PyTorch's TestGradTransform tries it. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { NON_TENSORS } from '../../support/parity/samples';

const { vjp } = torch.func;

export function vjpBehaviours(cases: Cases): void {
  const add = (name: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name: `vjp: ${name}` });
  };
  add('the output and the product', 'o, p = vjp(torch.sin, s); return [o, p(u)]', ({ s, u }) => {
    const [o, p] = vjp((t: Tensor) => t.sin(), s);
    return [o, p(u)];
  });
  add('the argument twice as the output', 'o, p = vjp(lambda x: (x, x), s); return [o, p(o)]', ({ s }) => {
    const [o, p] = vjp((t: Tensor) => [t, t], s);
    return [o, p(o)];
  });
  add('an output that is captured', 'o, p = vjp(lambda x: u, s); return [o, p(s)]', ({ s, u }) => {
    const [o, p] = vjp((_: Tensor) => u, s);
    return [o, p(s)];
  });
  add(
    'several inputs and outputs, most of them unrelated',
    'o, p = vjp(lambda a, b: (u, u, b), s, s * 2); return [o, p((s, s, s))]',
    ({ s, u }) => {
      const [o, p] = vjp((_: Tensor, b: Tensor) => [u, u, b], s, s.mul(2));
      return [o, p([s, s, s])];
    },
  );
  add('a structure as input', 'o, p = vjp(lambda x: x[0] * x[1][0], (s, (s, u))); return [o, p(u)]', ({ s, u }) => {
    const [o, p] = vjp((t: [Tensor, [Tensor, Tensor]]) => t[0].mul(t[1][0]), [s, [s, u]]);
    return [o, p(u)];
  });
  add('a structure as output', 'vjp(lambda x: (x, (x, x)), s)[1]((s, (u, u)))', ({ s, u }) =>
    vjp((t: Tensor) => [t, [t, t]] as [Tensor, [Tensor, Tensor]], s)[1]([s, [u, u]]),
  );
  add('cotangents nested once more', 'vjp(lambda x: (x, (x, x)), s)[1](((s, (u, u)),))', ({ s, u }) =>
    vjp((t: Tensor) => [t, [t, t]], s)[1]([[s, [u, u]]] as never),
  );
  for (const [text, value] of NON_TENSORS) {
    add(`${text} as output`, `vjp(lambda _: ${text}, m)`, ({ m }) => vjp((_: Tensor) => value, m));
  }
  add('a list as output', 'o, p = vjp(lambda x: [x, x.sum()], m); return [o, p([m, m.sum()])]', ({ m }) => {
    const [o, p] = vjp((t: Tensor) => [t, t.sum()], m);
    return [o, p([m, m.sum()])];
  });
  add(
    'an object as output',
    'o, p = vjp(lambda x: {"x": x, "xsum": x.sum()}, m); return [o, p({"x": m, "xsum": m.sum()})]',
    ({ m }) => {
      const [o, p] = vjp((t: Tensor) => ({ x: t, xsum: t.sum() }), m);
      return [o, p({ x: m, xsum: m.sum() })];
    },
  );
  add(
    'lists and objects in each other as output',
    `
      def f(x):
          total = x.sum()
          return [(total, {"a": x, "out": [x, total]})]
      o, p = vjp(f, m)
      return [o, p([(m.sum(), {"a": m, "out": [m, m.sum()]})])]`,
    ({ m }) => {
      const f = (t: Tensor) => {
        const total = t.sum();
        return [[total, { a: t, out: [t, total] }]] as [[Tensor, { a: Tensor; out: Tensor[] }]];
      };
      const [o, p] = vjp(f, m);
      return [o, p([[m.sum(), { a: m, out: [m, m.sum()] }]])];
    },
  );
  add(
    'aux is a tensor',
    'o, p, aux = vjp(lambda t: (t.sin(), t.cos()), x, has_aux=True); return [o, p(y), aux]',
    ({ x, y }) => {
      const [o, p, aux] = vjp((t: Tensor) => [t.sin(), t.cos()] as const, x, { hasAux: true });
      return [o, p(y), aux];
    },
  );
  add(
    'aux is a structure',
    'o, p, aux = vjp(lambda t: (t.sin(), {"a": t.cos(), "b": [t.tan()]}), x, has_aux=True); return [o, p(y), aux]',
    ({ x, y }) => {
      const [o, p, aux] = vjp((t: Tensor) => [t.sin(), { a: t.cos(), b: [t.tan()] }] as const, x, { hasAux: true });
      return [o, p(y), aux];
    },
  );
  add('three results instead of aux', 'vjp(lambda t: (t, t + 2, t + 3), x, has_aux=True)', ({ x }) =>
    vjp((t: Tensor) => [t, t.add(2), t.add(3)] as never, x, { hasAux: true }),
  );
  for (const [text, value] of [
    ['1', 1],
    ['1.5', 1.5],
    ['"abc"', 'abc'],
  ] as const) {
    add(`aux is ${text}`, `vjp(lambda t: (t, ${text}), x, has_aux=True)`, ({ x }) =>
      vjp((t: Tensor) => [t, value] as const, x, { hasAux: true }),
    );
    add(`aux holds ${text}`, `vjp(lambda t: (t, [t, ${text}]), x, has_aux=True)`, ({ x }) =>
      vjp((t: Tensor) => [t, [t, value]] as const, x, { hasAux: true }),
    );
  }
}
