/** `torch.compile`. */

import { checkBooleans, checkFunction, checkOptions } from '../arguments';
import { nameOf, named, quoted, textOf } from '../describe';
import { ValueError } from '../errors';
import { native } from '../native';
import { resultFunction } from '../operator';
import { sharedForm } from '../sharing';
import type { AnyFunction } from '../types';
import { asyncMethod, starterOf } from './async';
import type { AsyncArguments, AsyncResult, StartCall } from './async';
import { captureCall, rebuildOutput } from './capture';
import type { OutputTemplate } from './capture';
import { explanationOf, logCompilation, logsGraphs } from './explain';
import type { Explanation } from './explain';
import { isFunctionalCall } from './functional-calls';
import { isModule, takeMembers } from './members';
import { mayUseThis, receiverOf } from './receivers';
import { registerCompiled } from './registry';
import { shareCompiled } from './share';

/** What runs a compiled function. */
export type Backend = 'native' | 'aot_eager' | 'eager';

const BACKENDS: readonly unknown[] = ['native', 'aot_eager', 'eager'];

/** The options of {@link compile}. */
export interface CompileOptions {
  /**
   * `'native'` (default) fuses the recorded operators; `'aot_eager'` runs them one by one, and `'eager'` calls the
   * function: both help to find the cause of a difference.
   */
  backend?: Backend;
  /** Whether it is an error if a call cannot be compiled. By default such a call runs eagerly, with one warning. */
  fullgraph?: boolean;
  /** Whether the function is called without compiling it. */
  disable?: boolean;
  /**
   * Whether a zero of an identity, or of a tensor of zeros, times infinity or NaN is NaN, as in eager execution. By
   * default it is 0, the true value of the derivative, and is not computed.
   */
  strictZeros?: boolean;
  /**
   * Whether what is compiled holds for all sizes of a dimension, usually that of the batch, where the function allows it:
   * the calls with the first two sizes, both at least 2, are recorded, and the others only planned. A function that reads
   * a size that varies in JavaScript, as `x.shape[0]`, or whose operators depend on it in other ways than by factors, is
   * compiled for each size; `explain()` says why. False by default.
   */
  dynamic?: boolean;
}

/** A function that {@link compile} has returned. */
export interface Compiled<F extends AnyFunction = AnyFunction> {
  /**
   * Calls the function off the event loop, on a thread of the package's own pool, and resolves with the result. It is
   * that of a synchronous call made now: what the program writes to the arguments meanwhile is not seen, and they may be
   * disposed of. An error has the class, the message and the stack of the synchronous call.
   *
   * A last argument `{ signal }` with an AbortSignal, and nothing else, is not passed to the function: it ends the call.
   *
   * Calls start in their order, and as many run at once as {@link setNumThreads} allows, each on one thread. Where more
   * than {@link asyncQueue}`().limit` calls wait, a call is refused with a RuntimeError. No scope disposes of the
   * result.
   *
   * Some calls are made at once, on the event loop, and the Promise is for their result: the first with a signature,
   * which is recorded, and those that are not compiled, draw random numbers, write to arguments or to tensors from
   * outside, or whose operators read values; `explain()` says so. So are calls with tensors of other devices. Inside a
   * transform or another compiled function there are no asynchronous calls.
   *
   * @throws Only through the Promise.
   * @example
   * ```ts
   * const f = torch.compile((x: torch.Tensor) => x.sin().sum());
   * const sum = await f.async(torch.tensor([0, 1]), { signal: AbortSignal.timeout(60_000) });
   * sum; // 0.8415
   * ```
   */
  async(...args: Parameters<F>): AsyncResult<F>;
  async(...args: AsyncArguments<F>): AsyncResult<F>;
  /**
   * What became of the calls so far, of the last one first: why a call runs without being compiled, the graph before and
   * after the passes, fused groups and library calls, their memory and work. With arguments the function is called
   * first; if that call is compiled, and neither writes to tensors from outside nor draws random numbers, it is repeated
   * to measure the time of each step.
   *
   * PyTorch: `torch._dynamo.explain`.
   */
  explain(...args: unknown[]): Explanation[];
  /** Drops what was compiled: the next call runs and records the function again. */
  reset(): void;
}

const timeCall = resultFunction('timeCall', native.timeCall);

// As many signatures are kept for each function; then the one that was not used for the longest time gives way.
const LIMIT = 64;

const NOTHING: readonly unknown[] = [];

// What the addon returns for a call that it did not run: record it, or run the function.
const RECORD = 0;

function warn(func: AnyFunction, what: string): void {
  process.emitWarning(`torch.compile: ${func.name === '' ? 'a function' : nameOf(func)} ${what}`, 'UserWarning');
}

