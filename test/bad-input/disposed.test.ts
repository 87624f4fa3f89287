/** A disposed tensor in every method and every function: refused, never followed. */

import { types } from 'node:util';
import { inspect } from 'node:util';

import * as torch from '../../lib';
import * as table from '../../lib/generated/table';
import { disposed, leftovers, vector } from '../support/bad-input';

type Functions = Record<string, (...args: unknown[]) => unknown>;

/** Calls that throw something unreadable, or nothing although they must. Promises are checked on their own below. */
function unreadable(names: readonly string[], call: (name: string) => unknown, mustThrow: boolean): string[] {
  return names.flatMap((name) => {
    try {
      const value = call(name);
      if (value instanceof Promise) value.catch(() => undefined);
      return mustThrow ? [`${name}: accepted`] : [];
    } catch (error) {
      if (!types.isNativeError(error) || error.message === '') return [`${name}: threw ${inspect(error)}`];
      // A wrong number of arguments is found before the tensor is looked at; both are fine.
      return /disposed|signature|expected one of|takes|must be|required|requiresGrad=false/.test(error.message)
        ? []
        : [`${name}: ${error.message.slice(0, 200)}`];
    }
  });
}

const methods = Object.keys(table.methods);
const prototype = torch.Tensor.prototype as unknown as Functions;

afterEach(() => expect(leftovers()).toEqual([]));

// What every call with a tensor in every place would do to it: these wait, print or change settings.
const skipped = new Set(['print', 'constructor']);

test('every method on a disposed tensor', () => {
  const broken = unreadable(methods, (name) => prototype[name].call(disposed()), true);
  expect(broken).toEqual([]);
});

test('every method with a disposed argument', () => {
  const broken = unreadable(
    methods.filter((name) => !skipped.has(name)),
    (name) => prototype[name].call(vector(), disposed()),
    false,
  );
  expect(broken).toEqual([]);
});

test('every method with a disposed tensor in a list', () => {
  const call = (name: string): unknown => prototype[name].call(vector(), [disposed(), disposed()]);
  expect(unreadable(methods, call, false)).toEqual([]);
});

test('every method on an object that looks like a tensor', () => {
  const call = (name: string): unknown => prototype[name].call(Object.create(torch.Tensor.prototype));
  expect(unreadable(methods, call, true)).toEqual([]);
});

const own = Object.getOwnPropertyNames(torch.Tensor.prototype).filter((name) => !methods.includes(name));
const harmless = new Set(['constructor', 'dispose', 'isDisposed', 'toString']);

test('every hand-written member of a disposed tensor', () => {
  const names = own.filter((name) => !harmless.has(name));
  const call = (name: string): unknown => {
    const value: unknown = (disposed() as unknown as Record<string, unknown>)[name];
    return typeof value === 'function' ? (value as () => unknown).call(disposed()) : value;
  };
  expect(unreadable(names, call, false)).toEqual([]);
});

const namespaces: [string, Functions][] = [
  ['torch', torch as unknown as Functions],
  ['linalg', torch.linalg as unknown as Functions],
  ['fft', torch.fft as unknown as Functions],
  ['special', torch.special as unknown as Functions],
];

test.each(namespaces)('every function of %s with a disposed tensor', (_, functions) => {
  const names = Object.keys(functions).filter(
    (name) => typeof functions[name] === 'function' && !/^[A-Z]|^set|^scope$|isTensor|memoryUsage/.test(name),
  );
  const one = unreadable(names, (name) => functions[name](disposed()), false);
  const two = unreadable(names, (name) => functions[name](vector(), disposed()), false);
  const named = unreadable(names, (name) => functions[name](vector(), { out: disposed() }), false);
  expect([...one, ...two, ...named].filter((text) => /Node-API|was expected|undefined|ASSERT/.test(text))).toEqual([]);
});

test('a disposed tensor can be disposed of again, asked and printed', () => {
  const tensor = disposed();
  tensor.dispose();
  expect(tensor.isDisposed).toBe(true);
  expect(inspect(tensor)).toMatch(/disposed/);
  expect(String(tensor)).toMatch(/disposed/);
  expect(inspect(torch.Tensor.prototype)).not.toBe('');
  expect(inspect(Object.create(torch.Tensor.prototype))).toMatch(/Tensor/);
  expect(inspect([tensor, new Map([[1, tensor]])], { showHidden: true, getters: false, depth: 5 })).toMatch(/disposed/);
});

test('a tensor with another prototype is still a tensor', () => {
  const tensor = vector();
  Object.setPrototypeOf(tensor, null);
  expect(torch.add(tensor, 1).toArray()).toEqual([2, 3, 4]);
  expect(torch.isTensor(Object.freeze(vector()))).toBe(true);
});

test.each<[string, () => Promise<unknown>]>([
  ['dataAsync', () => disposed().dataAsync()],
  ['callAsync', () => torch.callAsync(torch.sin, [disposed()])],
  ['save.async', () => torch.save.async(disposed(), 'disposed.pt')],
  ['npy.save.async', () => torch.npy.save.async('disposed.npy', disposed())],
  ['npz.save.async', () => torch.npz.save.async('disposed.npz', { x: disposed() })],
  ['safetensors.saveFile.async', () => torch.safetensors.saveFile.async({ x: disposed() }, 'disposed.safetensors')],
])('a disposed tensor rejects the Promise of %s', async (_, call) => {
  await expect(call()).rejects.toThrow('disposed');
});
