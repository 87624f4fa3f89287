/** Collects the results of the checks of a case. */

import type { Derivative } from './differences';
import type { Finding } from '../opdb/suite';
import { isClose, show, type Product } from './values';

/** A computation that threw an error. */
export interface Refusal {
  what: string;
  /** The class of the error message, without the numbers of the sample. */
  message: string;
}

export interface TruthFinding extends Finding {
  /** The number of comparisons without a difference. */
  right: number;
  refused: Refusal[];
}

// Errors of the JavaScript engine, not of an operator: they are faults of this package.
const BROKEN =
  /^(ReferenceError|RangeError|SyntaxError)|Cannot read propert|is not a function|is not iterable|of undefined/;

/** The class of a message: its first line, with placeholders for numbers and lists of sizes. */
export function messageClass(error: Error): string {
  return `${error.name}: ${error.message.split('\n')[0]}`
    .replace(/\[[-\d, ]*\]/g, '[...]')
    .replace(/-?\d+(\.\d+)?(e[-+]?\d+)?\b/g, 'N')
    .slice(0, 240);
}

/** Several computations of one value. */
export interface Sides {
  /** Relative to the scale of the values. */
  tolerance: number;
  /** The absolute tolerance: the rounding error if the derivative is zero. */
  least: number;
  values: Map<string, Product>;
  /** Computes the value by finite differences. Null if they find none. */
  judge: () => Derivative | null;
}

export class Verdicts {
  right = 0;
  readonly wrong: string[] = [];
  readonly refused: Refusal[] = [];

  /** Returns the result of `run`. If it throws, notes the refusal and returns undefined. */
  attempt<T>(what: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (thrown) {
      const error = thrown as Error;
      if (!(error instanceof Error) || BROKEN.test(`${error.name}: ${error.message}`)) {
        this.wrong.push(`${what}: broken by ${String(thrown).split('\n')[0]}`);
      } else this.refused.push({ what, message: messageClass(error) });
      return undefined;
    }
  }

  /** Notes a comparison. `why` describes the difference, or is null. */
  note(what: string, why: string | null): void {
    if (why === null) this.right++;
    else this.wrong.push(`${what}: ${why}`);
  }

  /** Compares the values with each other and with finite differences. */
  compare({ tolerance, least, values, judge }: Sides): void {
    if (values.size === 0) return;
    const all = [...values];
    const finite = all.map(([, { scale }]) => scale).filter(Number.isFinite);
    const scale = Math.max(0, ...finite);
    const allowed = Math.max(tolerance * scale, least);
    const agree = all.every(([, { value }]) => isClose(value, all[0][1].value, allowed));
    const found = judge();
    // Finite differences with a large error are not used.
    const judged = found !== null && found.error <= 1e-3 * Math.max(scale, Math.abs(found.value)) ? found : null;
    if (judged === null) {
      if (agree) this.right += all.length;
      else {
        const texts = all.map(([name, { value }]) => `${name} ${show(value)}`).join(', ');
        const reason = found === null ? 'differences find no derivative' : 'differences do not converge';
        this.wrong.push(`disagree: ${texts}; ${reason}`);
      }
      return;
    }
    const margin = Math.max(allowed, 1e-7 * scale, 20 * judged.error);
    for (const [name, { value }] of all) {
      if (isClose(value, judged.value, margin)) this.right++;
      else this.wrong.push(`${name}: ${show(value)}, right ${show(judged.value)}`);
    }
    const close = all.filter(([, { value }]) => isClose(value, judged.value, margin));
    if (!agree && close.length === all.length) {
      this.wrong.push(`disagree: ${all.map(([name, { value }]) => `${name} ${value}`).join(', ')}`);
    }
  }

  finish(): TruthFinding {
    return { why: this.wrong.length > 0 ? this.wrong.join('\n') : null, right: this.right, refused: this.refused };
  }
}
