/** Finds and loads the addon, or throws one error that says what was tried and what can be done. */

import { statSync } from 'node:fs';
import * as path from 'node:path';
import { findTruncated } from './elf';
import type { Native } from './exports';
import { platformName } from './platform';
import { type Failure, possibleSolutions } from './solutions';

const installation = path.join(__dirname, '..', '..');

interface Candidate {
  readonly name: string;
  readonly locate: () => string;
}

/** Loads the first candidate that works. */
export function loadAddon(): { native: Native; file: string } {
  const failures: Failure[] = [];
  for (const { name, locate } of candidates()) {
    let file = null;
    try {
      file = locate();
      return { native: load(file), file };
    } catch (error) {
      failures.push({ name, file, error: error as Error });
    }
  }
  const errors = failures.map(({ error }) => error);
  const tried = failures.map(({ name, error }) => `  - ${name}: ${error.message.replace(/\s*\n\s*/g, ' ')}`);
  const solutions = possibleSolutions(failures, installation).map((solution) => `  - ${solution}`);
  throw new Error(
    ['The addon could not be loaded. Tried:', ...tried, '', 'Possible solutions:', ...solutions].join('\n'),
    { cause: errors.length === 1 ? errors[0] : new AggregateError(errors) },
  );
}

function candidates(): Candidate[] {
  const chosen = process.env.TORCH_FUNC_ADDON;
  // If the user's choice fails, no other addon takes its place.
  if (chosen) return [{ name: 'TORCH_FUNC_ADDON', locate: () => checkFile(path.resolve(chosen)) }];
  return [
    {
      name: 'build of this installation',
      locate: () => checkFile(path.join(installation, 'build', 'Release', 'torch_func.node')),
    },
    { name: 'prebuilt package', locate: () => resolvePackage(`@torch-func/${platformName()}`) },
  ];
}

function checkFile(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new Error(`${file} does not exist`);
  // `require` would run a file of another kind as JavaScript.
  if (!stat.isFile() || path.extname(file) !== '.node') throw new Error(`${file} is not a .node file`);
  return file;
}

function resolvePackage(name: string): string {
  try {
    return require.resolve(name);
  } catch (cause) {
    throw new Error(`${name} is not installed`, { cause });
  }
}

function load(file: string): Native {
  const truncated = findTruncated(file);
  if (truncated !== null) throw new Error(`${truncated.file} is truncated: ${truncated.missing} bytes are missing`);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an addon can only be required
  const addon = require(file) as Partial<Native>;
  if (typeof addon.initialize !== 'function') throw new Error(`${file} is the addon of another package`);
  // The second load makes the environment that owns what the collector frees (native/core/environment.h).
  process.dlopen({ exports: {} }, file);
  return addon as Native;
}
