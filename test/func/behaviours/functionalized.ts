/** functionalize, as PyTorch's TestFunctionalize tries it: what comes out, and what inputs hold then. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { functionalize, grad, jvp } = torch.func;
const { vmap } = torch;

interface Sample {
  title: string;
  /** The body of `f(x)`. */
  python: string;
  javascript: (x: Tensor) => unknown;
  /** A function of the views that PyTorch cannot batch. */
  withoutVmap?: boolean;
}

const samples: Sample[] = [
  {
    title: 'a view that is written to',
    python: 'y = x.view(4, 2)\ny.add_(torch.ones(2))\nreturn x',
    javascript: (x) => {
      x.view(4, 2).add_(torch.ones(2));
      return x;
    },
  },
  {
    title: 'one of several views that is written to',
    python: 'y1, y2 = x.split(2)\ny1.diagonal().add_(torch.ones(2))\nreturn x',
    javascript: (x) => {
      x.split(2)[0].diagonal().add_(torch.ones(2));
      return x;
    },
  },
  {
    title: 'a view of a result that is written to',
    python: 'y = x + x\ny.transpose(1, 0)[0].add_(torch.ones(4))\nreturn y',
    javascript: (x) => {
      const y = x.add(x);
      y.transpose(1, 0).select(0, 0).add_(torch.ones(4));
      return y;
    },
    withoutVmap: true,
  },
  {
    title: 'views changed in place, then one of several written to',
    python:
      'z = x.view(8).reshape(2, 4).transpose(1, 0)\nz.unsqueeze_(0)\nz.squeeze_()\nz2, z3 = z.split(2)\nz2.add_(torch.ones(2, 2))\nreturn x',
    javascript: (x) => {
      const z = x.view(8).reshape(2, 4).transpose(1, 0);
      z.unsqueeze_(0);
      z.squeeze_();
      z.split(2)[0].add_(torch.ones(2, 2));
      return x;
    },
    withoutVmap: true,
  },
  {
    title: 'out= and a view of it',
    python: 'out = torch.empty((4, 2), dtype=x.dtype)\ntorch.add(x, x, out=out)\nout.view(8).add_(1)\nreturn out',
    javascript: (x) => {
      const out = torch.empty([4, 2], { dtype: x.dtype });
      torch.add(x, x, { out });
      out.view(8).add_(1);
      return out;
    },
    withoutVmap: true,
  },
  {
    title: 'out= of several results, one a view',
    python:
      'mins, maxs = torch.empty(4, dtype=x.dtype), torch.empty(2, 2, dtype=x.dtype)\ntorch.aminmax(x.view(2, 4), dim=0, out=(mins, maxs.view(4)))\nreturn maxs, mins',
    javascript: (x) => {
      const [mins, maxs] = [torch.empty(4, { dtype: x.dtype }), torch.empty([2, 2], { dtype: x.dtype })];
      torch.aminmax(x.view(2, 4), { dim: 0, out: [mins, maxs.view(4)] });
      return [maxs, mins];
    },
    withoutVmap: true,
  },
  {
    title: 'a transposed argument',
    python: 'return x.transpose(1, 0)',
    javascript: (x) => x.transpose(1, 0),
  },
];

const indent = (text: string): string => text.replace(/^/gm, '    ');

export function functionalizeBehaviours(cases: Cases): void {
  const add = (title: string, python: string, javascript: (inputs: any) => unknown): void => {
    cases.add(python, javascript, { name: `functionalize: ${title}` });
  };
  // The reference is the function itself: what it gives and what it leaves in its input.
  for (const { title, python, javascript, withoutVmap } of samples) {
    const plain = `def f(x):\n${indent(python)}\nout = f(o)\nreturn [out, o]`;
    for (const remove of ['mutations', 'mutations_and_views'] as const) {
      add(`${title}, without ${remove}`, plain, ({ o }) => [functionalize(javascript, { remove })(o), o]);
    }
    if (withoutVmap) continue;
    add(
      `${title}, under vmap`,
      `def f(x):\n${indent(python)}\no = o.unsqueeze(0)\nout = vmap(torch.func.functionalize(f))(o)\nreturn [out, o]`,
      ({ o }) => {
        const batch = o.unsqueeze(0);
        return [vmap(functionalize(javascript))(batch), batch];
      },
    );
  }
  add(
    'the short last one of views of a base that changed',
    `
      base = t.clone()
      outs = base.split(2)
      base.add_(1)
      return [o.clone() for o in outs]`,
    ({ t }) =>
      functionalize((x: Tensor) => {
        const base = x.clone();
        const outs = base.split(2);
        base.add_(1);
        return outs.map((out) => out.clone());
      })(t),
  );
  add('a linear layer', 'F.linear(t, k.T, m[0, :2])', ({ t, k, m }) =>
    functionalize((a: Tensor, b: Tensor, c: Tensor) => torch.nn.functional.linear(a, b, c))(
      t,
      k.T,
      m.select(0, 0).narrow(0, 0, 2),
    ),
  );
  add('an index that is a tensor', 't[torch.tensor([1, 1])]', ({ t }) =>
    functionalize((a: Tensor, i: Tensor) => a.index(i))(t, torch.tensor([1n, 1n])),
  );
  add('an index for each dimension', 'm[torch.tensor(1), torch.tensor(1)]', ({ m }) =>
    functionalize((a: Tensor, i: Tensor) => torch.ops.aten.index(a, [...i]))(m, torch.tensor([1n, 1n])),
  );
  add('a result that is captured', 'torch.func.functionalize(lambda: m)()', ({ m }) =>
    functionalize(() => m as Tensor)(),
  );
  const f = (x: Tensor): Tensor => {
    const y = x.add(x);
    const z = y.view(2, 4);
    y.add_(torch.ones(2));
    return z;
  };
  const python = `
def f(x):
    y = x + x
    z = y.view(2, 4)
    y.add_(torch.ones(2))
    return z
`;
  add('inside grad', `${python}return [grad(lambda x: f(x).sum())(o), o]`, ({ o }) => [
    grad((x: Tensor) => functionalize(f)(x).sum())(o),
    o,
  ]);
  add('around jvp, inside vmap', `${python}o = o.unsqueeze(0); return vmap(lambda x: jvp(f, (x,), (x,)))(o)`, ({ o }) =>
    vmap(functionalize((x: Tensor) => jvp(f, [x], [x])))(o.unsqueeze(0)),
  );
  add('an input that is resized and filled', 'x = torch.zeros(0); x.resize_(10); x.fill_(2); return x', () => {
    const x = torch.zeros(0);
    functionalize((t: Tensor) => {
      t.resize_([10]);
      t.fill_(2);
      return t.mul(1);
    })(x);
    return x;
  });
}
