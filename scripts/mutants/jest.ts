/** Runs test files in a process of their own, with a mutant in lib/. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT, type Edit } from './mutants';
import type { Outcome } from './rows';

const JEST = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const CONFIG = path.join(__dirname, 'jest.config.cjs');

export interface TestRun {
  /** A name for the files of this run. */
  id: string;
  /** The test files, from `test/` on. */
  files: readonly string[];
  edits: readonly Edit[];
  /** The folder for the files of all runs. */
  folder: string;
  /** The time limit in milliseconds. */
  timeout: number;
}

/** What jest writes with --json, as far as it is used. */
interface Report {
  testResults: {
    name: string;
    message: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
}

/** The outcomes of all tests of the files. Fails if a file cannot be loaded, or the process ends by itself or hangs. */
export async function runTests({ id, files, edits, folder, timeout }: TestRun): Promise<Outcome[]> {
  const [mutant, json] = ['mutant', 'results'].map((name) => path.join(folder, `${id}-${name}.json`));
  writeFileSync(mutant, JSON.stringify(edits));
  const paths = files.map((file) => path.join(ROOT, 'test', file));
  const args = [JEST, '--config', CONFIG, '--runInBand', '--json', '--outputFile', json, '--runTestsByPath', ...paths];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, TORCH_FUNC_MUTANT: mutant, TORCH_FUNC_PARITY_ANSWERS: path.join(folder, 'answers') },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => {
      resolve(end);
    });
  });
  if (!existsSync(json)) {
    const end = signal === 'SIGKILL' ? `ran longer than ${timeout / 1000} s` : `ended with ${signal ?? code}`;
    throw new Error(`jest ${end}: ${Buffer.concat(errors).toString().trim().slice(-500)}`);
  }
  return outcomesOf(JSON.parse(readFileSync(json, 'utf8')) as Report);
}

function outcomesOf({ testResults }: Report): Outcome[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(path.join(ROOT, 'test'), name);
    if (assertionResults.length === 0) throw new Error(`${file} has no results: ${message.trim().slice(0, 500)}`);
    return assertionResults.map(({ ancestorTitles, title, status }) => ({
      file,
      titles: [...ancestorTitles, title],
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
    }));
  });
}
