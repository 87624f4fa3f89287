/** The processes of the comparison with peers, with a worker that misbehaves on request. */

import { spawn } from 'node:child_process';
import path from 'node:path';
import { startWorker, TooSlow, Unavailable } from '../../bench/peers/worker.mjs';
import { temporaryFolder, writeFiles } from '../support/setup/folder';

const program = `
  const { createInterface } = require('node:readline');
  const print = (value) => console.log(JSON.stringify(value));
  if (process.argv[2] === 'unavailable') print({ unavailable: 'no module' });
  else if (process.argv[2] === 'broken') throw new Error('broken at the start');
  else {
    print({ rows: ['grad'], versions: { it: '1' }, threads: 2 });
    createInterface({ input: process.stdin }).on('line', (line) => {
      const request = JSON.parse(line);
      if (request.do === 'pid') print({ pid: process.pid });
      if (request.do === 'fail') print({ error: 'ValueError: bad' });
      if (request.do === 'end') process.abort();
      if (request.do === 'complain') { console.error('out of memory'); process.exit(1); }
    });
  }
`;

let file: string;
beforeAll(() => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'worker.cjs': program });
  file = path.join(folder, 'worker.cjs');
});
const start = (mode = '') => startWorker(process.execPath, [file, mode], { seconds: 30 });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const ended = async (pid: number): Promise<void> => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
};

test('a worker describes itself and answers requests', async () => {
  const worker = await start();
  expect(worker.description).toEqual({ rows: ['grad'], versions: { it: '1' }, threads: 2 });
  await expect(worker.ask({ do: 'fail' }, 30)).rejects.toThrow('ValueError: bad');
  const { pid } = await worker.ask({ do: 'pid' }, 30);
  worker.stop();
  await ended(pid);
});

test('a worker without its package is unavailable', async () => {
  await expect(start('unavailable')).rejects.toThrow(Unavailable);
  await expect(start('broken')).rejects.toThrow(/^ended: /);
  await expect(startWorker('/does/not/exist', [], { seconds: 30 })).rejects.toThrow(/ENOENT/);
});

test('a worker that does not answer in time is ended', async () => {
  const worker = await start();
  const { pid } = await worker.ask({ do: 'pid' }, 30);
  await expect(worker.ask({ do: 'nothing' }, 0.2)).rejects.toThrow(TooSlow);
  await ended(pid);
});

test('the error of a worker that ends is what it printed last, or its signal', async () => {
  await expect((await start()).ask({ do: 'complain' }, 30)).rejects.toThrow('ended: out of memory');
  await expect((await start()).ask({ do: 'end' }, 30)).rejects.toThrow(/^ended: /);
});

test('the workers end with the program', async () => {
  const module = path.join(__dirname, '..', '..', 'bench', 'peers', 'worker.mjs');
  const code = `
    const { startWorker } = await import(${JSON.stringify(module)});
    const worker = await startWorker(process.execPath, [${JSON.stringify(file)}], { seconds: 30 });
    console.log((await worker.ask({ do: 'pid' }, 30)).pid);
    process.exit();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  await new Promise((resolve) => child.on('close', resolve));
  expect(Number(output)).toBeGreaterThan(0);
  await ended(Number(output));
});
