/** Cases of modules: the constructed module, its value, and its derivatives. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { Cases } from './parity/cases';

type Module = torch.nn.Module;

/** Python that translates the names of parameters and buffers to camelCase. */
export const CAMEL = `import re
def camel(name):
    return re.sub('_([a-z0-9])', lambda match: match.group(1).upper(), name)
def state(module):
    return {camel(name): value for name, value in module.state_dict().items()}
def text(module):
    return re.sub(r'\\((\\w+)\\): ', lambda match: '(' + camel(match.group(1)) + '): ', str(module))
`;

/** A module's text, its mode, and its state. */
export function facts(module: Module): unknown[] {
  return [String(module), module.training, module.stateDict()];
}

/**
 * A module, constructed on both sides after the same seed: its text and its exact state, its value
 * for an input, and the state afterwards.
 */
export function addModule(
  cases: Cases,
  python: string,
  build: () => Module,
  input: string,
  arguments_: string[] = [],
  part?: { python: string; of: (result: any) => unknown },
): void {
  const names = [input, ...arguments_];
  const { python: pick = 'r', of = (r: any) => r } = part ?? {};
  cases.add(`${CAMEL}m = ${python}\nreturn [text(m), m.training, state(m)]`, () => facts(build()), {
    name: `${python}: text and state`,
    tolerance: 0,
  });
  cases.add(
    `${CAMEL}m = ${python}\npick = lambda r: ${pick}\nreturn [pick(m(${names.join(', ')})), pick(m.eval()(${names.join(', ')})), state(m)]`,
    (inputs) => {
      const module = build();
      const values = names.map((name) => inputs[name] as Tensor);
      return [of(module(...values)), of(module.eval()(...values)), module.stateDict()];
    },
    { name: `${python}: values` },
  );
}

/** A module of which derivatives are compared. */
export interface Differentiated {
  python: string;
  build: () => Module;
  /** The name of the input that derivatives are taken by. */
  input: string;
  /** The further arguments of a call, as expressions in both languages. */
  more?: string;
  moreOf?: (inputs: any) => unknown[];
  /** What of the result is differentiated, in both languages; by default the result itself. */
  part?: string;
  partOf?: (result: any) => Tensor;
  tolerance?: number;
  /** Whether Python has the second derivative; true by default. Otherwise the result has to be a scalar. */
  isTwice?: boolean;
}

/**
 * Derivatives of a module by its input under the transforms: per sample, of second order, and in forward mode. Python
 * computes them without functorch, with a loop over the samples, because its vmap does not know all operators.
 */
export function addInputDerivatives(cases: Cases, given: Differentiated): void {
  const {
    python,
    build,
    input,
    more = '',
    moreOf = () => [],
    part = 'r',
    partOf = (r) => r,
    tolerance = 1e-5,
    isTwice = true,
  } = given;
  const setup = `m = ${python}
def f(x):
    torch.manual_seed(5)
    r = m(x${more === '' ? '' : `, ${more}`})
    return ${part}
def loss(x):
    return f(x).square().sum()
def gradient(x, create=False):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(loss(x), x, create_graph=create)[0]
xs = [${input}, ${input} * 0.5, ${input}.flip(0)]`;
  const prepare = (inputs: any) => {
    const module = build();
    const f = (x: Tensor): Tensor => {
      torch.manualSeed(5);
      return partOf(module(x, ...moreOf(inputs)));
    };
    const x = inputs[input] as Tensor;
    const loss = (value: Tensor): Tensor => f(value).square().sum();
    return { f, loss, x, xs: torch.stack([x, x.mul(0.5), x.flip(0)]) };
  };
  const { func, vmap } = torch;
  cases.add(
    `${setup}\nreturn torch.stack([f(x) for x in xs])`,
    (inputs) => {
      const { f, xs } = prepare(inputs);
      return vmap(f, { randomness: 'same' })(xs);
    },
    { name: `${python}: vmap`, tolerance },
  );
  cases.add(
    `${setup}\nreturn torch.stack([gradient(x) for x in xs])`,
    (inputs) => {
      const { loss, xs } = prepare(inputs);
      return vmap(func.grad(loss), { randomness: 'same' })(xs);
    },
    { name: `${python}: vmap of grad`, tolerance },
  );
  cases.add(
    `${setup}\nx, t = xs[0], xs[2]\nreturn ${isTwice ? 'torch.autograd.functional.jvp(f, x, t)[1]' : 'torch.autograd.functional.vjp(f, x)[1].mul(t).sum()'}`,
    (inputs) => {
      const { f, x } = prepare(inputs);
      return func.jvp(f, [x], [x.flip(0)])[1];
    },
    { name: `${python}: jvp`, tolerance },
  );
  if (!isTwice) return;
  cases.add(
    `${setup}\nx, t = xs[0].clone().requires_grad_(), xs[2]
g = torch.autograd.grad(loss(x), x, create_graph=True)[0]
return torch.autograd.grad((g * t).sum(), x)[0] if g.requires_grad else torch.zeros_like(x)`,
    (inputs) => {
      const { loss, x } = prepare(inputs);
      return func.jvp(func.grad(loss), [x], [x.flip(0)])[1];
    },
    { name: `${python}: jvp of grad`, tolerance },
  );
}

/** The gradients of a module by its parameters and its input, and per sample. */
export function addGradients(cases: Cases, python: string, build: () => Module, input: string): void {
  const call = 'lambda p, x: functional_call(m, p, (x,)).square().sum()';
  const setup = `${CAMEL}m = ${python}\np = dict(m.named_parameters())`;
  const renamed = '{camel(k): v for k, v in g.items()}';
  const prepare = (module: Module) => {
    const params = Object.fromEntries(module.namedParameters());
    const loss = (p: Record<string, Tensor>, x: Tensor): Tensor =>
      (torch.func.functionalCall(module, p, x) as Tensor).square().sum();
    return { params, loss };
  };
  cases.add(
    `${setup}\ng, dx = grad(${call}, argnums=(0, 1))(p, ${input})\nreturn [${renamed}, dx]`,
    (inputs) => {
      const { params, loss } = prepare(build());
      return torch.func.grad(loss, { argnums: [0, 1] })(params, inputs[input]);
    },
    { name: `${python}: gradients`, tolerance: 1e-5 },
  );
  cases.add(
    `${setup}\ng = vmap(grad(${call}), in_dims=(None, 0), randomness='same')(p, torch.stack([${input}, ${input} * 0.5]))\nreturn ${renamed}`,
    (inputs) => {
      const { params, loss } = prepare(build());
      const perSample = torch.vmap(torch.func.grad(loss), { inDims: [null, 0], randomness: 'same' });
      return perSample(params, torch.stack([inputs[input], inputs[input].mul(0.5)]));
    },
    { name: `${python}: gradients per sample`, tolerance: 1e-5 },
  );
}
