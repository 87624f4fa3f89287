/** Generated kernels on this machine: as functions of the host, and through NVRTC. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, existsSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

import { native } from '../../../lib/native';
import type { KernelSource } from '../../../lib/native';
import { libtorchPath } from '../../../lib/runtime';

const ROOT = path.resolve(__dirname, '..', '..', '..');

/** The sources as one text; each is there once. */
export function joined(sources: readonly KernelSource[]): string {
  return [...new Set(sources.map(({ text }) => text))].join('\n');
}

/** Compiles kernels with the C++ compiler into a library for `testKernels`. */
export function compileForHost(sources: readonly KernelSource[], folder: string): string {
  const kernels = new Map(sources.map((source) => [source.name, source]));
  const entries = [...kernels.values()].map(({ name, text, parameters }) => {
    const types = [.../const long long points(.*)\) \{/.exec(text)![1]!.matchAll(/, ([a-z ]+\*)/g)].map(
      ([, type]) => type,
    );
    if (types.length !== parameters) throw new Error(`${name} has ${types.length} parameters, not ${parameters}`);
    const given = types.map((type, i) => `, (${type})b[${i}]`).join('');
    return `extern "C" void run_${name}(long long points, void* const* b) { RUN(${name}, points${given}) }`;
  });
  const header = path.join(__dirname, 'host-kernels.h');
  const file = path.join(folder, 'kernels.cpp');
  writeFileSync(file, [`#include ${JSON.stringify(header)}`, joined([...kernels.values()]), ...entries, ''].join('\n'));
  const library = path.join(folder, 'kernels.so');
  const flags = ['-std=c++17', '-O1', '-ffp-contract=off', '-w', '-fPIC', '-shared'];
  execFileSync(process.env.CXX ?? 'c++', [...flags, file, '-o', library], { stdio: 'pipe' });
  return library;
}

/** The NVRTC library of a libtorch with CUDA, or the one that the setup installs for the tests; or the reason why both are missing. */
export function findNvrtc(): { file: string } | { file: null; problem: string } {
  const beside = path.join(path.dirname(libtorchPath()), '..', '..', 'nvidia');
  const folders = existsSync(beside) ? readdirSync(beside).map((name) => path.join(beside, name, 'lib')) : [];
  const record = path.join(ROOT, 'build', 'nvrtc.json');
  let problem = 'run node scripts/setup.mjs --python';
  if (existsSync(record)) {
    const kept = JSON.parse(readFileSync(record, 'utf8')) as { path: string | null; problem?: string };
    if (kept.path !== null) folders.push(kept.path);
    problem = kept.problem ?? problem;
  }
  for (const folder of folders.filter(existsSync)) {
    const name = readdirSync(folder).find((file) => /^libnvrtc\.so\.\d+$/.test(file));
    if (name !== undefined) return { file: path.join(folder, name) };
  }
  return { file: null, problem };
}

/** What is in a program for a GPU: an ELF file of CUDA. */
export function describeCubin(code: Uint8Array): { isCuda: boolean; text: string } {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const isElf = view.getUint32(0, false) === 0x7f454c46;
  return { isCuda: isElf && view.getUint16(18, true) === 190, text: Buffer.from(code).toString('latin1') };
}

export const { testKernels, testNvrtc } = native;
