import crypto from 'node:crypto';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { archiveFor } from '../../scripts/setup/archives.mjs';
import { cachedLibtorch, cacheEntry, exposure } from '../../scripts/setup/cache.mjs';
import { readEnvironment } from '../../scripts/setup/environment.mjs';
import { explainFileError } from '../../scripts/setup/failure.mjs';
import { checkSpace, cudaRequirements, fetchLibtorch, placeOfWheelEntry } from '../../scripts/setup/fetch.mjs';
import { inspectLibtorch, libraryFile } from '../../scripts/setup/inspect.mjs';
import { Report } from '../../scripts/setup/report.mjs';
import { libtorchArchive, library, writeLibtorch } from '../support/setup/fake-libtorch';
import { temporaryFolder } from '../support/setup/folder';
import { type FileServer, serveFile } from '../support/setup/server';

const problemOf = (folder: string) => (inspectLibtorch(folder) as { problem: string }).problem;

describe('a folder that is named as libtorch', () => {
  test('is accepted if it is complete', () => {
    const folder = writeLibtorch(temporaryFolder());
    expect(inspectLibtorch(folder)).toEqual({ libtorch: { path: folder, version: '2.13.0', cuda: false } });
    fs.writeFileSync(libraryFile(folder, 'torch_cuda'), '');
    expect(inspectLibtorch(folder)).toMatchObject({ libtorch: { cuda: true } });
  });

  test('may be the parent of the folder libtorch or torch', () => {
    const folder = temporaryFolder();
    writeLibtorch(path.join(folder, 'libtorch'), { version: '2.13.1' });
    expect(inspectLibtorch(folder)).toMatchObject({
      libtorch: { path: path.join(folder, 'libtorch'), version: '2.13.1' },
    });
  });

  test('may be of a later release that the sources build with', () => {
    const folder = writeLibtorch(temporaryFolder(), { version: '2.14.1' });
    expect(inspectLibtorch(folder)).toMatchObject({ libtorch: { version: '2.14.1' } });
  });

  test.each([
    ['another version', { version: '2.12.1' }, /is libtorch 2\.12\.1; 2\.13\.x or 2\.14\.x .* is needed/],
    ['a later version', { version: '2.130.0' }, /is libtorch 2\.130\.0/],
    [
      'another processor',
      { arch: process.arch === 'x64' ? 'arm64' : 'x64' },
      /is for (x64|arm64), and this Node\.js is/,
    ],
  ])('is refused when it is for %s', (_name, options, message) => {
    expect(problemOf(writeLibtorch(temporaryFolder(), options))).toMatch(message);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    ['there is none', (folder) => fs.rmSync(folder, { recursive: true }), /there is no folder/],
    [
      'it has no version',
      (folder) => fs.rmSync(path.join(folder, 'include'), { recursive: true }),
      /no include.*version\.h/,
    ],
    [
      'it has no headers',
      (folder) => fs.rmSync(path.join(folder, 'include/ATen'), { recursive: true }),
      /no C\+\+ headers/,
    ],
    ['a library is missing', (folder) => fs.rmSync(libraryFile(folder, 'c10')), /has no lib.*c10/],
    ['a library is cut off', (folder) => fs.truncateSync(libraryFile(folder, 'c10'), 7), /truncated/],
    [
      'a library is none',
      (folder) => fs.writeFileSync(libraryFile(folder, 'c10'), 'version https://git-lfs'),
      /not a shared library/,
    ],
  ])('is refused when %s', (_name, change, message) => {
    const folder = writeLibtorch(temporaryFolder());
    change(folder);
    expect(problemOf(folder)).toMatch(message);
  });
});

