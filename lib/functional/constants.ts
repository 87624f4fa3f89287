/** The numeric constants of `torch`. */

/** Euler's number; `torch.e`. */
export const e = Math.E;
/** The ratio of a circle's circumference to its diameter; `torch.pi`. */
export const pi = Math.PI;
/** Positive infinity; `torch.inf`. */
export const inf = Infinity;
/** Not a number; `torch.nan`. */
export const nan = NaN;
/** Inserts a new dimension in an index; `torch.newaxis`. */
export const newaxis = null;
