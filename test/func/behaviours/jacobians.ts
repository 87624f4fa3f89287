/** jacrev, jacfwd and hessian, as PyTorch's TestJac and TestHessian try them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { JACOBIAN_SAMPLES, NON_TENSORS } from '../../support/parity/samples';

const { hessian, jacfwd, jacrev } = torch.func;
const { vmap } = torch;

type Name = 'jacrev' | 'jacfwd';
type Add = (title: string, python: string, javascript: (inputs: any) => unknown) => void;

function basic(name: Name, jacobian: any, add: Add): void {
  add('a vector', `${name}(torch.sin)(x)`, ({ x }) => jacobian((t: Tensor) => t.sin())(x));
  add('a matrix', `${name}(torch.sin)(m)`, ({ m }) => jacobian((t: Tensor) => t.sin())(m));
  add(
    'take with one index several times',
    `${name}(lambda x: torch.take(x, torch.ones(3, dtype=torch.long)))(x)`,
    ({ x }) => jacobian((t: Tensor) => torch.take(t, torch.ones(3, { dtype: 'int64' })))(x),
  );
  add('fewer outputs than inputs', `${name}(lambda m: m[0, 1:].unsqueeze(-1))(m)`, ({ m }) =>
    jacobian((t: Tensor) => t.index(0, '1:').unsqueeze(-1))(m),
  );
  add('under vmap', `vmap(${name}(torch.sin))(m)`, ({ m }) => vmap(jacobian((t: Tensor) => t.sin()))(m));
  add('twice', `${name}(${name}(lambda x: x.sin().sum()))(x)`, ({ x }) =>
    jacobian(jacobian((t: Tensor) => t.sin().sum()))(x),
  );
  add('a scalar, and a vector of one element', `[${name}(lambda x: x)(s), ${name}(lambda x: x)(x[:1])]`, ({ s, x }) => [
    jacobian((t: Tensor) => t)(s),
    jacobian((t: Tensor) => t)(x.narrow(0, 0, 1)),
  ]);
  add('an argument that is a number', `${name}(lambda t, n: t + n)(m, 3)`, ({ m }) =>
    jacobian((t: Tensor, n: number) => t.add(n))(m, 3),
  );
  add('an argument with a default', `${name}(lambda x, y, z=3.0: x * y * z)(x, y)`, ({ x, y }) =>
    jacobian((x: Tensor, y: Tensor, z = 3) => x.mul(y).mul(z))(x, y),
  );
  add('an argument that is written to', `${name}(lambda x, y: y.copy_(x))(x, y)`, ({ x, y }) =>
    jacobian((x: Tensor, y: Tensor) => y.copy_(x))(x, y),
  );
  add(
    'an argument that is written to in part, others selected',
    `
      def g(x, y, z):
          x[:2] = y
          return torch.vstack([(x ** 2).sum(), (z ** 3).sum()])
      return ${name}(g, argnums=(1, 2))(x, u, v)`,
    ({ x, u, v }) => {
      const g = (x: Tensor, y: Tensor, z: Tensor): Tensor => {
        x.narrow(0, 0, 2).copy_(y);
        return torch.vstack([x.pow(2).sum(), z.pow(3).sum()]);
      };
      return jacobian(g, { argnums: [1, 2] })(x, u, v);
    },
  );
  add('an input that does not matter', `${name}(lambda m, k: m, argnums=(0, 1))(m, k)`, ({ m, k }) =>
    jacobian((m: Tensor, _: Tensor) => m, { argnums: [0, 1] })(m, k),
  );
  add('an output that is captured', `${name}(lambda x: m)(x)`, ({ x, m }) => jacobian((_: Tensor) => m)(x));
  add('no output', `${name}(lambda x, y: ())(x, y)`, ({ x, y }) => jacobian(() => [])(x, y));
  add('a complex input', `${name}(lambda z: z.conj())(z)`, ({ z }) => jacobian((t: Tensor) => t.conj())(z));
  add('a complex output', `${name}(lambda x: torch.conj(x * 0.5j))(x)`, ({ x }) =>
    jacobian((t: Tensor) => t.mul(new torch.Complex(0, 0.5)).conj())(x),
  );
}

function argnums(name: Name, jacobian: any, add: Add): void {
  const product = (x: Tensor, y: Tensor): Tensor => x.mul(y);
  const linear = (x: Tensor, y: Tensor): Tensor[] => [x.mul(2).add(y.mul(3)), x.mul(4).add(y.mul(5))];
  const python = 'lambda x, y: (2 * x + 3 * y, 4 * x + 5 * y)';
  add('the second argument', `${name}(torch.mul, argnums=1)(x, y)`, ({ x, y }) =>
    jacobian(product, { argnums: 1 })(x, y),
  );
  add('the first by default', `${name}(lambda x, y: x * 2 + y * 3)(x, y)`, ({ x, y }) =>
    jacobian((x: Tensor, y: Tensor) => x.mul(2).add(y.mul(3)))(x, y),
  );
  add('an array gives an array', `${name}(torch.mul, argnums=(0, 1))(x, y)`, ({ x, y }) =>
    jacobian(product, { argnums: [0, 1] })(x, y),
  );
  add('an array of one gives an array of one', `${name}(torch.mul, argnums=(0,))(x, y)`, ({ x, y }) =>
    jacobian(product, { argnums: [0] })(x, y),
  );
  for (const [text, numbers] of [
    ['0', 0],
    ['(0,)', [0]],
    ['(0, 1)', [0, 1]],
  ] as const) {
    add(`two outputs, argnums ${text}`, `${name}(${python}, argnums=${text})(x, y)`, ({ x, y }) =>
      jacobian(linear, { argnums: numbers })(x, y),
    );
  }
  for (const [text, numbers] of [
    ['()', []],
    ['2', 2],
    ['-2', -2],
    ['(0, 0)', [0, 0]],
    ['0.5', 0.5],
    ['(0, 0.5)', [0, 0.5]],
  ] as const) {
    add(`argnums ${text} of one argument`, `${name}(torch.sin, argnums=${text})(x)`, ({ x }) =>
      jacobian((t: Tensor) => t.sin(), { argnums: numbers })(x),
    );
  }
}

function structures(name: Name, jacobian: any, add: Add): void {
  const sides = (x: Tensor, y: Tensor): object => ({ left: x.mul(2).add(y.mul(3)), right: x.mul(4).add(y.mul(5)) });
  add(
    'an object of outputs',
    `${name}(lambda x, y: {"left": 2 * x + 3 * y, "right": 4 * x + 5 * y}, argnums=(0, 1))(x, y)`,
    ({ x, y }) => jacobian(sides, { argnums: [0, 1] })(x, y),
  );
  type Pair = [Tensor, Tensor];
  const sum = (a: Pair, b: Tensor, c: Tensor): Tensor => a[0].add(a[1].mul(2)).add(b.mul(3)).add(c.mul(4));
  const mixed = (a: Pair, b: Tensor, c: Tensor): unknown => [a[0].add(a[1].mul(2)), { foo: b.mul(3).add(c.mul(4)) }];
  for (const [text, numbers] of [
    ['0', 0],
    ['(0,)', [0]],
    ['(0, 1)', [0, 1]],
    ['(0, 1, 2)', [0, 1, 2]],
  ] as const) {
    add(
      `structures of inputs, argnums ${text}`,
      `${name}(lambda a, b, c: a[0] + a[1] * 2 + b * 3 + c * 4, argnums=${text})((s, s), s, s)`,
      ({ s }) => jacobian(sum, { argnums: numbers })([s, s], s, s),
    );
    add(
      `structures of inputs and outputs, argnums ${text}`,
      `${name}(lambda a, b, c: (a[0] + a[1] * 2, {"foo": b * 3 + c * 4}), argnums=${text})((s, s), s, s)`,
      ({ s }) => jacobian(mixed, { argnums: numbers })([s, s], s, s),
    );
  }
  add(
    'structures of inputs and outputs with dimensions',
    `${name}(lambda d: {"c": d["a"].sin(), "d": d["b"].cos()})({"a": x, "b": x})`,
    ({ x }) => jacobian((d: { a: Tensor; b: Tensor }) => ({ c: d.a.sin(), d: d.b.cos() }))({ a: x, b: x }),
  );
  add('aux is a tensor', `${name}(lambda x: (x.clone(), x.cos()), has_aux=True)(x)`, ({ x }) =>
    jacobian((t: Tensor) => [t.clone(), t.cos()], { hasAux: true })(x),
  );
  add(
    'aux is a structure',
    `${name}(lambda x: (x.clone(), {"a": x.cos(), "b": [x.tan()]}), has_aux=True)(x)`,
    ({ x }) => jacobian((t: Tensor) => [t.clone(), { a: t.cos(), b: [t.tan()] }], { hasAux: true })(x),
  );
  for (const [text, value] of [
    ['1', 1],
    ['1.5', 1.5],
    ['"abc"', 'abc'],
  ] as const) {
    add(`aux is ${text}`, `${name}(lambda x: (x, ${text}), has_aux=True)(x)`, ({ x }) =>
      jacobian((t: Tensor) => [t, value], { hasAux: true })(x),
    );
    add(`aux holds ${text}`, `${name}(lambda x: (x, [x, ${text}]), has_aux=True)(x)`, ({ x }) =>
      jacobian((t: Tensor) => [t, [t, value]], { hasAux: true })(x),
    );
  }
  for (const [text, value] of NON_TENSORS) {
    add(`${text} as output`, `${name}(lambda _: ${text})(m)`, ({ m }) => jacobian(() => value)(m));
  }
  add('a list of outputs', `${name}(lambda x: [x, x.sum()])(m)`, ({ m }) => jacobian((t: Tensor) => [t, t.sum()])(m));
  add(
    'lists and objects in each other as output',
    `${name}(lambda x: [(x.sum(), {"a": x, "out": [x, x.sum()]})])(m)`,
    ({ m }) => jacobian((t: Tensor) => [[t.sum(), { a: t, out: [t, t.sum()] }]])(m),
  );
}

/** Against autograd.functional.jacobian. */
function referenced(name: Name, jacobian: any, add: Add): void {
  for (const { title, python, f, inputs: names } of JACOBIAN_SAMPLES) {
    add(
      `as autograd.functional: ${title}`,
      `torch.autograd.functional.jacobian(${python}, (${names.join(', ')},))`,
      (inputs) => jacobian((args: Tensor[]) => f(...args))(names.map((name) => inputs[name])),
    );
  }
}

