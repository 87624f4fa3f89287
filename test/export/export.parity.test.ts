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
  const { func, calls, dynamicShapes = null } = CASES[name]();
  const [{ args, kwargs = {} }] = calls;
  return torch.export.export(func as (...args: unknown[]) => unknown, args, { kwargs, dynamicShapes });
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

test('what Python sees: types of structures, names of parameters, texts beside the program, and core operators', async () => {
  class Net extends torch.nn.Module {
    layers = new torch.nn.Sequential(new torch.nn.Linear(2, 2), new torch.nn.BatchNorm1d(2));
    counts = this.registerBuffer('counts', torch.zeros(2), { persistent: false });
    override forward(x: Tensor, state: readonly Tensor[]): unknown {
      this.counts.add_(1);
      return { y: [this.layers(x), state[0].add(this.counts)], n: 2 };
    }
  }
  const net = new Net().eval();
  const args: [Tensor, readonly Tensor[]] = [torch.ones(3, 2), Object.freeze([torch.ones(2)])];
  torch.export.save(torch.export.export(net, args), at('seen.pt2'), { extraFiles: { 'notes/a.txt': 'hü' } });
  const seen = await python(
    folder,
    `
from torch.utils import _pytree
texts = {"notes/a.txt": ""}
program = torch.export.load(folder + "/seen.pt2", extra_files=texts)
module = program.module()
args = (torch.ones(3, 2), (torch.ones(2),))
value = module(*args)
core = program.run_decompositions()
try:
    module(torch.ones(3, 2), [torch.ones(2)])
    error = None
except Exception as caught:
    error = type(caught).__name__
try:
    module(torch.ones(4, 2), (torch.ones(2),))
    shape = None
except Exception as caught:
    shape = str(caught)
result = {
    "texts": texts,
    "types": [type(value).__name__, type(value["y"]).__name__, type(value["n"]).__name__],
    "parameters": [[name, type(p).__name__, p.requires_grad] for name, p in module.named_parameters()],
    "buffers": [name for name, _ in module.named_buffers()],
    "state": list(program.state_dict),
    "constants": list(program.constants),
    "mutated": dict(program.graph_signature.buffers_to_mutate),
    "dialect": program.dialect,
    "core": bool(torch.equal(core.module()(*args)["y"][0], value["y"][0])),
    "error": error,
    "shape": shape,
}`,
  );
  const names = ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias'];
  const state = ['layers.1.running_mean', 'layers.1.running_var', 'layers.1.num_batches_tracked'];
  expect(seen).toEqual({
    texts: { 'notes/a.txt': 'hü' },
    types: ['dict', 'tuple', 'int'],
    parameters: names.map((name) => [name, 'Parameter', true]),
    buffers: ['counts', ...state],
    state: [...names, ...state],
    constants: ['counts'],
    mutated: { add: 'counts' },
    dialect: 'ATEN',
    core: true,
    error: expect.any(String) as string,
    shape: expect.stringContaining('Expected input') as string,
  });
});
