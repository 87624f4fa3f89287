/**
 * A table of the outcomes of triggers in PyTorch 2.13, compared with the same triggers here. Every row is tried, or listed
 * with the reason why it cannot be.
 */

import * as torch from '../../lib';
import { state } from './errors';

/** The outcome of a trigger in PyTorch: the class and the message of the exception, or 'NO ERROR' and the result. */
export interface Row {
  trigger: string;
  exception: string;
  message: string;
}

/** A row whose outcome must differ here, and why. */
export interface Difference {
  because: string;
  /** The class of the error, or 'NO ERROR'; by default PyTorch's. */
  exception?: string;
  /** The start of the message; by default PyTorch's. */
  message?: string;
}

export interface MessageTable {
  rows: readonly Row[];
  /** What to call; a trigger that throws no error checks its result itself. */
  triggers: Readonly<Record<string, () => unknown>>;
  /** Rows that have no counterpart in TypeScript. */
  impossible: Readonly<Record<string, string>>;
  different?: Readonly<Record<string, Difference>>;
  /** Replacements, in order: the names of options, values and types in this API. */
  translations: readonly (readonly [RegExp | string, string])[];
  /** Lines that follow PyTorch's message here. */
  remedies?: Readonly<Record<string, string>>;
}

function outcome(trigger: () => unknown): Error | null {
  const before = state();
  let error: Error | null = null;
  try {
    trigger();
  } catch (thrown) {
    // An expectation of the trigger failed.
    if ((thrown as { matcherResult?: unknown }).matcherResult !== undefined) throw thrown;
    error = thrown as Error;
  }
  expect(state()).toEqual(before);
  return error;
}

/** Defines a test for each row. */
export function testMessages({
  rows,
  triggers,
  impossible,
  different = {},
  translations,
  remedies = {},
}: MessageTable): void {
  const names = rows.map(({ trigger }) => trigger);
  test('every row is tried, or cannot be', () => {
    const known = [...Object.keys(triggers), ...Object.keys(impossible)];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(known.filter((name) => !names.includes(name))).toEqual([]);
    expect([...Object.keys(different), ...Object.keys(remedies)].filter((name) => !(name in triggers))).toEqual([]);
    expect(new Set([...names, ...known]).size).toBe(known.length);
  });

  test.each(rows.filter(({ trigger }) => trigger in triggers))('$trigger: $exception', (row) => {
    const { trigger, message } = row;
    const difference = Object.hasOwn(different, trigger) ? different[trigger] : undefined;
    const exception = difference?.exception ?? row.exception;
    const error = outcome(triggers[trigger]);
    if (exception === 'NO ERROR') {
      expect(error).toBeNull();
      return;
    }
    expect(error?.name).toBe(exception);
    expect(error).toBeInstanceOf((torch as never)[exception] ?? TypeError);
    if (difference?.message !== undefined) {
      expect(error?.message.slice(0, difference.message.length)).toBe(difference.message);
      return;
    }
    const text = translations.reduce((result, [from, to]) => result.replaceAll(from, to), message);
    const remedy = Object.hasOwn(remedies, trigger) ? `\n${remedies[trigger]}` : '';
    expect(error?.message.trimEnd()).toBe(text + remedy);
  });
}
