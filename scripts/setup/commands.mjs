// Runs and finds other programs.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/**
 * Runs a program to its end, without a shell. It does not throw if the program fails or does not exist: the caller decides
 * what the result means.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ ok: boolean, code: number | null, stdout: string, stderr: string, error: Error | null }>}
 */
export function run(program, args, { cwd, env, timeout, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, timeout, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let rest = '';
    const lines = (/** @type {string} */ chunk) => {
      if (!onLine) return;
      const parts = (rest + chunk).split(/\r?\n|\r/);
      rest = parts.pop() ?? '';
      for (const part of parts) onLine(part);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
      lines(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
      lines(chunk);
    });
    let error = /** @type {Error | null} */ (null);
    child.on('error', (e) => {
      error = e;
      resolve({ ok: false, code: null, stdout, stderr, error });
    });
    child.on('close', (code) => resolve({ ok: code === 0 && !error, code, stdout, stderr, error }));
  });
}

/**
 * The full path of a program on PATH, or null.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 */
export function which(name, env = process.env) {
  if (name.includes('/')) return isExecutable(name) ? path.resolve(name) : null;
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    if (!folder) continue;
    const candidate = path.join(folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  return null;
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The last lines of a program's output, for an error message. @param {string} text */
export function tail(text, lines = 15) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
