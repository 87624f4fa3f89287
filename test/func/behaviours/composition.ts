/** Transforms of transforms, as PyTorch's TestVmapOfGrad, TestComposability and others try them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, gradAndValue, hessian, jacrev, jvp, vjp } = torch.func;
const { functional, graph } = torch.autograd;
const { noGrad, vmap } = torch;
const F = torch.nn.functional;

const sin = (t: Tensor): Tensor => t.sin();

type Add = (title: string, python: string, javascript: (inputs: any) => unknown) => void;

function perSample(add: Add): void {
  add(
    'gradients per sample',
    `
      def loss(w, x, t):
          return ((x @ w - t) ** 2).sum()
      return vmap(lambda x, t: grad(loss)(k, x, t))(w, l)`,
    ({ k, w, l }) => {
      const loss = (w: Tensor, x: Tensor, t: Tensor): Tensor => x.matmul(w).sub(t).pow(2).sum();
      return vmap((x: Tensor, t: Tensor) => grad(loss)(k, x, t))(w, l);
    },
  );
  add(
    'gradients per sample, through a view made in place',
    `
      def loss(w, x, t):
          y = x.mm(w).squeeze_(0)
          return (y - t).sum()
      return vmap(lambda x, t: grad(loss)(k, x, t))(w.unsqueeze(1), l)`,
    ({ k, w, l }) => {
      const loss = (w: Tensor, x: Tensor, t: Tensor): Tensor => x.mm(w).squeeze_(0).sub(t).sum();
      return vmap((x: Tensor, t: Tensor) => grad(loss)(k, x, t))(w.unsqueeze(1), l);
    },
  );
  for (const [python, make] of [
    ['new_zeros', (x: Tensor) => x.newZeros(3)],
    ['new_empty', (x: Tensor) => x.newEmpty([3])],
  ] as [string, (x: Tensor) => Tensor][]) {
    add(
      `${python} of a batched tensor takes a batched value`,
      `
        def f(y, x):
            result = x.${python}((3,))
            result.copy_(y)
            return result.sum()
        return vmap(grad(f))(w, v)`,
      ({ w, v }) => vmap(grad((y: Tensor, x: Tensor) => make(x).copy_(y).sum()))(w, v),
    );
  }
  add(
    'gradients per sample of an embedding net',
    `
      def net(p, x):
          h = F.embedding(x, p["emb"]).transpose(-1, -2).mean(-1)
          return F.linear(F.relu(F.linear(h, p["w1"], p["b1"])), p["w2"])
      params = {"emb": w, "w1": q, "b1": x, "w2": m}
      ids = torch.tensor([[0, 1, 3], [2, 2, 0]])
      loss = lambda p, d, t: F.cross_entropy(net(p, d), t)
      return vmap(lambda d, t: grad(loss)(params, d, t))(ids, torch.tensor([1, 0]))`,
    ({ w, q, x, m }) => {
      type Params = Record<'emb' | 'w1' | 'b1' | 'w2', Tensor>;
      const net = (p: Params, x: Tensor): Tensor => {
        const h = F.embedding(x, p.emb).transpose(-1, -2).mean(-1);
        return F.linear(F.relu(F.linear(h, p.w1, p.b1)), p.w2);
      };
      const params: Params = { emb: w, w1: q, b1: x, w2: m };
      const ids = torch.tensor([
        [0n, 1n, 3n],
        [2n, 2n, 0n],
      ]);
      const loss = (p: Params, d: Tensor, t: Tensor): Tensor => F.crossEntropy(net(p, d), t);
      return vmap((d: Tensor, t: Tensor) => grad(loss)(params, d, t))(ids, torch.tensor([1n, 0n]));
    },
  );
  add(
    'vjp of log_softmax under vmap, the cotangent not batched',
    'vmap(lambda x, v: vjp(lambda x: torch.log_softmax(x, dim=-1), x)[1](v)[0], (0, None))(m, x)',
    ({ m, x }) =>
      vmap((a: Tensor, c: Tensor) => vjp((t: Tensor) => t.logSoftmax(-1), a)[1](c)[0], { inDims: [0, null] })(m, x),
  );
}

function pairs(add: Add): void {
  add('grad of grad', 'grad(grad(torch.sin))(s)', ({ s }) => grad(grad(sin))(s));
  add('grad of vmap', 'grad(lambda x: vmap(torch.sin)(x).sum())(x)', ({ x }) =>
    grad((t: Tensor) => vmap(sin)(t).sum())(x),
  );
  add('grad of vjp', 'grad(lambda x: vjp(torch.sin, x)[1](x)[0].sum())(x)', ({ x }) =>
    grad((t: Tensor) => vjp(sin, t)[1](t)[0].sum())(x),
  );
  add('vmap of grad', 'vmap(grad(torch.sin))(x)', ({ x }) => vmap(grad(sin))(x));
  add('vmap of vmap', 'vmap(vmap(torch.sin))(m)', ({ m }) => vmap(vmap(sin))(m));
  add('vmap of vjp', 'vmap(lambda x: vjp(torch.sin, x)[1](x))(x)', ({ x }) =>
    vmap((t: Tensor) => vjp(sin, t)[1](t))(x),
  );
  add('vmap of what vjp returned', 'p = vjp(torch.sin, x)[1]; return vmap(lambda x: p(x)[0])(w)', ({ x, w }) => {
    const [, p] = vjp(sin, x);
    return vmap((t: Tensor) => p(t)[0])(w);
  });
  add('vjp of grad', 'o, p = vjp(grad(torch.sin), s); return [o, p(s)]', ({ s }) => {
    const [o, p] = vjp(grad(sin), s);
    return [o, p(s)];
  });
  add('vjp of vmap', 'o, p = vjp(vmap(torch.sin), x); return [o, p(v[:3])]', ({ x, v }) => {
    const [o, p] = vjp(vmap(sin), x);
    return [o, p(v.narrow(0, 0, 3))];
  });
  add(
    'vjp of what vjp returned',
    'p = vjp(torch.sin, x)[1]; o, q_ = vjp(lambda x: p(x)[0], x); return [o, q_(x)]',
    ({ x }) => {
      const [, p] = vjp(sin, x);
      const [o, q] = vjp((t: Tensor) => p(t)[0], x);
      return [o, q(x)];
    },
  );
}

function refused(add: Add): void {
  const marks = (t: Tensor): Tensor => t.requiresGrad_().sin().sum();
  const python = 'lambda x: x.requires_grad_().sin().sum()';
  add('requiresGrad_ inside vmap', `vmap(${python})(x)`, ({ x }) => vmap(marks)(x));
  add('requiresGrad_ inside grad', `grad(${python})(x)`, ({ x }) => grad(marks)(x));
  add('requiresGrad_ inside vmap of grad', `vmap(grad(${python}))(x)`, ({ x }) => vmap(grad(marks))(x));
  add('requiresGrad_ inside grad of grad', `grad(grad(${python}))(s)`, ({ s }) => grad(grad(marks))(s));
  add(
    'retainGrad inside grad',
    `
      def f(x):
          y = x.sin()
          y.retain_grad()
          return y.sum()
      return grad(f)(x)`,
    ({ x }) =>
      grad((t: Tensor) => {
        const y = t.sin();
        y.retainGrad();
        return y.sum();
      })(x),
  );
  const inner = (t: Tensor): Tensor => t.sin().sum();
  for (const [name, text, call] of [
    [
      'autograd.functional.jacobian',
      'torch.autograd.functional.jacobian(f, x)',
      (t: Tensor) => functional.jacobian(inner, t),
    ],
    ['autograd.functional.vjp', 'torch.autograd.functional.vjp(f, x)[1]', (t: Tensor) => functional.vjp(inner, t)[1]],
    [
      'autograd.functional.jvp',
      'torch.autograd.functional.jvp(f, (x,), (torch.ones_like(x),))[1]',
      (t: Tensor) => functional.jvp(inner, [t], [torch.onesLike(t)])[1],
    ],
  ] as [string, string, (t: Tensor) => Tensor][]) {
    const body = `lambda x: (lambda f: ${text})(lambda x: x.sin().sum())`;
    add(`${name} inside vmap`, `vmap(${body})(m)`, ({ m }) => vmap(call)(m));
    add(`${name} inside grad`, `grad(${body})(s)`, ({ s }) => grad(call)(s));
  }
  // PyTorch cannot batch the operator that makes a dual tensor, and refuses; the result is known.
  add('a vectorized forward Jacobian of autograd.functional inside vmap', 'm.cos()', ({ m }) =>
    vmap((t: Tensor) => functional.jacobian(inner, t, { strategy: 'forward-mode', vectorize: true }))(m),
  );
}

/** Hooks on saved tensors, outside of transforms and inside. */
function savedTensorHooks(add: Add): void {
  const f = (t: Tensor): Tensor => t.sin().sum();
  const inside = (t: Tensor): Tensor => graph.saveOnCpu(() => f(t));
  const python = `
def f(x):
    return x.sin().sum()
def inside(x):
    with torch.autograd.graph.save_on_cpu():
        return f(x)
`;
  const transforms: [string, string, (f: (t: Tensor) => Tensor, x: Tensor) => unknown][] = [
    ['grad', 'grad(F)(x)', (f, x) => grad(f)(x)],
    ['jacrev', 'jacrev(F)(x)', (f, x) => jacrev(f)(x)],
    ['gradAndValue', 'grad_and_value(F)(x)', (f, x) => gradAndValue(f)(x)],
    ['hessian', 'hessian(F)(x)', (f, x) => hessian(f)(x)],
    ['vjp', 'vjp(F, x)[0]', (f, x) => vjp(f, x)[0]],
    ['jvp', 'jvp(F, (x,), (x,))', (f, x) => jvp(f, [x], [x])],
  ];
  for (const [name, call, transform] of transforms) {
    add(
      `hooks on saved tensors around ${name}`,
      `${python}with torch.autograd.graph.save_on_cpu():\n    return ${call.replace('F', 'f')}`,
      ({ x }) => graph.saveOnCpu(() => transform(f, x)),
    );
    add(`hooks on saved tensors inside ${name}`, `${python}return ${call.replace('F', 'inside')}`, ({ x }) =>
      transform(inside, x),
    );
  }
}

