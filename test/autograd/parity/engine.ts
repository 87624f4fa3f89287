/** grad and backward as PyTorch's TestAutograd tries them: what is asked for, and what is kept. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { backward, grad } = torch.autograd;

type Add = (title: string, python: string, javascript: (inputs: any) => unknown) => void;

// The Python begins with the inputs as leaves; so does the function here.
const LEAVES = ['x', 'y', 'm', 's'];
const SETUP = `${LEAVES.map((name) => `${name}.requires_grad_()`).join('; ')}\n`;
const dedent = (text: string): string => {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
};

/** Adds cases whose inputs x, y, m and s require a gradient. */
export function withLeaves(cases: Cases): Add {
  return (title, python, javascript) => {
    cases.add(
      SETUP + dedent(python),
      (inputs) => {
        for (const name of LEAVES) inputs[name].requiresGrad_();
        return javascript(inputs);
      },
      { name: title },
    );
  };
}

const square = (x: Tensor, y: Tensor): Tensor => x.pow(2).add(y.mul(x)).add(y.pow(2));

function gradients(add: Add): void {
  add(
    'a gradient of gradients that backward left',
    `
      z = x ** 2 + y * x + y ** 2
      z.backward(ones, create_graph=True)
      total = 2 * x.grad + y.grad
      hv, = torch.autograd.grad([total], [x], [ones], create_graph=True)
      return [x.grad, y.grad, hv]`,
    ({ x, y, ones }) => {
      square(x, y).backward(ones, { createGraph: true });
      const [hv] = grad([x.grad.mul(2).add(y.grad)], [x], [ones], { createGraph: true });
      return [x.grad, y.grad, hv];
    },
  );
  add(
    'backward of gradients adds to them',
    `
      z = x ** 2 + y * x + y ** 2
      z.backward(ones, create_graph=True)
      total = 2 * x.grad + y.grad
      total.backward(ones)
      return [x.grad, y.grad]`,
    ({ x, y, ones }) => {
      square(x, y).backward(ones, { createGraph: true });
      x.grad.mul(2).add(y.grad).backward(ones);
      return [x.grad, y.grad];
    },
  );
  add('a gradient of the wrong shape', 'return torch.autograd.grad([x ** 2], [x], [ones[:2]])', ({ x, ones }) =>
    grad([x.pow(2)], [x], [ones.narrow(0, 0, 2)]),
  );
  add(
    'steps along gradients of tensors that are no leaves',
    `
      p = x
      for _ in range(3):
          g, = torch.autograd.grad(p ** 2 + y * p + y ** 2, p, ones, create_graph=True)
          p = p + 0.05 * g
      before = [x.grad, y.grad]
      p.backward(ones)
      return [p, before, x.grad, y.grad]`,
    ({ x, y, ones }) => {
      let p: Tensor = x;
      for (let i = 0; i < 3; i++) p = p.add(grad(square(p, y), p, ones, { createGraph: true })[0].mul(0.05));
      const before = [x.grad, y.grad];
      p.backward(ones);
      return [p, before, x.grad, y.grad];
    },
  );
  add(
    'two outputs of one operator as inputs, the hook below them is not called',
    `
      calls = []
      m.register_hook(lambda g: calls.append(1))
      a, b = m.chunk(2)
      got = torch.autograd.grad(a + 2 * b, [a, b], ones.reshape(1, 3), create_graph=True)
      return [got, len(calls), m.grad]`,
    ({ m, ones }) => {
      let calls = 0;
      m.registerHook(() => void calls++);
      const [a, b] = m.chunk(2);
      const got = grad(a.add(b.mul(2)), [a, b], ones.reshape([1, 3]), { createGraph: true });
      return [got, calls, m.grad];
    },
  );
  add(
    'a hook on one of several outputs of an operator',
    `
      seen = []
      parts = x.unbind()
      parts[0].register_hook(lambda g: seen.append(g))
      for part in parts:
          part.backward()
      return [seen, x.grad]`,
    ({ x }) => {
      const seen: Tensor[] = [];
      const parts: Tensor[] = x.unbind();
      parts[0].registerHook((g) => void seen.push(g));
      for (const part of parts) part.backward();
      return [seen, x.grad];
    },
  );
  add(
    'materialized gradients can be differentiated again',
    `
      first = torch.autograd.grad(s * y.sum(), s, create_graph=True)
      none = torch.autograd.grad(first, s, create_graph=True, allow_unused=True)
      second = torch.autograd.grad(first, s, create_graph=True, allow_unused=True, materialize_grads=True)
      third = torch.autograd.grad(second, s, materialize_grads=True)
      return [none, second, third]`,
    ({ s, y }: Record<'s' | 'y', Tensor>) => {
      const first = grad(s.mul(y.sum()), s, { createGraph: true });
      const again = { createGraph: true, allowUnused: true } as const;
      const none = grad(first, s, again);
      const second = grad(first, s, { ...again, materializeGrads: true });
      return [none, second, grad(second, s, { materializeGrads: true })];
    },
  );
  add(
    'the way back in two parts',
    `
      leaves = [torch.zeros(2, 2, dtype=x.dtype, requires_grad=True) for _ in range(6)]
      middle = [l * i + l * l for i, l in enumerate(leaves)]
      loss = sum(v * i for i, v in enumerate(middle)).sum()
      parts = [d for k in range(0, 6, 2) for d in torch.autograd.grad(loss, middle[k:k + 2], retain_graph=True)]
      torch.autograd.backward(middle, parts)
      return [l.grad for l in leaves]`,
    () => {
      const leaves = Array.from({ length: 6 }, () => torch.zeros(2, 2, { dtype: 'float64', requiresGrad: true }));
      const middle = leaves.map((l, i) => l.mul(i).add(l.mul(l)));
      const loss = middle
        .map((v, i) => v.mul(i))
        .reduce((a, b) => a.add(b))
        .sum();
      const parts = [0, 2, 4].flatMap((k) => grad(loss, middle.slice(k, k + 2), { retainGraph: true }));
      backward(middle, parts);
      return leaves.map((l) => l.grad);
    },
  );
  for (const [title, python, call] of [
    ['an output without a graph', 'torch.autograd.grad(i.double(), x)', ({ i, x }) => grad(i.double(), x)],
    ['an input that needs no gradient', 'torch.autograd.grad(x.sum(), ones)', ({ x, ones }) => grad(x.sum(), ones)],
    ['backward of a plain tensor', 'ones.backward()', ({ ones }) => ones.backward()],
    [
      'backward of a graph and a plain tensor',
      'torch.autograd.backward([x + 1, ones * 2], [ones, ones])',
      ({ x, ones }) => backward([x.add(1), ones.mul(2)], [ones, ones]),
    ],
    [
      'backward of several elements',
      'torch.autograd.backward([x + 2], [None])',
      ({ x }) => backward([x.add(2)], [null]),
    ],
    [
      'an unreachable input',
      'torch.autograd.grad(x * 2, [x, y], ones)',
      ({ x, y, ones }) => grad(x.mul(2), [x, y], ones),
    ],
  ] as [string, string, (inputs: any) => unknown][]) {
    add(title, `return ${python}`, call);
  }
  add(
    'unreachable inputs that are allowed, with and without a graph',
    `
      used = y * 2
      return [torch.autograd.grad(x * 2, [x, z], ones, allow_unused=True) for z in (y, m)]`,
    ({ x, y, m, ones }) => {
      y.mul(2);
      return [y, m].map((z) => grad(x.mul(2), [x, z], ones, { allowUnused: true }));
    },
  );
  add(
    'batched gradients: a matrix, a scalar, and shapes that do not fit',
    `
      got = [torch.autograd.grad(m.clone(), (m,), (b.reshape(2, 2, 3),), is_grads_batched=True),
             torch.autograd.grad(m.sum(), (m,), (b[:, 0],), is_grads_batched=True)]
      for out, g in ((m.clone(), torch.ones(2, 3)), (m.sum(), torch.ones(2, 1))):
          try:
              torch.autograd.grad(out, (m,), (g,), is_grads_batched=True)
              got.append("fine")
          except RuntimeError:
              got.append("refused")
      return got`,
    ({ m, b }) => {
      const batched = { isGradsBatched: true };
      const got: unknown[] = [
        grad(m.clone(), [m], [b.reshape([2, 2, 3])], batched),
        grad(m.sum(), [m], [b.select(1, 0)], batched),
      ];
      for (const [out, g] of [
        [m.clone(), torch.ones(2, 3)],
        [m.sum(), torch.ones(2, 1)],
      ]) {
        try {
          grad(out, [m], [g], batched);
          got.push('fine');
        } catch {
          got.push('refused');
        }
      }
      return got;
    },
  );
}