(process.platform === 'linux' ? describe : describe.skip)('a Linux library of libtorch', () => {
  /** A library whose table of sections, or whose only segment, ends at a position. */
  function libraryThatEndsAt(end: number, part: 'sections' | 'segment'): Buffer {
    const [size, header] = [200, library()];
    const bytes = Buffer.concat([header, Buffer.alloc(size - header.length)]);
    bytes.writeBigUInt64LE(64n, 32); // the table of segments
    bytes.writeUInt16LE(1, 56);
    if (part === 'segment') {
      bytes.writeBigUInt64LE(BigInt(end - 50), 64 + 8);
      bytes.writeBigUInt64LE(50n, 64 + 32);
    } else {
      bytes.writeBigUInt64LE(BigInt(end - 64), 40);
      bytes.writeUInt16LE(64, 58);
      bytes.writeUInt16LE(1, 60);
    }
    return bytes;
  }

  test.each(['sections', 'segment'] as const)('is refused when its %s are cut off', (part) => {
    const folder = writeLibtorch(temporaryFolder());
    fs.writeFileSync(libraryFile(folder, 'torch_cpu'), libraryThatEndsAt(200, part));
    expect(inspectLibtorch(folder)).toMatchObject({ libtorch: { path: folder } });
    fs.writeFileSync(libraryFile(folder, 'torch_cpu'), libraryThatEndsAt(201, part));
    expect(problemOf(folder)).toBe(`${libraryFile(folder, 'torch_cpu')} is truncated`);
  });
});

