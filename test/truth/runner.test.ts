/** The truth run around its checks: classes, causes, report, command line, worker processes. */

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as torch from '../../lib';
import { readCauses } from '../../scripts/opdb/causes';
import { Corpus, type Entry, type Manifest } from '../../scripts/opdb/corpus';
import { runPool } from '../../scripts/opdb/pool';
import type { Outcome } from '../../scripts/opdb/suite';
import { mappings } from '../../scripts/truth/batches';
import { LAYOUTS } from '../../scripts/truth/layouts';
import { report, type PyTorchFault } from '../../scripts/truth/report';
import { sortOutcomes, totalsOf } from '../../scripts/truth/results';
import { CAUSES, problemsOf, readOptions } from '../../scripts/truth/run';
import { MODE_NAMES, suite } from '../../scripts/truth/suite';
import { messageClass, type TruthFinding } from '../../scripts/truth/verdicts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-truth-'));

afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A corpus with one sample for each operator: a 2 x 2 tensor. */
function writeCorpus(operators: string[]): Corpus {
  const manifest: Manifest = { torch: '2.13.0', seed: 0, entries: [] };
  const values = Buffer.from(new Float64Array([0.5, 1.25, 0.75, 1.5]).buffer);
  let [text, line] = ['', 0];
  for (const op of operators) {
    const marks = { forward: true, reverse: true, reverseTwice: true, forwardOverReverse: true };
    const program = { fn: `torch.${op}`, args: [{ t: 0 }], kwargs: {} };
    const sample = { dtype: 'float64', sample: 0, leaves: [['float64', [2, 2], 0]], diff: [0], outs: [], program };
    const samples = [{ ...sample, variants: {}, cases: [] }] as unknown as Entry['samples'];
    const json = `${JSON.stringify({ op, variant: '', marks, samples, skipped: [] })}\n`;
    manifest.entries.push({ op, variant: '', cases: 0, line: [line, json.length], values: [0, values.length] });
    text += json;
    line += json.length;
  }
  fs.writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
  fs.writeFileSync(path.join(folder, 'cases.jsonl'), text);
  fs.writeFileSync(path.join(folder, 'values.bin'), values);
  return new Corpus(folder);
}

const outcome = (more: Partial<Outcome<TruthFinding>>): Outcome<TruthFinding> => ({
  position: 0,
  mode: 'first',
  sample: 'float64 0',
  why: null,
  right: 0,
  refused: [],
  ...more,
});

