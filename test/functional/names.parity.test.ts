/** docs/python-helpers.md is what its script writes for the names exported now. */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

import * as torch from '../../lib';
import { findPython } from '../support/parity/python';

test('every public name of Python PyTorch is there or explained', () => {
  const names = (value: object): string[] => Object.getOwnPropertyNames(value);
  const exported = {
    torch: names(torch),
    'torch.Tensor': names(torch.Tensor.prototype),
    'torch.linalg': names(torch.linalg),
    'torch.fft': names(torch.fft),
    'torch.special': names(torch.special),
    'torch.signal.windows': names(torch.signal.windows),
    'torch.masked': names(torch.masked),
  };
  const script = path.join(__dirname, '..', '..', 'scripts', 'generate', 'python_names.py');
  const { status, stderr } = spawnSync(findPython(), [script, '--check', '--exports', '-'], {
    input: JSON.stringify(exported),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 120_000);
