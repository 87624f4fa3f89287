/**
 * The error classes of Python that have no JavaScript counterpart. Messages keep PyTorch's wording
 * where PyTorch raises one, so that a search for them finds PyTorch's answers.
 *
 * Python's `TypeError` is JavaScript's own.
 */

/** What libtorch raises for most failures; Python's `RuntimeError`. */
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

/** An operator that has no kernel or no derivative for what was asked; Python's `NotImplementedError`. */
export class NotImplementedError extends RuntimeError {
  override name = 'NotImplementedError';
}

/** A condition that PyTorch asserts does not hold; Python's `AssertionError`. */
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

/** A factorisation that does not exist for the input; `torch.linalg.LinAlgError`. */
export class LinAlgError extends RuntimeError {
  override name = 'LinAlgError';
}

/** Memory that could not be had, on CPU or GPU; `torch.OutOfMemoryError`. */
export class OutOfMemoryError extends RuntimeError {
  override name = 'OutOfMemoryError';
}
