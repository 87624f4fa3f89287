/** The numbers that `torch` exports. */

/** Euler's number; `torch.e`. */
export const e = Math.E;
/** `torch.pi`. */
export const pi = Math.PI;
/** `torch.inf`. */
export const inf = Infinity;
/** `torch.nan`. */
export const nan = NaN;
/** Stands for a new dimension in an index; `torch.newaxis`. */
export const newaxis = null;
