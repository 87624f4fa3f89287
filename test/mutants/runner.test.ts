/** The mutation run: which rows it treats as guarded. */

import { problemsOf, readKills, readMutants, readReasons, type Mutant } from '../../scripts/mutants/mutants';
import { isNamed, readRows, Results, testFilesOf, type Outcome } from '../../scripts/mutants/rows';
import { failed, judge, unguardedRows, unsoundRows } from '../../scripts/mutants/verdicts';

const FILE = 'lib/func/argnums.ts';
const mutant = (kills: Record<string, string>, edits: Mutant['edits'] = [[FILE, 'must be non-empty', '']]): Mutant => ({
  name: 'm',
  edits,
  kills,
});
const row = (key: string, title: string) => ({ key, references: [{ file: 'cases.ts', title }] });
const outcome = (status: Outcome['status'], ...titles: string[]): Outcome => ({ file: 'a.test.ts', titles, status });
const results = (...outcomes: Outcome[]): Results => new Results(outcomes, new Map([['cases.ts', ['a.test.ts']]]));
const rows = new Map(
  [row('A.one', 'first'), row('A.two', 'group'), row('B.three', 'group third')].map((r) => [r.key, r]),
);

test.each([
  ['first', true],
  ['group', true],
  ['group first', true],
  ['first group', false],
  ['outer: first', false],
  ['fir', false],
])('%s names the test first of group: %s', (title, named) => {
  expect(isNamed(['outer', 'group', ' first\n'], title)).toBe(named);
});

test('a row is killed if one of its tests fails', () => {
  const run = results(outcome('failed', 'group', 'third'), outcome('passed', 'first'));
  const verdict = judge(mutant({ A: 'one two', B: 'three' }), rows, run);
  expect([verdict.killed, verdict.survived]).toEqual([['A.two', 'B.three'], ['A.one']]);
});

test('tests without results kill nothing', () => {
  expect(failed(mutant({ A: 'one two' }), 'crashed').survived).toEqual(['A.one', 'A.two']);
});

test('tests must exist, and pass without a mutant', () => {
  const run = results(outcome('failed', 'group', 'third'), outcome('passed', 'first'));
  expect(unsoundRows([...rows.values(), row('C.none', 'nothing')], run)).toEqual([
    'A.two: cases.ts: group: does not pass without a mutant',
    'B.three: cases.ts: group third: does not pass without a mutant',
    'C.none: cases.ts: nothing: there is no such test',
  ]);
});

test('each row needs a mutant or a reason, not both', () => {
  const mutants = [mutant({ A: 'one', B: 'three' })];
  expect(unguardedRows(rows.keys(), mutants, {})).toEqual({ missing: ['A.two'], needless: [] });
  const reasons = { 'A.two': 'a reason', 'A.one': 'a reason', 'A.gone': 'a reason' };
  expect(unguardedRows(rows.keys(), mutants, reasons)).toEqual({ missing: [], needless: ['A.one', 'A.gone'] });
});

test.each<[string, Mutant, RegExp]>([
  ['text that is not there', mutant({ A: 'one' }, [[FILE, 'nowhere in it', '']]), /argnums\.ts does not contain/],
  ['text that comes twice', mutant({ A: 'one' }, [[FILE, 'isArray', '']]), /contains it \d+ times: isArray/],
  ['a file that is not there', mutant({ A: 'one' }, [['lib/none.ts', 'a', 'b']]), /lib\/none\.ts does not exist/],
  ['an edit that changes nothing', mutant({ A: 'one' }, [[FILE, 'non-empty', 'non-empty']]), /changes nothing/],
  ['a row that is not there', mutant({ A: 'four' }), /there is no row with a test: A\.four/],
  ['a row twice', mutant({ A: 'one one' }), /claimed twice: A\.one/],
  ['no row', mutant({}), /kills\.json has no row/],
])('a mutant with %s is a problem', (_, wrong, message) => {
  expect(problemsOf([wrong], { m: {} }, new Set(rows.keys())).join()).toMatch(message);
});

test('the files of the tables are test files, or imported by some', () => {
  const importers = testFilesOf();
  const files = new Set(readRows().flatMap(({ references }) => references.map(({ file }) => file)));
  expect([...files].filter((file) => !file.startsWith('../') && !importers.has(file))).toEqual([]);
});

test('the mutants can be made, and claim rows that exist; no reason is needless', async () => {
  const keys = new Set(readRows().map(({ key }) => key));
  const mutants = await readMutants();
  expect(problemsOf(mutants, readKills(), keys)).toEqual([]);
  expect(unguardedRows(keys, mutants, readReasons()).needless).toEqual([]);
});
