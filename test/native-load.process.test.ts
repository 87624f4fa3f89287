/** Which addon is loaded, and the advice for each cause of failure, on real files in processes of their own. */

import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { glibcVersion, platformName } from '../lib/native/platform';

const root = path.resolve(__dirname, '..');
const built = path.join(root, 'build', 'Release', 'torch_func.node');
const stamp = JSON.parse(fs.readFileSync(path.join(root, 'build', 'native.json'), 'utf8')) as {
  setting: { libtorch: string; version: string; compiler: string };
};

let folder = '';
beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-load-')));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

interface Settings {
  args?: string[];
  env?: Record<string, string>;
  installation?: string;
}

/** Loads the addon with the compiled loader; returns its file, or the message of the error. */
function load({ args = [], env = {}, installation = root }: Settings): string {
  const program = `
    try { console.log(require(${JSON.stringify(path.join(installation, 'dist', 'native'))}).addonFile); }
    catch (error) { console.log(error.message); }`;
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '-e', program], {
    env: { ...process.env, TORCH_FUNC_ADDON: '', NODE_OPTIONS: '', ...env },
    encoding: 'utf8',
  });
  return (stdout + stderr).trim();
}

const loadFile = (file: string, settings: Settings = {}): string =>
  load({ ...settings, env: { ...settings.env, TORCH_FUNC_ADDON: file } });

function write(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
  return file;
}

/** Compiles a shared library from C. */
function compile(name: string, source: string, flags: string[] = []): string {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const options = ['-shared', '-fPIC', '-nostdlib', '-o', file, '-x', 'c', write(`${name}.c`, source), '-x', 'none'];
  execFileSync(stamp.setting.compiler, [...options, ...flags]);
  return file;
}

/** A package with nothing but the compiled loader. */
function makeInstallation(name: string): string {
  const installation = path.join(folder, name);
  fs.cpSync(path.join(root, 'dist', 'native'), path.join(installation, 'dist', 'native'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(installation, 'package.json'));
  return installation;
}

const solutions = (message: string): string => message.slice(message.indexOf('Possible solutions:'));

describe('candidates', () => {
  test('the build of the installation comes first', () => {
    expect(load({})).toBe(built);
  });

  test('TORCH_FUNC_ADDON names another addon', () => {
    const copy = write('copy/torch_func.node', fs.readFileSync(built));
    expect(loadFile(copy)).toBe(copy);
  });

  test('the prebuilt package is used where nothing was built', () => {
    const installation = makeInstallation('prebuilt');
    const place = path.join('prebuilt', 'node_modules', '@torch-func', platformName());
    const name = `@torch-func/${platformName()}`;
    write(path.join(place, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'torch_func.node' }));
    const addon = write(path.join(place, 'torch_func.node'), fs.readFileSync(built));
    expect(load({ installation })).toBe(addon);
  });

  test('if none is there, all are named, and how to build one', () => {
    const installation = makeInstallation('nothing');
    expect(load({ installation }).split('\n')).toEqual([
      'The addon could not be loaded. Tried:',
      `  - build of this installation: ${path.join(installation, 'build', 'Release', 'torch_func.node')} does not exist`,
      `  - prebuilt package: @torch-func/${platformName()} is not installed`,
      '',
      'Possible solutions:',
      expect.stringContaining('npm run setup'),
    ]);
  });

  test('the advice names scripts of package.json', () => {
    const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...loadFile('missing.node').matchAll(/npm run ([\w:]+)/g)].map(([, script]) => script);
    expect(named).toEqual(['setup']);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining([...named, 'install']));
  });

  test('the causes are kept', () => {
    const program = `
      try { require(${JSON.stringify(path.join(makeInstallation('causes'), 'dist', 'native'))}); }
      catch (error) { console.log(error.cause.errors.length); }`;
    expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('2\n');
  });
});

