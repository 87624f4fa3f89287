/** The tables beside this file name tests of ours: each must exist, and each behaviour be listed once. */

import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';

import { readTables } from '../support/behaviours/tables';
import { hasTitle } from '../support/behaviours/titles';

const TESTS = path.join(__dirname, '..');
const tables = readdirSync(__dirname).filter((name) => name.endsWith('.md') && name !== 'README.md');

describe.each(tables)('%s', (name) => {
  const sections = readTables(path.join(__dirname, name));

  test('has rows, as many as each heading says, and no test twice', () => {
    expect(sections.length).toBeGreaterThan(0);
    for (const section of sections) {
      const tests = section.rows.map((row) => row.test);
      expect([section.name, tests.length]).toEqual([section.name, section.count]);
      expect(tests.filter((test, i) => tests.indexOf(test) !== i)).toEqual([]);
    }
  });

  test('names files and titles that are there, or gives a reason', () => {
    const missing = sections.flatMap((section) =>
      section.rows.flatMap(({ test, covered, reason }) => {
        if (covered === null) return reason.length > 10 ? [] : [`${test}: no reason`];
        return covered
          .filter(({ file, title }) => !existsSync(path.join(TESTS, file)) || !hasTitle(path.join(TESTS, file), title))
          .map(({ file, title }) => `${section.name}.${test}: ${file}: ${title}`);
      }),
    );
    expect(missing).toEqual([]);
  });
});

test.each([
  ['autograd/grad.test.ts', 'leaves .grad alone, for leaves and others', true],
  ['autograd/grad.test.ts', 'leaves .grad alone', false],
  ['autograd/grad.test.ts', '5 batched gradients are those of a loop', true],
  ['autograd/grad.test.ts', 'gradients are those of a loop', false],
  ['parity/transforms/jacobians.ts', 'jacfwd, argnums [0,1]', true],
  ['autograd/parity/functional-behaviours.ts', 'vjp: a vector of another size', true],
  ['autograd/parity/functional-behaviours.ts', 'vjp: a vector of another colour', false],
])('%s: %s', (file, title, found) => {
  expect(hasTitle(path.join(TESTS, file), title)).toBe(found);
});
