/** Compiled functions on other threads: see Note [Shared functions] (native/compile/call/shared_function.cpp). */

import { named, nameOf } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { resultFunction } from '../operator';
import { fromShared, receiveTokens, share, sharedForm, tokenBytes } from '../sharing';
import type { AnyFunction } from '../types';
import { asyncMethod, starterOf } from './async';
import type { StartCall } from './async';
import { rebuildOutput } from './capture';
import type { OutputTemplate } from './capture';
import type { Compiled } from './compile';
import { explanationOf } from './explain';

const timeCall = resultFunction('timeCall', native.timeCall);

// What the addon returns for a call with a signature that it does not know.
const RECORD = 0;

declare const functionType: unique symbol;

/** A token for a compiled function, which structured clone carries to other threads; see {@link share}. */
export interface SharedFunction<F extends AnyFunction = AnyFunction> {
  /** Stands for what was compiled. */
  readonly sharedFunction: SharedArrayBuffer;
  readonly name: string;
  /** How results are made, for each entry. */
  readonly results: readonly Pick<OutputTemplate, 'spec' | 'positions' | 'constants'>[];
  readonly [functionType]?: F;
}

/** The token of a compiled function. */
export function shareCompiled(name: string, handle: unknown, templates: ReadonlyMap<number, OutputTemplate>): unknown {
  const [buffer, ids] = native.shareFunction(handle);
  if (buffer === null) {
    throw new RuntimeError(
      `share(): nothing is compiled for ${nameOf({ name })}: call it first, with arguments such as the other threads will pass`,
    );
  }
  const results = ids.map((id) => {
    const { spec, positions, constants } = templates.get(id)!;
    return { spec, positions, constants: share(constants) };
  });
  return { sharedFunction: buffer, name, results } satisfies SharedFunction;
}

function receive(token: SharedFunction): AnyFunction & Compiled {
  const { name, results } = token;
  const [handle, callNative] = native.compiledFunction();
  const templates = new Map<number, OutputTemplate>();
  const ids = native.addShared(handle, tokenBytes(token.sharedFunction));
  if (ids === null) {
    throw new RuntimeError(`fromShared(): there is no compiled function for the token of ${nameOf({ name })}`);
  }
  ids.forEach((id, i) => {
    const { constants, ...rest } = results[i];
    templates.set(id, { ...rest, constants: fromShared(constants) as unknown[], sources: [], tensors: [] });
  });
  const refuse = (what: string): never => {
    throw new RuntimeError(`the shared function ${nameOf({ name })} ${what}`);
  };
  const finisher = (entry: number | undefined): ((value: unknown) => unknown) => {
    if (entry === undefined) return (value) => value;
    const template = templates.get(entry)!;
    return (value) => rebuildOutput(template, (value as unknown[]).slice(1));
  };
  const call = resultFunction('compiled', callNative);
  const called = (...args: unknown[]): unknown => {
    const result: unknown = call(...args);
    if (typeof result === 'object') return Array.isArray(result) ? finisher(result[0] as number)(result) : result;
    if (result !== RECORD) {
      return refuse(
        'only runs what was compiled: not inside a transform, not with tensors that require a gradient, and not where it writes to memory of two arguments',
      );
    }
    const known = explanationOf(handle).map(({ signature }) => signature);
    return refuse(
      `was not called with such arguments, or in these modes, before it was shared, and cannot be recorded here. It is compiled for ${known.join('; ')}`,
    );
  };
  let start: StartCall | undefined;
  const received = Object.assign(called, {
    async: asyncMethod((args) => (start ??= starterOf(handle))(args), called, finisher),
    explain: (...args: unknown[]) => {
      if (args.length > 0) {
        called(...args);
        timeCall(handle, ...args);
      }
      return explanationOf(handle);
    },
    // What was shared cannot be compiled again.
    reset: (): void => undefined,
    [sharedForm]: () => token,
  });
  return named(received, { name }) as never;
}

receiveTokens('sharedFunction', receive as (token: never) => unknown);
