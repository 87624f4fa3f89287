/**
 * Arrays of 2^32-1 holes, which take no memory but minutes to walk. Every function refuses them at once, wherever they
 * stand. In processes of their own: a hang can be ended only from outside.
 */

import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(__dirname, '..', '..');

// Prints each call before it is made: the last line names the one that hangs.
const PROGRAM = `
const torch = require(${JSON.stringify(root)});
const print = (...words) => require('node:fs').writeSync(1, words.join(' ') + '\\n');
const holes = new Array(2 ** 32 - 1);
const x = torch.ones(2, 3), f = (...args) => args[0].sin();
const functions = [];
const seen = new Set();
const collect = (object, prefix) => {
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === null || !['object', 'function'].includes(typeof value) || seen.has(value)) continue;
    seen.add(value);
    if (typeof value === 'function') functions.push([prefix + key, value, object]);
    if (!(value instanceof torch.Tensor) && prefix.split('.').length < 4) collect(value, prefix + key + '.');
  }
};
collect(torch, '');
for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(torch.Tensor.prototype))) {
  if (typeof value === 'function' && key !== 'constructor') functions.push(['Tensor.' + key, value, x]);
}
const calls = [[holes], [x, holes], [f, holes], [x, x, holes], [holes, x], [2, holes], ['i', holes], [f, [x], holes],
  [f, [x], [x], holes], ['i', x, holes], [[holes]], [f, [holes]], [[2, 3], holes], [x, 2, holes]];
const common = ['dim', 'size', 'out', 'dtype', 'names', 'kernelSize', 'stride', 'inputs'].map((name) => ({ [name]: holes }));
const group = functions.filter((_, i) => i % GROUPS === GROUP);
for (const [name, value, self] of group) {
  const call = (...args) => {
    try {
      const made = /^class /.test(Function.prototype.toString.call(value)) ? new value(...args) : value.apply(self, args);
      if (typeof made === 'function') { made(x); made(holes); }
    } catch (error) { return error; }
  };
  for (const [i, args] of calls.entries()) {
    print(name, 'call', i);
    call(...args);
  }
  for (const first of [[x], [f], [x, x], [f, [x], [x]]]) {
    const known = /the options are (.*)/.exec(call(...first, { unknown: 1 })?.message)?.[1].split(', ') ?? [];
    for (const options of [...known.map((option) => ({ [option]: holes })), ...common]) {
      print(name, 'options', JSON.stringify(Object.keys(options)));
      call(...first, options);
    }
  }
}
print('done', group.length);
process.exit(0);`;

const GROUPS = 4;

// Some functions write the file that a string names.
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-holes-'));
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test.each(Array.from({ length: GROUPS }, (_, i) => [i + 1]))(
  'every function refuses arrays of holes at once (part %i)',
  (part) => {
    const program = `const GROUPS = ${GROUPS}, GROUP = ${part - 1};${PROGRAM}`;
    const { status, signal, stdout } = spawnSync(process.execPath, ['--no-warnings', '-e', program], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 27,
    });
    const last = stdout.trim().split('\n').at(-1);
    expect({ status, signal, last }).toEqual({ status: 0, signal: null, last: expect.stringMatching(/^done \d{3}$/) });
  },
  70_000,
);