/** A function that takes a dimension, as PyTorch's tests of operators with several levels do. */
function reductions(add: Add): void {
  const sum = (t: Tensor, dim: number): Tensor => t.sum(dim);
  add('a reduction by an argument that is a number', 'vmap(torch.sum, (0, None))(t, 0)', ({ t }) =>
    vmap(sum, { inDims: [0, null] })(t, 0),
  );
  add('the same under two levels', 'vmap(vmap(torch.sum, (0, None)), (0, None))(t, 0)', ({ t }) =>
    vmap(vmap(sum, { inDims: [0, null] }), { inDims: [0, null] })(t, 0),
  );
  add('grad of it', 'grad(torch.sum)(x, 0)', ({ x }) => grad(sum)(x, 0));
  add('grad of grad of it', 'grad(lambda x: grad(lambda x: torch.sum(x.sin(), 0))(x).sum())(x)', ({ x }) =>
    grad((t: Tensor) => grad((t: Tensor) => sum(t.sin(), 0))(t).sum())(x),
  );
  add('vmap of grad of it', 'vmap(grad(torch.sum), (0, None))(m, 0)', ({ m }) =>
    vmap(grad(sum), { inDims: [0, null] })(m, 0),
  );
  add(
    'noGrad outside grad of it',
    `
      x.requires_grad_()
      with torch.no_grad():
          y = grad(torch.sum)(x, 0)
      return [y, y.requires_grad]`,
    ({ x }) => {
      x.requiresGrad_();
      const y = noGrad(() => grad(sum)(x, 0));
      return [y, y.requiresGrad];
    },
  );
  add(
    'noGrad inside grad of it',
    `
      def f(x):
          with torch.no_grad():
              shift = torch.sum(x ** 2, 0)
          return torch.sum(x ** 2, 0) - shift
      first = [grad(f)(x), grad(lambda x: grad(f)(x).sum())(x)]
      x.requires_grad_()
      return [first, torch.autograd.grad(grad(f)(x).sum(), x)[0]]`,
    ({ x }) => {
      const f = (t: Tensor): Tensor => sum(t.pow(2), 0).sub(noGrad(() => sum(t.pow(2), 0)));
      const first = [grad(f)(x), grad((t: Tensor) => grad(f)(t).sum())(x)];
      x.requiresGrad_();
      return [first, torch.autograd.grad(grad(f)(x).sum(), x)[0]];
    },
  );
  add(
    'jvp inside grad, captured by both',
    'grad(lambda x: jvp(lambda u: (x * u).sum(), (u,), (x,))[1])(x)',
    ({ x, u }) => grad((a: Tensor) => jvp((b: Tensor) => a.mul(b).sum(), [u], [a])[1])(x),
  );
}

export function compositionBehaviours(cases: Cases): void {
  const add: Add = (title, python, javascript) => {
    cases.add(python, javascript, { name: title });
  };
  for (const define of [perSample, pairs, refused, savedTensorHooks, reductions]) define(add);
}
