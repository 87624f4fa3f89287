/**
 * Every ordered pair of transforms, and every triple of those that the others are made of, over functions of every
 * kind: compiled, they give what they give without being compiled. With TORCH_FUNC_NESTING=all all of them run; else a
 * part, in which every chain and every function occurs.
 */

import * as torch from '../../lib';
import { compareCalls } from '../../scripts/parity/compiled/calls';
import { functions } from '../support/parity/functions';
import { buildTensor } from '../support/parity/inputs';
import { basic, javascriptOf, transforms, type Transform } from '../support/parity/nesting';

const chains: Transform[][] = [
  [],
  ...transforms.map((transform) => [transform]),
  ...transforms.flatMap((outer) => transforms.map((inner) => [outer, inner])),
  ...basic.flatMap((outer) => basic.flatMap((middle) => basic.map((inner) => [outer, middle, inner]))),
];
const nameOf = (chain: readonly Transform[]): string => chain.map(({ name }) => name).join(' of ') || 'itself';

const isWhole = process.env.TORCH_FUNC_NESTING === 'all';
const PART = 20;

beforeAll(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  torch.setNumThreads(1);
});

const refused = new Map<string, number>();
let compiled = 0;

test.each(functions.map(({ name }, position) => [name, position] as const))(
  '%s',
  (_, position) => {
    const { javascript, x } = functions[position];
    const failed: string[] = [];
    chains.forEach((chain, i) => {
      if (!isWhole && (i + position) % PART !== 0) return;
      const { why, execution } = torch.scope(() =>
        compareCalls(javascriptOf(chain, javascript), {
          args: (other) => [other ? buildTensor(x).mul(0.75) : buildTensor(x)],
        }),
      );
      if (why !== null) failed.push(`${nameOf(chain)}: ${why}`);
      if (execution?.refusal) refused.set(execution.refusal, (refused.get(execution.refusal) ?? 0) + 1);
      else if (execution !== null) compiled++;
    });
    expect(failed).toEqual([]);
  },
  600_000,
);

test('what is not compiled reads values', () => {
  for (const reason of refused.keys()) expect(reason).toMatch(/reads values|depends on values/);
  expect(compiled).toBeGreaterThan((functions.length * chains.length * 0.7) / (isWhole ? 1 : PART));
});
