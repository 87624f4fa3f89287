import { spawnSync } from 'node:child_process';
import path from 'node:path';

test('damaged files of every format are read, or refused with an error that names the file and the place', () => {
  const program = path.join(__dirname, '..', '..', 'scripts', 'mutate-files', 'main.mjs');
  const { status, stdout } = spawnSync(process.execPath, [program, '--count', '300', '--seed', '77'], {
    encoding: 'utf8',
  });
  expect(stdout.match(/^\S+: 300 files in \d+ s, \d+ read, \d+ refused, 0 faults/gm)).toHaveLength(8);
  expect(status).toBe(0);
}, 300_000);
