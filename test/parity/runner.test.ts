/** The parity runner itself: what it must notice, and what must not stop it. */

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as torch from '../../lib';
import { explain } from '../../scripts/opdb/causes';
import { Corpus, type Case, type Encoded } from '../../scripts/opdb/corpus';
import { leftBehind } from '../../scripts/opdb/left-behind';
import { withoutValues } from '../../scripts/opdb/markdown';
import { runPool } from '../../scripts/opdb/pool';
import { camelCase } from '../../scripts/opdb/programs';
import { Subject } from '../../scripts/opdb/subject';
import type { Outcome } from '../../scripts/opdb/suite';
import { differences } from '../../scripts/parity/compare';
import { MODE_NAMES } from '../../scripts/parity/modes';
import { report } from '../../scripts/parity/report';
import { summarize } from '../../scripts/parity/results';
import { runCase, watchWarnings } from '../../scripts/parity/run-case';
import { problemsOf, readOptions } from '../../scripts/parity/run';
import { casesOf } from '../../scripts/parity/suite';

const FOLDER = path.join(__dirname, 'opdb');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-parity-'));

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe('compare', () => {
  const values = new Uint8Array(new Float64Array([1, 2, NaN, Infinity]).buffer);
  const expected = { T: ['float64', [4], 0] as [string, number[], number] };
  const against = (data: number[], dtype: torch.Dtype = 'float64', tolerance?: [number, number]) =>
    differences(torch.tensor(data, { dtype }), expected, values, tolerance);

  test('equal values pass, close ones within the tolerance', () => {
    expect(against([1, 2, NaN, Infinity])).toEqual([]);
    expect(against([1 + 1e-10, 2, NaN, Infinity])).toEqual([]);
  });

  test('the tolerance of an entry makes it tighter, never wider', () => {
    expect(against([1.01, 2, NaN, Infinity], 'float64', [0.1, 10])).toEqual([
      'result: element 0 is 1.01, in PyTorch 1',
    ]);
    expect(against([1 + 1e-10, 2, NaN, Infinity], 'float64', [1e-12, 0])).toHaveLength(1);
  });

  test.each<[string, number[]]>([
    ['element 1 is 2.001, in PyTorch 2', [1, 2.001, NaN, Infinity]],
    ['element 1 is NaN, in PyTorch 2', [1, NaN, NaN, Infinity]],
    ['element 2 is 0, in PyTorch NaN', [1, 2, 0, Infinity]],
    ['element 3 is -Infinity, in PyTorch Infinity', [1, 2, NaN, -Infinity]],
    ['element 3 is 1e+300, in PyTorch Infinity', [1, 2, NaN, 1e300]],
  ])('%s', (what, data) => {
    expect(against(data)).toEqual([`result: ${what}`]);
  });

  test('a dtype, a shape, a layout, a kind of result that differs is noticed', () => {
    expect(against([1, 2, NaN, Infinity], 'float32')).toEqual(['result: the dtype is float32, in PyTorch float64']);
    const double = { dtype: 'float64' } as const;
    expect(differences(torch.zeros(2, 2, double), expected, values)).toEqual([
      'result: the shape is [2, 2], in PyTorch [4]',
    ]);
    expect(differences(torch.zeros(4, double).toSparse(), expected, values)).toEqual([
      'result: the layout is sparse_coo, in PyTorch strided',
    ]);
    expect(differences([torch.zeros(4)], expected, values)).toEqual([expect.stringContaining('got an array of 1')]);
    expect(differences(null, expected, values)).toEqual([expect.stringContaining('got null')]);
  });

  test('gradients that are absent, numbers and structures', () => {
    const of = (actual: unknown, wanted: Encoded) => differences(actual, wanted, values);
    expect(of(null, null)).toEqual([]);
    expect(of([1, 2.5, true], [1, { f: 2.5 }, true])).toEqual([]);
    expect(of(torch.zeros(1), null)).toEqual([expect.stringContaining('PyTorch null')]);
    expect(of([1], [1, 2])).toEqual([expect.stringContaining('PyTorch a sequence of 2')]);
    expect(of(3, { f: 2.5 })).toEqual([expect.stringContaining('got 3')]);
    expect(of(false, true)).toEqual([expect.stringContaining('got false')]);
    expect(of({ a: 1 }, { d: { b: 1 } })).toEqual(['result: got the keys a, PyTorch b']);
  });

  test('all parts that differ are named, not the first one alone', () => {
    expect(differences([1, [2, null], 3], [1, [5, expected], 4], values)).toEqual([
      'result[1][0]: got 2, PyTorch 5',
      'result[1][1]: got null, PyTorch a float64 tensor of shape [4]',
      'result[2]: got 3, PyTorch 4',
    ]);
  });
});

