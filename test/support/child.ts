/** Programs in a process of their own, whose memory nothing else changes. */

import { execFile } from 'node:child_process';
import * as path from 'node:path';

const compiled = (...file: string[]): string => JSON.stringify(path.join(__dirname, '..', '..', 'dist', ...file));

/**
 * Runs the body of a program against the compiled package and returns the value that it passes to `report`.
 * `rss()` there is the resident memory in MB after a full collection; `flags` are options of Node.js.
 */
export async function runProgram<T>(body: string, flags: readonly string[] = []): Promise<T> {
  const source = `
    const torch = require(${compiled('index.js')});
    const { peakMemory } = require(${compiled('jobs', 'peak-memory.js')});
    torch.setNumThreads(1);
    const MB = 1024 * 1024;
    const peak = () => peakMemory() / MB;
    const rss = () => { gc(); gc(); return process.memoryUsage.rss() / MB; };
    const report = (value) => process.stdout.write(JSON.stringify(value));
    ${body}`;
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      ['--expose-gc', ...flags, '-e', source],
      { maxBuffer: 2 ** 24, timeout: 280_000 },
      (error, stdout, stderr) => {
        if (error)
          reject(new Error(`the program failed (${error.code ?? error.signal}):\n${stderr}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
  return JSON.parse(output) as T;
}
