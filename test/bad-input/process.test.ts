/** What could end a process, in processes of their own: a crash is attributed to its case. */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

import { native } from '../../lib/native';

const root = path.resolve(__dirname, '..', '..');

function run(script: string): { status: number | null; signal: string | null; out: string } {
  const prelude = `const torch = require(${JSON.stringify(root)}); const { native } = require(${JSON.stringify(path.join(root, 'dist', 'native'))});\n`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', prelude + script], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { status, signal, out: stdout + stderr };
}

// Every kind of value in every place of every function of the addon.
const GARBAGE = `
const tensor = () => torch.tensor([1, 2, 3]);
const gone = () => { const t = tensor(); t.dispose(); return t; };
const values = [undefined, null, 7, NaN, -1, 2 ** 53, Infinity, 1.5, 2n ** 60n, 'x', Symbol('s'), () => 1, {}, [], [1], true,
  new Float32Array(2), new torch.Generator(), new Date(), tensor, gone, () => [tensor()], () => [gone()],
  () => new Proxy(tensor(), {}), () => Object.create(torch.Tensor.prototype), () => new torch.Tensor()];
const make = (value) => (typeof value === 'function' && value.length === 0 ? value() : value);
const calls = [[], ...values.map((v) => Array(7).fill(v)), ...values.map((v) => [tensor, v, v, v]), ...values.map((v) => [[1], v])];
for (const name of names) {
  // What comes after the last of these lines is where the process ended.
  require('fs').writeSync(2, name + ' ');
  for (const call of calls) {
    try { native[name](...call.map(make)); } catch (error) {
      if (!(error instanceof Error) || error.message.length < 8) console.log(name, String(error));
      else if (/was expected|Invalid argument|Node-API/.test(error.message)) console.log(name, error.message);
    }
  }
}
process.exit(0);
`;

const exported = Object.keys(native);
const groups = Array.from({ length: Math.ceil(exported.length / 12) }, (_, i) => exported.slice(12 * i, 12 * (i + 1)));

test.each(groups.map((names) => [names.join(' '), names] as const))('the addon survives garbage: %s', (text, names) => {
  const { status, signal, out } = run(`const names = ${JSON.stringify(names)};${GARBAGE}`);
  expect({ status, signal, out: out.trim() }).toEqual({ status: 0, signal: null, out: text });
});

const scripts: [string, string, number][] = [
  [
    'a worker that ends with live tensors',
    `new (require('worker_threads').Worker)('const torch = require(' + JSON.stringify(${JSON.stringify(root)}) + '); globalThis.kept = [torch.ones([1000]), new torch.Generator()];', { eval: true });`,
    0,
  ],
  [
    'process.exit inside a transform',
    'torch.func.grad((x) => { torch.vmap(() => process.exit(7))(x); return x.sum(); })(torch.ones([3]));',
    7,
  ],
  ['process.exit in a getter', 'torch.tensor(Object.defineProperty([1], 0, { get: () => process.exit(7) }));', 7],
  ['an uncaught error inside a transform', "torch.func.grad(() => { throw new Error('x'); })(torch.ones([3]));", 1],
  [
    'a worker that exits inside a transform',
    `new (require('worker_threads').Worker)('const torch = require(' + JSON.stringify(${JSON.stringify(root)}) + '); torch.func.jacfwd(() => process.exit(0))(torch.ones([3]));', { eval: true }).on('exit', () => torch.func.jacfwd((x) => x.sin())(torch.ones([3])));`,
    0,
  ],
  [
    'endless recursion through vmap in a worker',
    `new (require('worker_threads').Worker)('const torch = require(' + JSON.stringify(${JSON.stringify(root)}) + '); const f = (x) => torch.vmap(f)(x.unsqueeze(0)); try { f(torch.tensor(1)); } catch (e) { if (e.name !== "RangeError") throw e; }', { eval: true });`,
    0,
  ],
  [
    'a graph of a million nodes, dropped',
    'let y = torch.ones([1], { requiresGrad: true }); torch.scope(() => { for (let i = 0; i < 1e6; i++) y = y.add(1); });',
    0,
  ],
];

test.each(scripts)('%s', (_, script, code) => {
  const { status, signal, out } = run(script);
  expect({ status, signal, out: code === 1 ? '' : out.trim() }).toEqual({ status: code, signal: null, out: '' });
});

// Without memory for the values in JavaScript, V8 has no way out but to end the process. Reads what fits in no more.
test('data() and toArray() without memory for the values throw', () => {
  const script = `
    const torch = require(${JSON.stringify(root)});
    const kept = [];
    try { for (;;) kept.push(torch.empty([2 ** 28], { dtype: 'uint8' })); } catch {}
    for (const dtype of ['uint8', 'bfloat16']) {
      for (const read of ['data', 'toArray']) {
        try { console.log(kept[0].view(dtype)[read]().length); } catch (error) { console.log(error.name, error.message.slice(0, 48)); }
      }
    }`;
  const limited = ['-c', 'ulimit -v 5000000 && exec "$0" -e "$1"', process.execPath, script];
  const { status, signal, stdout } = spawnSync('sh', limited, { encoding: 'utf8', timeout: 50_000 });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  const refused = 'OutOfMemoryError cannot allocate 268435456 bytes of JavaScript memory';
  expect(stdout).toContain(refused.slice(0, 65));
  expect(stdout.trim().split('\n')).toHaveLength(4);
});