describe('a case', () => {
  const corpus = new Corpus(FOLDER);
  const loaded = corpus.manifest.entries.map((_, position) => corpus.entry(position));
  const all = loaded.flatMap((entry) =>
    [...casesOf(entry)].map(([sample, description]) => ({ entry, sample, description })),
  );

  test('with other values than PyTorch gave fails', () => {
    const found = all.filter(({ description: { ok } }) => JSON.stringify(ok)?.includes('float64'));
    const passed = found.filter(({ entry, sample, description }) => {
      // Every second byte of the high half of each element is another one.
      const values = entry.values.map((byte, i) => (i % 8 === 6 ? byte ^ 0x08 : byte));
      // The arguments are the right ones: only the outcome is read from the changed bytes.
      const right = sample.leaves.map((leaf) => leaf[2]);
      for (const [i, offset] of right.entries()) {
        const length =
          8 *
          Math.max(
            1,
            sample.leaves[i][1].reduce((a, b) => a * b, 1),
          );
        values.set(entry.values.subarray(offset, offset + length), offset);
      }
      return runCase(sample, description, values) === null;
    });
    // Results that are made of the arguments' own bytes, or of none, cannot be told apart.
    expect(found.length).toBeGreaterThan(100);
    expect(passed.length / found.length).toBeLessThan(0.35);
  });

  test('that fails where PyTorch does not, or otherwise, is a failure', () => {
    const { entry, sample } = all.find(({ description: { ok, mode } }) => ok !== undefined && mode === 'eager')!;
    const run = (outcome: object) => runCase(sample, { mode: 'eager', ...outcome }, entry.values);
    expect(run({ error: 'RuntimeError', message: 'no' })).toBe('no error; PyTorch RuntimeError: no');
    const broken = { ...sample, program: { fn: 'torch.nn.functional.softmax', args: ['x'], kwargs: {} } };
    const fails = (outcome: object) => runCase(broken, { mode: 'eager', ...outcome }, entry.values);
    expect(fails({ ok: null })).toMatch(/^threw TypeError: /);
    expect(fails({ error: 'RuntimeError', message: 'no' })).toMatch(/^threw TypeError: .*; PyTorch RuntimeError: no$/);
    expect(fails({ error: 'TypeError', message: 'no' })).toMatch(
      /^the message is TypeError: .*; PyTorch's TypeError: no$/,
    );
    expect(leftBehind()).toBeNull();
  });

  const threw = (expected: Partial<Case>, error: Error) => {
    const { entry, sample } = all.find(({ description: { mode } }) => mode === 'eager')!;
    const call = jest.spyOn(Subject.prototype, 'call').mockImplementation(() => {
      throw error;
    });
    const why = runCase(sample, { mode: 'eager', ...expected }, entry.values);
    call.mockRestore();
    return why;
  };

  test('needs the class of the error and the words of its message', () => {
    const expected = { error: 'ValueError', message: "some_name must not be 'x'" };
    expect(threw(expected, new torch.ValueError('someName must not be "x"'))).toBeNull();
    expect(threw(expected, new torch.RuntimeError('someName must not be "x"'))).toMatch(/^threw RuntimeError/);
    expect(threw(expected, new torch.ValueError('someName must not be y'))).toMatch(/^the message is ValueError/);
  });

  test('a TypeError must be about the same argument', () => {
    const expected = {
      mode: 'error',
      error: 'TypeError',
      message: "f(): argument 'x' (position 1) must be Tensor, not str",
    };
    const of = (message: string) => threw(expected, new TypeError(message));
    expect(of("f(): argument 'x' (position 1) must be Tensor[], not string")).toBeNull();
    expect(of("f(): argument 'y' (position 1) must be Tensor, not string")).toMatch(/^the message is TypeError/);
    expect(of("Cannot read properties of undefined (reading 'x')")).toMatch(/^the message is TypeError/);
  });

  test('that leaves a level on the stack says so', () => {
    const { entry, sample } = all.find(({ description: { mode } }) => mode === 'eager')!;
    const call = jest.spyOn(Subject.prototype, 'call').mockImplementation(() => {
      torch.autograd.forwardAd.enterDualLevel();
      return null;
    });
    expect(runCase(sample, { mode: 'eager', ok: null }, entry.values)).toBe('a dual level is left open');
    call.mockRestore();
    torch.autograd.forwardAd.exitDualLevel();
    expect(leftBehind()).toBeNull();
  });

  test('that runs example by example where PyTorch does not says so', () => {
    const restore = watchWarnings();
    const { entry, sample } = all.find(({ description: { mode } }) => mode === 'eager')!;
    const call = jest.spyOn(Subject.prototype, 'call').mockImplementation(() => {
      process.emitWarning('There is a performance drop: the batching rule for aten::foo. Please');
      return null;
    });
    const run = (expected: Partial<Case>) => runCase(sample, { mode: 'eager', ok: null, ...expected }, entry.values);
    expect(run({})).toBe('example by example: aten::foo, which PyTorch batches');
    expect(run({ slow: ['aten::foo'] })).toBeNull();
    call.mockRestore();
    restore();
  });
});

