/** The pool of large CPU blocks. Sizes are MB. */

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { runProgram } from '../support/child';

jest.setTimeout(300_000);

const helpers = `
  const usage = () => { const { live, pool, reserved, limit } = torch.memoryUsage(); return [live, pool, reserved, limit].map((bytes) => bytes / MB); };
`;

test('a freed block is handed out again', async () => {
  const [held, freed, again] = await runProgram<number[][]>(`${helpers}
    const x = torch.ones(1024, 1024);
    const held = usage();
    x.dispose();
    const freed = usage();
    const y = torch.ones(1024, 1024);
    report([held, freed, usage()]);
  `);
  const size = held[0];
  expect(size).toBeGreaterThanOrEqual(4);
  expect(size).toBeLessThan(4.5);
  expect(held.slice(0, 3)).toEqual([size, 0, size]);
  expect(freed.slice(0, 3)).toEqual([0, size, size]);
  expect(again.slice(0, 3)).toEqual([size, 0, size]);
});

test('the limit bounds what is kept, and a limit of 0 keeps nothing', async () => {
  const [kept, lowered, none] = await runProgram<number[][]>(`${helpers}
    const free = () => Array.from({ length: 20 }, () => torch.ones(1024, 1024)).forEach((x) => x.dispose());
    torch.setMemoryPool({ limit: 40 * MB });
    free();
    const kept = usage();
    torch.setMemoryPool({ limit: 10 * MB });
    const lowered = usage();
    torch.setMemoryPool({ limit: 0 });
    free();
    report([kept, lowered, usage()]);
  `);
  expect(kept[1]).toBeGreaterThan(35);
  expect(kept[1]).toBeLessThanOrEqual(40);
  expect(lowered[1]).toBeGreaterThan(4);
  expect(lowered[1]).toBeLessThanOrEqual(10);
  expect(none).toEqual([0, 0, 0, 0]);
});

test('the default limit is a quarter of the memory', async () => {
  const [limit, total] = await runProgram<number[]>(`
    report([torch.memoryUsage().limit, Math.min(require('os').totalmem(), process.constrainedMemory() || Infinity)]);
  `);
  expect(limit / total).toBeCloseTo(0.25, 2);
});

test('results of a loop are collected in time, also where their size changes', async () => {
  const reserved = await runProgram<number>(`${helpers}
    let most = 0;
    for (let i = 0; i < 3000; i++) {
      torch.ones(1024, 256 + i);
      most = Math.max(most, usage()[2]);
    }
    report(most);
  `);
  // The largest tensor takes 13 MB. With V8's own collections alone it is 290.
  expect(reserved).toBeLessThan(180);
});

test('results that grew old are collected too', async () => {
  const reserved = await runProgram<number>(`${helpers}
    let most = 0;
    const ring = [];
    for (let i = 0; i < 2000; i++) {
      ring[i % 20] = torch.ones(1024, 1024);
      most = Math.max(most, usage()[2]);
    }
    report(most);
  `);
  // The ring holds 85 MB. With V8's own collections alone it is 290.
  expect(reserved).toBeLessThan(265);
});

test('what stays unused for some seconds is returned to the system', async () => {
  const { before, after } = await runProgram<
    Record<'before' | 'after', { reserved: number; resident: number }>
  >(`${helpers}
    const read = () => ({ reserved: usage()[2], resident: process.memoryUsage.rss() / MB });
    Array.from({ length: 20 }, () => torch.ones(1024, 1024)).forEach((x) => x.dispose());
    const before = read();
    setTimeout(() => report({ before, after: read() }), 11_000);
  `);
  expect(before.reserved).toBeGreaterThan(80);
  expect(after.reserved).toBe(0);
  expect(after.resident).toBeLessThan(before.resident - 70);
});

test('an allocation that the system refuses succeeds once unreachable tensors are collected', async () => {
  const made = await runProgram<number>(`
    const size = /VmSize:\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1] * 1024;
    require('node:child_process').execFileSync('prlimit', ['--pid', process.pid, '--as=' + (size + 300 * MB)]);
    const make = () => Array.from({ length: 6 }, () => torch.ones(8, 1024, 1024));
    let held = make();
    gc(); // they are old now: a collection of young objects does not find them
    gc();
    held = undefined;
    report(make().length);
  `);
  // Six tensors take 200 MB.
  expect(made).toBe(6);
});

// V8 sees a small object: the function that vjp returns.
test('graphs that nothing refers to are collected in time', async () => {
  const reserved = await runProgram<number>(`${helpers}
    const chain = (x) => { for (let i = 0; i < 50; i++) x = x.sin(); return x.sum(); };
    const [x, one] = [torch.ones(1024, 1024), torch.tensor(1)];
    let most = 0;
    for (let i = 0; i < 10; i++) {
      torch.func.vjp(chain, x)[1](one);
      most = Math.max(most, usage()[2]);
    }
    report(most);
  `);
  // A graph takes 210 MB. With V8's own collections alone it is 2100.
  expect(reserved).toBeLessThan(650);
});

test('threads that allocate, dispose, drop, share and end never share a block', async () => {
  const program = path.join(__dirname, '..', '..', 'bench', 'block-workers.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--seconds', '5']);
  const { ended, checked, wrong, received } = JSON.parse(stdout) as Record<string, number>;
  expect(wrong).toBe(0);
  expect(ended).toBeGreaterThanOrEqual(8);
  expect(checked).toBeGreaterThan(100);
  expect(received).toBeGreaterThan(0);
});
