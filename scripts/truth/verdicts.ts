/** What the checks of a case found. */

import type { Derivative } from './differences';
import type { Finding } from '../opdb/suite';
import { isClose, show, type Product } from './values';

/** What is not computed: an error said so. */
export interface Refusal {
  what: string;
  /** The error, without what belongs to the sample alone. */
  message: string;
}

export interface TruthFinding extends Finding {
  /** How many comparisons came out right. */
  right: number;
  refused: Refusal[];
}

// Errors of the language, not of an operator: these are faults of ours.
const BROKEN =
  /^(ReferenceError|RangeError|SyntaxError)|Cannot read propert|is not a function|is not iterable|of undefined/;

/** The class of a message: numbers, names of a sample's own and lists of sizes are left out. */
export function messageClass(error: Error): string {
  return `${error.name}: ${error.message.split('\n')[0]}`
    .replace(/\[[-\d, ]*\]/g, '[...]')
    .replace(/-?\d+(\.\d+)?(e[-+]?\d+)?\b/g, 'N')
    .slice(0, 240);
}

/** Values of one thing by several ways. */
export interface Sides {
  /** Relative to the scale of the values. */
  tolerance: number;
  /** A difference that is rounding whatever the scale of the values is: that of a function whose derivative is zero. */
  least: number;
  values: Map<string, Product>;
  /** The value by differences; null if they find none. */
  judge: () => Derivative | null;
}

export class Verdicts {
  right = 0;
  readonly wrong: string[] = [];
  readonly refused: Refusal[] = [];

  /** What `run` gives; undefined where it refuses, which is noted. */
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

  /** Notes a comparison: null if it is right. */
  note(what: string, why: string | null): void {
    if (why === null) this.right++;
    else this.wrong.push(`${what}: ${why}`);
  }

  /** Holds the sides against each other and against differences. */
  compare({ tolerance, least, values, judge }: Sides): void {
    if (values.size === 0) return;
    const all = [...values];
    const finite = all.map(([, { scale }]) => scale).filter(Number.isFinite);
    const scale = Math.max(0, ...finite);
    const allowed = Math.max(tolerance * scale, least);
    const agree = all.every(([, { value }]) => isClose(value, all[0][1].value, allowed));
    const found = judge();
    // Differences that are no better than a guess judge nothing.
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
