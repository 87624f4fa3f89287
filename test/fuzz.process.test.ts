/** A short worker run: threads that share, call asynchronously, abort, throw and are terminated. */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const root = path.resolve(__dirname, '..');

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join('scripts', 'fuzz', 'main.mjs'), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('every result is right, and no memory is left', () => {
  const { status, output } = run('--workers', '3', '--seconds', '4', '--seed', '7');
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toMatch(/^seed 7\nseed 7: \d+ threads .*; 0 wrong, \d+ bytes left\n$/);
});

test.each([
  [['--workers', '0'], '--workers must be an integer of at least 1, got 0'],
  [['--workers', '2', '--seconds', 'x'], '--seconds must be an integer of at least 1, got x'],
])('%j is refused', (args, message) => {
  const { status, output } = run(...args);
  expect(status).toBe(2);
  expect(output).toContain(message);
});
