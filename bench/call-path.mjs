#!/usr/bin/env node
// The parts of an operator call, in instructions of the processor, counted by valgrind's callgrind. Instructions do not
// depend on the load of the machine. Prints the table of docs/performance.md.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageRoot } from './processes.mjs';

const CALLS = 20_000;

// The functions that a call consists of, as callgrind names them. An indented part is contained in the one above it.
const PARTS = [
  ['in the addon', 'torch_func::(anonymous namespace)::callOperator('],
  ['  overload and arguments', 'torch_func::Operator::bind('],
  ['  libtorch', 'torch_func::execute('],
  ['    the dispatcher', 'c10::Dispatcher::callBoxed('],
  ['  result', 'torch_func::wrap('],
  ['    handle', 'torch_func::HandlePool::create('],
  ['    finalizer', 'napi_add_finalizer'],
  ['freeing, in a collection', 'torch_func::(anonymous namespace)::finalizeTensor('],
];

const OPERATIONS = {
  sin: 'x.sin()',
  add: 'x.add(x)',
  'mul scalar': 'x.mul(2)',
  sum: 'm.sum(0)',
  view: 'm.view(6)',
};

/** @param {string} expression */
function countInstructions(expression) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'call-path-'));
  const output = path.join(folder, 'callgrind.out');
  const program = `const torch = require(${JSON.stringify(path.join(packageRoot, 'dist', 'index.js'))});
    const x = torch.tensor([1, 2, 3]), m = torch.ones(2, 3);
    for (let i = 0; i < ${CALLS}; i++) ${expression};
    gc();`;
  try {
    execFileSync(
      'valgrind',
      [
        '--tool=callgrind',
        `--callgrind-out-file=${output}`,
        // The two calls that create x and m count too.
        '--toggle-collect=*callOperator(*',
        '--toggle-collect=*finalizeTensor(*',
        process.execPath,
        '--no-opt',
        '--single-threaded',
        '--expose-gc',
        '--eval',
        program,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const report = execFileSync('callgrind_annotate', ['--threshold=100', '--inclusive=yes', output], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return PARTS.map(([, name]) => {
      const line = report.split('\n').find((text) => text.includes(`:${name}`));
      return line === undefined ? 0 : Number(line.trim().split(' ')[0].replaceAll(',', '')) / CALLS;
    });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const columns = Object.entries(OPERATIONS).map(([name, expression]) => ({
  name,
  counts: countInstructions(expression),
}));
process.stdout.write(`| part | ${columns.map(({ name }) => name).join(' | ')} |\n`);
process.stdout.write(`|---${'|---:'.repeat(columns.length)}|\n`);
PARTS.forEach(([label], row) => {
  process.stdout.write(
    `| ${label.replace(/^ +/, (indent) => '&nbsp;'.repeat(indent.length))} | ${columns.map(({ counts }) => Math.round(counts[row])).join(' | ')} |\n`,
  );
});
