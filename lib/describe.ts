/** Values, functions and lists of names as text for messages. */

/** The type of a value: `'null'`, `'array'`, `'number'`, `'function'`, or the name of its class. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object' && typeof value !== 'function') return typeof value;
  const name: unknown = (value.constructor as { name?: unknown } | null | undefined)?.name;
  if (typeof name !== 'string' || name === '') return typeof value;
  // A module is a function and has a class; the classes of JavaScript's functions are Function, AsyncFunction, ...
  return typeof value === 'function' && name.endsWith('Function') ? 'function' : name;
}

/** A value as text; a function by its name, and a value that cannot be converted by its type. */
export function textOf(value: unknown): string {
  try {
    const text = String(value);
    const isSource = typeof value === 'function' && text === Function.prototype.toString.call(value);
    return isSource ? `${describeType(value)} ${nameOf(value)}` : text;
  } catch {
    return describeType(value);
  }
}

/** The name of a function, as Python's `__name__`. */
export function nameOf(func: { readonly name: unknown }): string {
  const { name } = func;
  return typeof name === 'string' && name !== '' ? name : 'anonymous function';
}

/** Gives a transformed function the name of the original, as `functools.wraps` does. */
export function named<T extends object>(transformed: T, original: { readonly name: unknown }): T {
  return Object.defineProperty(transformed, 'name', { value: original.name, configurable: true });
}

/** A text for a message. The rest of a long one is left out: a name in a file may take millions of characters. */
export function shortened(text: string, limit = 100): string {
  return text.length > limit ? `${text.slice(0, limit)}...` : text;
}

/** A name in double quotes, {@link shortened}. */
export function nameText(name: string): string {
  return JSON.stringify(shortened(name));
}

/** `'a', 'b'`. */
export function quoted(names: readonly string[], mark = "'"): string {
  return names.map((name) => `${mark}${name}${mark}`).join(', ');
}

// More than any shape has. A sparse array may have 2^32 holes.
const MAX_ITEMS = 100;

function itemsText(items: readonly unknown[]): string {
  const shown = Array.from(items.slice(0, MAX_ITEMS), String);
  return (items.length > MAX_ITEMS ? [...shown, '...'] : shown).join(', ');
}

/** A list as Python prints it: `[2, 3]`. */
export function listText(items: readonly unknown[]): string {
  return `[${itemsText(items)}]`;
}

/** A tuple as Python prints it: `(2, 3)`, and `(2,)` for one item. */
export function tupleText(items: readonly unknown[]): string {
  return items.length === 1 ? `(${String(items[0])},)` : `(${itemsText(items)})`;
}
