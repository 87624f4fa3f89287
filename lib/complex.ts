/**
 * A complex number, as Python's `complex`. `item()` of a complex tensor returns one, and functions accept one wherever
 * they accept a scalar, or any object with the numbers `re` and `im`.
 *
 * @example
 * ```ts
 * import * as torch from 'torch-func';
 * const z = torch.tensor([new torch.Complex(1, 2)]);
 * z.abs().item(); // 2.2360680103302
 * ```
 */
export class Complex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {}

  /** The number in Python's notation: `(1+2j)`. */
  toString(): string {
    const imaginary = `${this.im < 0 || Object.is(this.im, -0) ? '-' : '+'}${Math.abs(this.im)}j`;
    return `(${this.re}${imaginary})`;
  }
}
