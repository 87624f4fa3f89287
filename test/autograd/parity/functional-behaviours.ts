/** What PyTorch's own tests of the six functions try, beyond the forms in functional.ts. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { JACOBIAN_SAMPLES, type JacobianSample } from '../../support/parity/samples';

const { functional, grad } = torch.autograd;
const { jacobian, hessian } = functional;

type AnyCall = (func: unknown, inputs: unknown, ...rest: unknown[]) => unknown;
type Name = keyof typeof functional;

const NAMES: Name[] = ['vjp', 'jvp', 'jacobian', 'hessian', 'vhp', 'hvp'];
const OF_SCALARS: Name[] = ['hessian', 'vhp', 'hvp'];
const HAVE_VECTOR: Name[] = ['vjp', 'jvp', 'vhp', 'hvp'];
const F = 'torch.autograd.functional';
const call = (name: Name): AnyCall => functional[name] as AnyCall;

function wrongThings(cases: Cases, name: Name): void {
  const v = (text: string): string => (HAVE_VECTOR.includes(name) ? `, ${text}` : '');
  const vector = (value: unknown): unknown[] => (HAVE_VECTOR.includes(name) ? [value] : []);
  const options = name === 'jacobian' || name === 'hessian' ? [{}, { vectorize: true }, { vectorize: false }] : [{}];
  const cut = (a: Tensor): Tensor => a.narrow(0, 0, 2).mul(3).exp();
  const f = OF_SCALARS.includes(name) ? (a: Tensor) => cut(a).sum() : cut;
  const python = `lambda a: (3 * a.narrow(0, 0, 2)).exp()${OF_SCALARS.includes(name) ? '.sum()' : ''}`;
  // The vector of a vjp has the form of the output.
  const good = name === 'vjp' ? 'y[:2]' : 'y';
  const goodOf = ({ y }: Record<string, Tensor>): Tensor => (name === 'vjp' ? y.narrow(0, 0, 2) : y);
  for (const option of options) {
    const text = 'vectorize' in option ? `, vectorize=${option.vectorize ? 'True' : 'False'}` : '';
    const add = (title: string, arguments_: string, javascript: (inputs: any) => unknown): void => {
      cases.add(`${F}.${name}(${arguments_}${text})`, javascript, {
        name: `${name}${text.replace('=', ' ')}: ${title}`,
        comparesMessages: true,
      });
    };
    add('a number among the inputs', `${python}, (x, 2)${v(good)}`, (i) =>
      call(name)(f, [i.x, 2], ...vector(goodOf(i)), option),
    );
    add('a text among the outputs', `lambda a: (3 * a, "bar"), x${v(good)}`, (i) =>
      call(name)((a: Tensor) => [a.mul(3), 'bar'], i.x, ...vector(goodOf(i)), option),
    );
    add('and the form of what it gives', `${python}, x${v(good)}`, (i) =>
      call(name)(f, i.x, ...vector(goodOf(i)), option),
    );
    if (!OF_SCALARS.includes(name)) continue;
    add('an output of several elements', `lambda a: 3 * a, x${v('y')}`, ({ x, y }) =>
      call(name)((a: Tensor) => a.mul(3), x, ...vector(y), option),
    );
    add('several outputs', `lambda a: (3 * a.sum(), a.sum()), x${v('y')}`, ({ x, y }) =>
      call(name)((a: Tensor) => [a.sum().mul(3), a.sum()], x, ...vector(y), option),
    );
  }
  if (!HAVE_VECTOR.includes(name)) return;
  const refused: [string, string, (inputs: Record<string, Tensor>) => unknown[]][] = [
    ['no vector where one is needed', '', () => []],
    ['two vectors for one', ', (y, y)', ({ y }) => [[y, y]]],
    ['a vector of another size', ', b', ({ b }) => [b]],
    ['a number among the vectors', ', (y, 2)', ({ y }) => [[y, 2]]],
  ];
  for (const [title, text, vectors] of refused) {
    cases.add(`${F}.${name}(${python}, x${text})`, (inputs) => call(name)(f, inputs.x, ...vectors(inputs)), {
      name: `${name}: ${title}`,
      comparesMessages: true,
    });
  }
}

function strictness(cases: Cases, name: Name): void {
  const scalar = OF_SCALARS.includes(name);
  const end = scalar ? '.sum()' : '';
  const finish = (t: Tensor): Tensor => (scalar ? t.sum() : t);
  const v = HAVE_VECTOR.includes(name) ? ', y' : '';
  const add = (
    title: string,
    python: string,
    f: (a: Tensor) => Tensor,
    createGraph: boolean,
    requiresGrad = false,
  ): void => {
    for (const strict of [true, false]) {
      const text = `strict=${strict ? 'True' : 'False'}, create_graph=${createGraph ? 'True' : 'False'}`;
      cases.add(
        `${requiresGrad ? 'x.requires_grad_()\n' : ''}return ${F}.${name}(lambda a: ${python}${end}, x${v}, ${text})`,
        ({ x, y }) => {
          if (requiresGrad) x.requiresGrad_();
          return call(name)((a: Tensor) => finish(f(a)), x, ...(v === '' ? [] : [y]), { strict, createGraph });
        },
        { name: `${name}, strict ${strict}: ${title}` },
      );
    }
  };
  add('an output that is detached', 'a.detach()', (a) => a.detach(), false);
  add(
    'an output with a graph of its own',
    'a.long().double().requires_grad_().clone()',
    (a) => a.long().double().requiresGrad_().clone(),
    false,
  );
  add('a linear function', '3 * a', (a) => a.mul(3), false);
  add('a linear function of a tensor that requires a gradient', 'a.clone()', (a) => a.clone(), true, true);
}

/** First and second derivatives of a function that uses the results of one of the six. */
function graphs(cases: Cases): void {
  const two = 'lambda a, b: (2 * a + 3 * b, a * b)';
  const one = 'lambda a, b: (a + 3 * b).exp().sum()';
  const twoOf = (a: Tensor, b: Tensor): Tensor[] => [a.mul(2).add(b.mul(3)), a.mul(b)];
  const oneOf = (a: Tensor, b: Tensor): Tensor => a.add(b.mul(3)).exp().sum();
  const flat = (value: unknown): Tensor[] => [value].flat(Infinity) as Tensor[];
  const add = (name: Name, option: Record<string, boolean>, python: string): void => {
    const scalar = OF_SCALARS.includes(name);
    const vectors = HAVE_VECTOR.includes(name);
    cases.add(
      `
      from torch.utils._pytree import tree_leaves
      inputs = [t.requires_grad_() for t in (x[:2].clone(), y[:2].clone(), u, v)]
      def f(a, b, u, v):
          c = a.cos()
          results = ${F}.${name}(${scalar ? one : two}, (c, b)${vectors ? ', (u, v)' : ''}, create_graph=True${python})
          return sum(t.cos().sum() for t in [*tree_leaves(results), c, b])
      first = torch.autograd.grad(f(*inputs), inputs, create_graph=True, allow_unused=True, materialize_grads=True)
      total = sum((g ** 2).sum() for g in first)
      return [first, torch.autograd.grad(total, inputs, allow_unused=True, materialize_grads=True)]`,
      ({ x, y, u, v }) => {
        const inputs = [x.narrow(0, 0, 2).clone(), y.narrow(0, 0, 2).clone(), u, v] as Tensor[];
        inputs.forEach((t) => t.requiresGrad_());
        const sums = (tensors: Tensor[], f: (t: Tensor) => Tensor): Tensor =>
          tensors.map((t) => f(t).sum()).reduce((a, b) => a.add(b));
        const [a, b] = inputs;
        const c = a.cos();
        const results = call(name)(scalar ? oneOf : twoOf, [c, b], ...(vectors ? [[u, v]] : []), {
          createGraph: true,
          ...option,
        });
        const whole = sums([...flat(results), c, b], (t) => t.cos());
        const first = grad(whole, inputs, { createGraph: true, materializeGrads: true });
        return [
          first,
          grad(
            sums(first, (g) => g.pow(2)),
            inputs,
            { materializeGrads: true },
          ),
        ];
      },
      { name: `${name}${python.replace('=', ' ')}: two derivatives through its results`, tolerance: 1e-10 },
    );
  };
  for (const name of NAMES) {
    add(name, {}, '');
    if (HAVE_VECTOR.includes(name)) continue;
    add(name, { vectorize: true }, ', vectorize=True');
  }
}

