/** Checks of wrong calls: a readable error of the expected class, and no state left behind. */

import { types } from 'node:util';

import * as torch from '../../lib';
import { native } from '../../lib/native';

/** One wrong call: its title, the call, the name of the error's class, and a pattern for the message. */
export type Case = readonly [name: string, call: () => unknown, errorName: string, message: RegExp];

export const vector = (): torch.Tensor => torch.tensor([1, 2, 3]);
export const matrix = (): torch.Tensor => torch.ones([2, 3]);
export const integers = (): torch.Tensor => torch.tensor([1n, 2n, 3n]);

/** A tensor that has been disposed of. */
export function disposed(): torch.Tensor {
  const tensor = vector();
  tensor.dispose();
  return tensor;
}

/** A value of a type that TypeScript refuses. */

export const wrong = (value: unknown): any => value;

export class Planted extends Error {
  override name = 'Planted';
}

/** Throws the error that must arrive unchanged. */
export function planted(): never {
  throw new Planted('planted');
}

const CANARY = [1, 2, 3, 4];

/** vmap(jacrev(f)) still gives the closed form, and no state of a transform is left. */
export function leftovers(): string[] {
  const found: string[] = [];
  if (native.levelDepth() !== 0) found.push(`${native.levelDepth()} interpreter levels`);
  if (!native.gradMode()) found.push('grad mode off');
  if (!native.forwardGradMode()) found.push('forward grad mode off');
  if (native.isInferenceMode()) found.push('inference mode on');
  if (torch.getDefaultDtype() !== 'float32') found.push(`default dtype ${torch.getDefaultDtype()}`);
  const jacobian = torch.vmap(torch.func.jacrev((x: torch.Tensor) => x.sin().mul(x)));
  const values = jacobian(torch.tensor(CANARY, { dtype: 'float64' }).reshape([2, 2]))
    .reshape([-1])
    .toArray() as number[];
  const expected = [0, 1].flatMap((row) =>
    [0, 1].flatMap((i) =>
      [0, 1].map((j) =>
        i === j ? Math.cos(CANARY[2 * row + i]) * CANARY[2 * row + i] + Math.sin(CANARY[2 * row + i]) : 0,
      ),
    ),
  );
  if (values.some((value, i) => !(Math.abs(value - expected[i]) < 1e-12)))
    found.push(`wrong Jacobian ${String(values)}`);
  return found;
}

/** The faults in the outcome of a case; empty if there are none. */
export function problems([, call, errorName, message]: Case): string[] {
  const found: string[] = [];
  try {
    call();
    found.push('did not throw');
  } catch (error) {
    if (!types.isNativeError(error)) found.push(`threw ${typeof error}, which is no Error`);
    else {
      if (error.name !== errorName) found.push(`threw ${error.name}: ${error.message.slice(0, 400)}`);
      else if (!message.test(error.message)) found.push(`says: ${error.message.slice(0, 400)}`);
      if (error.message === '' || error.message.length > 20_000)
        found.push(`a message of ${error.message.length} characters`);
    }
  }
  return [...found, ...leftovers()];
}

/** Defines one test per case. */
export function testCases(cases: readonly Case[]): void {
  test.each(cases.map((entry) => [entry[0], entry] as const))('%s', (_, entry) => {
    expect(problems(entry)).toEqual([]);
  });
}
