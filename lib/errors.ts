/**
 * The error classes of Python that JavaScript does not have. Where PyTorch raises the error too, the message keeps
 * PyTorch's wording, so that a search finds the answers for PyTorch.
 *
 * Python's `TypeError` is JavaScript's own.
 */

/** The error of most failures in libtorch; Python's `RuntimeError`. */
export class RuntimeError extends Error {
  override name = 'RuntimeError';
}

/** An argument of the right type with a wrong value; Python's `ValueError`. */
export class ValueError extends Error {
  override name = 'ValueError';
}

/** A dimension or index out of range; Python's `IndexError`. */
export class IndexError extends RangeError {
  override name = 'IndexError';
}

/** An operator without a kernel or a derivative for its arguments; Python's `NotImplementedError`. */
export class NotImplementedError extends RuntimeError {
  override name = 'NotImplementedError';
}

/** A failed assertion of PyTorch; Python's `AssertionError`. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** A name that an object does not have; Python's `AttributeError`. */
export class AttributeError extends Error {
  override name = 'AttributeError';
}

/** A key that a mapping does not have; Python's `KeyError`. */
export class KeyError extends Error {
  override name = 'KeyError';
}

/** A factorization that does not exist for the input; `torch.linalg.LinAlgError`. */
export class LinAlgError extends RuntimeError {
  override name = 'LinAlgError';
}

/** A failed allocation of CPU or GPU memory; `torch.OutOfMemoryError`. */
export class OutOfMemoryError extends RuntimeError {
  override name = 'OutOfMemoryError';
}
