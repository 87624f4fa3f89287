/** Cases of modules: the constructed module, its value, and its derivatives. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { Cases } from './parity/cases';

type Module = torch.nn.Module;

/** Python that translates the names of parameters and buffers to camelCase. */
export const CAMEL = `import re
def camel(name):
    return re.sub('_([a-z])', lambda match: match.group(1).upper(), name)
def state(module):
    return {camel(name): value for name, value in module.state_dict().items()}
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
): void {
  const names = [input, ...arguments_];
  cases.add(`${CAMEL}m = ${python}\nreturn [str(m), m.training, state(m)]`, () => facts(build()), {
    name: `${python}: text and state`,
    tolerance: 0,
  });
  cases.add(
    `${CAMEL}m = ${python}\nreturn [m(${names.join(', ')}), m.eval()(${names.join(', ')}), state(m)]`,
    (inputs) => {
      const module = build();
      const values = names.map((name) => inputs[name] as Tensor);
      return [module(...values), module.eval()(...values), module.stateDict()];
    },
    { name: `${python}: values` },
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
