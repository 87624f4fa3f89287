// The tarball that npm would publish: packed, checked, installed.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../setup/project.mjs';

/**
 * Runs a program to its end and shows what it prints.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 */
export function run(program, args, { cwd = root } = {}) {
  const { status, signal, error } = spawnSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  throw new Error(`${path.basename(program)} ${args.join(' ')}: ${error?.message ?? `ended with ${signal ?? status}`}`);
}

/** Packs the project. @param {string} folder @returns {string} the tarball */
export function pack(folder) {
  run('npm', ['pack', '--silent', '--pack-destination', folder]);
  const [name] = fs.readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  return path.join(folder, name);
}

/** Whether tools and compilers of every kind resolve the package and its types. @param {string} tarball */
export function check(tarball) {
  run(process.execPath, [path.join(root, 'node_modules', 'publint', 'src', 'cli.js'), 'run', tarball, '--strict']);
  run(process.execPath, [
    path.join(root, 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js'),
    tarball,
    '--no-emoji',
  ]);
}

/** Installs the tarball into an empty project, as a user does, and computes with it. @param {string} tarball @param {string} folder */
export function install(tarball, folder) {
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder });
  const program = `
    import torch from 'torch-func';
    const gradient = torch.func.grad((x) => x.pow(2).sum())(torch.tensor([1, 2, 3]));
    if (gradient.toArray().join() !== '2,4,6') throw new Error(\`the gradient is \${gradient}\`);
  `;
  run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  run('npx', ['--no-install', 'torch-func', 'doctor'], { cwd: folder });
}
