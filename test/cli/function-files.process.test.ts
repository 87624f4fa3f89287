/**
 * The modules that a function may come from, loaded by the compiled command's own loader in a process
 * where nothing else stands between it and Node.js.
 */

import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { root, useFolder } from '../support/command';

const folder = useFolder();

const DRIVER = `
  const [dist, ...specs] = process.argv.slice(1);
  const torch = require(dist + '/index.js');
  require(dist + '/cli/share-package.js').sharePackage();
  const { loadFunction } = require(dist + '/jobs/function/load-function.js');
  const tell = async (spec) => {
    try {
      const fn = await loadFunction(spec, torch);
      return { value: fn.evaluate(torch.tensor([3, 4])).toArray() };
    } catch (error) {
      return { error: error.message };
    }
  };
  (async () => {
    const results = [];
    for (const spec of specs) results.push(await tell(spec));
    console.log(JSON.stringify(results));
  })();
`;

interface Result {
  readonly value?: unknown;
  readonly error?: string;
}

/** Loads functions and calls each with [3, 4]. */
function callAll(specs: readonly string[]): Result[] {
  const out = execFileSync(process.execPath, ['-e', DRIVER, path.join(root, 'dist'), ...specs], { encoding: 'utf8' });
  return JSON.parse(out) as Result[];
}

const ONE = `x.pow(2).sum()`;
// Whatever way the file comes by the package, its tensors are those of the command.
const CHECKED = `if (!(x instanceof torch.Tensor) || torch !== given && torch.Tensor !== given.Tensor) throw new Error('another instance');`;

const GOOD: readonly [name: string, source: string, wanted?: string][] = [
  ['default.mjs', `export default (x) => ${ONE};`],
  ['default.ts', `export default (x: any): any => ${ONE};`],
  ['default.mts', `export default <T>(x: any): T => ${ONE};`],
  ['default.cts', `export default (x: any): any => ${ONE};`],
  ['only.mjs', `export const version = 3; export function f(x) { return ${ONE}; }`],
  ['several.mjs', `export const f = (x) => ${ONE}; export const g = (x) => x;`, 'f'],
  ['both.mjs', `export default (x) => x; export const f = (x) => ${ONE};`, 'f'],
  ['module.cjs', `module.exports = (x) => ${ONE};`],
  ['exports.cjs', `exports.f = (x) => ${ONE};`],
  ['object.cjs', `module.exports = { f: (x) => ${ONE}, g: (x) => x };`, 'f'],
  ['plain.js', `exports.f = (x) => ${ONE};`],
  ['esm.js', `export default (x) => ${ONE};`],
  ['with # in its name.mjs', `export default (x) => ${ONE};`],
  ['star.mjs', `import * as torch from 'torch-func'; export default (x, given) => { ${CHECKED} return ${ONE}; };`],
  [
    'named.mjs',
    `import { sum, Tensor } from 'torch-func'; export default (x) => { if (!(x instanceof Tensor)) throw 1; return sum(x.pow(2)); };`,
  ],
  ['def.mjs', `import torch from 'torch-func'; export default (x, given) => { ${CHECKED} return ${ONE}; };`],
  ['require.cjs', `const torch = require('torch-func'); module.exports = (x, given) => { ${CHECKED} return ${ONE}; };`],
  [
    'def.ts',
    `import torch, { type Tensor } from 'torch-func'; export default (x: Tensor, given: typeof torch) => { ${CHECKED} return ${ONE}; };`,
  ],
  [
    'await.mjs',
    `const torch = await import('torch-func'); export default (x, given) => { ${CHECKED} return ${ONE}; };`,
  ],
  [
    'syntax.ts',
    `enum Power { Two = 2 } namespace N { export const two: number = Power.Two } export default (x: any) => x.pow(N.two satisfies number).sum();`,
  ],
];

test('every kind of module, with this very instance of the package', () => {
  // Another copy of the package in reach must not be taken.
  folder.file('node_modules/torch-func/package.json', '{ "name": "torch-func", "version": "0.0.0" }');
  folder.file('node_modules/torch-func/index.js', 'throw new Error("the other copy was loaded");');
  const specs = GOOD.map(([name, source, wanted]) => {
    const file = folder.file(name, source);
    return wanted === undefined ? file : `${file}#${wanted}`;
  });
  const results = callAll(specs);
  const named = Object.fromEntries(GOOD.map(([name], i) => [name, results[i]]));
  expect(named).toEqual(Object.fromEntries(GOOD.map(([name]) => [name, { value: 25 }])));
});

test('helpers of their own, in other folders, kinds and languages', () => {
  folder.file('lib/scale.ts', `import torch from 'torch-func'; export const scale: number = torch.tensor(2).item();`);
  folder.file('lib/power.cjs', `const torch = require('torch-func'); exports.power = (x) => torch.pow(x, 2);`);
  folder.file('lib/sum.mjs', `import { sum } from 'torch-func'; export default (x) => sum(x);`);
  folder.file('esm/package.json', '{ "type": "module" }');
  folder.file('esm/identity.js', `import * as torch from 'torch-func'; export const identity = (x) => torch.clone(x);`);
  const source = `
    import { identity } from './esm/identity.js';
    import { power } from './lib/power.cjs';
    import { scale } from './lib/scale.ts';
    import sum from './lib/sum.mjs';
    export default (x) => sum(power(identity(x))).mul(scale);`;
  expect(callAll([folder.file('f.mjs', source), folder.file('g.ts', source)])).toEqual([{ value: 50 }, { value: 50 }]);
});

const BAD: readonly [name: string, source: string, suffix: string, message: RegExp][] = [
  ['none.mjs', 'export const x = 1;', '', /exports no function; expected export default \(x, torch\) => y/],
  [
    'many.mjs',
    'export const f = (x) => x; export const g = (x) => x;',
    '',
    /several functions and none by default: f, g; select one, for example many\.mjs#f/,
  ],
  [
    'many.mjs',
    'export const f = (x) => x; export const k = 1;',
    '#h',
    /has no export 'h'; it exports the functions: f/,
  ],
  ['many.mjs', 'export const f = (x) => x; export const k = 1;', '#k', /exports 'k', which is not a function/],
  ['syntax.mjs', 'export default (x => ;', '', /cannot load .*syntax\.mjs: /],
  ['syntax.ts', 'export default (x: => x;', '', /cannot load .*syntax\.ts: /],
  ['throws.mjs', '\nthrow new Error("at load");', '', /cannot load .*throws\.mjs: at load[^]*throws\.mjs:2/],
  [
    'import.mjs',
    'import "no-such-package-anywhere"; export default (x) => x;',
    '',
    /cannot load .*no-such-package-anywhere/,
  ],
];

test('modules that cannot be used', () => {
  const results = callAll(BAD.map(([name, source, suffix], i) => folder.file(`${i}/${name}`, source) + suffix));
  BAD.forEach(([, , , message], i) => {
    expect(results[i].error).toMatch(message);
  });
});

test('files that are not there or not code', () => {
  const [none, python] = callAll([folder.file('none.ts'), folder.file('f.py', '')]);
  expect(none.error).toMatch(/cannot load .*none\.ts: there is no such file/);
  expect(python.error).toMatch(/expected a \.ts, .* file, got .*f\.py/);
});