describe('classes', () => {
  const corpus = writeCorpus(['sin', 'cos']);
  const cause = { op: 'sin', mode: 'first', why: '^jvp: 0, right', cause: 'The cause.' };

  test('a cause excuses the comparisons that it matches, and no other one of the same case', () => {
    const [found] = sortOutcomes(corpus, [outcome({ why: 'jvp: 0, right 1\nvjp: 0, right 1', right: 3 })], [cause]);
    expect(found).toMatchObject({ title: 'sin', right: 3, excused: ['The cause.'] });
    expect(found.wrong.map(({ why }) => why)).toEqual(['vjp: 0, right 1']);
    expect(totalsOf([found])).toEqual({ right: 3, refused: 0, excused: 1, wrong: 1 });
  });

  test.each([
    ['of another operator', { position: 1 }],
    ['in another check', { mode: 'second' }],
    ['with another value', { why: 'jvp: 2, right 1' }],
  ])('not %s', (_, more) => {
    const [found] = sortOutcomes(corpus, [outcome({ why: 'jvp: 0, right 1', ...more })], [cause]);
    expect(found.excused).toEqual([]);
    expect(found.wrong).toHaveLength(1);
  });

  test('a case whose result is chance counts as not comparable whatever came out', () => {
    const always = { ...cause, why: '', always: true };
    const found = sortOutcomes(corpus, [outcome({ right: 5 }), outcome({ why: 'x', mode: 'vmap' })], [always]);
    expect(found.map(({ right, excused, wrong }) => [right, excused.length, wrong.length])).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  test('a run fails for what is wrong, and for cases that did not run', () => {
    const right = sortOutcomes(corpus, [outcome({ right: 1 })], []);
    const wrong = sortOutcomes(corpus, [outcome({ why: 'jvp: 0, right 1\nvjp: 0, right 1' })], []);
    expect(problemsOf(right, 1)).toEqual([]);
    expect(problemsOf(wrong, 1)).toEqual(['silently wrong comparisons: 2']);
    expect(problemsOf(right, 2)).toEqual(['1 of 2 cases ran']);
  });

  test('messages without what belongs to a sample', () => {
    const of = (message: string) => messageClass(new torch.RuntimeError(message));
    expect(of('shape [2, 3] is invalid for input of size 7\nat f.ts:1')).toBe(
      'RuntimeError: shape [...] is invalid for input of size N',
    );
    expect(of('expected 1.5e-3, got -2')).toBe('RuntimeError: expected N, got N');
  });

  test('every cause is a pattern that says why, and none matches a lone vjp of a smooth operator', () => {
    for (const each of readCauses(CAUSES)) {
      expect(each.cause).toMatch(/^[A-Z].*\.$/);
      for (const pattern of [each.op, each.mode, each.why]) expect(() => new RegExp(pattern)).not.toThrow();
    }
    const [found] = sortOutcomes(corpus, [outcome({ why: 'vjp: 0, right 1' })], readCauses(CAUSES));
    expect(found.wrong).toHaveLength(1);
  });
});

test('the report has each class, and only the faults of PyTorch whose comparisons are right here', () => {
  const corpus = writeCorpus(['sin', 'cos']);
  const cases = sortOutcomes(
    corpus,
    [
      outcome({ right: 4, refused: [{ what: 'jvp', message: 'RuntimeError: no rule' }] }),
      outcome({ mode: 'second', why: 'jvp of jvp: 0, right 1' }),
      outcome({ position: 1, why: 'excused | line', right: 2 }),
    ],
    [{ op: 'cos', mode: 'first', why: '^excused', cause: 'The cause.' }],
  );
  const fault = (op: string, mode: string, text: string): PyTorchFault => ({ op, mode, issue: 7, fault: text });
  const text = report(corpus, cases, [
    fault('sin', 'first', 'Wrong there.'),
    fault('sin', 'second', 'Wrong here, too.'),
    fault('tan', 'first', 'No case.'),
  ]);
  expect(text).toContain(
    '**6 comparisons are right, 1 are refused with an error, 1 are not comparable, 1 are silently wrong.**',
  );
  expect(text).toContain('| `sin` | `second` | float64 0 | jvp of jvp: 0, right 1 |');
  expect(text).toContain('| `sin` | `first` | Wrong there. | [#7](https://github.com/pytorch/pytorch/issues/7) | 4 |');
  expect(text).not.toMatch(/Wrong here, too|No case/);
  expect(text).toContain('| The cause. | `cos` | `first` |');
  expect(text).toContain('| RuntimeError: no rule | `sin` | `first` | 1 |');
  expect(text).toMatch(/\| `sin` \|.*\| 4, 1 r \| \*\*1 wrong\*\* \|/);
});

test('the command line', () => {
  expect(readOptions(['--ops', '^sin$', '--modes', 'first,vmap_jvp', '--seed', '3'])).toMatchObject({
    ops: /^sin$/,
    modes: ['first', 'vmap_jvp'],
    seed: 3,
  });
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(readOptions(['--modes', 'eager'])).toBeNull();
  expect(String(said.mock.calls[0][0])).toContain(`there is no mode eager; the modes are ${MODE_NAMES.join(', ')}`);
  expect(readOptions(['--check', '--ops', 'sin'])).toBeNull();
  said.mockRestore();
  process.exitCode = 0;
});

test.each([
  ['every case', 1],
  ['every third case', 3],
])('worker processes run %s of a corpus', async (_, every) => {
  const corpus = writeCorpus(['sin', 'exp', 'linalg.inv']);
  const found: Outcome<TruthFinding>[] = [];
  await runPool<TruthFinding>({
    folder,
    suite: path.join(__dirname, '..', '..', 'scripts', 'truth', 'suite.ts'),
    positions: [0, 1, 2],
    modes: null,
    every,
    processes: 2,
    timeout: 60_000,
    failed: (why) => ({ why, right: 0, refused: [] }),
    onOutcome: (each) => found.push(each),
  });
  const expected = [0, 1, 2].flatMap((position) =>
    [...suite.casesOf(corpus.entry(position))]
      .filter((_, number) => (number + position) % every === 0)
      .map(({ mode }) => `${position} ${mode}`),
  );
  expect(found.map(({ position, mode }) => `${position} ${mode}`).sort()).toEqual(expected.sort());
  const cases = sortOutcomes(corpus, found, []);
  expect(cases.filter(({ title, wrong }) => title !== 'linalg.inv' && wrong.length > 0)).toEqual([]);
  // Not every function has a finite value at every point.
  for (const { mode, right } of cases) if (!mode.startsWith('at_')) expect(right).toBeGreaterThan(0);
});

describe('inputs', () => {
  const x = torch.arange(12, { dtype: 'float64' }).reshape(1, 3, 4).sin();

  test.each(Object.entries(LAYOUTS))('%s has equal values in another memory layout', (name, layout) => {
    const view = layout(x);
    expect(torch.equal(view, x)).toBe(true);
    expect([view.stride().join(), view.storageOffset(), view.isNeg()]).not.toEqual([x.stride().join(), 0, false]);
    const complex = torch.complex(x, x.cos());
    expect(torch.equal(layout(complex), complex)).toBe(true);
    const indices = torch.arange(6).reshape(2, 3);
    expect(torch.equal(layout(indices), indices)).toBe(true);
  });

  test('arguments are mapped in every combination, in each dimension, in each layout', () => {
    const found = mappings([x, x, x], 15, 3);
    const subsets = new Set(found.map(({ dims }) => dims.map((dim) => dim !== null).join()));
    expect(subsets.size).toBe(7);
    for (const place of [0, 1, 2]) {
      expect(new Set(found.map(({ dims }) => dims[place]))).toEqual(new Set([null, 0, 1, -1]));
    }
    expect(new Set(found.map(({ layout }) => layout))).toEqual(
      new Set(['contiguous', 'transposed', 'strided', 'narrowed', 'expanded']),
    );
  });
});
