/**
 * A table of what triggers gave on PyTorch 2.13, held against the same triggers here: every row is
 * tried, or listed with the reason why it cannot be.
 */

import * as torch from '../../lib';
import { state } from './errors';

/** What a trigger gave in PyTorch: the class and the message of the exception, or 'NO ERROR' and the result. */
export interface Row {
  trigger: string;
  exception: string;
  message: string;
}

/** A row whose outcome differs here, and why it has to. */
export interface Difference {
  because: string;
  /** The class of the error, or 'NO ERROR'; by default PyTorch's. */
  exception?: string;
  /** What the message begins with; by default PyTorch's. */
  message?: string;
}

export interface MessageTable {
  rows: readonly Row[];
  /** What to call; a trigger that throws no error checks its result itself. */
  triggers: Readonly<Record<string, () => unknown>>;
  /** Rows that have no counterpart in TypeScript. */
  impossible: Readonly<Record<string, string>>;
  different?: Readonly<Record<string, Difference>>;
  /** Names of options, values and types as they are written here, in order. */
  translations: readonly (readonly [RegExp | string, string])[];
  /** Lines that come after PyTorch's message here. */
  remedies?: Readonly<Record<string, string>>;
}

function outcome(trigger: () => unknown): Error | null {
  const before = state();
  let error: Error | null = null;
  try {
    trigger();
  } catch (thrown) {
    // A failed expectation of the trigger's own.
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
