/**
 * The programs of examples/ find their own results right with every transform compiled: each call of a function that a
 * transform returns is recorded, and then run once more from the recording.
 */

import fs from 'node:fs';
import * as path from 'node:path';
import type * as Torch from '../../lib';

type AnyFunction = (...args: unknown[]) => unknown;
type Library = typeof Torch;

const folder = path.resolve(__dirname, '..', '..', 'examples');
const names = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => path.basename(file, '.ts'));

// It updates the statistics of batch normalisation in place, and compares them after one call.
const ONCE = ['model-ensembling'];

let compiled = 0;
let isOnce = false;

/** The transform. Its functions are recompiled for each call, because the tensors around them may change. */
function compiling(torch: Library, transform: AnyFunction): AnyFunction {
  return (...given) => {
    const f = transform(...given) as AnyFunction;
    return (...args: unknown[]) => {
      const state = torch.getRngState();
      const run = torch.compile(f);
      let result = run(...args);
      if (!isOnce) {
        torch.setRngState(state);
        result = run(...args);
      }
      if (run.explain().some(({ isCompiled }) => isCompiled)) compiled++;
      return result;
    };
  };
}

jest.mock('torch-func', () => {
  const torch = jest.requireActual<Library>('../../lib');
  const func: Record<string, unknown> = { ...torch.func };
  for (const name of ['grad', 'gradAndValue', 'vmap', 'jacrev', 'jacfwd', 'hessian']) {
    func[name] = compiling(torch, func[name] as AnyFunction);
  }
  return { ...torch, func, vmap: func.vmap };
});

test.each(names)(
  '%s',
  (name) => {
    const torch = jest.requireActual<Library>('../../lib');
    const lines: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text));
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const exitCode = process.exitCode;
    const dtype = torch.getDefaultDtype();
    isOnce = ONCE.includes(name);
    try {
      // Each example is a program: it runs when it is loaded.
      require(path.join(folder, name));
    } finally {
      process.exitCode = exitCode;
      torch.setDefaultDtype(dtype);
      log.mockRestore();
      warn.mockRestore();
    }
    expect(lines.filter((line) => line.includes('FAIL'))).toEqual([]);
    expect(lines.filter((line) => /^ {2}ok /.test(line)).length).toBeGreaterThan(0);
  },
  120_000,
);

test('the transforms were compiled', () => {
  expect(compiled).toBeGreaterThan(50);
});
