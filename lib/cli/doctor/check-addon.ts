/** Tests the addon in a separate process, which may crash. */

import { spawn } from 'node:child_process';
import path from 'node:path';

import type { AddonReport } from './probe';

/** In milliseconds. Loading libtorch from a cold disk takes some seconds. */
const TIMEOUT = 120_000;

export type AddonCheck = ({ readonly ok: true } & AddonReport) | { readonly ok: false; readonly problem: string };

/** Runs the probe; never throws. */
export async function checkAddon(): Promise<AddonCheck> {
  const { code, signal, out, err } = await runProbe(path.join(__dirname, 'probe.js'));
  if (code === 0) {
    try {
      return { ok: true, ...(JSON.parse(out) as AddonReport) };
    } catch {
      return { ok: false, problem: `the test of the addon printed unexpected output: ${out.slice(0, 500)}` };
    }
  }
  const how = signal === null ? `ended with code ${String(code)}` : `was killed by ${signal}`;
  const last = err.trim() === '' ? 'It printed nothing.' : err.trim();
  return { ok: false, problem: `the test of the addon ${how}.\n${last}` };
}

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function runProbe(file: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT });
    let out = '';
    let err = '';
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.on('error', (error) => {
      resolve({ code: null, signal: null, out, err: error.message });
    });
    child.on('close', (code, signal) => {
      resolve({ code, signal, out, err });
    });
  });
}