describe('without Python, the libtorch archive', () => {
  let server: FileServer;
  let cache: string;
  beforeEach(async () => {
    server = await serveFile(libtorchArchive());
    cache = temporaryFolder();
  });
  afterEach(() => server.close());

  const settings = (more = {}) => ({
    ...readEnvironment({ PATH: '/nowhere', TORCH_FUNC_CACHE: cache, TORCH_FUNC_ARCHIVE_URL: server.url }),
    ...more,
  });
  async function fetchIt(more = {}) {
    const report = new Report({ quiet: true, stream: { write: () => true } });
    const environment = settings(more);
    const tried: string[] = [];
    const libtorch = await fetchLibtorch({
      report,
      environment,
      tried,
      say: (text: string) => tried.push(text),
      env: { PATH: '/nowhere' },
    });
    return { libtorch, report, tried, environment };
  }
  const left = () =>
    fs
      .readdirSync(cache, { recursive: true })
      .map(String)
      .filter((name) => /partial|lock|\.zip/.test(name));

  test('is downloaded into the cache, with only the needed files', async () => {
    const { libtorch, tried, environment, report } = await fetchIt();
    expect(libtorch).toMatchObject({
      path: cachedLibtorch(environment),
      version: '2.13.0',
      source: `archive ${server.url}`,
    });
    expect(tried.join('\n')).toMatch(/pip: python3 on PATH: not there\ndownloading http/);
    expect(fs.existsSync(path.join(cacheEntry(environment), 'torch', 'bin'))).toBe(false);
    expect(left()).toEqual([]);
    expect(report.lines.join('\n')).toMatch(/no SHA-256 checksum is known.*[^]*not verified/);
  });

  test('is recorded and reported without the password of its address', async () => {
    const archiveUrl = server.url.replace('http://', 'http://user:secret@');
    const { libtorch, tried, report } = await fetchIt({ archiveUrl });
    expect(libtorch.source).toBe(`archive ${server.url.replace('http://', 'http://***@')}`);
    expect([...tried, ...report.lines].join('\n')).not.toContain('secret');
  });

  test('needs a cache that is a folder', async () => {
    const inTheWay = path.join(cache, 'file');
    fs.writeFileSync(inTheWay, '');
    const failure = await fetchIt({ cache: inTheWay }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'SetupFailure', message: expect.stringContaining(inTheWay) });
    expect((failure as { advice: string[] }).advice.join()).toContain('set TORCH_FUNC_CACHE');
  });

  test('is compared with the checksum that the user provides', async () => {
    const sum = crypto.createHash('sha256').update(server.content).digest('hex');
    expect((await fetchIt({ archiveSum: sum })).report.lines.join('\n')).toMatch(/as expected/);
    fs.rmSync(cache, { recursive: true });
    await expect(fetchIt({ archiveSum: '0'.repeat(64) })).rejects.toThrow(/wrong checksum/);
    expect(fs.existsSync(cachedLibtorch(settings()))).toBe(false);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ['is of another version', () => libtorchArchive({ version: '2.12.0' }), /not a usable libtorch/],
    ['is damaged', () => libtorchArchive({}, [{ name: 'libtorch/lib/x', data: 'x', crc: 1 }]), /archive is damaged/],
    ['is no archive', () => Buffer.from('<html>'), /archive is damaged/],
  ])('is refused and removed if it %s', async (_name, archive, message) => {
    server.content = archive();
    await expect(fetchIt()).rejects.toThrow(message);
    expect(fs.existsSync(cacheEntry(settings()))).toBe(false);
    expect(left()).toEqual([]);
  });

  test('is downloaded once by two concurrent processes', async () => {
    const all = await Promise.all([fetchIt(), fetchIt(), fetchIt()]);
    expect(new Set(all.map(({ libtorch }) => libtorch.path)).size).toBe(1);
    expect(server.requests).toEqual(['all']);
  });

  test('is resumed after its process was killed, and does not count as complete before', async () => {
    server.content = libtorchArchive({}, [
      { name: 'libtorch/lib/big', data: crypto.randomBytes(400_000), stored: true },
    ]);
    server.cuts = [200_000, 0];
    const url = (name: string) => pathToFileURL(path.resolve(__dirname, `../../scripts/setup/${name}.mjs`)).href;
    const script = `
      import { fetchLibtorch } from '${url('fetch')}';
      import { readEnvironment } from '${url('environment')}';
      import { Report } from '${url('report')}';
      await fetchLibtorch({ report: new Report({ quiet: true }), environment: readEnvironment(), tried: [], say() {} });`;
    const env = { PATH: '/nowhere', TORCH_FUNC_CACHE: cache, TORCH_FUNC_ARCHIVE_URL: server.url };
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('close', resolve));
    // The second request says that the first was cut, with its bytes on disk.
    while (server.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    await ended;
    expect(fs.existsSync(cacheEntry(settings()))).toBe(false);
    // Killed while it was told of the cut, it may have kept less than was sent.
    const [partial] = left().filter((name) => name.endsWith('.zip.partial'));
    const { size } = fs.statSync(path.join(cache, partial));
    expect(size).toBeGreaterThan(0);
    server.cuts = [];
    const { libtorch } = await fetchIt();
    expect(server.requests.at(-1)).toBe(`bytes=${size}-`);
    expect(inspectLibtorch(libtorch.path)).toHaveProperty('libtorch');
    expect(left()).toEqual([]);
  });
});

test('too little disk space is reported before a download starts', async () => {
  const disk = (free: number) => async () => ({ bavail: free / 4096, bsize: 4096 });
  const check = (variant: string, free: number) => checkSpace({ cache: '/cache', variant }, disk(free) as never);
  await expect(check('cpu', 1e8)).rejects.toThrow('not enough disk space for libtorch in /cache');
  await expect(check('cu130', 2e9)).rejects.toThrow('not enough disk space');
  await expect(check('cpu', 2e9)).resolves.toBeUndefined();
});

test.each([
  ['ENOSPC', /no disk space left while writing to \/cache/],
  ['EACCES', /cannot write to \/cache/],
])('%s is explained', (code, message) => {
  const failure = explainFileError(Object.assign(new Error(code), { code }), '/cache') as Error & { explain(): string };
  expect(failure.message).toMatch(message);
  expect(failure.explain()).toContain('set TORCH_FUNC_CACHE');
});

