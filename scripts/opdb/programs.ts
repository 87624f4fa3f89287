/** Runs the recorded programs of a corpus through the public API. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import type { Call, Encoded, Program } from './corpus';
import { counterparts } from './counterparts';

type AnyFunction = (...args: unknown[]) => unknown;

/** Thrown if the public API has no function of a name. */
export class NoSuchName extends Error {}

/** `requires_grad_` -> `requiresGrad_`. Names such as `__add__` do not change. */
export function camelCase(name: string): string {
  if (/^__\w+__$/.test(name)) return name;
  const [, leading, body, trailing] = /^(_*)(.*?)(_*)$/.exec(name)!;
  return leading + body.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase()) + trailing;
}

/** The function of the public API for a Python name. For a method, the tensor is the first argument. */
function resolve(name: string): AnyFunction {
  const own = counterparts[name];
  if (own !== undefined) return own;
  const path = name.split('.').slice(1);
  if (path[0] === 'ops') {
    let value: any = torch.ops;
    for (const part of path.slice(1)) value = value[part];
    return value as AnyFunction;
  }
  if (path[0] === 'Tensor') {
    const method = camelCase(path[1]);
    if (path[2] === '__get__') return (x) => (x as Record<string, unknown>)[method];
    if (typeof (torch.Tensor.prototype as any)[method] !== 'function')
      throw new NoSuchName(`Tensor has no ${method}()`);
    return (x, ...rest) => (x as Record<string, AnyFunction>)[method](...rest);
  }
  let value: any = torch;
  for (const part of path) value = value?.[camelCase(part)];
  if (typeof value !== 'function') throw new NoSuchName(`there is no ${['torch', ...path.map(camelCase)].join('.')}`);
  return value as AnyFunction;
}

const resolved = new Map<string, AnyFunction>();

function functionOf(name: string): AnyFunction {
  let found = resolved.get(name);
  if (found === undefined) resolved.set(name, (found = resolve(name)));
  return found;
}

/** Decodes a Python float. Those that JSON does not have are strings. */
export function float(value: number | string): number {
  return typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity'));
}

function decode(value: Encoded, leaves: readonly Tensor[], results: readonly unknown[]): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => decode(item, leaves, results));
  if ('t' in value) return leaves[value.t];
  if ('r' in value) return value.r.slice(1).reduce((all: any, i) => all[i], results[value.r[0]]);
  if ('i' in value) return BigInt(value.i);
  if ('f' in value) return float(value.f);
  if ('c' in value) {
    const [re, im] = value.c.map((part) => decode(part, leaves, results) as number);
    return new torch.Complex(re, im);
  }
  if ('e' in value) return '...';
  if ('s' in value) return torch.slice(...value.s);
  if ('d' in value) return decodeObject(value.d, leaves, results);
  throw new Error(`unknown value ${JSON.stringify(value)}`);
}

function decodeObject(items: Record<string, Encoded>, leaves: readonly Tensor[], results: readonly unknown[]) {
  return Object.fromEntries(
    Object.entries(items).map(([name, item]) => [camelCase(name), decode(item, leaves, results)]),
  );
}

function runCall(call: Call, leaves: readonly Tensor[], results: readonly unknown[], more: object): unknown {
  const args = call.args.map((arg) => decode(arg, leaves, results));
  const options = { ...decodeObject(call.kwargs, leaves, results), ...more };
  return functionOf(call.fn)(...args, ...(Object.keys(options).length > 0 ? [options] : []));
}

/** Runs a program with these tensors as its arguments. `options` are further options, for a program of one call. */
export function runProgram(program: Program, leaves: readonly Tensor[], options: object = {}): unknown {
  if ('fn' in program) return runCall(program, leaves, [], options);
  const results: unknown[] = [];
  for (const step of program.steps) {
    if ('seed' in step) results.push(torch.manualSeed(step.seed));
    else results.push(runCall(step, leaves, results, {}));
  }
  return decode(program.result, leaves, results);
}
