/** The number of threads where control groups limit the time of processors: see native/runtime/thread_limit.cpp. */

import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const library = JSON.stringify(path.join(__dirname, '..', 'dist', 'index.js'));
const NAMESPACE = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const canMount = spawnSync('unshare', [...NAMESPACE, 'mount', '--bind', '/proc/meminfo', '/proc/meminfo']).status === 0;
const testWithMounts = canMount ? test : test.skip;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-threads-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const CONTROL_GROUPS = fs.readFileSync('/proc/self/cgroup', 'utf8');

/** The threads of synchronous and of asynchronous calls in a process, and in a worker of it. */
function threadsWith(files: Record<string, string>, environment: NodeJS.ProcessEnv = {}): number[] {
  const group = fs.mkdtempSync(path.join(folder, 'group-'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(group, name)), { recursive: true });
    fs.writeFileSync(path.join(group, name), text);
  }
  const count = `const torch = require(${library}); const counts = [torch.getNumThreads(), torch.asyncQueue().threads];`;
  const worker = `${count} require('node:worker_threads').parentPort.postMessage(counts);`;
  const program = `${count}
    new (require('node:worker_threads').Worker)(${JSON.stringify(worker)}, { eval: true })
      .on('message', (others) => console.log(JSON.stringify([...counts, ...others])));`;
  const script = 'mount --bind "$1" /sys/fs/cgroup && exec "$2" -e "$3"';
  const output = execFileSync('unshare', [...NAMESPACE, 'sh', '-c', script, 'sh', group, process.execPath, program], {
    encoding: 'utf8',
    env: { ...process.env, OMP_NUM_THREADS: undefined, MKL_NUM_THREADS: undefined, ...environment },
  });
  return JSON.parse(output) as number[];
}

const all = (count: number): number[] => Array<number>(4).fill(count);

testWithMounts('follows the limit, rounded up, and not more processors than there are', () => {
  const [unlimited] = threadsWith({});
  expect(threadsWith({})).toEqual(all(unlimited));
  expect(threadsWith({ 'cpu.max': 'max 100000\n' })).toEqual(all(unlimited));
  expect(threadsWith({ 'cpu.max': '50000 100000\n' })).toEqual(all(1));
  expect(threadsWith({ 'cpu.max': '100000 100000\n' })).toEqual(all(1));
  expect(threadsWith({ 'cpu.max': '110000 100000\n' })).toEqual(all(Math.min(2, unlimited)));
  expect(threadsWith({ 'cpu.max': '6400000 100000\n' })).toEqual(all(unlimited));
});

const testWithVersion1 = canMount && /:([^:]*,)?cpu(,[^:]*)?:\/$/m.test(CONTROL_GROUPS) ? test : test.skip;
testWithVersion1('reads groups of version 1', () => {
  const [unlimited] = threadsWith({});
  const files = (quota: number) => ({
    'cpu/cpu.cfs_quota_us': `${quota}\n`,
    'cpu/cpu.cfs_period_us': '50000\n',
  });
  expect(threadsWith(files(-1))).toEqual(all(unlimited));
  expect(threadsWith(files(50_000))).toEqual(all(1));
});

testWithMounts('leaves a number alone that the environment sets', () => {
  const [count] = threadsWith({}, { OMP_NUM_THREADS: '2' });
  expect(threadsWith({ 'cpu.max': '100000 100000\n' }, { OMP_NUM_THREADS: '2' })).toEqual(all(count));
  expect(count).toBe(2);
});
