/** The tests of a mutant: they run against the changed text, and the files stay as they are. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { runTests } from '../../scripts/mutants/jest';
import { ROOT, type Edit } from '../../scripts/mutants/mutants';

jest.setTimeout(120_000);

const LIB = 'lib/func/debug-unwrap.ts';
const folder = mkdtempSync(path.join(tmpdir(), 'torch-func-mutants-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (id: string, edits: readonly Edit[]) =>
  runTests({ id, files: ['func/jacobian-options.test.ts'], edits, folder, timeout: 60_000 });

test('they fail where the mutant is noticed, and pass without it', async () => {
  const before = readFileSync(path.join(ROOT, LIB), 'utf8');
  const failures = async (id: string, edits: readonly Edit[]): Promise<string[]> =>
    (await run(id, edits)).filter(({ status }) => status === 'failed').map(({ titles }) => titles.at(-1) as string);
  expect(await failures('mutant', [[LIB, 'if (!recurse) break;', 'break;']])).toEqual([
    'goes to the bottom, or one level down',
  ]);
  expect(await failures('none', [])).toEqual([]);
  expect(readFileSync(path.join(ROOT, LIB), 'utf8')).toBe(before);
});

test('a mutant that cannot be loaded has no results', async () => {
  await expect(run('syntax', [[LIB, 'export function', 'export function (']])).rejects.toThrow(/has no results/);
});
