/** Python values that JavaScript cannot tell apart, as the pickle reader and writer see them. */

/** A tuple, or a list if `isList`: JavaScript has one array type for both. */
export class PySequence {
  constructor(
    readonly items: unknown[],
    readonly isList: boolean,
  ) {}
}

/** A dict, or an OrderedDict, whose attributes `BUILD` sets. */
export class PyDict {
  readonly entries = new Map<unknown, unknown>();
  attributes: PyDict | undefined;

  constructor(readonly isOrdered: boolean) {}
}

/** A set. */
export class PySet {
  constructor(readonly items: Set<unknown>) {}
}

/** How often each value occurs: Python's `collections.Counter`, which the pickle writer keeps apart from a dict. */
export class Counter extends Map<unknown, number> {}

/** An object of a class that only the pickle's program knows, with the state that it is made of. */
export class PyObject {
  state: unknown;

  constructor(readonly type: PyGlobal) {}
}

/** A class, function or constant that a pickle may name. */
export class PyGlobal {
  constructor(
    /** Module and name, with a dot between them. */
    readonly name: string,
    /** What a call returns; undefined if it may not be called. */
    readonly call?: (args: readonly unknown[]) => unknown,
    /** What it stands for where it is not called. */
    readonly value?: unknown,
    /** Whether it is a class whose objects are {@link PyObject}s. */
    readonly hasObjects = false,
  ) {}
}

/** A value as messages show it. */
export function describePython(value: unknown): string {
  if (value instanceof PySequence) return value.isList ? 'a list' : 'a tuple';
  if (value instanceof PyDict) return value.isOrdered ? 'an OrderedDict' : 'a dict';
  if (value instanceof PySet) return 'a set';
  if (value instanceof PyGlobal) return value.name;
  if (value instanceof PyObject) return `an object of ${value.type.name}`;
  if (value instanceof Uint8Array) return 'bytes';
  if (value === null) return 'None';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 50))}`;
  return typeof value === 'object' ? 'an object' : String(value);
}
