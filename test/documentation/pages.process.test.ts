/** The pages: their examples compile, run and give what they say; their commands work; their links lead somewhere. */

import fs from 'node:fs';

import { markdownBlocks } from '../support/documentation/blocks';
import { checkBlocks } from '../support/documentation/check-blocks';
import { makeCommandProject, packageCommands, runCommand } from '../support/documentation/commands';
import { brokenLinks, missingScripts, pages } from '../support/documentation/markdown';

const guides = pages().filter((file) => file.startsWith('docs/'));
const blocks = guides.flatMap(markdownBlocks);
const examples = blocks.filter(({ language }) => language === 'ts');

describe('the examples of docs/', () => {
  let failures: (string | null)[] = [];
  beforeAll(() => {
    failures = checkBlocks(examples);
  }, 120_000);

  test('include those of the tour and of the mapping', () => {
    const count = (file: string): number => examples.filter((block) => block.file === file).length;
    expect(count('docs/tour.md')).toBeGreaterThanOrEqual(10);
    expect(count('docs/from-pytorch.md')).toBeGreaterThanOrEqual(5);
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['py', 'sh', 'ts']);
  });

  test.each(examples.map((block, i) => ({ name: `${block.file}:${block.line}`, i })))('$name', ({ i }) => {
    expect(failures[i]).toBeNull();
  });
});

describe.each(['README.md', 'docs/tour.md', 'docs/install.md'])('the commands of %s', (file) => {
  let project = '';
  beforeAll(() => {
    project = makeCommandProject(file);
  });
  afterAll(() => {
    fs.rmSync(project, { recursive: true, force: true });
  });

  test.each(packageCommands(file))('%s', (line) => {
    expect(runCommand(line, project)).toBe(true);
  });
});

describe.each(pages())('%s', (file) => {
  test('has no broken links', () => {
    expect(brokenLinks(file)).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    expect(missingScripts(file)).toEqual([]);
  });
});
