/** Cases of torch.nn.functional: with their gradients, or with the message of the error. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { CaseOptions, Cases } from './parity/cases';

type Compute = (inputs: any) => Tensor;

const { func } = torch;

/** The value of a function of `x`, its gradient, and `vmap` of its gradient. */
export function addWithGradients(cases: Cases, python: string, javascript: Compute, options: CaseOptions = {}): void {
  const gradient = (inputs: any) => func.grad((x: Tensor) => javascript({ ...inputs, x }).sum());
  cases.add(python, javascript, options);
  cases.add(`grad(lambda x: (${python}).sum())(x)`, (inputs) => gradient(inputs)(inputs.x), options);
  cases.add(
    `vmap(grad(lambda x: (${python}).sum()))(torch.stack([x, x * 0.5]))`,
    (inputs) => func.vmap(gradient(inputs))(torch.stack([inputs.x, inputs.x.mul(0.5)])),
    options,
  );
}

/** A call that fails with the class and the message of PyTorch's error; `setup` runs before it. */
export function addFailure(cases: Cases, python: string, javascript: (inputs: any) => unknown, setup = ''): void {
  const source = `${setup}
try:
    ${python}
except Exception as error:
    # Python puts a KeyError's text into quotes.
    return [type(error).__name__, str(error.args[0] if isinstance(error, KeyError) else error)]
return None`;
  cases.add(
    source,
    (inputs) => {
      try {
        javascript(inputs);
      } catch (error) {
        // Here the message continues with a remedy, and None is null.
        const [message] = (error as Error).message.split('\nInside vmap');
        return [(error as Error).name, message.replace(/\bor null\b/, 'or None')];
      }
      return null;
    },
    { name: `${python} fails` },
  );
}
