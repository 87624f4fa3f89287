/**
 * Every ordered pair of transforms, and every triple of those that the others are made of, over functions of every
 * kind, against PyTorch: values, shapes and dtypes, and failures where PyTorch fails.
 */

import * as torch from '../../lib';
import { parity } from '../support/parity/cases';
import { functions } from '../support/parity/functions';
import {
  basic,
  forwardLinearize,
  functionalize,
  javascriptOf,
  pythonOf,
  type Transform,
  transforms,
} from '../support/parity/nesting';

const chains = [
  [],
  ...transforms.map((transform) => [transform]),
  ...transforms.flatMap((outer) => transforms.map((inner) => [outer, inner])),
  ...basic.flatMap((outer) => basic.flatMap((middle) => basic.map((inner) => [outer, middle, inner]))),
];

/** What `torch.func` exports besides transforms of a function. */
const NO_TRANSFORMS = [
  ...['functionalCall', 'stackModuleState', 'replaceAllBatchNormModules_', 'rearrange'],
  ...['debugUnwrap', 'describeLevels', 'getBatchingFallback', 'setBatchingFallback'],
];

const nameOf = (chain: readonly Transform[]): string => chain.map(({ name }) => name).join(' of ');

test('every transform of torch.func is nested, here or in nesting-others.test.ts', () => {
  const nested = [...transforms, forwardLinearize, functionalize].map(({ name }) => name);
  expect([...nested, ...NO_TRANSFORMS].sort()).toEqual(Object.keys(torch.func).sort());
});

test('there are at least 40 functions, all pairs of transforms and all triples of the four basic ones', () => {
  expect(new Set(functions.map(({ name }) => name)).size).toBe(functions.length);
  expect(functions.length).toBeGreaterThanOrEqual(40);
  expect(basic.map(({ name }) => name).sort()).toEqual(['grad', 'jvp', 'vjp', 'vmap']);
  expect(new Set(chains.map(nameOf)).size).toBe(1 + transforms.length + transforms.length ** 2 + 4 ** 3);
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
            name: nameOf(chain) || 'itself',
            inputs: { x },
            comparesMessages: forward.length < 2 || forwardTwice === python,
          },
        );
      }
    });
  }
});