/**
 * A function with the results of `func` that runs faster; `torch.compile`.
 *
 * The first call with a new signature runs `func` and records the operators below all transforms: any composition of
 * `grad`, `vmap`, `jacrev`, ... compiles. Later calls run what was compiled. The signature is the structure of the
 * arguments; dtype, shape, strides and device of each tensor; and the value of each number, string and boolean. It is
 * called with the `this` of the call.
 *
 * Tensors from outside of `func` are read again at each call, so that a change in place is seen; another tensor in the
 * same variable is not: call `reset()` then. What else `func` does besides computing tensors happens in the first call
 * only.
 *
 * Under a transform, inside another compiled function, and for tensors that require a gradient, the function runs as
 * if it were not compiled.
 *
 * The environment variable `TORCH_FUNC_LOGS`, a list of `graph`, `passes`, `fusion` and `guards`, prints what is
 * compiled to the standard error.
 *
 * A compiled module has the properties and methods of the module: `parameters()`, `stateDict()`, `train()`, ...
 *
 * @returns A function of the same type, with the methods `async()`, `explain()` and `reset()`.
 * @throws RuntimeError with `fullgraph` if the function reads values of tensors, with `item()` for example; TypeError for
 * anything that is not a function; ValueError for an unknown backend.
 * @example
 * ```ts
 * const f = (x: torch.Tensor) => x.sin().mul(x).sum();
 * const gradient = torch.compile(torch.func.grad(f));
 * gradient(torch.tensor([0, 1])); // [0, 1.3818]
 * ```
 */
export function compile<F extends AnyFunction>(func: F, options: CompileOptions = {}): F & Compiled<F> {
  checkFunction('compile', func);
  checkOptions('compile', options, ['backend', 'fullgraph', 'disable', 'strictZeros', 'dynamic']);
  const { backend = 'native', fullgraph = false, disable = false, strictZeros = false, dynamic = false } = options;
  checkBooleans('compile', { fullgraph, disable, strictZeros, dynamic });
  if (!BACKENDS.includes(backend)) {
    const given = typeof backend === 'string' ? quoted([backend]) : textOf(backend);
    throw new ValueError(`compile(): option 'backend' must be 'native', 'aot_eager' or 'eager', not ${given}`);
  }
  const [handle, callNative] = native.compiledFunction();
  const call = resultFunction('compiled', callNative);
  const templates = new Map<number, OutputTemplate>();
  const warned = new Set<string>();
  const warnOnce = (reason: string, what: string): void => {
    if (warned.has(reason)) return;
    warned.add(reason);
    warn(func, what);
  };

  const apply = (self: unknown, args: unknown[]): unknown => Reflect.apply(func, self, args) as unknown;
  const record = (self: unknown, args: unknown[], receiver: readonly unknown[]): unknown => {
    const body = (...own: unknown[]): unknown => apply(self, own);
    const { value, capture, incomplete, outputs } = captureCall('compile', body, args, fullgraph, receiver);
    if (incomplete !== '') warnOnce(incomplete, `runs without being compiled: ${incomplete}`);
    const returnsTensor = outputs.spec.kind === 'leaf' && outputs.sources.length === 1;
    const [id, dropped, variation] = native.addEntry(
      handle,
      capture,
      outputs.sources,
      returnsTensor,
      LIMIT,
      backend,
      strictZeros,
      logsGraphs(),
      dynamic,
    );
    if (variation !== '') {
      warnOnce('limit', `was recorded for more than ${LIMIT} signatures, and forgets the oldest: ${variation}`);
    }
    templates.delete(dropped);
    outputs.tensors = [];
    templates.set(id, outputs);
    logCompilation(func, handle);
    return value;
  };

  const usesThis = mayUseThis(func);
  const runsFunction = disable || backend === 'eager';
  // A method, because it has no property `prototype`.
  const { called } = {
    called(this: unknown, ...args: unknown[]): unknown {
      if (runsFunction || isFunctionalCall()) return apply(this, args);
      // Last, so that it is not one of the arguments.
      const receiver = this === undefined || !usesThis ? NOTHING : [receiverOf(this)];
      const result: unknown = receiver.length === 0 ? call(...args) : call(...args, ...receiver);
      if (typeof result === 'object') {
        if (!Array.isArray(result)) return result;
        const [id, ...results] = result as [number, ...unknown[]];
        return rebuildOutput(templates.get(id)!, results);
      }
      return result === RECORD ? record(this, args, receiver) : apply(this, args);
    },
  };
  let starter: StartCall | undefined;
  const start: StartCall = (args) => (runsFunction || isFunctionalCall() ? 0 : (starter ??= starterOf(handle))(args));
  // The entry may be dropped before its call ends.
  const finisher = (entry: number | undefined): ((value: unknown) => unknown) => {
    const template = entry === undefined ? undefined : templates.get(entry)!;
    return template === undefined
      ? (value) => value
      : (value) => rebuildOutput(template, (value as unknown[]).slice(1));
  };
  const transformed = Object.assign(called, {
    async: asyncMethod(start, called, finisher),
    explain: (...args: unknown[]): Explanation[] => {
      if (args.length > 0) {
        transformed(...args);
        if (!runsFunction) timeCall(handle, ...args);
      }
      return explanationOf(handle);
    },
    reset: (): void => {
      native.clearEntries(handle);
      templates.clear();
    },
    [sharedForm]: () => shareCompiled(func.name, handle, templates),
  });
  registerCompiled(transformed);
  if (isModule(func)) takeMembers(transformed, func);
  else named(transformed, func);
  return transformed as never;
}
