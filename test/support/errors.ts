/** Expects an error by class and message, and that it left no state behind. */

import * as torch from '../../lib';
import { native } from '../../lib/native';

type ErrorClass = new (message: string) => Error;

/** Calls `body`, which must throw; the interpreter stack and the modes must be as they were. */
export function expectError(body: () => unknown, type: ErrorClass, message: string | RegExp): void {
  const before = state();
  let error: unknown = null;
  let result: unknown;
  try {
    result = body();
  } catch (thrown) {
    error = thrown;
  }
  if (error === null) throw new Error(`nothing was thrown; the result is ${String(result)}`);
  expect(state()).toEqual(before);
  expect(error).toBeInstanceOf(type);
  expect((error as Error).name).toBe(type.name);
  if (typeof message === 'string') expect((error as Error).message).toBe(message);
  else expect((error as Error).message).toMatch(message);
}

/** All state that a transform changes while it runs. */
export function state(): object {
  return {
    depth: native.levelDepth(),
    gradMode: torch.isGradEnabled(),
    forwardGradMode: native.forwardGradMode(),
    inferenceMode: native.isInferenceMode(),
  };
}