function vectorized(cases: Cases): void {
  const samples: (JacobianSample & { forward?: boolean })[] = [
    ...JACOBIAN_SAMPLES,
    {
      title: 'outputs of two dtypes',
      python: 'lambda x, y: ((x * y).float(), (x * y).double())',
      f: (x, y) => [x.mul(y).float(), x.mul(y).double()],
      inputs: ['x', 'y'],
      // PyTorch gives the dtype of the output in forward mode, and that of the input in the other strategies.
      forward: false,
    },
  ];
  const strategies: [string, Parameters<typeof jacobian>[2] & object][] = [
    ['', {}],
    [', vectorize=True', { vectorize: true }],
    [', vectorize=True, strategy="forward-mode"', { vectorize: true, strategy: 'forward-mode' }],
  ];
  for (const { title, python, f, inputs: names, forward = true } of samples) {
    for (const [text, options] of forward ? strategies : strategies.slice(0, 2)) {
      cases.add(
        `${F}.jacobian(${python}, (${names.join(', ')},)${text})`,
        (inputs) =>
          (jacobian as AnyCall)(
            f,
            names.map((name) => inputs[name] as Tensor),
            options,
          ),
        { name: `jacobian of ${title}${text}` },
      );
    }
  }
  const scalars: [title: string, python: string, f: (...inputs: Tensor[]) => Tensor, inputs: string][] = [
    ['of one input', 'lambda m: (3 * m ** 2).sum()', (m) => m.pow(2).mul(3).sum(), 'm'],
    [
      'of three inputs',
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
  for (const [title, python, f, names] of scalars) {
    for (const [text, { strategy, ...options }] of strategies) {
      cases.add(
        `${F}.hessian(${python}, (${names},)${text.replace('strategy', 'outer_jacobian_strategy')})`,
        (inputs) =>
          (hessian as AnyCall)(
            f,
            names.split(', ').map((name) => inputs[name] as Tensor),
            {
              ...options,
              ...(strategy === undefined ? {} : { outerJacobianStrategy: strategy }),
            },
          ),
        { name: `hessian ${title}${text}` },
      );
    }
  }
}

export function functionalBehaviours(cases: Cases): void {
  for (const name of NAMES) {
    cases.group(name, () => {
      wrongThings(cases, name);
      strictness(cases, name);
    });
  }
  cases.group('graphs', () => {
    graphs(cases);
  });
  cases.group('vectorized', () => {
    vectorized(cases);
  });
}
