/** The Python of the parity tests, and one run of it. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

const RECORD = path.join(__dirname, '..', '..', '..', 'build', 'python.json');
const REMEDY =
  'Create one with `npm run setup -- --python`, or set TORCH_FUNC_PYTHON to a Python with torch 2.13, numpy, pyyaml and safetensors and repeat the setup.';

/** The Python that the setup found (scripts/setup/python-environment.mjs), or else the one that the user names. */
export function findPython(): string {
  const record = existsSync(RECORD)
    ? (JSON.parse(readFileSync(RECORD, 'utf8')) as { path: string | null; problem?: string })
    : null;
  if (record?.path != null && existsSync(record.path)) return record.path;
  if (process.env.TORCH_FUNC_PYTHON) return process.env.TORCH_FUNC_PYTHON;
  throw new Error(
    `The parity tests need a Python with PyTorch, and there is none: ${record?.problem ?? 'the setup has not looked for one'}. ${REMEDY}`,
  );
}

/**
 * Passes `request` to a script of this folder as JSON and returns its answer. A run that repeats the same tests keeps the
 * answers in the folder that TORCH_FUNC_PARITY_ANSWERS names.
 */
export async function runPython(script: string, request: unknown): Promise<unknown> {
  const input = JSON.stringify(request);
  const folder = process.env.TORCH_FUNC_PARITY_ANSWERS;
  if (!folder) return JSON.parse(await askPython(script, input));
  const name = createHash('sha256').update(`${script}\n${input}`).digest('hex');
  const file = path.join(folder, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const answer = await askPython(script, input);
  writeFileSync(file, answer);
  return JSON.parse(answer);
}

async function askPython(script: string, input: string): Promise<string> {
  const python = findPython();
  const child = spawn(python, [path.join(__dirname, script)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // A Python that exits early closes its input; its exit code says more than the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`${python} cannot be run. ${REMEDY}`, { cause })));
    child.on('close', resolve);
  });
  if (code !== 0) {
    throw new Error(`${python} ${script} failed (${code}):\n${Buffer.concat(errors).toString()}\n${REMEDY}`);
  }
  return Buffer.concat(output).toString();
}
