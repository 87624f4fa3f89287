/**
 * The tarball of `npm pack`: what is in it, and that a project which has nothing else can use it from
 * ES modules, CommonJS, TypeScript and the command line.
 *
 * The addon is the one already built, put where the install script would put it; the script then finds
 * nothing to compile. With TORCH_FUNC_TEST_INSTALL=1 it compiles, as it does for a user, and a checkout that has no addon
 * gets this one: CI compiles once.
 */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '..');
const compiles = process.env.TORCH_FUNC_TEST_INSTALL === '1';

let folder = '';
let project = '';
let installed = '';
let packed: string[] = [];
let installScript = '';

function run(command: string, args: readonly string[], cwd = project): string {
  // npm passes settings of its own on to the processes it starts, this test among them.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)));
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout ?? ''}${stderr ?? String(error)}`, {
      cause: error,
    });
  }
}

function write(name: string, text: string): string {
  fs.writeFileSync(path.join(project, name), text);
  return name;
}

// What the package depends on, from the repository's own node_modules: no registry is needed.
function copyDependencies(): void {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  for (const [name, { dev }] of Object.entries(lock.packages)) {
    const source = path.join(root, name);
    if (name === '' || dev === true || !fs.existsSync(source)) continue;
    fs.cpSync(source, path.join(project, name), { recursive: true });
  }
}

function copyAddon(from: string, to: string): void {
  fs.mkdirSync(path.join(to, 'build', 'Release'), { recursive: true });
  for (const name of ['native.json', 'Release/torch_func.node']) {
    fs.copyFileSync(path.join(from, 'build', name), path.join(to, 'build', name));
  }
}

beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-package-')));
  project = path.join(folder, 'project');
  installed = path.join(project, 'node_modules', 'torch-func');
  fs.mkdirSync(project);
  write('package.json', JSON.stringify({ name: 'project', version: '1.0.0', private: true }));

  const pack = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root);
  const [{ filename, files }] = JSON.parse(pack) as [{ filename: string; files: { path: string }[] }];
  packed = files.map((file) => file.path);

  copyDependencies();
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  run('npm', ['install', path.join(folder, filename), ...quiet]);
  if (!compiles) copyAddon(root, installed);
  // The setup reports on stderr.
  installScript = run('sh', ['-c', 'npm rebuild torch-func --foreground-scripts 2>&1']);
  if (compiles && !fs.existsSync(path.join(root, 'build', 'Release', 'torch_func.node'))) copyAddon(installed, root);
}, 1_800_000);

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  const contains = (name: string): void => expect(packed).toContain(name);

  test('has the files to run and to build', () => {
    ['package.json', 'README.md', 'LICENSE', 'CMakeLists.txt', 'binding.gyp'].forEach(contains);
    ['dist/index.js', 'dist/index.mjs', 'dist/index.d.ts', 'dist/index.d.mts', 'dist/cli/main.js'].forEach(contains);
    ['native/addon/addon.cpp', 'scripts/setup.mjs', 'scripts/setup/libtorch.mjs'].forEach(contains);
    const sources = fs.readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' });
    sources.filter((name) => /\.(cpp|h|hpp)$/.test(name)).forEach((name) => contains(`native/${name}`));
  });

  test('has no other files', () => {
    const expected =
      /^(package\.json|README\.md|LICENSE|CMakeLists\.txt|binding\.gyp|native\/.+\.(cpp|h|hpp)|scripts\/setup\.mjs|scripts\/setup\/.+\.mjs|dist\/.+\.(js|mjs|d\.ts|d\.mts))$/;
    expect(packed.filter((name) => !expected.test(name))).toEqual([]);
  });

  test('has no output of a deleted source', () => {
    const outputs = packed.filter((name) => /^dist\/.*\.js$/.test(name));
    const missing = outputs.filter(
      (name) => !fs.existsSync(path.join(root, name.replace(/^dist/, 'lib').replace(/js$/, 'ts'))),
    );
    expect(missing).toEqual([]);
  });
});

test('the install script finds libtorch, and builds the addon if necessary', () => {
  expect(installScript).toMatch(/libtorch: 2\.13\.\d+ at/);
  expect(installScript).toMatch(/Setup: done/);
  expect(/Build: build\/Release\/torch_func\.node/.test(installScript)).toBe(compiles);
  expect(fs.readdirSync(installed)).not.toContain('lib');
});

describe('an import', () => {
  const main = `
    const cube = (x) => x.pow(3);
    const second = torch.func.grad(torch.func.grad(cube))(torch.tensor(2)).item();
    console.log(JSON.stringify([second, torch.vmap(cube)(torch.arange(3)).toArray()]));`;

  test.each([
    ['all names, in an ES module', 'names.mjs', "import * as torch from 'torch-func';"],
    ['the default, in an ES module', 'default.mjs', "import torch from 'torch-func';"],
    ['when it is needed', 'dynamic.mjs', "const torch = await import('torch-func');"],
    ['in CommonJS', 'commonjs.cjs', "const torch = require('torch-func');"],
    ['in CommonJS, when it is needed', 'later.cjs', "void import('torch-func').then((torch) => {"],
  ])('%s', (_, name, head) => {
    write(name, `${head}${main}${head.endsWith('{') ? '});' : ''}`);
    expect(JSON.parse(run(process.execPath, [name]))).toEqual([12, [0, 1, 8]]);
  });

  test('by name', () => {
    write('by-name.mjs', "import { tensor, func, Tensor, float64 } from 'torch-func'; console.log(float64);");
    expect(run(process.execPath, ['by-name.mjs'])).toBe('float64\n');
  });

  test('and require return the same package', () => {
    write(
      'both.mjs',
      `import { createRequire } from 'node:module';
      import torch, { Tensor } from 'torch-func';
      const other = createRequire(import.meta.url)('torch-func');
      console.log(other === torch, other.Tensor === Tensor, other.ones(2) instanceof Tensor);`,
    );
    expect(run(process.execPath, ['both.mjs'])).toBe('true true true\n');
  });
});

describe('the types', () => {
  const body = `
    type Params = { w: torch.Tensor; b: torch.Tensor };
    const loss = (params: Params, x: torch.Tensor): torch.Tensor => params.w.mul(x).add(params.b).sum();
    const gradients: (params: Params, x: torch.Tensor) => Params = torch.func.grad(loss);
    const x = torch.ones([3], { dtype: 'float64' });
    const { w } = gradients({ w: x, b: x }, x);
    const dtype: torch.Dtype = w.dtype;
    // @ts-expect-error there is no such dtype, so these types are not any
    torch.ones([3], { dtype: 'float23' });
    // @ts-expect-error a gradient has the structure of the parameters
    gradients({ w: x, b: x }, x).c;
    console.log(dtype);
  `;
  const star = `import * as torch from 'torch-func';${body}`;
  const byDefault = `import torch from 'torch-func'; import type { Tensor } from 'torch-func';${body}`;
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');

  beforeAll(() => {
    write('star.mts', star);
    write('star.cts', star);
    write('default.mts', byDefault.replaceAll('torch.Tensor', 'Tensor').replaceAll('torch.Dtype', 'string'));
    write('require.cts', `import torch = require('torch-func');${body}`);
    write('plain.ts', star);
    for (const name of typeTests) {
      const text = fs.readFileSync(path.join(root, 'test', 'types', name), 'utf8');
      // The same tests, of the declarations in the tarball, as an ES module and in CommonJS.
      for (const kind of ['m', 'c'])
        write(name.replace(/ts$/, `${kind}ts`), text.replace("'./equal'", `'./equal.${kind}js'`));
    }
  });

  const typeTests = fs.readdirSync(path.join(root, 'test', 'types')).filter((name) => name.endsWith('.ts'));
  const asEsModules = typeTests.map((name) => name.replace(/ts$/, 'mts'));
  const asCommonJs = typeTests.map((name) => name.replace(/ts$/, 'cts'));
  const moduleFiles = ['star.mts', 'star.cts', 'default.mts', 'require.cts', 'plain.ts', ...asEsModules, ...asCommonJs];
  test.each([
    ['node16', 'node16', moduleFiles],
    ['nodenext', 'nodenext', moduleFiles],
    ['esnext', 'bundler', ['star.mts', 'default.mts', 'plain.ts', ...asEsModules]],
  ])('resolve with module %s and moduleResolution %s', (module, moduleResolution, files) => {
    write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          ...{ module, moduleResolution, target: 'es2022', strict: true, noEmit: true },
          // Nothing but this package and Node's own types: the declarations must be complete.
          ...{ lib: ['es2022', 'esnext.disposable'], types: ['node'], skipLibCheck: false },
          typeRoots: [path.join(root, 'node_modules', '@types')],
        },
        files,
      }),
    );
    expect(run(process.execPath, [tsc, '-p', '.'])).toBe('');
  });
});

describe('the command', () => {
  const command = path.join('node_modules', '.bin', 'torch-func');

  test('is installed as torch-func', () => {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run(command, ['--version']).trim()).toContain(version);
  });

  test('examines the installation', () => {
    expect(run(command, ['doctor'])).toMatch(/addon +loads, and gives the right Jacobian/);
  });

  test('computes Jacobians of a function in TypeScript', () => {
    write('make.mjs', "import torch from 'torch-func'; torch.npy.save('x.npy', torch.tensor([[1, 2], [3, 4]]));");
    write('square.ts', "import { Tensor } from 'torch-func'; export default (x: Tensor): Tensor => x.pow(2);");
    write(
      'print.mjs',
      "import torch from 'torch-func'; console.log(JSON.stringify(torch.npy.load('J.npy').toArray()));",
    );
    run(process.execPath, ['make.mjs']);
    expect(run(command, ['jacobian', '--fn', 'square.ts', '--input', 'x.npy', '--output', 'J.npy'])).toMatch(
      /^2 samples/,
    );
    expect(JSON.parse(run(process.execPath, ['print.mjs']))).toEqual([
      [
        [2, 0],
        [0, 4],
      ],
      [
        [6, 0],
        [0, 8],
      ],
    ]);
  });
});
