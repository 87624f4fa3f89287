/** The tables of docs/from-pytorch.md: their TypeScript compiles, and every transform has a row. */

import fs from 'node:fs';
import path from 'node:path';

import { root } from '../support/documentation/blocks';
import type { Block } from '../support/documentation/blocks';
import { checkBlocks } from '../support/documentation/check-blocks';

const file = 'docs/from-pytorch.md';
const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');

// The names used in the tables, as parameters of a function that is never called: only the types matter.
const parameters = `(
  { vmap }: typeof torch,
  [x, y, v]: torch.Tensor[],
  f: (x: torch.Tensor) => torch.Tensor,
  f2: (x: torch.Tensor, y: torch.Tensor) => torch.Tensor,
  fAndAux: (x: torch.Tensor) => [torch.Tensor, torch.Tensor],
  [loss, loss2, lossAndAux]: [typeof f, typeof f2, typeof fAndAux],
  model: torch.nn.Module,
  optimizer: torch.optim.SGD,
  [params, buffers]: Record<string, torch.Tensor>[],
)`;
const blockOf = (line: number, expressions: readonly string[]): Block => {
  const code = expressions.map((expression) => `  void (${expression});`).join('\n');
  return {
    ...{ file, line, language: 'ts' },
    code: `import * as torch from 'torch-func';\nexport function row${parameters} {\n${code}\n}`,
  };
};

/** One block for each table row: the code in its TypeScript columns. */
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
// Controls: three rows that must not compile, and one that must.
const controls = [
  blockOf(1, ['torch.func.grads(loss)']),
  blockOf(2, ['vmap(f, { in_dims: 1 })']),
  blockOf(3, ['x.sum(0, { keepDim: true })']),
  blockOf(4, ['torch.func.grad(loss)(x)']),
];

let failures: (string | null)[] = [];
let controlled: (string | null)[] = [];
beforeAll(() => {
  const results = checkBlocks([...controls, ...rows]);
  controlled = results.splice(0, controls.length);
  failures = results;
}, 120_000);

test('there are tables', () => {
  expect(rows.length).toBeGreaterThan(80);
});

test('every row has a counterpart', () => {
  expect(rows.filter(({ code }) => !code.includes('void'))).toEqual([]);
});

test('the compiler reports names that do not exist', () => {
  const expected = [/grads/, /in_dims/, /keepDim|overload/].map((text) => expect.stringMatching(text));
  expect(controlled).toEqual([...expected, null]);
});

test.each(rows.map((block, i) => ({ name: `${file}:${block.line}`, i })))('$name', ({ i }) => {
  expect(failures[i]).toBeNull();
});

test('every transform and every function of torch.autograd.functional has a row', () => {
  const text = rows.map(({ code }) => code).join('\n');
  // Loaded as the tables are compiled: from the published entry point.
  const torch = require('../../lib') as typeof import('../../lib');
  const names = [
    ...Object.keys(torch.func).map((name) => `torch.func.${name}`),
    ...Object.keys(torch.autograd.functional).map((name) => `torch.autograd.functional.${name}`),
    ...Object.keys(torch.autograd.forwardAd).map((name) => `torch.autograd.forwardAd.${name}`),
  ].filter((name) => !['torch.func.vmap', 'torch.func.getBatchingFallback'].includes(name));
  expect(names.filter((name) => !text.includes(name))).toEqual([]);
});