function chunks(cases: Cases): void {
  const f = (t: Tensor, y: Tensor): Tensor[][] => [
    [t.sin(), t.add(y)],
    [t.add(2), t.sum()],
  ];
  const python = 'lambda t, y: ((t.sin(), t + y), (t + 2, t.sum()))';
  for (const chunkSize of [1, 2, 3, 4, 7, 10, 1000]) {
    cases.add(
      `jacrev(${python}, argnums=(0, 1), chunk_size=${chunkSize})(k, u)`,
      ({ k, u }) => jacrev(f, { argnums: [0, 1], chunkSize })(k, u),
      { name: `jacrev in chunks of ${chunkSize}` },
    );
  }
  for (const chunkSize of [0, -2]) {
    cases.add(
      `jacrev(${python}, argnums=(0,), chunk_size=${chunkSize})(k, u)`,
      ({ k, u }) => jacrev(f, { argnums: [0], chunkSize })(k, u),
      { name: `jacrev refuses chunks of ${chunkSize}` },
    );
  }
  const g = (t: Tensor): Tensor[][] => [
    [t.sin(), t],
    [t.add(2), t.sum()],
  ];
  cases.add(
    'vmap(jacrev(jacrev(lambda t: ((t.sin(), t), (t + 2, t.sum())), chunk_size=3), chunk_size=3))(k)',
    ({ k }) => vmap(jacrev(jacrev(g, { chunkSize: 3 }), { chunkSize: 3 }))(k),
    { name: 'vmap of jacrev of jacrev in chunks' },
  );
}

