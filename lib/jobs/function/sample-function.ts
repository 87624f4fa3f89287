/** The user's function of one sample, and the errors in it. */

import type * as torch from '../../index';
import { native } from '../../native';
import { ignoreRejection, isPromiseLike } from '../../synchronous';
import type { Tensor } from '../../tensor';
import { JobError } from '../errors';
import { isError, liesIn, messageOf, stackLines } from '../thrown';

/** The whole package, which the user's function gets as its second argument. */
export type Torch = typeof torch;

/** The function that a file exports: one sample in, one tensor of any shape out. */
export type SampleCallback = (x: Tensor, torch: Torch) => Tensor;

/** A function and the file that exports it. */
export class SampleFunction {
  private thrown: { readonly error: unknown } | undefined;

  constructor(
    private readonly callback: (...args: never[]) => unknown,
    /** The file that exports it. */
    readonly file: string,
    /** The name of the export. */
    readonly name: string,
    private readonly torch: Torch,
  ) {}

  /** Calls the function without checks, as transforms need it. */
  readonly call = (x: Tensor): Tensor => {
    try {
      return (this.callback as SampleCallback)(x, this.torch);
    } catch (error) {
      this.thrown = { error };
      throw error;
    }
  };

  /**
   * Calls the function on one sample.
   *
   * @throws JobError (`function`) unless it returns a tensor that can be differentiated.
   */
  evaluate(x: Tensor): Tensor {
    const y: unknown = this.call(x);
    if (native.isTensor(y)) {
      if (y.isFloatingPoint()) return y;
      throw this.error(`returned a tensor of ${y.dtype}; a Jacobian needs a real floating-point tensor`);
    }
    if (isPromiseLike(y)) {
      ignoreRejection(y);
      throw this.error(
        'returned a Promise; it must be synchronous, because a transform that waits would still be active ' +
          'while other code runs',
      );
    }
    throw this.error(`returned ${kindOf(y)}; expected one tensor`);
  }

  /** An error of a computation with this function as a {@link JobError}, with the stack frames in the user's file. */
  explain(error: unknown): JobError {
    if (error instanceof JobError) return error;
    const own = this.thrown !== undefined && this.thrown.error === error;
    const what = own ? `${this.title} threw` : `the Jacobian of ${this.title} failed with`;
    const name = isError(error) && error.name !== 'Error' ? `${error.name}: ` : '';
    return new JobError('function', `${what} ${name}${messageOf(error)}${this.framesOf(error)}`, { cause: error });
  }

  /** An error whose subject is this function. */
  error(predicate: string): JobError {
    return new JobError('function', `${this.title} ${predicate}`);
  }

  private get title(): string {
    return this.name === 'default' ? `the function in ${this.file}` : `${this.name} in ${this.file}`;
  }

  private framesOf(error: unknown): string {
    return stackLines(error)
      .filter((line) => liesIn(line, this.file))
      .map((line) => `\n    ${line.trim()}`)
      .join('');
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'without a class'})`;
  return `the ${typeof value} ${String(value as number)}`;
}
