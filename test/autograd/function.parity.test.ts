/** Custom functions against PyTorch: the same classes there, eagerly and in every transform. */

import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';
import { Cube, Double_, OldCube, Once, OwnVmap, Same, ScaledMul, SinCos, Sorted, Total } from './function/classes';

const CLASSES = readFileSync(path.join(__dirname, 'function', 'classes.py'), 'utf8');
const { func, vmap } = torch;
const { grad } = torch.autograd;

type Unary = (x: Tensor) => Tensor;

// Functions of a tensor of one dimension, with a result of the same shape.
const functions: [python: string, javascript: Unary][] = [
  ['Cube.apply(x)', (x) => Cube.apply(x)],
  ['OwnVmap.apply(x)', (x) => OwnVmap.apply(x)],
  ['ScaledMul.apply(x, 2.5, x[0])', (x) => ScaledMul.apply(x, 2.5, x.select(0, 0))],
  ['ScaledMul.apply(x.detach(), 2.0, x)', (x) => ScaledMul.apply(x.detach(), 2, x)],
  [
    'ScaledMul.apply(torch.ones(3, dtype=x.dtype), 2.0, x)',
    (x) => ScaledMul.apply(torch.ones(3, { dtype: x.dtype }), 2, x),
  ],
  ['SinCos.apply(x)[0]', (x) => SinCos.apply(x)[0]],
  [
    '(lambda s, c: s * c)(*SinCos.apply(x))',
    (x) => {
      const [s, c] = SinCos.apply(x);
      return s.mul(c);
    },
  ],
  ['x * Total.apply(x ** 2)', (x) => x.mul(Total.apply(x.pow(2)))],
  ['Sorted.apply(x.sin())[0]', (x) => Sorted.apply(x.sin())[0]],
  ['x * Sorted.apply(x.sin())[1]', (x) => x.mul(Sorted.apply(x.sin())[1])],
  ['Double_.apply(x.sin())', (x) => Double_.apply(x.sin())],
  ['Cube.apply(SinCos.apply(Cube.apply(x))[1])', (x) => Cube.apply(SinCos.apply(Cube.apply(x))[1])],
];

const scalarOf =
  (f: Unary): Unary =>
  (x) =>
    f(x).sum();

const modes: [python: string, javascript: (f: Unary) => (x: Tensor, m: Tensor) => unknown][] = [
  ['f(x)', (f) => (x) => f(x)],
  [
    'torch.autograd.grad(f(r).sum(), r)',
    (f) => (x) => {
      const r = x.detach().requiresGrad_();
      return grad(f(r).sum(), r);
    },
  ],
  [
    'torch.autograd.grad(torch.autograd.grad((f(r) * x).sum(), r, create_graph=True)[0].sin().sum(), r, allow_unused=True, materialize_grads=True)',
    (f) => (x) => {
      const r = x.detach().requiresGrad_();
      const [first] = grad(f(r).mul(x).sum(), r, { createGraph: true });
      return grad(first.sin().sum(), r, { materializeGrads: true });
    },
  ],
  ['torch.no_grad()(f)(r).requires_grad', (f) => (x) => torch.noGrad(() => f(x.detach().requiresGrad_())).requiresGrad],
  ['grad(g)(x)', (f) => (x) => func.grad(scalarOf(f))(x)],
  ['torch.no_grad()(grad(g))(x)', (f) => (x) => torch.noGrad(() => func.grad(scalarOf(f))(x))],
  ['torch.inference_mode()(grad(g))(x)', (f) => (x) => torch.inferenceMode(() => func.grad(scalarOf(f))(x))],
  [
    'grad(lambda y: grad(g)(y).sin().sum())(x)',
    (f) => (x) => func.grad((y: Tensor) => func.grad(scalarOf(f))(y).sin().sum())(x),
  ],
  ['vmap(f)(m)', (f) => (_, m) => vmap(f)(m)],
  ['vmap(f, in_dims=1, out_dims=1)(m.mT)', (f) => (_, m) => vmap(f, { inDims: 1, outDims: 1 })(m.mT)],
  ['vmap(grad(g))(m)', (f) => (_, m) => vmap(func.grad(scalarOf(f)))(m)],
  ['grad(lambda t: vmap(f)(t).sum())(m)', (f) => (_, m) => func.grad((t: Tensor) => vmap(f)(t).sum())(m)],
  ['vmap(vmap(f))(m.expand(2, -1, -1))', (f) => (_, m) => vmap(vmap(f))(m.expand(2, -1, -1))],
  [
    'vmap(vmap(grad(g)))(m.expand(2, -1, -1))',
    (f) => (_, m) => vmap(vmap(func.grad(scalarOf(f))))(m.expand(2, -1, -1)),
  ],
  ['vmap(lambda t: f(x) + t)(m)', (f) => (x, m) => vmap((t: Tensor) => f(x).add(t))(m)],
  ['jvp(f, (x,), (x.cos(),))', (f) => (x) => func.jvp(f, [x], [x.cos()])],
  ['vjp(f, x)[1](x.cos())', (f) => (x) => func.vjp(f, x)[1](x.cos())],
  ['jacrev(f)(x)', (f) => (x) => func.jacrev(f)(x)],
  ['jacfwd(f)(x)', (f) => (x) => func.jacfwd(f)(x)],
  ['hessian(g)(x)', (f) => (x) => func.hessian(scalarOf(f))(x)],
  ['vmap(jacrev(f))(m)', (f) => (_, m) => vmap(func.jacrev(f))(m)],
  ['vmap(jacfwd(f))(m)', (f) => (_, m) => vmap(func.jacfwd(f))(m)],
  ['vmap(hessian(g))(m)', (f) => (_, m) => vmap(func.hessian(scalarOf(f)))(m)],
  ['jvp(grad(g), (x,), (x.cos(),))', (f) => (x) => func.jvp(func.grad(scalarOf(f)), [x], [x.cos()])],
  [
    'grad(lambda y: jvp(f, (y,), (x.cos(),))[1].sum())(x)',
    (f) => (x) => func.grad((y: Tensor) => func.jvp(f, [y], [x.cos()])[1].sum())(x),
  ],
  [
    'jvp(lambda y: jvp(f, (y,), (x.cos(),))[1], (x,), (x.sin(),))',
    (f) => (x) => func.jvp((y: Tensor) => func.jvp(f, [y], [x.cos()])[1], [x], [x.sin()]),
  ],
  ['jacfwd(jacfwd(f))(x)', (f) => (x) => func.jacfwd(func.jacfwd(f))(x)],
  ['jacrev(jacrev(f))(x)', (f) => (x) => func.jacrev(func.jacrev(f))(x)],
  ['jacrev(jacfwd(f))(x)', (f) => (x) => func.jacrev(func.jacfwd(f))(x)],
  [
    'torch.autograd.functional.jacobian(f, x, vectorize=True)',
    (f) => (x) => torch.autograd.functional.jacobian(f, x, { vectorize: true }),
  ],
];

