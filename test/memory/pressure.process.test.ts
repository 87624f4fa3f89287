/**
 * What the pool does where memory is short. The programs run with other figures of the system in the place of
 * /proc/meminfo and /sys/fs/cgroup, which takes a mount namespace.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const library = JSON.stringify(path.join(__dirname, '..', '..', 'dist', 'index.js'));
const NAMESPACE = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const canMount = spawnSync('unshare', [...NAMESPACE, 'mount', '--bind', '/proc/meminfo', '/proc/meminfo']).status === 0;
const testWithMounts = canMount ? test : test.skip;

const GB = 1e9;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-pressure-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Runs a program where the file or folder `target` shows what lies at `source`. */
function runWith<T>(source: string, target: string, body: string): T {
  const program = `
    const torch = require(${library});
    const report = (value) => process.stdout.write(JSON.stringify(value), () => process.exit());
    ${body}`;
  const script = 'mount --bind "$1" "$2" && exec "$3" -e "$4"';
  const args = [...NAMESPACE, 'sh', '-c', script, 'sh', source, target, process.execPath, program];
  return JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as T;
}

function writeMeminfo(available: number): string {
  const file = path.join(folder, 'meminfo');
  const real = fs.readFileSync('/proc/meminfo', 'utf8');
  fs.writeFileSync(file, real.replace(/(MemAvailable:\s+)\d+/, `$1${Math.round(available / 1024)}`));
  return file;
}

// A server at work: its blocks are used again every 50 ms, and never idle. Reports the smallest pool after each use.
const busy = `
  let smallest = Infinity;
  const timer = setInterval(() => {
    smallest = Math.min(smallest, torch.memoryUsage().reserved);
    Array.from({ length: 10 }, () => torch.ones(1024, 1024)).forEach((x) => x.dispose());
  }, 50);
  setTimeout(() => (smallest = Infinity), 1000);
  setTimeout(() => report(smallest), 8000);
`;

testWithMounts('free blocks are returned to the system while less than a tenth of the memory is available', () => {
  expect(runWith(writeMeminfo(os.totalmem() * 0.05), '/proc/meminfo', busy)).toBe(0);
});

testWithMounts('blocks in use again and again stay mapped while there is memory', () => {
  expect(runWith(writeMeminfo(os.totalmem() * 0.5), '/proc/meminfo', busy)).toBeGreaterThan(40e6);
});

describe('control groups', () => {
  /** A folder in the form of /sys/fs/cgroup of a container. */
  function writeGroup(limit: number, usage: number, cache: number): string {
    const group = path.join(folder, 'group');
    fs.mkdirSync(group, { recursive: true });
    fs.writeFileSync(path.join(group, 'memory.max'), `${limit}\n`);
    fs.writeFileSync(path.join(group, 'memory.current'), `${usage}\n`);
    fs.writeFileSync(path.join(group, 'memory.stat'), `anon 1\ninactive_file ${cache}\n`);
    return group;
  }
  const inGroup = <T>(group: string, body: string): T => runWith(group, '/sys/fs/cgroup', body);

  testWithMounts('the default limit of the pool is a quarter of the limit of the group', () => {
    expect(inGroup(writeGroup(2 * GB, 0, 0), 'report(torch.memoryUsage().limit)')).toBe(GB / 2);
  });

  testWithMounts('the limit of the group bounds the available memory, and page cache counts as available', () => {
    expect(inGroup(writeGroup(2 * GB, 1.9 * GB, 0), busy)).toBe(0);
    expect(inGroup(writeGroup(2 * GB, 1.9 * GB, GB), busy)).toBeGreaterThan(40e6);
  });
});
