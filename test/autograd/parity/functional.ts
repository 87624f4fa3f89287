/** The six functions of torch.autograd.functional over functions of every form, with every option. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases, Inputs } from '../../support/parity/cases';

const { functional } = torch.autograd;

interface Sample {
  python: string;
  js: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** The names of the inputs: one, or in brackets an array. */
  inputs: string;
  /** The vectors for the outputs and for the inputs; the latter are the inputs by default. */
  outputVector: string;
  inputVector?: string;
}

const vectorFunctions: Sample[] = [
  { python: 'lambda x: x.sin() * x', js: (x) => x.sin().mul(x), inputs: 'x', outputVector: 'y' },
  { python: 'lambda m: m.T @ m', js: (m) => m.T.matmul(m), inputs: 'm', outputVector: 'm.T @ m' },
  { python: 'lambda s: s * s', js: (s) => s.mul(s), inputs: 's', outputVector: 's' },
  { python: 'lambda x, m: m.exp() @ x', js: (x, m) => m.exp().matmul(x), inputs: '(x, m)', outputVector: 'x[:2]' },
  { python: 'lambda x: (x * 2, x.sum())', js: (x) => [x.mul(2), x.sum()], inputs: 'x', outputVector: '(y, s)' },
  {
    python: 'lambda x, y: (x * y, (x ** 2).sum(), y.cos())',
    js: (x, y) => [x.mul(y), x.pow(2).sum(), y.cos()],
    inputs: '(x, y)',
    outputVector: '(y, s, x)',
  },
  { python: 'lambda x: (x ** 3,)', js: (x) => [x.pow(3)], inputs: '(x,)', outputVector: '(y,)' },
  // An input that is not used, an output that does not depend, and one with no graph at all.
  { python: 'lambda x, y: x ** 2', js: (x) => x.pow(2), inputs: '(x, y)', outputVector: 'y' },
  {
    python: 'lambda x: (x.exp(), torch.ones(2, dtype=x.dtype))',
    js: (x) => [x.exp(), torch.ones(2, { dtype: x.dtype })],
    inputs: 'x',
    outputVector: '(y, x[:2])',
  },
  {
    python: 'lambda x: torch.zeros(2, dtype=x.dtype)',
    js: (x) => torch.zeros(2, { dtype: x.dtype }),
    inputs: 'x',
    outputVector: 'x[:2]',
  },
  { python: 'lambda x: x.sum().long()', js: (x) => x.sum().long(), inputs: 'x', outputVector: 's.long()' },
  {
    python: 'lambda f, x: f.sum() * x',
    js: (f, x) => f.sum().mul(x),
    inputs: '(f, x)',
    outputVector: 'y',
  },
];

const scalarFunctions: Sample[] = [
  { python: 'lambda x: (x ** 3).sum()', js: (x) => x.pow(3).sum(), inputs: 'x', outputVector: 's' },
  { python: 'lambda s: s ** 4', js: (s) => s.pow(4), inputs: 's', outputVector: 's' },
  {
    python: 'lambda m: (m.sin() * m).sum().reshape(1, 1)',
    js: (m) => m.sin().mul(m).sum().reshape([1, 1]),
    inputs: 'm',
    outputVector: 's',
  },
  {
    python: 'lambda x, m: (m @ x).exp().sum()',
    js: (x, m) => m.matmul(x).exp().sum(),
    inputs: '(x, m)',
    outputVector: 's',
  },
  { python: 'lambda x, y: (x ** 2).sum()', js: (x) => x.pow(2).sum(), inputs: '(x, y)', outputVector: 's' },
  {
    python: 'lambda x, y: x.sum() + 2 * y.sum()',
    js: (x, y) => x.sum().add(y.sum().mul(2)),
    inputs: '(x, y)',
    outputVector: 's',
  },
  { python: 'lambda x: (x ** 2).sum()', js: (x) => x.pow(2).sum(), inputs: 'x', outputVector: 's' },
  { python: 'lambda x: torch.softmax(x, 0)[0]', js: (x) => x.softmax(0).select(0, 0), inputs: 'x', outputVector: 's' },
  { python: 'lambda x: x', js: (x) => x, inputs: 'x', outputVector: 's' },
];

// The few Python expressions for tensors above.
function tensorsOf(text: string, inputs: Inputs): Tensor | Tensor[] {
  if (text.startsWith('(')) {
    const parts = text
      .slice(1, -1)
      .split(',')
      .map((part) => part.trim());
    return parts.filter((part) => part !== '').map((part) => tensorsOf(part, inputs) as Tensor);
  }
  const { x, m, s } = inputs;
  const special: Record<string, () => Tensor> = {
    'm.T @ m': () => m.T.matmul(m),
    'x[:2]': () => x.narrow(0, 0, 2),
    's.long()': () => s.long(),
  };
  return text in special ? special[text]() : inputs[text];
}

const OPTION_NAMES: Record<string, string> = {
  createGraph: 'create_graph',
  outerJacobianStrategy: 'outer_jacobian_strategy',
};

function pythonOptions(options: Record<string, unknown>): string {
  return Object.entries(options)
    .map(([name, value]) => {
      const text = typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);
      return `, ${OPTION_NAMES[name] ?? name}=${text}`;
    })
    .join('');
}

type AnyFunction = (func: unknown, inputs: unknown, ...rest: unknown[]) => unknown;

const STRICT = [{}, { createGraph: true }, { strict: true }, { createGraph: true, strict: true }];

