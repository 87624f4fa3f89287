/** Callable objects, which make `net(x)` possible. */

/** The method that runs when a callable object is called. */
export const invoke = Symbol('invoke');

// A function has its own, read-only `name` and `length`. Here both come from the class, and an assignment
// creates an ordinary property.
function releaseName(self: object, name: 'name' | 'length', fallback: unknown): void {
  Object.defineProperty(self, name, {
    configurable: true,
    get: () => (Reflect.get(Object.getPrototypeOf(self) as object, name, self) as unknown) ?? fallback,
    set: (value: unknown) => {
      Object.defineProperty(self, name, { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

/**
 * The base of classes whose instances are functions. The constructor returns a function with the class's
 * prototype, so methods and fields (also private fields) work as on any object. A call costs about 15 ns more;
 * a Proxy would cost more than that on every field access.
 */
export class Callable {
  constructor() {
    const self = ((...args: unknown[]): unknown => self[invoke](args)) as unknown as Callable & {
      [invoke](args: unknown[]): unknown;
    };
    releaseName(self, 'name', new.target.name);
    releaseName(self, 'length', undefined);
    return Object.setPrototypeOf(self, new.target.prototype as object) as Callable;
  }
}
