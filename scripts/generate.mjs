#!/usr/bin/env node
// Runs the generator of lib/generated/ in the Python environment with PyTorch.
// `--check` compares without writing.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { readEnvironment } from './setup/environment.mjs';
import { SetupFailure, explain } from './setup/failure.mjs';
import { root } from './setup/project.mjs';
import { preparePython } from './setup/python-environment.mjs';
import { Report } from './setup/report.mjs';

try {
  const python = await preparePython(new Report(), readEnvironment());
  if (python.path === null) {
    throw new SetupFailure('the generator needs a Python with PyTorch', {
      tried: [python.problem ?? 'no Python'],
      advice: [
        'install Python 3.10 or newer with pip',
        'or set TORCH_FUNC_PYTHON to one that has torch, numpy and pyyaml',
      ],
    });
  }
  const script = path.join(root, 'scripts', 'generate', 'main.py');
  const { status } = spawnSync(python.path, [script, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
