/** jvp and linearize, as PyTorch's TestJvp, TestLinearize and TestVmapJvpInplaceView try them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { CaseOptions, Cases } from '../../support/parity/cases';
import { NON_TENSORS } from '../../support/parity/samples';

const { grad, jvp, linearize } = torch.func;
const { vmap } = torch;

type Add = (title: string, python: string, javascript: (inputs: any) => unknown, options?: CaseOptions) => void;

function forward(add: Add): void {
  const linear = (x: Tensor, y: Tensor): Tensor[] => [x.mul(2).add(y.mul(3)), x.mul(4).add(y.mul(5))];
  add('the output and its derivative', 'jvp(torch.sin, (m,), (n,))', ({ m, n }) =>
    jvp((t: Tensor) => t.sin(), [m], [n]),
  );
  add('two inputs', 'jvp(torch.mul, (m, n), (n, m))', ({ m, n }) =>
    jvp((a: Tensor, b: Tensor) => a.mul(b), [m, n], [n, m]),
  );
  add('two outputs', 'jvp(lambda x: (torch.sin(x), torch.cos(x)), (m,), (n,))', ({ m, n }) =>
    jvp((t: Tensor) => [t.sin(), t.cos()], [m], [n]),
  );
  add('two inputs and two outputs', 'jvp(lambda x, y: (2 * x + 3 * y, 4 * x + 5 * y), (m, n), (n, m))', ({ m, n }) =>
    jvp(linear, [m, n], [n, m]),
  );
  add(
    'structures of inputs',
    'jvp(lambda x, y, z: x[0] + 2 * x[1] + 3 * y + 4 * z, ((s, s), s, s), ((s, s), s, s))',
    ({ s }) =>
      jvp(
        (x: [Tensor, Tensor], y: Tensor, z: Tensor) => x[0].add(x[1].mul(2)).add(y.mul(3)).add(z.mul(4)),
        [[s, s], s, s],
        [[s, s], s, s],
      ),
  );
  // For calls that the types refuse.
  const loose = jvp as (...args: any[]) => unknown;
  const id = (t: Tensor): Tensor => t;
  add('primals that are a tensor', 'jvp(lambda x: x, s, s)', ({ s }) => loose(id, s, s));
  add('tangents of another structure', 'jvp(lambda x: x, ((s, s), s), (s, s))', ({ s }) =>
    loose(id, [[s, s], s], [s, s]),
  );
  add('a number among the primals', 'jvp(lambda x: x, ((s, s), 1), ((s, s), s))', ({ s }) =>
    loose(id, [[s, s], 1], [[s, s], s]),
  );
  add('numbers among both', 'jvp(lambda x: x, ((s, s), 1), ((1, s), s))', ({ s }) =>
    loose(id, [[s, s], 1], [[1, s], s]),
  );
  add('an empty structure', 'jvp(lambda x: x, ((),), ((),))', () => loose(id, [[]], [[]]));
  add('no primals', 'jvp(torch.sin, (), ())', () => loose(id, [], []), { comparesMessages: true });
  add('more tangents than primals', 'jvp(torch.sin, (m,), (n, n))', ({ m, n }) => loose(id, [m], [n, n]));
  add('two primals and three tangents', 'jvp(torch.sin, (m, m), (n, n, n))', ({ m, n }) =>
    loose(id, [m, m], [n, n, n]),
  );
  add('tangents that are a tensor', 'jvp(torch.sin, (m,), n)', ({ m, n }) => loose(id, [m], n));
  add('a number as primal', 'jvp(torch.sin, (1.0,), (n,))', ({ n }) => loose(id, [1], [n]));
  add('a number as tangent', 'jvp(torch.sin, (m,), (1.0,))', ({ m }) => loose(id, [m], [1]));
  add('an input that does not matter', 'jvp(lambda x, y: x, (m, n), (n, m))', ({ m, n }) =>
    jvp((a: Tensor, _: Tensor) => a, [m, n], [n, m]),
  );
  add('an output that is captured', 'jvp(lambda x: n, (m,), (m,))', ({ m, n }) => jvp((_: Tensor) => n, [m], [m]));
  for (const strict of [true, false]) {
    add(
      `one output is captured, strict ${strict}`,
      `jvp(lambda x: (x, n), (m,), (m,), strict=${strict ? 'True' : 'False'})`,
      ({ m, n }) => jvp((t: Tensor) => [t, n], [m], [m], { strict }),
    );
  }
  add('newTensor of a dual tensor', 'jvp(lambda x: x + x.new_tensor(0.5), (m,), (n,))', ({ m, n }) =>
    jvp((t: Tensor) => t.add(t.newTensor(0.5)), [m], [n]),
  );
  for (const [text, value] of NON_TENSORS) {
    add(`${text} as output`, `jvp(lambda _: ${text}, (m,), (n,))`, ({ m, n }) =>
      jvp((_: Tensor) => value as never, [m], [n]),
    );
  }
  add('a list of outputs', 'jvp(lambda x: [x, x.sum()], (m,), (n,))', ({ m, n }) =>
    jvp((t: Tensor) => [t, t.sum()], [m], [n]),
  );
  add('an object of outputs', 'jvp(lambda x: {"x": x, "xsum": x.sum()}, (m,), (n,))', ({ m, n }) =>
    jvp((t: Tensor) => ({ x: t, xsum: t.sum() }), [m], [n]),
  );
  add(
    'lists and objects in each other as output',
    'jvp(lambda x: [(x.sum(), {"a": x, "out": [x, x.sum()]})], (m,), (n,))',
    ({ m, n }) => jvp((t: Tensor) => [[t.sum(), { a: t, out: [t, t.sum()] }]] as never, [m], [n]),
  );
  add('aux is a tensor', 'jvp(lambda x: (x.sin(), x.cos()), (m,), (n,), has_aux=True)', ({ m, n }) =>
    jvp((t: Tensor) => [t.sin(), t.cos()] as const, [m], [n], { hasAux: true }),
  );
  add(
    'aux is a structure',
    'jvp(lambda x: (x.sin(), {"a": x.cos(), "b": [x.tan()]}), (m,), (n,), has_aux=True)',
    ({ m, n }) => jvp((t: Tensor) => [t.sin(), { a: t.cos(), b: [t.tan()] }] as const, [m], [n], { hasAux: true }),
  );
  add('three results instead of aux', 'jvp(lambda t: (t, t + 2, t + 3), (m,), (n,), has_aux=True)', ({ m, n }) =>
    jvp((t: Tensor) => [t, t.add(2), t.add(3)] as never, [m], [n], { hasAux: true }),
  );
  for (const [text, value] of [
    ['1', 1],
    ['1.5', 1.5],
    ['"abc"', 'abc'],
  ] as const) {
    add(`aux is ${text}`, `jvp(lambda x: (x, ${text}), (m,), (n,), has_aux=True)`, ({ m, n }) =>
      jvp((t: Tensor) => [t, value] as const, [m], [n], { hasAux: true }),
    );
    add(`aux holds ${text}`, `jvp(lambda x: (x, [x, ${text}]), (m,), (n,), has_aux=True)`, ({ m, n }) =>
      jvp((t: Tensor) => [t, [t, value]] as const, [m], [n], { hasAux: true }),
    );
  }
  add(
    'a tangent of zeros under two levels of vmap',
    'vmap(vmap(lambda d, x: jvp(torch.cov, (x,), (m[1],)), (0, None)))(k[:2], m)',
    ({ k, m }) =>
      vmap(vmap((_: Tensor, x: Tensor) => jvp((t: Tensor) => t.cov(), [x], [m.select(0, 1)]), { inDims: [0, null] }))(
        k.narrow(0, 0, 2),
        m,
      ),
  );
}

function linearized(add: Add): void {
  const cos = (t: Tensor): Tensor[] => [t.cos(), t.sum()];
  add('linearize', 'o, f = linearize(torch.cos, m); return [o, f(n)]', ({ m, n }) => {
    const [o, f] = linearize((t: Tensor) => t.cos(), m);
    return [o, f(n)];
  });
  add('linearize, two outputs', 'o, f = linearize(lambda x: (x.cos(), x.sum()), m); return [o, f(n)]', ({ m, n }) => {
    const [o, f] = linearize(cos, m);
    return [o, f(n)];
  });
  add('vmap of what linearize gives', 'vmap(linearize(lambda x: (x.cos(), x.sum()), m[0])[1])(n)', ({ m, n }) =>
    vmap(linearize(cos, m.select(0, 0))[1])(n),
  );
  add(
    'linearize around grad',
    'o, f = linearize(lambda x: grad(lambda x: torch.ones_like(x) @ x)(x), m[0]); return [o, f(n[0])]',
    ({ m, n }) => {
      const [o, f] = linearize((t: Tensor) => grad((t: Tensor) => torch.onesLike(t).dot(t))(t), m.select(0, 0));
      return [o, f(n.select(0, 0))];
    },
  );
  add(
    'linearize with structures',
    `
      def fn(a):
          return {"a": a["x"].sum(), "b": {"c": a["yz"][0] + a["yz"][1], "d": (a["x"] * a["yz"][1], a["yz"][0].exp())}}
      o, f = linearize(fn, {"x": m, "yz": (n, m)})
      return [o, f({"x": n, "yz": (m, n)})]`,
    ({ m, n }) => {
      const fn = (a: { x: Tensor; yz: [Tensor, Tensor] }) => ({
        a: a.x.sum(),
        b: { c: a.yz[0].add(a.yz[1]), d: [a.x.mul(a.yz[1]), a.yz[0].exp()] },
      });
      const [o, f] = linearize(fn, { x: m, yz: [n, m] as [Tensor, Tensor] });
      return [o, f({ x: n, yz: [m, n] })];
    },
  );
  add('linearize refuses tangents of another structure', 'linearize(torch.sin, m)[1]((n, n))', ({ m, n }) =>
    linearize((t: Tensor) => t.sin(), m)[1]([n, n] as never),
  );
  add('linearize refuses a tangent of another shape', 'linearize(torch.sin, m)[1](n.unsqueeze(0))', ({ m, n }) =>
    linearize((t: Tensor) => t.sin(), m)[1](n.unsqueeze(0)),
  );
  add('linearize refuses a tangent of another dtype', 'linearize(torch.sin, m)[1](n.float())', ({ m, n }) =>
    linearize((t: Tensor) => t.sin(), m)[1](n.float()),
  );
}

/** vmap of jvp over functions that write in place, with views before or after. */
function inPlace(add: Add): void {
  const python = (body: string, dims: string, inputs: string): string => `
def f(x, y):
    ${body.trim().split('\n').join('\n    ')}
x0, y0 = ${inputs.split(';')[0]}
out = vmap(lambda x, xt, y, yt: jvp(f, (x, y), (xt, yt)), in_dims=${dims})(x0, ${inputs.split(';')[1]}, y0, ${inputs.split(';')[2]})
return [out, x0]`;
  add('all are dual, no view', python('x.copy_(y)\nreturn x', '(1, 1, 1, 1)', 'k.clone(), l;l;k'), ({ k, l }) => {
    const x0 = k.clone();
    const f = (x: Tensor, y: Tensor): Tensor => x.copy_(y);
    const g = (x: Tensor, xt: Tensor, y: Tensor, yt: Tensor) => jvp(f, [x, y], [xt, yt]);
    return [vmap(g, { inDims: [1, 1, 1, 1] })(x0, l, l, k), x0];
  });
  add(
    'all are dual, written to a view',
    python('view = x[::2]\nview.copy_(y)\nreturn view, x', '(1, 1, 1, 1)', 'w.clone(), l[:2];w * 2;l[1:]'),
    ({ w, l }) => {
      const x0 = w.clone();
      const f = (x: Tensor, y: Tensor): Tensor[] => {
        const view = x.index('::2');
        view.copy_(y);
        return [view, x];
      };
      const g = (x: Tensor, xt: Tensor, y: Tensor, yt: Tensor) => jvp(f, [x, y], [xt, yt]);
      return [vmap(g, { inDims: [1, 1, 1, 1] })(x0, w.mul(2), l.index(':2'), l.index('1:')), x0];
    },
  );
  add(
    'all are dual, written to the base',
    python('view = x[::2]\nx.copy_(y)\nreturn x, view', '(1, 1, 1, 1)', 'k.clone(), l;l;k'),
    ({ k, l }) => {
      const x0 = k.clone();
      const f = (x: Tensor, y: Tensor): Tensor[] => {
        const view = x.index('::2');
        x.copy_(y);
        return [x, view];
      };
      const g = (x: Tensor, xt: Tensor, y: Tensor, yt: Tensor) => jvp(f, [x, y], [xt, yt]);
      return [vmap(g, { inDims: [1, 1, 1, 1] })(x0, l, l, k), x0];
    },
  );
  add(
    'the source alone is dual, written to a view',
    `
      def f(x, y):
          x = x.clone()
          view = x[0]
          view.copy_(y)
          return view, x
      return vmap(lambda x, y, yt: jvp(lambda y: f(x, y), (y,), (yt,)), in_dims=(2, 1, 1))(t[:, :, :2], k[:2], l[:2])`,
    ({ t, k, l }) => {
      const f = (x: Tensor, y: Tensor): Tensor[] => {
        const c = x.clone();
        const view = c.select(0, 0);
        view.copy_(y);
        return [view, c];
      };
      return vmap((x: Tensor, y: Tensor, yt: Tensor) => jvp((y: Tensor) => f(x, y), [y], [yt]), { inDims: [2, 1, 1] })(
        t.narrow(2, 0, 2),
        k.narrow(0, 0, 2),
        l.narrow(0, 0, 2),
      );
    },
  );
  add(
    'the source alone is dual, written to the base',
    `
      def f(x, y):
          x = x.clone()
          view = x[0]
          x.copy_(y)
          return view, x
      return vmap(lambda x, y, yt: jvp(lambda y: f(x, y), (y,), (yt,)), in_dims=(0, 0, 0))(t, t * 2, t * 3)`,
    ({ t }) => {
      const f = (x: Tensor, y: Tensor): Tensor[] => {
        const c = x.clone();
        const view = c.select(0, 0);
        c.copy_(y);
        return [view, c];
      };
      return vmap((x: Tensor, y: Tensor, yt: Tensor) => jvp((y: Tensor) => f(x, y), [y], [yt]))(t, t.mul(2), t.mul(3));
    },
  );
}

export function jvpBehaviours(cases: Cases): void {
  const add =
    (prefix: string): Add =>
    (title, python, javascript, options) => {
      cases.add(python, javascript, { ...options, name: `${prefix}${title}` });
    };
  forward(add('jvp: '));
  linearized(add(''));
  inPlace(add('in place under vmap of jvp: '));
}
