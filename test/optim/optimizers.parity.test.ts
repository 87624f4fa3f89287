/** Optimisers: every step, and the state after it, equals Python's to the last bit. */

import { parity } from '../support/parity/cases';
import { addErrorCases } from './optimizers/errors';
import { addOptionCases } from './optimizers/options';
import { addDifferentiableCases, addGroupCases, addLbfgsCases, addSparseCases } from './optimizers/special';

parity('optimisers', (cases) => {
  cases.group('options', () => addOptionCases(cases));
  cases.group('groups', () => addGroupCases(cases));
  cases.group('LBFGS', () => addLbfgsCases(cases));
  cases.group('sparse gradients', () => addSparseCases(cases));
  cases.group('differentiable steps', () => addDifferentiableCases(cases));
  cases.group('errors', () => addErrorCases(cases));
});
