import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { AtomicFile } from '../../lib/files/atomic-file';

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-atomic-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const target = (): string => path.join(folder, 'y.npy');

/** The name of a temporary file of `target`, as this process gives it, in its parts. */
function temporaryName(): { machine: string; pid: string; with(machine: string, pid: string): string } {
  const file = AtomicFile.create(target());
  const name = path.basename(file.temporaryPath);
  file.abort();
  const [, prefix, machine, pid, random] = /^(\.y\.npy)\.(\w+)\.(\d+)\.(\w+)\.tmp$/.exec(name) ?? [];
  return { machine, pid, with: (otherMachine, otherPid) => `${prefix}.${otherMachine}.${otherPid}.${random}.tmp` };
}

/** The id of a process that is not running: Linux's largest is 2^22. */
const ended = String(2 ** 22 + 1);

test('names the machine and the process', () => {
  expect(temporaryName().pid).toBe(String(process.pid));
});

test.each<[string, boolean, (name: ReturnType<typeof temporaryName>) => [string, number?]]>([
  ['a file of a process that has ended', false, (name) => [name.with(name.machine, ended)]],
  ['a file of a running process', true, (name) => [name.with(name.machine, String(process.ppid))]],
  ['a file of this process', true, (name) => [name.with(name.machine, name.pid)]],
  ['a file of another machine', true, (name) => [name.with('0123abcd', ended)]],
  ['one that was written to six days ago', true, (name) => [name.with('0123abcd', ended), 6]],
  ['one that was written to eight days ago', false, (name) => [name.with('0123abcd', ended), 8]],
  ['a file of another target', true, (name) => [name.with(name.machine, ended).replace('.y.npy', '.x.npy')]],
  ['a file of a longer target', true, (name) => [name.with(name.machine, ended).replace('.y.npy', '.y.npy.gz')]],
  ['another hidden file', true, () => ['.y.npy.swp']],
])('%s stays: %s', (_, stays, make) => {
  const [name, days = 0] = make(temporaryName());
  const file = path.join(folder, name);
  fs.writeFileSync(file, 'x');
  const time = Date.now() / 1000 - days * 24 * 60 * 60;
  fs.utimesSync(file, time, time);
  AtomicFile.create(target()).abort();
  expect(fs.existsSync(file)).toBe(stays);
});

test('a name that leaves no room for the rest of a temporary name', () => {
  const long = path.join(folder, `${'ä'.repeat(120)}.npy`);
  for (const text of ['old', 'new']) {
    const file = AtomicFile.create(long);
    file.writeAt(0, Buffer.from(text));
    file.commit();
    expect(() => {
      file.commit();
    }).toThrow('already closed');
  }
  expect(fs.readFileSync(long, 'utf8')).toBe('new');
  expect(fs.readdirSync(folder)).toHaveLength(1);
});

test('a link to a file that does not exist yet stays a link, and leads to the new file', () => {
  const inner = path.join(folder, 'inner');
  fs.mkdirSync(inner);
  fs.symlinkSync('inner/data.npy', path.join(folder, 'middle.npy'));
  fs.symlinkSync('middle.npy', target());
  const file = AtomicFile.create(target());
  file.writeAt(0, Buffer.from('new'));
  file.commit();
  expect(fs.lstatSync(target()).isSymbolicLink()).toBe(true);
  expect(fs.readFileSync(path.join(inner, 'data.npy'), 'utf8')).toBe('new');
  expect(fs.readdirSync(inner)).toEqual(['data.npy']);
});
