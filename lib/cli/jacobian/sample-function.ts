/** The user's function of one sample, and what is said when it goes wrong. */

import type * as torch from '../../index';
import type { Tensor } from '../../index';
import { CommandFailure, isError, liesIn, messageOf, stackLines } from '../failure';

/** The whole package, as it is handed to the user's function. */
export type Torch = typeof torch;

/** What a function file exports: one sample in, one tensor of any shape out. */
export type SampleCallback = (x: Tensor, torch: Torch) => Tensor;

/** A function that came out of a file. */
export class SampleFunction {
  private thrown: { readonly error: unknown } | undefined;

  constructor(
    private readonly callback: (...args: never[]) => unknown,
    /** The file that it came from. */
    readonly file: string,
    /** The name that it is exported by. */
    readonly name: string,
    private readonly torch: Torch,
  ) {}

  /** Calls the function. For use inside transforms: nothing is checked. */
  readonly call = (x: Tensor): Tensor => {
    try {
      return (this.callback as SampleCallback)(x, this.torch);
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
  };

  /** Calls the function for one sample and checks that it gives a tensor to differentiate. */
  evaluate(x: Tensor): Tensor {
    const y: unknown = this.call(x);
    if (y instanceof this.torch.Tensor) {
      if (y.isFloatingPoint()) return y;
      throw new CommandFailure(
        `${this.title} returned a tensor of ${y.dtype}; a Jacobian needs a real floating-point one`,
      );
    }
    if (isPromise(y)) {
      throw new CommandFailure(
        `${this.title} returned a Promise; it must be synchronous, because a transform that waits ` +
          'would still be active while other code runs',
      );
    }
    throw new CommandFailure(`${this.title} returned ${kindOf(y)}; expected one tensor`);
  }

  /** A failure of a computation with this function, with the function's own error if it is one. */
  explain(error: unknown): Error {
    if (error instanceof CommandFailure) return error;
    const own = this.thrown !== undefined && this.thrown.error === error;
    const what = own ? `${this.title} threw` : `the Jacobian of ${this.title} failed with`;
    const name = isError(error) && error.name !== 'Error' ? `${error.name}: ` : '';
    const message = `${what} ${name}${messageOf(error)}${this.placeOf(error)}`;
    return new CommandFailure(message, 1, { cause: error });
  }

  private get title(): string {
    return this.name === 'default' ? `the function in ${this.file}` : `${this.name} in ${this.file}`;
  }

  /** The lines of the stack that lie in the user's file. */
  private placeOf(error: unknown): string {
    return stackLines(error)
      .filter((line) => liesIn(line, this.file))
      .map((line) => `\n    ${line.trim()}`)
      .join('');
  }
}

function isPromise(value: unknown): boolean {
  const then = (value as { then?: unknown } | null | undefined)?.then;
  return typeof then === 'function';
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no class'})`;
  return `the ${typeof value} ${String(value as number)}`;
}
