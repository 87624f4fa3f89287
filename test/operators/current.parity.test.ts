/** lib/generated and docs/operators.md are what the generator writes for PyTorch's operators now. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { findPython } from '../support/parity/python';

test('the generated files are up to date', () => {
  const { status, stdout, stderr } = spawnSync(findPython(), [path.join('scripts', 'generate', 'main.py'), '--check'], {
    cwd: path.resolve(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/files are up to date/);
  expect(status).toBe(0);
});
