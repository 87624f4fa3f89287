/** The vector machine with the kernels for other processors: ATEN_CPU_CAPABILITY chooses them, and ATen's. */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const root = path.resolve(__dirname, '..', '..');

test.each(['avx2', 'default'])(
  'has the bits of eager execution with ATEN_CPU_CAPABILITY=%s',
  (capability) => {
    const jest = path.join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, stderr } = spawnSync(process.execPath, [jest, 'test/compile/machine.test.ts'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ATEN_CPU_CAPABILITY: capability },
      timeout: 280_000,
    });
    expect(status === 0 ? '' : stderr).toBe('');
  },
  300_000,
);
