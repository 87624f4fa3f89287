/** `torch.cond`. */

import { type Predicate, differsBySample, readPredicate } from '../predicates';
import { type Body, type HigherOrder, expectBody, firstOf, selectValues } from './higher-order';

/** Runs one of two graphs. Both, where the condition differs between the samples of `vmap`. */
export const cond: HigherOrder = {
  types: ['any', 'graph', 'graph', 'list'],
  check: ([, yes, no, operands], outputs) =>
    firstOf(
      expectBody('the graph for true', yes, operands as number, outputs),
      expectBody('the graph for false', no, operands as number, outputs),
    ),
  run: (args) => {
    const [predicate, yes, no, operands] = args as [Predicate, Body, Body, unknown[]];
    if (differsBySample(predicate)) return selectValues(predicate, yes(...operands), no(...operands));
    return readPredicate(predicate) ? yes(...operands) : no(...operands);
  },
};