describe('TORCH_FUNC_ADDON', () => {
  test('a missing file, and no other addon is loaded in its place', () => {
    const message = loadFile(path.join(folder, 'missing.node'));
    expect(message).toContain(`TORCH_FUNC_ADDON: ${path.join(folder, 'missing.node')} does not exist`);
    expect(solutions(message)).toContain('set TORCH_FUNC_ADDON to the addon of this version, or unset it');
  });

  test('a file of another kind is not run', () => {
    expect(loadFile(write('script.js', "console.log('ran')"))).toMatch(/script\.js is not a \.node file/);
    expect(loadFile(folder)).toContain(`${folder} is not a .node file`);
  });

  test('the addon of another package', () => {
    const source = `
      void* napi_register_module_v1(void* env, void* exports) { return exports; }
      int node_api_module_get_api_version_v1(void) { return 8; }`;
    expect(loadFile(compile('other.node', source))).toContain('other.node is the addon of another package');
  });
});

describe('advice', () => {
  test('a text file', () => {
    const file = write('text.node', 'not a library');
    expect(solutions(loadFile(file))).toContain(`replace ${file}: it is not a Linux library (ELF)`);
  });

  test('another architecture', () => {
    const content = fs.readFileSync(built);
    const other = process.arch === 'arm64' ? { name: 'x64', machine: 62 } : { name: 'arm64', machine: 183 };
    content.writeUInt16LE(other.machine, 18);
    const file = write('architecture.node', content);
    expect(solutions(loadFile(file))).toContain(
      `replace ${file}: it is built for ${other.name}, and this Node.js is ${process.arch}`,
    );
  });

  // Reading the part that is missing would end the process.
  test.each([0.02, 0.5, 0.9, 0.999])('a truncated file: %d of it', (part) => {
    const content = fs.readFileSync(built);
    const file = write('truncated.node', content.subarray(0, Math.floor(content.length * part)));
    const message = loadFile(file);
    expect(message).toMatch(/truncated\.node is truncated: \d+ bytes are missing/);
    expect(solutions(message)).toContain(`replace ${file}: a copy or a download of it was interrupted`);
  });

  describe('a truncated library of libtorch', () => {
    /** A folder with the libraries of libtorch, of which one is truncated. */
    function libtorchWithTruncated(name: string): { libtorch: string; file: string } {
      const own = path.join(stamp.setting.libtorch, 'lib');
      const libtorch = path.join(folder, `truncated-${name}`);
      const lib = path.join(libtorch, 'lib');
      fs.mkdirSync(lib, { recursive: true });
      for (const other of fs.readdirSync(own)) {
        if (other !== name) fs.symlinkSync(path.join(own, other), path.join(lib, other));
      }
      const start = Buffer.alloc(4096);
      const descriptor = fs.openSync(path.join(own, name), 'r');
      fs.readSync(descriptor, start);
      fs.closeSync(descriptor);
      fs.writeFileSync(path.join(lib, name), start);
      return { libtorch, file: path.join(lib, name) };
    }

    test.each(['libtorch_cpu.so', 'libc10.so', 'libgomp.so.1'])('%s in LD_LIBRARY_PATH', (name) => {
      const { file } = libtorchWithTruncated(name);
      const message = load({ env: { LD_LIBRARY_PATH: path.dirname(file) } });
      expect(message).toMatch(/: \S+ is truncated: \d+ bytes are missing\n/);
      expect(solutions(message)).toContain(`replace ${file}: a copy or a download of it was interrupted\n`);
    });

    test('in the folder that the addon was built for', () => {
      const { libtorch, file } = libtorchWithTruncated('libtorch.so');
      const needs = compile('built-for/Release/torch_func.node', 'void f(void) {}', [
        ...[`-Wl,--no-as-needed,-rpath,${path.dirname(file)}`, path.join(stamp.setting.libtorch, 'lib/libtorch.so')],
      ]);
      write('built-for/native.json', JSON.stringify({ setting: { ...stamp.setting, libtorch } }));
      expect(solutions(loadFile(needs))).toContain(
        `replace ${file}: a copy or a download of it was interrupted. If the setup downloaded it, npm run setup replaces it`,
      );
    });
  });

  test('addons are disabled', () => {
    expect(solutions(load({ args: ['--no-addons'] }))).toContain('start Node.js without --no-addons');
  });

  test('glibc is too old', () => {
    const map = write('glibc.map', 'GLIBC_2.99 { global: ahead; };');
    const library = compile('libc.so.6', 'void ahead(void) {}', [`-Wl,--version-script=${map},-soname,libc.so.6`]);
    const file = compile('glibc.node', 'void ahead(void); void* p = ahead;', [library]);
    expect(solutions(loadFile(file))).toContain(
      `use a system with glibc 2.99 or later (this one has ${String(glibcVersion())})`,
    );
  });

  test('libstdc++ is too old', () => {
    const map = write('stdcxx.map', 'GLIBCXX_3.4.99 { global: ahead; };');
    const flags = [`-Wl,--version-script=${map},-soname,libstdc++.so.6`];
    const library = compile('libstdc++.so.6', 'void ahead(void) {}', flags);
    const file = compile('stdcxx.node', 'void ahead(void); void* p = ahead;', [library]);
    expect(solutions(loadFile(file))).toContain('update libstdc++: GLIBCXX_3.4.99 is needed');
  });

  test('libtorch was moved or deleted', () => {
    // The copy looks for libtorch in a folder that is not there.
    const gone = stamp.setting.libtorch.replace(/.$/, '_');
    const content = fs.readFileSync(built, 'latin1').replaceAll(stamp.setting.libtorch, gone);
    const file = write('moved/Release/torch_func.node', Buffer.from(content, 'latin1'));
    write('moved/native.json', JSON.stringify({ setting: { ...stamp.setting, libtorch: gone } }));
    expect(solutions(loadFile(file))).toContain(
      `put libtorch back where it was, or set LIBTORCH to its new folder and build the addon again; ${file} was built for ${gone}/lib`,
    );
  });

  test('another library is missing', () => {
    const library = compile('libnowhere.so.3', 'void f(void) {}', ['-Wl,-soname,libnowhere.so.3']);
    const file = compile('library.node', 'void f(void); void* p = f;', [library]);
    expect(solutions(loadFile(file))).toContain('install the package of your system that has libnowhere.so.3');
  });

  test('another libtorch comes first', () => {
    for (const name of ['libtorch_cpu.so', 'libc10.so']) {
      compile(`old/lib/${name}`, 'void f(void) {}', [`-Wl,-soname,${name}`]);
    }
    write(
      'old/include/torch/headeronly/version.h',
      '#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 1\n#define TORCH_VERSION_PATCH 7\n',
    );
    expect(solutions(load({ env: { LD_LIBRARY_PATH: path.join(folder, 'old', 'lib') } }))).toContain(
      `use libtorch ${stamp.setting.version}: libtorch 2.1.7 was found in ${path.join(folder, 'old')}`,
    );
  });

  test('a function of a newer Node-API', () => {
    const file = compile('newer.node', 'void node_api_of_tomorrow(void); void* p = node_api_of_tomorrow;');
    expect(solutions(loadFile(file))).toContain(`use a newer Node.js: this one (${process.versions.node}) lacks`);
  });

  test('an addon that depends on another version of Node.js', () => {
    const source = `
      struct { int version; unsigned flags; void *handle; const char *file; void *init, *init2; const char *name;
        void *data, *link; } module = { 1, 0, 0, "old.cc", 0, 0, "old", 0, 0 };
      void node_module_register(void*);
      __attribute__((constructor)) static void start(void) { node_module_register(&module); }`;
    const file = compile('modules.node', source);
    expect(solutions(loadFile(file))).toContain(
      `replace ${file}: it is built for NODE_MODULE_VERSION 1, and this Node.js has ${process.versions.modules}`,
    );
  });

  test('Node.js is too old', () => {
    const { engines } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const older = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.1' } });";
    const message = loadFile('missing.node', { args: ['--require', write('older.cjs', older)] });
    expect(solutions(message)).toContain(`use Node.js ${engines.node.replace('>=', '')} or later (this is 18.20.1)`);
  });
});
