import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from '../../scripts/setup/lock.mjs';
import { temporaryFolder, writeFiles } from '../support/setup/folder';

const lockModule = pathToFileURL(path.resolve(__dirname, '../../scripts/setup/lock.mjs')).href;

/** A process that takes the lock a few times and notes when it enters and leaves. */
function worker(folder: string, rounds: number): Promise<number | null> {
  const script = `
    import fs from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { withLock } from '${lockModule}';
    for (let i = 0; i < ${rounds}; i++) {
      await withLock('lock', async () => {
        fs.appendFileSync('log', 'enter ' + process.pid + '\\n');
        await sleep(5);
        fs.appendFileSync('log', 'leave ' + process.pid + '\\n');
      }, { poll: 1 });
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', resolve));
}

function expectNoOverlap(folder: string, entries: number): void {
  const lines = fs.readFileSync(path.join(folder, 'log'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(2 * entries);
  for (let i = 0; i < lines.length; i += 2) {
    expect(lines[i]).toMatch(/^enter/);
    expect(lines[i + 1]).toBe(lines[i]!.replace('enter', 'leave'));
  }
}

const nobody = { pid: 2 ** 22 + 1, host: os.hostname(), started: '1', id: 0 };

test('only one process at a time holds a lock', async () => {
  const folder = temporaryFolder();
  expect(await Promise.all([worker(folder, 10), worker(folder, 10), worker(folder, 10)])).toEqual([0, 0, 0]);
  expectNoOverlap(folder, 30);
  expect(fs.readdirSync(folder)).toEqual(['log']);
});

test('only one of several processes takes over a stale lock', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { lock: JSON.stringify(nobody) });
  expect(await Promise.all([1, 2, 3, 4].map(() => worker(folder, 2)))).toEqual([0, 0, 0, 0]);
  expectNoOverlap(folder, 8);
});

test.each([
  ['a process that is gone', nobody],
  ['a process whose number another one has now', { ...nobody, pid: process.pid }],
])('the lock of %s is taken over', async (_name, owner) => {
  const folder = temporaryFolder();
  writeFiles(folder, { lock: JSON.stringify(owner) });
  expect(await withLock(path.join(folder, 'lock'), async () => 'ran')).toBe('ran');
});

test('the lock of another machine is taken over after a time without a heartbeat', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'lock');
  writeFiles(folder, { lock: JSON.stringify({ ...nobody, host: 'elsewhere' }) });
  const waits: string[] = [];
  const running = withLock(file, async () => 'ran', { poll: 5, onWait: (owner: string) => waits.push(owner) });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(waits).toEqual([`process ${nobody.pid} on elsewhere`]);
  expect(fs.existsSync(file)).toBe(true);
  const past = new Date(Date.now() - 120_000);
  fs.utimesSync(file, past, past);
  expect(await running).toBe('ran');
});

test('a lock is released when the work fails', async () => {
  const file = path.join(temporaryFolder(), 'lock');
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(fs.existsSync(file)).toBe(false);
});
