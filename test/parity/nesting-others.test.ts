/** linearize and functionalize with every transform, both ways round, over the functions of the nesting test. */

import { parity } from '../support/parity/cases';
import { functions } from '../support/parity/functions';
import {
  forwardLinearize,
  functionalize,
  javascriptOf,
  pythonOf,
  reverseLinearize,
  transforms,
} from '../support/parity/nesting';

/** Functions for which jvp is no measure of linearize, and why. */
const onlyReverse: Record<string, string> = {
  'in-place on a fresh tensor': 'it writes over what backward needs',
  'detach and no_grad': 'jvp looks through no_grad',
  'an operator without a forward derivative': 'linearize does without',
  cumulative: 'the third derivative of logcumsumexp in reverse mode is NaN',
  'norms and spreads': 'the third derivative of vectorNorm in reverse mode is not to be had',
};

test('the functions that jvp is no measure for are there', () => {
  const names = functions.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(onlyReverse)));
});

parity('linearize and functionalize with every transform', (cases) => {
  for (const { name, python, javascript, x } of functions) {
    const linearize = Object.hasOwn(onlyReverse, name) ? reverseLinearize : forwardLinearize;
    // The outermost linearize records the jvp where there is one, so that writes do not matter.
    const outermost = name === 'in-place on a fresh tensor' ? forwardLinearize : linearize;
    const chains = [
      [outermost],
      [functionalize],
      ...transforms.flatMap((transform) => [
        [outermost, transform],
        [transform, linearize],
        [functionalize, transform],
        [transform, functionalize],
      ]),
      [linearize, linearize],
      [linearize, functionalize],
      [functionalize, linearize],
    ];
    cases.group(name, () => {
      for (const chain of chains) {
        cases.add(pythonOf(chain, python), (inputs) => javascriptOf(chain, javascript)(inputs.x), {
          name: chain.map((transform) => transform.name).join(' of '),
          inputs: { x },
          comparesMessages: true,
        });
      }
    });
  }
});
