/** The command in this process, and the files that it reads and writes. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { runCommandLine } from '../../lib/cli/command-line';
import type { NpyData, NpyDtype } from '../../lib/npy/dtypes';
import { NpyReader } from '../../lib/npy/reader';
import { NpyWriter } from '../../lib/npy/writer';

export const root = path.resolve(__dirname, '..', '..');

export interface Outcome {
  readonly code: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A temporary folder for each test, removed after it. */
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

/** Runs the command in this process and collects its output. */
export async function command(...args: string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
  });
  return { code, out, err };
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

/** Reproducible numbers between -1 and 1 that look random. */
export function samples(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898) * 43758.5453;
    return 2 * (value - Math.floor(value)) - 1;
  });
}
