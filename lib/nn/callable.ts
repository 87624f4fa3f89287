/** Objects that are called like functions: what makes `net(x)` possible. */

/** What a callable object does when it is called. */
export const invoke = Symbol('invoke');

// A function has a name and a length of its own, and neither is writable. Here they are what the class
// says, and an assignment makes a plain property, as it does for any other name.
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
 * The base of classes whose instances are functions. The constructor returns a function with the
 * prototype of the class, so that fields, private ones too, and methods lie on it as on any object. This
 * costs a call some 15 ns, where a Proxy would cost every access to a field more than that.
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