test('every archive is an HTTPS address of its variant', () => {
  const of = (system: string, variant: string) => archiveFor(readEnvironment({ TORCH_FUNC_VARIANT: variant }), system);
  expect(of('linux-x64', 'cu130').url).toMatch(/^https:.*\/cu130\/.*2\.13\.0%2Bcu130\.zip$/);
  expect(() => of('linux-x64', 'rocm7')).toThrow(/no libtorch archive for linux-x64, variant 'rocm7'/);
  expect(() => of('sunos-x64', 'cpu')).toThrow(/no libtorch archive/);
});

test('only headers and C++ libraries of a wheel are kept, without those for tests and Python', () => {
  const kept = [
    'torch/include/ATen/ATen.h',
    'torch/lib/libtorch_cpu.so',
    'torch/lib/libc10.so',
    'torch/lib/libgomp.so.1',
    'torch/share/cmake/Torch/TorchConfig.cmake',
  ];
  const left = [
    'torch/__init__.py',
    'torch/bin/test_jit',
    'torch/lib/libtorch_python.so',
    'torch/lib/libtorchbind_test.so',
    'torchgen/gen.py',
    'torch/lib/libshm/alloc_info.h',
  ];
  expect(kept.map(placeOfWheelEntry)).toEqual(kept);
  expect(left.map(placeOfWheelEntry)).toEqual(left.map(() => null));
});

test("NVIDIA's packages are read from a wheel's metadata", () => {
  const metadata =
    'Name: torch\nRequires-Dist: sympy>=1.13.3\nRequires-Dist: nvidia-cublas-cu12==12.6.4.1; platform_system == "Linux"\nRequires-Dist: cuda-toolkit[cudart,nvrtc]==13.0.2; platform_system == "Linux"\nRequires-Dist: triton==3.7\n';
  expect(cudaRequirements(metadata)).toEqual(['nvidia-cublas-cu12==12.6.4.1', 'cuda-toolkit[cudart,nvrtc]==13.0.2']);
});

test.each([
  [{ TORCH_FUNC_VARIANT: '../x' }, /TORCH_FUNC_VARIANT is '\.\.\/x'/],
  [{ TORCH_FUNC_ARCHIVE_SHA256: 'abc' }, /not a SHA-256 checksum/],
])('%j is refused', (env, message) => {
  expect(() => readEnvironment(env)).toThrow(message);
});

describe('the cache', () => {
  const make = (): { cache: string; variant: string; lib: string } => {
    const environment = { cache: path.join(temporaryFolder(), 'cache'), variant: 'cpu' };
    const lib = path.join(cachedLibtorch(environment), 'lib');
    fs.mkdirSync(lib, { recursive: true, mode: 0o755 });
    return { ...environment, lib };
  };

  test('of this user alone is used without a warning', () => {
    expect(exposure(make())).toBeNull();
  });

  test.each(['cache', 'lib'] as const)('is exposed if everyone may write to its folder %s', (name) => {
    const environment = make();
    fs.chmodSync(environment[name], 0o777);
    expect(exposure(environment)).toBe(`everyone may write to ${environment[name]}`);
    // That others cannot rename its files does not help inside of the cache: they can add some.
    fs.chmodSync(environment[name], 0o1777);
    expect(exposure(environment)).toBe(`everyone may write to ${environment[name]}`);
  });

  test('is exposed by a folder above it, unless that is sticky as /tmp', () => {
    const environment = make();
    const above = path.dirname(environment.cache);
    fs.chmodSync(above, 0o1777);
    expect(exposure(environment)).toBeNull();
    fs.chmodSync(above, 0o777);
    expect(exposure(environment)).toBe(`everyone may write to ${above}`);
  });

  test('is exposed if a folder of it belongs to another user', () => {
    const environment = make();
    // Root owns what it makes, and is trusted: it can give the folder away instead.
    const isRoot = process.getuid!() === 0;
    if (isRoot) fs.chownSync(environment.lib, 12_345, 12_345);
    const own = isRoot ? 0 : process.getuid!() + 1;
    expect(exposure(environment, own)).toMatch(/belongs to another user/);
  });
});
