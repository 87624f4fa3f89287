/** The compiled command in a process of its own. */

import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';

import { root, type Outcome } from './command';

/** The setup before the tests compiles it. */
const program = path.join(root, 'dist', 'cli', 'main.js');

interface SpawnOptions {
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Descriptors to write to; pipes by default. */
  readonly stdout?: number;
  readonly stderr?: number;
}

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