describe('the pool', () => {
  // Stands in for worker-process.mjs: says that it starts a case, and then does what the case's number asks for.
  function worker(body: string): string {
    const file = path.join(folder, `worker-${Math.random()}.mjs`);
    fs.writeFileSync(
      file,
      `import fs from 'node:fs';
      const say = (line) => fs.writeSync(3, JSON.stringify(line) + '\\n');
      process.on('disconnect', () => process.exit());
      process.on('message', ({ position, from }) => {
        for (let n = from; n < 1; n++) {
          say({ start: n, mode: 'eager', sample: 'float64 0' });
          ${body}
          say({ end: n, finding: { why: null } });
        }
        say({ done: position });
      });
      process.send('ready');`,
    );
    return file;
  }

  async function outcomes(body: string, timeout = 60_000): Promise<Outcome[]> {
    const found: Outcome[] = [];
    await runPool({
      folder: FOLDER,
      suite: 'none',
      positions: [0, 1, 2],
      modes: null,
      every: 1,
      processes: 2,
      timeout,
      worker: worker(body),
      failed: (why) => ({ why }),
      onOutcome: (outcome) => found.push(outcome),
    });
    return found.sort((a, b) => a.position - b.position);
  }

  test('runs every entry once', async () => {
    const found = await outcomes('');
    expect(found.map(({ position, why }) => [position, why])).toEqual([
      [0, null],
      [1, null],
      [2, null],
    ]);
  });

  test('a crash is a failure of the case, and the others are run', async () => {
    const found = await outcomes(`if (position === 1) process.kill(process.pid, 'SIGSEGV');`);
    expect(found.map(({ why }) => why)).toEqual([null, expect.stringContaining('SIGSEGV'), null]);
  });

  test('a case that does not end is a failure too', async () => {
    const found = await outcomes(`while (position === 2);`, 1500);
    expect(found.map(({ why }) => why)).toEqual([null, null, 'no result after 1.5 s']);
  });
});

