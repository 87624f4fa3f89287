import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { runCommandLine } from '../../lib/cli/command-line';
import type { NpyData, NpyDtype } from '../../lib/npy/dtypes';
import { NpyReader } from '../../lib/npy/reader';
import { NpyWriter } from '../../lib/npy/writer';

export const root = path.resolve(__dirname, '..', '..');

/** The compiled command, which the set-up before the tests makes. */
const program = path.join(root, 'dist', 'cli', 'main.js');

export interface Outcome {
  readonly code: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own for every test, removed after it. */
export function useFolder(): { readonly path: string; file(name: string, content?: string): string } {
  let folder = '';
  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-cli-')));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return {
    get path() {
      return folder;
    },
    file(name, content) {
      const file = path.join(folder, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      if (content !== undefined) fs.writeFileSync(file, content);
      return file;
    },
  };
}

/** The command in this process, with what it prints. */
export async function command(...args: string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
  });
  return { code, out, err };
}

interface SpawnOptions {
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Descriptors to write to; pipes by default. */
  readonly stdout?: number;
  readonly stderr?: number;
}

/** The command in a process of its own. */
export function spawnCommand(
  args: readonly string[],
  { onOutput, stdout = -1, stderr = -1 }: SpawnOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const [outPipe, errPipe] = [stdout, stderr].map((descriptor) => (descriptor < 0 ? 'pipe' : descriptor));
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', outPipe, errPipe] });
    let out = '';
    let err = '';
    child.stdout?.on('data', (text: Buffer) => {
      out += text.toString();
      onOutput?.(out, (signal) => child.kill(signal));
    });
    child.stderr?.on('data', (text: Buffer) => (err += text.toString()));
    child.on('close', (code, signal) => {
      resolve({ code, signal, out, err });
    });
  });
}

/** The command under a shell's limits, such as `ulimit -f 8`. */
export function shellCommand(limits: string, args: readonly string[]): Outcome {
  try {
    const out = execFileSync('bash', ['-c', `${limits}; exec "$@"`, 'bash', process.execPath, program, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { code: 0, out, err: '' };
  } catch (error) {
    const { status, signal, stdout, stderr } = error as {
      status: number | null;
      signal: NodeJS.Signals | null;
      stdout: string;
      stderr: string;
    };
    return { code: status, signal, out: stdout, err: stderr };
  }
}

export function writeNpy(file: string, dtype: NpyDtype, shape: number[], data: NpyData): string {
  using writer = NpyWriter.create(file, { dtype, shape });
  writer.write(data);
  writer.finish();
  return file;
}

export function readNpy(file: string): { dtype: NpyDtype; shape: readonly number[]; data: NpyData } {
  using reader = NpyReader.open(file);
  return { dtype: reader.dtype, shape: reader.shape, data: reader.readRows(0, reader.rows) };
}

/** Numbers between -1 and 1 that look random and are always the same. */
export function samples(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898) * 43758.5453;
    return 2 * (value - Math.floor(value)) - 1;
  });
}