// PyTorch's forward mode over forward mode takes the tangents of a custom function for constants; these are the same over
// reverse mode.
const FORWARD_TWICE: Record<string, string> = {
  'jacfwd(jacfwd(f))(x)': 'jacfwd(jacrev(f))(x)',
  'jvp(lambda y: jvp(f, (y,), (x.cos(),))[1], (x,), (x.sin(),))':
    'jvp(lambda y: jacrev(f)(y) @ x.cos(), (x,), (x.sin(),))',
};

parity('torch.autograd.Function', (cases) => {
  cases.inputs({ x: some([3], 'float64', 3), m: some([4, 3], 'float64', 5) });
  for (const [python, f] of functions) {
    cases.group(python, () => {
      for (const [mode, run] of modes) {
        cases.add(
          `${CLASSES}\nf = lambda x: ${python}\ng = lambda x: f(x).sum()\nr = x.clone().requires_grad_()\nreturn ${FORWARD_TWICE[mode] ?? mode}`,
          ({ x, m }) => run(f)(x, m),
          { name: mode },
        );
      }
    });
  }
  cases.group('several arguments', () => {
    const add = (python: string, javascript: Parameters<typeof cases.add>[1]): void => {
      cases.add(`${CLASSES}\nr = x.clone().requires_grad_()\nreturn ${python}`, javascript, { name: python });
    };
    add('vmap(lambda a, b: ScaledMul.apply(a, 2.0, b), in_dims=(0, None))(m, x[0])', ({ x, m }) =>
      vmap((a: Tensor, b: Tensor) => ScaledMul.apply(a, 2, b), { inDims: [0, null] })(m, x.select(0, 0)),
    );
    add(
      'vmap(grad(lambda a, b: ScaledMul.apply(a, 2.0, b).sum(), argnums=(0, 1)), in_dims=(None, 0))(x, m)',
      ({ x, m }) =>
        vmap(
          func.grad((a: Tensor, b: Tensor) => ScaledMul.apply(a, 2, b).sum(), { argnums: [0, 1] }),
          { inDims: [null, 0] },
        )(x, m),
    );
    add('grad(lambda b: vmap(lambda a: ScaledMul.apply(a, 2.0, b))(m).sum())(x)', ({ x, m }) =>
      func.grad((b: Tensor) => vmap((a: Tensor) => ScaledMul.apply(a, 2, b))(m).sum())(x),
    );
    add('grad(lambda b: vmap(lambda a: ScaledMul.apply(b, 2.0, a))(m[:, 0]).sum())(x)', ({ x, m }) =>
      func.grad((b: Tensor) => vmap((a: Tensor) => ScaledMul.apply(b, 2, a))(m.select(1, 0)).sum())(x),
    );
    add('vmap(jacrev(lambda a, b: ScaledMul.apply(a, 2.0, b), argnums=1))(m, m)', ({ m }) =>
      vmap(func.jacrev((a: Tensor, b: Tensor) => ScaledMul.apply(a, 2, b), { argnums: 1 }))(m, m),
    );
    add('jacfwd(lambda a, b: ScaledMul.apply(a, 2.0, b), argnums=(0, 1))(x, x[1])', ({ x }) =>
      func.jacfwd((a: Tensor, b: Tensor) => ScaledMul.apply(a, 2, b), { argnums: [0, 1] })(x, x.select(0, 1)),
    );
    add('vmap(SinCos.apply, out_dims=(1, 0))(m)', ({ m }) =>
      vmap((a: Tensor) => SinCos.apply(a), { outDims: [1, 0] })(m),
    );
    add('vmap(jacfwd(SinCos.apply))(m)', ({ m }) => vmap(func.jacfwd((a: Tensor) => SinCos.apply(a)))(m));
    add('Sorted.apply(r)[1].requires_grad, Sorted.apply(r)[0].requires_grad', ({ x }) => {
      const [values, indices] = Sorted.apply(x.requiresGrad_());
      return [indices.requiresGrad, values.requiresGrad];
    });
    add('torch.autograd.grad(SinCos.apply(r)[1].sum(), r)', ({ x }) =>
      grad(SinCos.apply(x.requiresGrad_())[1].sum(), x),
    );
    add('OldCube.apply(r).grad_fn.name(), torch.autograd.grad(OldCube.apply(r).sum(), r)', ({ x }) => {
      x.requiresGrad_();
      return [OldCube.apply(x).gradFn!.name(), grad(OldCube.apply(x).sum(), x)];
    });
    add(
      '(lambda o: (o[0] is r, o[1], o[2], o[0].grad_fn.name(), torch.autograd.grad(o[0].sum() + o[3].sum(), r)))(Same.apply(r, r * 2))',
      ({ x }) => {
        x.requiresGrad_();
        const o = Same.apply(x, x.mul(2));
        return [o[0] === x, o[1], o[2], o[0].gradFn!.name(), grad(o[0].sum().add(o[3].sum()), x)];
      },
    );
    add('(lambda y: (Double_.apply(y) is y, y, y._version, torch.autograd.grad(y.sum(), r)))(r.sin())', ({ x }) => {
      const y = x.requiresGrad_().sin();
      return [Double_.apply(y) === y, y, y._version, grad(y.sum(), x)];
    });
    add('torch.autograd.grad(Once.apply(r).sum(), r, create_graph=True)', ({ x }) =>
      grad(Once.apply(x.requiresGrad_()).sum(), x, { createGraph: true }),
    );
    add('torch.autograd.grad(torch.autograd.grad(Once.apply(r).sum(), r, create_graph=True)[0].sum(), r)', ({ x }) =>
      grad(grad(Once.apply(x.requiresGrad_()).sum(), x, { createGraph: true })[0].sum(), x),
    );
    add('grad(lambda y: Once.apply(y).sum())(x)', ({ x }) => func.grad((y: Tensor) => Once.apply(y).sum())(x));
    add('hessian(lambda y: OldCube.apply(y).sum())(x)', ({ x }) =>
      func.hessian((y: Tensor) => OldCube.apply(y).sum())(x),
    );
    add('vmap(Double_.apply)(m)', ({ m }) => vmap((a: Tensor) => Double_.apply(a))(m));
    add('vmap(lambda y: Same.apply(y, y))(m)', ({ m }) => vmap((y: Tensor) => Same.apply(y, y))(m));
  });
  cases.group('complex numbers', () => {
    cases.inputs({ z: some([2], 'complex128') });
    cases.add(
      `${CLASSES}\nr = (z * (1 + 2j)).requires_grad_()\nreturn torch.autograd.grad(Cube.apply(r).abs().sum(), r)`,
      ({ z }) => {
        const r = z.mul(new torch.Complex(1, 2)).detach().requiresGrad_();
        return grad(Cube.apply(r).abs().sum(), r);
      },
      { name: 'grad' },
    );
  });
});