describe('around it', () => {
  test('names', () => {
    expect(['requires_grad_', '__radd__', 'log1p', 'max_pool2d', '_softmax_backward_data'].map(camelCase)).toEqual([
      'requiresGrad_',
      '__radd__',
      'log1p',
      'maxPool2d',
      '_softmaxBackwardData',
    ]);
  });

  test('a cause explains what matches it as a whole', () => {
    const causes = [{ op: 'sin|cos', mode: 'jvp', why: '^no error', cause: 'because' }];
    const failure = { op: 'sin', variant: '', mode: 'jvp', sample: 'float64 0', why: 'no error; PyTorch ...' };
    expect(explain(causes, failure)?.cause).toBe('because');
    expect(explain(causes, { ...failure, op: 'sinh' })).toBeNull();
    expect(explain(causes, { ...failure, mode: 'vmap_jvp' })).toBeNull();
    expect(explain(causes, { ...failure, why: 'the dtype is float32' })).toBeNull();
    // A difference that has a cause does not hide another one.
    expect(explain(causes, { ...failure, why: 'no error; PyTorch ...\nexample by example: f' })).toBeNull();
  });

  test('a run fails for a difference without a cause, for cases not run, and below 99.5 %', () => {
    const counts = { total: 1000, passed: 985, corrected: 10, explained: 5, unexplained: 0 };
    const whole = { ops: null, modes: null, every: 1 };
    expect(problemsOf(counts, whole, 1000)).toEqual([]);
    expect(problemsOf({ ...counts, unexplained: 2 }, whole, 1000)).toEqual(['differences without a known cause: 2']);
    const tooFew = 'fewer than 99.5 % of the cases are equal, or right where PyTorch is not';
    expect(problemsOf({ ...counts, corrected: 9 }, whole, 1000)).toEqual([tooFew]);
    expect(problemsOf(counts, whole, 1001)).toEqual(['1000 of 1001 cases were run', tooFew]);
    expect(problemsOf({ ...counts, passed: 900 }, { ops: /sin/, modes: ['jvp'], every: 1 }, 5000)).toEqual([]);
    expect(problemsOf({ ...counts, passed: 900 }, { ...whole, every: 4 }, 1000)).toEqual([]);
  });

  test('the report names what differs, with its cause', () => {
    const corpus = new Corpus(FOLDER);
    const { op, variant } = corpus.manifest.entries[0];
    const run: Outcome[] = [
      { position: 0, mode: 'vmap', sample: 'float64 0', why: 'element 0 is 1, in PyTorch 2' },
      { position: 0, mode: 'eager', sample: 'float64 0', why: null },
    ];
    const results = summarize(corpus, [0], run);
    expect(results).toEqual({
      torch: corpus.manifest.torch,
      seed: 0,
      total: 2,
      passed: 1,
      failed: [{ op, variant, mode: 'vmap', sample: 'float64 0', why: 'element 0 is 1, in PyTorch 2' }],
      skipped: [],
    });
    const text = report(corpus, run, results, [{ op: '.*', mode: '.*', why: '', cause: 'The cause.' }]);
    expect(text).toContain('**1 of 2 cases are equal (50.00 %).');
    expect(text).toContain(
      'Results are right in 0 more cases, where PyTorch is wrong or fails; 1 differs for other causes.',
    );
    expect(text).toContain('The cause.');
    // Values depend on the processor.
    expect(text).toContain('| `vmap` | float64 0 | values differ |');
  });

  test('the report leaves out values', () => {
    expect(withoutValues('result[0]: element 3 is -1.5e-7, in PyTorch 2 (and 1 more)')).toBe(
      'result[0]: values differ (and 1 more)',
    );
    expect(withoutValues('result: element 3 is 1, in PyTorch NaN')).toBe('result: values are NaN in PyTorch');
    expect(withoutValues('result: element 3 is NaN, eagerly 1')).toBe('result: values are NaN');
    expect(withoutValues('the dtype is int64, in PyTorch float64')).toBe('the dtype is int64, in PyTorch float64');
  });

  test('the command line', () => {
    expect(readOptions(['--ops', '^sin$', '--modes', 'vmap,jvp', '--seed', '3', '--timeout', '5'])).toMatchObject({
      ops: /^sin$/,
      modes: ['vmap', 'jvp'],
      seed: 3,
      timeout: 5000,
      report: false,
    });
    const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(readOptions(['--modes', 'fast'])).toBeNull();
    expect(readOptions(['--seed', '-1'])).toBeNull();
    expect(readOptions(['--ops', '(', '--seed', '1'])).toBeNull();
    expect(readOptions(['--report', '--ops', 'sin'])).toBeNull();
    expect(readOptions(['--check', '--modes', 'vmap'])).toBeNull();
    expect(readOptions(['--check', '--every', '2'])).toBeNull();
    expect(readOptions(['--every', '0'])).toBeNull();
    expect(readOptions(['--nonsense'])).toBeNull();
    expect(String(said.mock.calls[0][0])).toContain(`there is no mode fast; the modes are ${MODE_NAMES.join(', ')}`);
    said.mockRestore();
    process.exitCode = 0;
  });
});
