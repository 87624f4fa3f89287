/** README.md: short, and its examples compile under the strictest options, run, and give what they say. */

import { markdownBlocks } from '../support/documentation/blocks';
import { checkBlocks } from '../support/documentation/check-blocks';
import { readPage } from '../support/documentation/markdown';

const text = readPage('README.md');
const blocks = markdownBlocks('README.md');
const examples = blocks.filter(({ language }) => language === 'ts');

let failures: (string | null)[] = [];
beforeAll(() => {
  // Options that `tsc --init` sets: README's examples are what a newcomer pastes into a new project.
  failures = checkBlocks(examples, { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true });
}, 120_000);

test('it has at most 165 lines, without the table of the benchmarks', () => {
  const [before, after] = [text.indexOf('<!-- Written by'), text.indexOf('<!-- End of the table -->')];
  expect(before).toBeGreaterThan(0);
  expect((text.slice(0, before) + text.slice(after)).trimEnd().split('\n').length).toBeLessThanOrEqual(165);
});

test('there are six examples, three of them of models', () => {
  expect(examples).toHaveLength(6);
  expect(examples.filter(({ code }) => /export\.load|loadStateDict|optim\./.test(code))).toHaveLength(3);
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['sh', 'ts']);
});

test.each(examples.map((block, i) => ({ name: `${block.file}:${block.line}`, i })))('$name', ({ i }) => {
  expect(failures[i]).toBeNull();
});

test('the strict options are in force', () => {
  const [failure] = checkBlocks(
    [{ file: '', line: 1, language: 'ts', code: 'const [x] = [1].slice();\nexport const y: number = x;' }],
    { noUncheckedIndexedAccess: true },
  );
  expect(failure).toMatch(/undefined/);
}, 60_000);
