/** What docs/from-pytorch.md shows: the TypeScript of its tables compiles, its code blocks run and give what they say. */

import fs from 'node:fs';
import path from 'node:path';

import { markdownBlocks, root } from './support/blocks';
import type { Block } from './support/blocks';
import { checkBlocks } from './support/check-blocks';

const file = 'docs/from-pytorch.md';
const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');

// What the tables speak of, as parameters of a function that is never called: only the types matter.
const parameters = `(
  { vmap }: typeof torch,
  [x, y, v]: torch.Tensor[],
  f: (x: torch.Tensor) => torch.Tensor,
  f2: (x: torch.Tensor, y: torch.Tensor) => torch.Tensor,
  fAndAux: (x: torch.Tensor) => [torch.Tensor, torch.Tensor],
  [loss, loss2, lossAndAux]: [typeof f, typeof f2, typeof fAndAux],
  model: torch.nn.Module,
  [params, buffers]: Record<string, torch.Tensor>[],
)`;
const blockOf = (line: number, expressions: readonly string[]): Block => {
  const code = expressions.map((expression) => `  void (${expression});`).join('\n');
  return {
    ...{ file, line, language: 'ts' },
    code: `import * as torch from 'torch-func';\nexport function row${parameters} {\n${code}\n}`,
  };
};

/** The code in the columns of the tables that hold TypeScript, a block for each row. */
function tableBlocks(): Block[] {
  const blocks: Block[] = [];
  let columns: number[] = [];
  lines.forEach((line, i) => {
    if (!line.startsWith('| ')) return;
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    if (lines[i + 1]?.startsWith('| ---')) {
      columns = cells.flatMap((cell, column) => (cell === 'here' || cell === 'torch.func' ? [column] : []));
    } else if (!line.startsWith('| ---')) {
      const expressions = columns.flatMap((column) =>
        [...cells[column].matchAll(/`([^`]+)`/g)].map(([, code]) => code),
      );
      blocks.push(blockOf(i + 1, expressions));
    }
  });
  return blocks;
}

const rows = tableBlocks();
const blocks = markdownBlocks(file);
const examples = blocks.filter(({ language }) => language === 'ts');
// Three that must not compile, so that the others prove something, and one that must.
const controls = [
  blockOf(1, ['torch.func.grads(loss)']),
  blockOf(2, ['vmap(f, { in_dims: 1 })']),
  blockOf(3, ['x.sum(0, { keepDim: true })']),
  blockOf(4, ['torch.func.grad(loss)(x)']),
];
const shown = [...rows, ...examples];

let failures: (string | null)[] = [];
let controlled: (string | null)[] = [];
beforeAll(() => {
  const results = checkBlocks([...controls, ...shown]);
  controlled = results.splice(0, controls.length);
  failures = results;
}, 120_000);

test('there are tables and examples', () => {
  expect(rows.length).toBeGreaterThan(80);
  expect(examples.length).toBeGreaterThan(4);
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['py', 'ts']);
});

test('every row says how it is written here', () => {
  expect(rows.filter(({ code }) => !code.includes('void'))).toEqual([]);
});

test('the types notice a name that is not there', () => {
  const expected = [/grads/, /in_dims/, /keepDim|overload/].map((text) => expect.stringMatching(text));
  expect(controlled).toEqual([...expected, null]);
});

test.each(shown.map((block, i) => ({ name: `${file}:${block.line}`, i })))('$name', ({ i }) => {
  expect(failures[i]).toBeNull();
});

test('every transform and every function of torch.autograd.functional has a row', () => {
  const text = rows.map(({ code }) => code).join('\n');
  // Loaded as the tables are compiled: from what is published.
  const torch = require('../../lib') as typeof import('../../lib');
  const names = [
    ...Object.keys(torch.func).map((name) => `torch.func.${name}`),
    ...Object.keys(torch.autograd.functional).map((name) => `torch.autograd.functional.${name}`),
    ...Object.keys(torch.autograd.forwardAd).map((name) => `torch.autograd.forwardAd.${name}`),
  ].filter((name) => !['torch.func.vmap', 'torch.func.getBatchingFallback'].includes(name));
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});

test('the links lead somewhere', () => {
  const targets = [
    ...lines
      .join('\n')
      .replace(/`[^`]*`/g, '')
      .matchAll(/\]\(([^)#]+)\)/g),
  ].map((match) => match[1]);
  expect(targets.filter((target) => !fs.existsSync(path.join(root, 'docs', target)))).toEqual([]);
});
