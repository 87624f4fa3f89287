// Downloads wheels with pip, so that the user's mirrors, proxies and offline folders are used.

import fs from 'node:fs';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { findPythons } from './python.mjs';

/** @typedef {import('./report.mjs').Progress} Progress */

const pytorchIndex = 'https://download.pytorch.org/whl';

/** Versions of Python to try: only the C++ libraries of the torch wheel are used, so any version will do. */
const wheelPythons = ['3.12', '3.11', '3.13', '3.10', '3.14'];

/**
 * The first Python that has pip.
 *
 * @param {string | null} wanted
 * @returns {Promise<{ pip: Pip | null, tried: string[] }>}
 */
export async function findPip(wanted, env = process.env) {
  const { pythons, tried } = await findPythons(wanted, env);
  for (const python of pythons) {
    const result = await run(python.path, ['-m', 'pip', '--version'], { env, timeout: 60_000 });
    const version = /^pip (\d+)\.(\d+)/m.exec(result.stdout);
    if (result.ok && version) return { pip: new Pip(python, [Number(version[1]), Number(version[2])], env), tried };
    tried.push(`${python.path}: Python ${python.version} without pip`);
  }
  if (tried.length === 0) tried.push('no python3 on PATH');
  return { pip: null, tried };
}

export class Pip {
  /** @param {import('./python.mjs').Python} python @param {[number, number]} version @param {NodeJS.ProcessEnv} env */
  constructor(python, version, env = process.env) {
    this.python = python;
    this.version = version;
    this.env = env;
  }

  /**
   * Downloads wheels into a folder, from the user's own indexes or else from PyTorch's.
   *
   * @param {string[]} requirements
   * @param {string} folder
   * @param {{ variant: string, dependencies?: boolean, onProgress?: Progress }} options
   * @returns {Promise<{ wheels: string[], problem: string | null }>}
   */
  async download(requirements, folder, { variant, dependencies = false, onProgress }) {
    const base = ['-m', 'pip', 'download', ...this.common(onProgress), '--dest', folder];
    if (!dependencies) base.push('--no-deps');
    const extra = ['--extra-index-url', `${pytorchIndex}/${variant}`];
    const tries = [
      [],
      extra,
      ...wheelPythons.map((version) => [...extra, '--only-binary=:all:', '--python-version', version]),
    ];
    let problem = '';
    for (const more of tries) {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder, { recursive: true });
      const result = await this.run([...base, ...more, ...requirements], onProgress);
      if (result.ok) {
        const wheels = fs.readdirSync(folder).filter((name) => name.endsWith('.whl'));
        return { wheels: wheels.map((name) => path.join(folder, name)), problem: null };
      }
      problem = result.error?.message ?? tail(errorsOf(result.stderr), 4);
      // The wheel of another Python helps only if the index has none for this one.
      if (more.length > 0 && !/No matching distribution|ResolutionImpossible|not a supported wheel/.test(result.stderr))
        break;
    }
    return { wheels: [], problem };
  }

  /**
   * Installs packages into a virtual environment.
   *
   * @param {string} python the environment's Python
   * @param {string[]} args requirements and options
   * @param {Progress} [onProgress]
   */
  async install(python, args, onProgress) {
    return this.run(['-m', 'pip', '--python', python, 'install', ...this.common(onProgress), ...args], onProgress);
  }

  /** `--retries 0`: without a network, pip would otherwise wait half a minute for each address. @param {Progress} [onProgress] */
  common(onProgress) {
    const raw = onProgress && (this.version[0] > 24 || (this.version[0] === 24 && this.version[1] >= 1));
    return [
      '--retries',
      '0',
      '--timeout',
      '30',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar',
      raw ? 'raw' : 'off',
    ];
  }

  /** @param {string[]} args @param {Progress} [onProgress] */
  run(args, onProgress) {
    return run(this.python.path, args, {
      env: this.env,
      onLine: (line) => {
        const match = /^Progress (\d+) of (\d+)/.exec(line);
        if (match) onProgress?.(Number(match[1]), Number(match[2]) || null);
      },
    });
  }
}

/** @param {string} variant */
export function indexOf(variant) {
  return `${pytorchIndex}/${variant}`;
}

/** @param {string} text */
function errorsOf(text) {
  const errors = text.split('\n').filter((line) => /^\s*ERROR:|Error:/.test(line));
  return errors.length > 0 ? errors.join('\n') : text;
}
