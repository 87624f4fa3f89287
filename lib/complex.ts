/**
 * A complex number, as Python's `complex`: what `item()` gives for a complex tensor, and what may
 * stand wherever a scalar may. Any object with the numbers `re` and `im` is accepted in its place.
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

  /** As Python writes it: `(1+2j)`. */
  toString(): string {
    const imaginary = `${this.im < 0 || Object.is(this.im, -0) ? '-' : '+'}${Math.abs(this.im)}j`;
    return `(${this.re}${imaginary})`;
  }
}
