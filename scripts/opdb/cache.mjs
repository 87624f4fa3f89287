// Creates corpora in the cache. The name of a folder has the PyTorch release, the seed, and a hash of the generator.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { readEnvironment } from '../setup/environment.mjs';
import { SetupFailure } from '../setup/failure.mjs';
import { withLock } from '../setup/lock.mjs';
import { root, torchVersion } from '../setup/project.mjs';
import { preparePython } from '../setup/python-environment.mjs';
import { Report } from '../setup/report.mjs';

const generator = path.join(root, 'scripts', 'opdb', 'corpus');

const WEEK = 7 * 24 * 3600 * 1000;

/** A hash of the generator's sources and arguments. @param {string[]} args of the generator */
function hashOfGenerator(args) {
  const hash = createHash('sha256').update(args.join(' '));
  for (const name of fs.readdirSync(generator).sort()) {
    if (name.endsWith('.py')) hash.update(name).update(fs.readFileSync(path.join(generator, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** The path of a Python that has PyTorch. @returns {Promise<string>} */
export async function pythonWithTorch(environment = readEnvironment()) {
  const python = await preparePython(new Report(), environment);
  if (python.path !== null) return python.path;
  throw new SetupFailure('the operator database needs a Python with PyTorch', {
    tried: [python.problem ?? 'no Python'],
    advice: [
      'install Python 3.10 or newer with pip',
      'or set TORCH_FUNC_PYTHON to a Python that has torch, numpy and pyyaml',
    ],
  });
}

// The arguments of the generator for each kind of corpus.
const KINDS = {
  parity: [],
  'parity-small': ['--main-samples', '1', '--other-samples', '0'],
  truth: ['--inputs', '--largest', '128'],
};

/**
 * The folder of the corpus for a seed, created if necessary. The kind `parity` has the cases of the parity run,
 * `parity-small` the cases of one sample per operator, `truth` the inputs of the truth run.
 *
 * @param {number} seed
 * @param {keyof typeof KINDS} [kind]
 */
export async function prepareCorpus(seed, kind = 'parity') {
  const environment = readEnvironment();
  const python = await pythonWithTorch(environment);
  const parent = path.join(environment.cache, 'opdb');
  const folder = path.join(parent, `${torchVersion}-seed${seed}-${kind}-${hashOfGenerator(KINDS[kind])}`);
  return withLock(`${folder}.lock`, async () => {
    if (isComplete(folder)) {
      const now = new Date();
      fs.utimesSync(path.join(folder, 'manifest.json'), now, now);
      return folder;
    }
    removeUnused(parent);
    await generate(python, [folder, '--seed', String(seed), ...KINDS[kind]]);
    return folder;
  });
}

/**
 * Removes corpora that were not used for a week. Newer ones stay, because another checkout may use them.
 *
 * @param {string} parent
 */
function removeUnused(parent) {
  for (const entry of fs.existsSync(parent) ? fs.readdirSync(parent) : []) {
    const manifest = path.join(parent, entry, 'manifest.json');
    if (fs.existsSync(manifest) && Date.now() - fs.statSync(manifest).mtimeMs > WEEK) {
      fs.rmSync(path.join(parent, entry), { recursive: true, force: true });
    }
  }
}

/** @param {string} folder */
function isComplete(folder) {
  return fs.existsSync(path.join(folder, 'manifest.json'));
}

/** Runs the generator. @param {string} python @param {string[]} args */
export async function generate(python, args) {
  const child = spawn(python, [path.join(generator, 'main.py'), ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new SetupFailure(`the generator of the corpus ended with code ${code}`, {});
}