function products(cases: Cases): void {
  for (const name of ['vjp', 'jvp', 'vhp', 'hvp'] as const) {
    cases.group(name, () => {
      for (const sample of name === 'vjp' || name === 'jvp' ? vectorFunctions : scalarFunctions) {
        const v = name === 'vjp' ? sample.outputVector : (sample.inputVector ?? sample.inputs);
        for (const options of STRICT) {
          cases.add(
            `torch.autograd.functional.${name}(${sample.python}, ${sample.inputs}, ${v}${pythonOptions(options)})`,
            (inputs: Inputs) =>
              (functional[name] as AnyFunction)(
                sample.js,
                tensorsOf(sample.inputs, inputs),
                tensorsOf(v, inputs),
                options,
              ),
          );
        }
        cases.add(`torch.autograd.functional.${name}(${sample.python}, ${sample.inputs})`, (inputs: Inputs) =>
          (functional[name] as AnyFunction)(sample.js, tensorsOf(sample.inputs, inputs)),
        );
      }
    });
  }
}

const STRATEGIES = [
  ...STRICT,
  { vectorize: true },
  { vectorize: true, createGraph: true },
  { vectorize: true, strict: true },
  { vectorize: true, strategy: 'forward-mode' },
  { vectorize: false, strategy: 'forward-mode' },
];

function jacobians(cases: Cases): void {
  for (const [name, samples] of [
    ['jacobian', [...vectorFunctions, ...scalarFunctions]],
    ['hessian', scalarFunctions],
  ] as const) {
    cases.group(name, () => {
      for (const sample of samples) {
        for (const { strategy, ...others } of STRATEGIES as { strategy?: string }[]) {
          const key = name === 'jacobian' ? 'strategy' : 'outerJacobianStrategy';
          const options = strategy === undefined ? others : { ...others, [key]: strategy };
          cases.add(
            `torch.autograd.functional.${name}(${sample.python}, ${sample.inputs}${pythonOptions(options)})`,
            (inputs: Inputs) => (functional[name] as AnyFunction)(sample.js, tensorsOf(sample.inputs, inputs), options),
          );
        }
      }
    });
  }
}

function edges(cases: Cases): void {
  const { jacobian, vjp } = functional;
  for (const vectorize of [true, false]) {
    const text = vectorize ? 'True' : 'False';
    cases.add(`torch.autograd.functional.jacobian(lambda z: z * z, z, vectorize=${text})`, ({ z }) =>
      jacobian((t) => t.mul(t), z, { vectorize }),
    );
    cases.add(`torch.autograd.functional.jacobian(lambda z: z.abs(), z, vectorize=${text})`, ({ z }) =>
      jacobian((t) => t.abs(), z, { vectorize }),
    );
    cases.add(`torch.autograd.functional.jacobian(torch.sin, i, vectorize=${text})`, ({ i }) =>
      jacobian((t) => t.sin(), i, { vectorize }),
    );
  }
  cases.add(
    'torch.autograd.functional.jacobian(lambda z: z * z, z, vectorize=True, strategy="forward-mode")',
    ({ z }) => jacobian((t) => t.mul(t), z, { vectorize: true, strategy: 'forward-mode' }),
  );
  cases.add(
    'torch.autograd.functional.jacobian(lambda x: x * torch.rand(3), x, vectorize=True, strategy="forward-mode")',
    ({ x }) => jacobian((t) => t.mul(torch.rand(3)), x, { vectorize: true, strategy: 'forward-mode' }),
  );
  cases.add('torch.autograd.functional.vjp(lambda x: x * 2, x, y, True, True)', ({ x, y }) =>
    vjp((t) => t.mul(2), x, y, true, true),
  );
  // The Jacobian has no rows. PyTorch fails when it stacks them, or when it reads the first one.
  cases.add('x.new_zeros(0, 3)', ({ x }) => jacobian((t) => t.narrow(0, 0, 0), x), {
    name: 'jacobian of an empty output',
  });
  cases.add('x.new_zeros(0, 3)', ({ x }) => jacobian((t) => t.narrow(0, 0, 0), x, { vectorize: true }), {
    name: 'jacobian of an empty output, vectorized',
  });
  // The graph goes on from the result to the input and to the vector.
  cases.add(
    `
      x, v = x.requires_grad_(), y.requires_grad_()
      out, product = torch.autograd.functional.vjp(lambda t: t ** 3, x, v, create_graph=True)
      return torch.autograd.grad(product.sum() + out.sum(), (x, v))
    `,
    ({ x, y }) => {
      const [input, v] = [x.requiresGrad_(), y.requiresGrad_()];
      const [out, product] = vjp((t) => t.pow(3), input, v, { createGraph: true });
      return torch.autograd.grad(product.sum().add(out.sum()), [input, v]);
    },
    { name: 'vjp with createGraph, differentiated by the input and the vector' },
  );
  for (const vectorize of [true, false]) {
    cases.add(
      `
        x = x.requires_grad_()
        J = torch.autograd.functional.jacobian(lambda t: t ** 3, x, create_graph=True, vectorize=${vectorize ? 'True' : 'False'})
        return torch.autograd.grad((J ** 2).sum(), x)
      `,
      ({ x }) => {
        const input = x.requiresGrad_();
        const J = jacobian((t) => t.pow(3), input, { createGraph: true, vectorize });
        return torch.autograd.grad(J.pow(2).sum(), input);
      },
      { name: `jacobian with createGraph, differentiated, vectorize ${String(vectorize)}` },
    );
  }
}

export function functionalCases(cases: Cases): void {
  products(cases);
  jacobians(cases);
  cases.group('edges', () => {
    edges(cases);
  });
}