function backwards(add: Add): void {
  add(
    'a leaf as root, and a formula of three leaves',
    `
      x.backward(y.detach())
      first = x.grad.clone()
      (x + y * s + 4 * s ** 2 * x / (y + 3)).backward(ones)
      return [first, x.grad, y.grad, s.grad]`,
    ({ x, y, s, ones }) => {
      x.backward(y.detach());
      const first = x.grad.clone();
      x.add(y.mul(s))
        .add(s.pow(2).mul(4).mul(x).div(y.add(3)))
        .backward(ones);
      return [first, x.grad, y.grad, s.grad];
    },
  );
  add(
    'two roots that share a part',
    'q = s * 2; torch.autograd.backward([x + q, x * y + q], [ones, ones * 3]); return [x.grad, y.grad, s.grad]',
    ({ x, y, s, ones }) => {
      const q = s.mul(2);
      backward([x.add(q), x.mul(y).add(q)], [ones, ones.mul(3)]);
      return [x.grad, y.grad, s.grad];
    },
  );
  add(
    'the same root twice',
    'z = x * y; torch.autograd.backward([z, z], [ones, ones]); return [x.grad, y.grad]',
    ({ x, y, ones }) => {
      const z = x.mul(y);
      backward([z, z], [ones, ones]);
      return [x.grad, y.grad];
    },
  );
  add(
    'a root of which another is a function',
    'a = x ** 2; z = a ** 3; torch.autograd.backward([a, z], [ones, ones * 2]); return x.grad',
    ({ x, ones }) => {
      const a = x.pow(2);
      backward([a, a.pow(3)], [ones, ones.mul(2)]);
      return x.grad;
    },
  );
  for (const [text, choose] of [
    ['[x, y]', ({ x, y }) => [x, y]],
    ['[x]', ({ x }) => [x]],
    ['[y]', ({ y }) => [y]],
    ['y', ({ y }) => y],
    ['[]', () => []],
    ['[m]', ({ m }) => [m]],
  ] as [string, (inputs: any) => any][]) {
    add(
      `into the inputs ${text}`,
      `torch.autograd.backward(x ** 2 + y * x + y ** 2, ones, inputs=${text}); return [x.grad, y.grad, m.grad]`,
      (inputs) => {
        backward(square(inputs.x, inputs.y), inputs.ones, { inputs: choose(inputs) });
        return [inputs.x.grad, inputs.y.grad, inputs.m.grad];
      },
    );
  }
  add('into a scalar', '(s ** 2).backward(inputs=s); return s.grad', ({ s }) => {
    s.pow(2).backward({ inputs: s });
    return s.grad;
  });
  add(
    'into leaves and others, and into one that is not in the graph',
    `
      h = x * 1
      out = h ** 2 + y * h + y ** 2
      out.backward(ones, create_graph=True, inputs=[x, y, h])
      out.backward(ones, create_graph=True, inputs=[m])
      return [x.grad, y.grad, h.grad, m.grad]`,
    ({ x, y, m, ones }) => {
      const h = x.mul(1);
      const out = square(h, y);
      out.backward(ones, { createGraph: true, inputs: [x, y, h] });
      out.backward(ones, { createGraph: true, inputs: [m] });
      return [x.grad, y.grad, h.grad, m.grad];
    },
  );
  const pick = (y: Tensor, x: Tensor): Tensor => y.clone().indexPut_([[1, 2]], x.index([1, 1]));
  for (const [title, python, make] of [
    ['values that were saved', 'x ** 2', (x: Tensor) => x.pow(2)],
    [
      'indices that were saved',
      'torch.zeros(3, dtype=x.dtype).index_put((torch.tensor([1, 2]),), x[[1, 1]])',
      (x: Tensor) => pick(torch.zeros(3, { dtype: 'float64' }), x),
    ],
    ['nothing saved', 'x + 1', (x: Tensor) => x.add(1)],
  ] as [string, string, (x: Tensor) => Tensor][]) {
    add(
      `twice without keeping the graph, with ${title}`,
      `c = ${python}; c.backward(ones); c.backward(ones); return x.grad`,
      ({ x, ones }) => {
        const c = make(x);
        c.backward(ones);
        c.backward(ones);
        return x.grad;
      },
    );
    add(
      `twice with the graph kept, with ${title}`,
      `c = ${python}; c.backward(ones, retain_graph=True); c.backward(ones); return x.grad`,
      ({ x, ones }) => {
        const c = make(x);
        c.backward(ones, { retainGraph: true });
        c.backward(ones);
        return x.grad;
      },
    );
  }
  for (const createGraph of [false, true]) {
    add(
      `adding to .grad, createGraph ${createGraph}`,
      `
        z = x + 2
        z.backward(ones, retain_graph=True)
        first, copy = x.grad, x.grad.clone()
        z.backward(ones, create_graph=${createGraph ? 'True' : 'False'})
        return [first, copy, x.grad]`,
      ({ x, ones }) => {
        const z = x.add(2);
        z.backward(ones, { retainGraph: true });
        const [first, copy] = [x.grad, x.grad.clone()];
        z.backward(ones, { createGraph });
        return [first, copy, x.grad];
      },
    );
  }
  add(
    'gradients that meet in the middle of several paths',
    `
      a, b, c = x + 2, y + 2, x + 2
      total = a + b + c
      for _ in range(4):
          a, b, c = a * 2, b * 2, c * 2
      (total + (a + b + c)).backward(ones)
      return [x.grad, y.grad]`,
    ({ x, y, ones }) => {
      let [a, b, c] = [x.add(2), y.add(2), x.add(2)] as Tensor[];
      const total = a.add(b).add(c);
      for (let i = 0; i < 4; i++) [a, b, c] = [a.mul(2), b.mul(2), c.mul(2)];
      total.add(a.add(b).add(c)).backward(ones);
      return [x.grad, y.grad];
    },
  );
  add('one of several outputs used', 'm.chunk(2)[1].mul(4).sum().backward(); return m.grad', ({ m }) => {
    m.chunk(2)[1].mul(4).sum().backward();
    return m.grad;
  });
  add(
    'an index of the greatest beside a graph',
    'a = m + m; b = torch.max(a, 1, True)[1].repeat(1, 3).double(); (b + a).sum().backward(); return m.grad',
    ({ m }) => {
      const a = m.add(m);
      const b = a.max(1, true)[1].repeat(1, 3).double();
      b.add(a).sum().backward();
      return m.grad;
    },
  );
  add(
    'an empty dimension that was broadcast',
    `
      a = torch.rand(4, 0, requires_grad=True); c = torch.rand(4, 1, requires_grad=True)
      (a + c).sum().backward()
      return [a.grad, c.grad]`,
    () => {
      const [a, c] = [torch.rand(4, 0, { requiresGrad: true }), torch.rand(4, 1, { requiresGrad: true })];
      a.add(c).sum().backward();
      return [a.grad, c.grad];
    },
  );
  add(
    'reductions into another dtype give gradients of the input',
    `
      f = m.detach().float().requires_grad_()
      ops = [torch.sum, torch.prod, lambda t, **k: torch.cumsum(t, 0, **k).sum(), lambda t, **k: torch.cumprod(t, 0, **k).sum()]
      return [torch.autograd.grad(op(f, dtype=torch.double), f)[0] for op in ops]`,
    ({ m }) => {
      const f = m.detach().float().requiresGrad_();
      const dtype = 'float64' as const;
      const ops: ((t: Tensor) => Tensor)[] = [
        (t) => t.sum({ dtype }),
        (t) => t.prod({ dtype }),
        (t) => t.cumsum(0, { dtype }).sum(),
        (t) => t.cumprod(0, { dtype }).sum(),
      ];
      return ops.map((op) => grad(op(f), f)[0]);
    },
  );
  add(
    'the gradient of a diagonal requires a gradient',
    'g, = torch.autograd.grad((torch.diagonal(m) ** 2).sum(), m, create_graph=True); return [g, g.requires_grad]',
    ({ m }: { m: Tensor }) => {
      const [g] = grad(torch.diagonal(m).pow(2).sum(), m, { createGraph: true });
      return [g, g.requiresGrad];
    },
  );
  add('an operator without a derivative', 'return torch.nextafter(x, x).sum().backward()', ({ x }) =>
    torch.nextafter(x, x).sum().backward(),
  );
}

export function engineBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  gradients(add);
  backwards(add);
}