function hessians(cases: Cases): void {
  const samples: [title: string, python: string, f: (...args: Tensor[]) => Tensor, inputs: string][] = [
    ['one input', 'lambda t: (3 * t ** 2).sum()', (t) => t.pow(2).mul(3).sum(), 't'],
    [
      'three inputs',
      'lambda m, k, q: ((m.relu() * m) @ k.sin() @ q).sum()',
      (m, k, q) => m.relu().mul(m).matmul(k.sin()).matmul(q).sum(),
      'm, k, q',
    ],
    ['unrelated to one input', 'lambda x, u: (x ** 2).sum()', (x) => x.pow(2).sum(), 'x, u'],
    [
      'unrelated to all inputs',
      'lambda x, u: torch.ones([], dtype=x.dtype)',
      (x) => torch.ones([], { dtype: x.dtype }),
      'x, u',
    ],
  ];
  for (const [title, python, f, names] of samples) {
    cases.add(
      `torch.autograd.functional.hessian(${python}, (${names},))`,
      (inputs) => hessian((args: Tensor[]) => f(...args))(names.split(', ').map((input) => inputs[input] as Tensor)),
      { name: `hessian as autograd.functional: ${title}` },
    );
  }
  cases.add('hessian(torch.sin)(x)', ({ x }) => hessian((t: Tensor) => t.sin())(x), { name: 'hessian of a vector' });
  const loss = (A: Tensor, a: Tensor, b: Tensor): Tensor => b.sub(A.matmul(a.T).T).pow(2).sum();
  cases.add(
    `
      def loss(A, a, b):
          return ((b - (A @ a.T).T) ** 2).sum()
      return vmap(jacrev(jacrev(loss)))(torch.stack([q, q * 0.5]), t[:, :, :2], t[:, :, 1:])`,
    ({ q, t }) => vmap(hessian(loss))(torch.stack([q, q.mul(0.5)]), t.narrow(2, 0, 2), t.narrow(2, 1, 2)),
    { name: 'vmap of hessian, whose levels differ' },
  );
}

export function jacobianBehaviours(cases: Cases): void {
  for (const [name, jacobian] of [
    ['jacrev', jacrev],
    ['jacfwd', jacfwd],
  ] as [Name, any][]) {
    const add: Add = (title, python, javascript) => {
      cases.add(python, javascript, { name: `${name}: ${title}` });
    };
    for (const define of [basic, argnums, structures, referenced]) define(name, jacobian, add);
  }
  chunks(cases);
  hessians(cases);
}
