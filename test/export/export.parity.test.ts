/** Functions and modules that are exported here run in Python, and give what the same functions give there. */

import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';
import { python } from '../support/parity/files';
import { expectSame } from '../support/structures';
import { CASES } from './exported-functions';

type Tensors = Record<string, Tensor>;

interface Outcome {
  result: unknown;
  after: unknown[];
}

interface Results {
  calls: { program: Outcome; twin: Outcome }[];
  buffers: Tensors;
}

const NAMES = Object.keys(CASES);
const folder = makeFolder();
const at = (file: string): string => path.join(folder, file);

/** The case of a name as a program. */
function exported(name: string): torch.export.ExportedProgram<unknown[], unknown> {
  const { func, calls } = CASES[name]();
  const [{ args, kwargs = {} }] = calls;
  return torch.export.export(func as (...args: unknown[]) => unknown, args, { kwargs });
}

beforeAll(async () => {
  for (const name of NAMES) {
    const { func, calls } = CASES[name]();
    const state = func instanceof torch.nn.Module ? func.stateDict({ names: 'python' }) : {};
    torch.save({ state, calls: calls.map((call) => ({ kwargs: {}, ...call })) }, at(`${name}-calls.pt`));
    torch.export.save(exported(name), at(`${name}.pt2`));
  }
  const code = `
import sys
sys.path.insert(0, ${JSON.stringify(__dirname)})
import exported
exported.run(folder, ${JSON.stringify(NAMES)})`;
  await python(folder, code);
}, 600_000);

describe.each(NAMES)('%s', (name) => {
  const results = (): Results => torch.load<Results>(at(`${name}-results.pt`));

  test('in Python, the program gives the results of the function', () => {
    for (const { program, twin } of results().calls) {
      expectSame(program.result, twin.result, 'the result');
      expectSame(program.after, twin.after, 'the arguments');
    }
  });

  test.each([
    ['the program', () => exported(name)],
    ['the program, read from the file', () => torch.export.load<unknown[], unknown>(at(`${name}.pt2`))],
  ])('%s gives them here', (_, make) => {
    const module = make().module();
    const { calls, buffers } = results();
    CASES[name]().calls.forEach(({ args, kwargs = {} }, i) => {
      torch.manualSeed(3);
      expectSame(
        module(...args, ...(Object.keys(kwargs).length > 0 ? [kwargs] : [])),
        calls[i].twin.result,
        'the result',
      );
      expectSame(args, calls[i].twin.after, 'the arguments');
    });
    const own = module.namedBuffers().filter(([key]) => !key.includes('lifted'));
    expectSame(Object.fromEntries(own), buffers, 'the buffers');
  });
});
