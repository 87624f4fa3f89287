// Runs a Node.js program and returns its output and its peak memory.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = import.meta.dirname;
export const packageRoot = path.dirname(folder);

/** A folder that exists while `body` runs. @template T @param {(folder: string) => T} body @returns {T} */
export function withTemporaryFolder(body) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-bench-'));
  try {
    return body(temporary);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** @param {string[]} args of `node` */
export function runNode(args) {
  return withTemporaryFolder((temporary) => {
    const peakFile = path.join(temporary, 'peak');
    const reporter = pathToFileURL(path.join(folder, 'report-peak.mjs')).href;
    const result = spawnSync(process.execPath, ['--import', reporter, ...args], {
      encoding: 'utf8',
      env: { ...process.env, PEAK_FILE: peakFile },
    });
    if (result.status !== 0) {
      throw new Error(`node ${args.join(' ')} ended with ${result.status ?? result.signal}:\n${result.stderr}`);
    }
    return { output: result.stdout, peak: Number(fs.readFileSync(peakFile, 'utf8')) };
  });
}

/** A program of this folder. @param {string} name @param {...unknown} args */
export const runProgram = (name, ...args) => runNode([path.join(folder, name), ...args.map(String)]);
