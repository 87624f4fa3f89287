// The setup as users run it, on machines where something is missing.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { writeLibtorch } from '../support/setup/fake-libtorch';
import { temporaryFolder, writeFiles, writeProgram } from '../support/setup/folder';

const root = path.resolve(__dirname, '../..');

/** A package folder of its own, so that the real one's build is left alone. */
function makePackage(): string {
  const folder = temporaryFolder();
  for (const name of ['package.json', 'CMakeLists.txt', 'scripts/setup.mjs', 'scripts/setup']) {
    fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  }
  return folder;
}

/** Runs the setup with only these programs on PATH. */
function setUp(folder: string, args: string[], programs: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: programs, HOME: folder, TORCH_FUNC_CACHE: path.join(folder, 'cache'), ...env },
  });
  return { status, stdout, stderr };
}

const cmake = 'echo "cmake version 3.25.1"';
const gcc = (major: number) => `printf '#define __GNUC__ ${major}\\n#define __GNUC_MINOR__ 2\\n'`;
const python = (pip: string) => `case "$*" in *pip*) ${pip};; *) echo 3 11 "$0";; esac`;

describe('the setup without', () => {
  let folder: string;
  let libtorch: string;
  let programs: string;
  beforeEach(() => {
    folder = makePackage();
    libtorch = writeLibtorch(path.join(folder, 'libtorch'));
    programs = path.join(folder, 'programs');
    fs.mkdirSync(programs);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['cmake', {}, /CMake was not found[^]*What was tried[^]*cmake on PATH: not there[^]*What you can do[^]*install/],
    ['a new cmake', { cmake: 'echo cmake version 3.16.3' }, /CMake 3\.16\.3 is too old[^]*3\.20 or newer/],
    ['a compiler', { cmake }, /no suitable C\+\+ compiler[^]*g\+\+ on PATH: not there[^]*clang\+\+ on PATH: not there/],
    ['a new compiler', { cmake, 'g++': gcc(8) }, /no suitable C\+\+ compiler[^]*g\+\+ 8\.2, 11\.0 or newer is needed/],
    ['a compiler that runs', { cmake, 'g++': 'echo broken >&2; exit 1' }, /g\+\+: does not run \(broken\)/],
    ['make', { cmake, 'g++': gcc(12) }, /neither ninja nor make was found/],
    ['npm packages', { cmake, 'g++': gcc(12), make: '' }, /cmake-js is not installed[^]*npm ci/],
  ])('%s', (_name, present, message) => {
    for (const [name, body] of Object.entries(present)) writeProgram(path.join(programs, name), body);
    // `printf` and `echo` are the shell's own, so that PATH can be as short as this.
    const { status, stderr } = setUp(folder, ['--only', 'native'], programs, { LIBTORCH: libtorch });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });

  test('the C++ compiler that CXX names', () => {
    writeProgram(path.join(programs, 'cmake'), cmake);
    const { stderr } = setUp(folder, ['--only', 'native'], programs, { LIBTORCH: libtorch, CXX: 'my-compiler' });
    expect(stderr).toMatch(/my-compiler \(from CXX\): not there/);
  });

  // Port 9 of loopback: nothing listens there.
  const nowhere = { TORCH_FUNC_ARCHIVE_URL: 'http://127.0.0.1:9/libtorch.zip' };

  test('Python and network', () => {
    const { status, stderr } = setUp(folder, ['--only', 'native'], programs, nowhere);
    expect(status).toBe(1);
    for (const text of [
      'LIBTORCH is not set',
      'LIBTORCH_USE_PYTORCH is not set',
      'not in the cache',
      'python3 on PATH: not there',
      'ECONNREFUSED',
      'set LIBTORCH to the folder',
      'install Python 3.10 or newer with pip',
    ]) {
      expect(stderr).toContain(text);
    }
  });

  test('pip', () => {
    writeProgram(path.join(programs, 'python3'), python('exit 1'));
    const { stderr } = setUp(folder, ['--only', 'native'], programs, nowhere);
    expect(stderr).toMatch(/What was tried[^]*python3: Python 3\.11 without pip/);
  });

  test('a torch wheel in the indexes of pip', () => {
    const pip =
      'case "$*" in *--version*) echo pip 25.0 from x;; *) echo "ERROR: No matching distribution found" >&2; exit 1;; esac';
    writeProgram(path.join(programs, 'python3'), python(pip));
    const { stderr } = setUp(folder, ['--only', 'native'], programs, nowhere);
    expect(stderr).toMatch(
      /What was tried[^]*pip download torch==[\d.]+\S* \(.*python3\): ERROR: No matching distribution/,
    );
  });

  test('a torch for LIBTORCH_USE_PYTORCH', () => {
    writeProgram(path.join(programs, 'python3'), 'case "$*" in *find_spec*) echo;; *) echo 3 11 "$0";; esac');
    const { status, stderr } = setUp(folder, ['--only', 'native'], programs, { LIBTORCH_USE_PYTORCH: '1' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/python3: no torch installed[^]*pip install torch==/);
  });

  test('a Python continues, with a warning that the parity environment is missing', () => {
    const { status, stderr } = setUp(folder, ['--only', 'python'], programs);
    expect(status).toBe(0);
    expect(stderr).toMatch(/no Python with PyTorch for the parity tests: python3 on PATH: not there/);
    const record = JSON.parse(fs.readFileSync(path.join(folder, 'build/python.json'), 'utf8'));
    expect(record).toMatchObject({ path: null, problem: expect.stringContaining('not there') });
  });
});

test('a LIBTORCH of another version is refused, and nothing replaces it', () => {
  const folder = makePackage();
  const libtorch = writeLibtorch(path.join(folder, 'old'), { version: '2.9.0' });
  const { status, stderr } = setUp(folder, ['--only', 'native'], '', { LIBTORCH: libtorch });
  expect(status).toBe(1);
  expect(stderr).toMatch(/LIBTORCH does not name a usable libtorch[^]*is libtorch 2\.9\.0; 2\.13\.x/);
});

test('LIBTORCH_USE_PYTORCH selects the torch of a Python environment', () => {
  const folder = makePackage();
  const libtorch = writeLibtorch(path.join(folder, 'site-packages', 'torch'));
  const program = path.join(folder, 'programs', 'mine');
  writeProgram(program, `case "$*" in *find_spec*) echo "${libtorch}";; *) echo 3 12 "$0";; esac`);
  const { stderr } = setUp(folder, ['--only', 'native'], '', { LIBTORCH_USE_PYTORCH: '1', TORCH_FUNC_PYTHON: program });
  expect(stderr).toContain(`libtorch: 2.13.0 at ${libtorch} (the torch of a Python environment)`);
});

test('a failed build shows the compiler’s errors', () => {
  const folder = makePackage();
  const libtorch = writeLibtorch(path.join(folder, 'libtorch'));
  const programs = path.join(folder, 'programs');
  writeProgram(path.join(programs, 'cmake'), cmake);
  writeProgram(path.join(programs, 'g++'), gcc(12));
  writeProgram(path.join(programs, 'make'), '');
  const failing = 'console.log("a.cpp:1:1: error: expected \';\'"); process.exit(1)';
  writeFiles(path.join(folder, 'node_modules/cmake-js'), {
    'package.json': JSON.stringify({ name: 'cmake-js', version: '8.0.0', bin: { 'cmake-js': 'run.js' } }),
    'run.js': failing,
  });
  const { status, stderr } = setUp(folder, ['--only', 'native'], programs, { LIBTORCH: libtorch });
  expect(status).toBe(1);
  expect(stderr).toMatch(/the addon could not be built\n {2}\| a\.cpp:1:1: error: expected ';'/);
});

test('--help lists every environment variable, and an unknown option is named in the error', () => {
  const folder = makePackage();
  const { status, stdout } = setUp(folder, ['--help'], '');
  expect(status).toBe(0);
  for (const name of [
    'LIBTORCH',
    'LIBTORCH_USE_PYTORCH',
    'TORCH_FUNC_VARIANT',
    'TORCH_FUNC_CACHE',
    'TORCH_FUNC_PYTHON',
  ]) {
    expect(stdout).toContain(`  ${name} `);
  }
  expect(setUp(folder, ['--fast'], '').stderr).toContain("there is no option '--fast'");
  expect(setUp(folder, ['--only', 'lunch'], '').stderr).toContain("there is no step 'lunch'");
});
