/**
 * Every ordered pair of transforms, and every triple of those that the others are made of, over functions of every
 * kind, against PyTorch: values, shapes and dtypes, and failures where PyTorch fails.
 */

import { parity } from '../support/parity/cases';
import { functions } from '../support/parity/functions';
import { basic, javascriptOf, pythonOf, transforms } from '../support/parity/nesting';

const chains = [
  [],
  ...transforms.map((transform) => [transform]),
  ...transforms.flatMap((outer) => transforms.map((inner) => [outer, inner])),
  ...basic.flatMap((outer) => basic.flatMap((middle) => basic.map((inner) => [outer, middle, inner]))),
];

test('there are at least 40 functions, all pairs of 8 transforms and all triples of 4', () => {
  expect(new Set(functions.map(({ name }) => name)).size).toBe(functions.length);
  expect(functions.length).toBeGreaterThanOrEqual(40);
  expect(chains).toHaveLength(1 + 8 + 8 ** 2 + 4 ** 3);
});

parity('nested transforms', (cases) => {
  for (const { name, python, forwardTwice = python, javascript, x } of functions) {
    cases.group(name, () => {
      for (const chain of chains) {
        const isTwice = chain.length > 1 && chain.every((transform) => transform.name === 'jacfwd');
        // PyTorch refuses some functions for another reason where forward modes nest.
        const forward = chain.filter((transform) => ['jacfwd', 'hessian'].includes(transform.name));
        cases.add(
          pythonOf(chain, isTwice ? forwardTwice : python),
          (inputs) => javascriptOf(chain, javascript)(inputs.x),
          {
            name: chain.map((transform) => transform.name).join(' of ') || 'itself',
            inputs: { x },
            comparesMessages: forward.length < 2 || forwardTwice === python,
          },
        );
      }
    });
  }
});
