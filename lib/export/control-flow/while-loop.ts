/** `torch._higher_order_ops.while_loop`. */

import { native } from '../../native';
import type { Tensor } from '../../tensor';
import { type Predicate, differsBySample, isTrueSomewhere, readPredicate } from '../predicates';
import { type Body, type HigherOrder, expectBody, firstOf, selectValues, stackSteps } from './higher-order';

const types: HigherOrder['types'] = ['graph', 'graph', 'list', 'list'];

const check: HigherOrder['check'] = ([test, body, carried, rest], outputs) => {
  const inputs = (carried as number) + (rest as number);
  return firstOf(
    expectBody('the graph of the condition', test, inputs, 1),
    expectBody('the graph of the body', body, inputs, carried as number),
    outputs === carried ? null : `it carries ${String(carried)} values, but returns ${outputs}`,
  );
};

/** The values after each iteration. Where samples of `vmap` differ, those that are done keep their values. */
function* iterate(args: unknown[]): Generator<unknown[]> {
  const [test, body, initial, rest] = args as [Body, Body, unknown[], unknown[]];
  for (let carried = initial; ;) {
    const [predicate] = test(...carried, ...rest) as [Predicate];
    if (differsBySample(predicate)) {
      if (!isTrueSomewhere(predicate)) return;
      carried = selectValues(predicate, body(...carried, ...rest), carried);
    } else {
      if (!readPredicate(predicate)) return;
      carried = body(...carried, ...rest);
    }
    yield carried;
  }
}

/** Runs a graph as long as another one returns true. */
export const whileLoop: HigherOrder = {
  types,
  check,
  run: (args) => {
    let carried = args[2] as unknown[];
    for (const values of iterate(args)) carried = values;
    // Never the argument itself: in Python the results are copies.
    return carried.map((value, i) =>
      native.isTensor(value) && value === (args[2] as unknown[])[i] ? value.clone() : value,
    );
  },
};

/** The same, with the values after every iteration. */
export const whileLoopStackOutput: HigherOrder = {
  types,
  check,
  run: (args) => {
    const steps = [...iterate(args)];
    if (steps.length > 0) return stackSteps(steps);
    return (args[2] as unknown[]).map((value) =>
      native.isTensor(value) ? (value as Tensor).unsqueeze(0).clone() : value,
    );
  },
};
