/** What a compiled module has of the module: its properties and methods. */

import { heldTensors } from '../scope';

const modules = new WeakMap<object, object>();

/** The module that this function was compiled from; undefined for all other values. */
export function moduleOf(compiled: object): object | undefined {
  return modules.get(compiled);
}

/** Whether a function is a module. */
export function isModule(func: object): boolean {
  return heldTensors in func;
}

/**
 * Gives a compiled function the properties and methods of its module. A call of the function does not look at its
 * prototype, and takes no more time.
 */
export function takeMembers(compiled: object, module: object): void {
  const members = new Proxy(module, {
    get(_, key) {
      const value: unknown = Reflect.get(module, key);
      // Submodules are functions too.
      if (typeof value !== 'function' || key === 'constructor' || Object.hasOwn(module, key)) return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, module, args);
        return result === module ? compiled : result;
      };
    },
    set: (_, key, value) => Reflect.set(module, key, value),
  });
  // Those of the function would hide those of the module.
  for (const name of ['name', 'length']) Reflect.deleteProperty(compiled, name);
  Object.setPrototypeOf(compiled, members);
  modules.set(compiled, module);
}
