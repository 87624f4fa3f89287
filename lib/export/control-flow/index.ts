/** The higher-order operators: functions of graphs, under every transform. */

import { associativeScan } from './associative-scan';
import { cond } from './cond';
import { map } from './map';
import type { HigherOrder } from './higher-order';
import { regions } from './regions';
import { scan } from './scan';
import { whileLoop, whileLoopStackOutput } from './while-loop';

export type { Body, CallShape, HigherOrder } from './higher-order';

const OPERATORS: Readonly<Record<string, HigherOrder>> = {
  associative_scan: associativeScan,
  cond,
  map_impl: map,
  scan,
  while_loop: whileLoop,
  while_loop_stack_output: whileLoopStackOutput,
  ...regions,
};

const PREFIX = 'higher_order.';

/** The higher-order operator that a target names, or undefined. */
export function higherOrderOperator(target: string): HigherOrder | undefined {
  const name = target.startsWith(PREFIX) ? target.slice(PREFIX.length) : '';
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}
