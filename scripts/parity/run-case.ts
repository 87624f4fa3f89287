/** One case: run, compare, and look at what it left behind. */

import * as torch from 'torch-func';
import { differences } from './compare';
import type { Case, Sample } from '../opdb/corpus';
import { leftBehind } from '../opdb/left-behind';
import { ParitySubject, runMode } from './modes';

const FALLBACK = /the batching rule for (\S+?)\. /;

const slow = new Set<string>();

/**
 * Takes the process's warnings, of which libtorch's say which operators ran example by example; gives
 * a function that ends it.
 */
export function watchWarnings(): () => void {
  const emitWarning = process.emitWarning;
  torch.setWarnAlways(true);
  process.emitWarning = ((warning: string | Error) => {
    const found = FALLBACK.exec(String(warning));
    if (found !== null) slow.add(found[1]);
  }) as typeof process.emitWarning;
  return () => {
    process.emitWarning = emitWarning;
    torch.setWarnAlways(false);
  };
}

/** Words alone: quotes, punctuation and the spelling of names differ between the two languages. */
function words(message: string): string {
  return message
    .split('\n')[0]
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** What a TypeError is about: the function and the argument. Each language names its own types. */
function subject(message: string): string {
  return message
    .split('\n')[0]
    .replace(/^special_/, '')
    .replace(/ must be .*, not .*/, '')
    .replace(/\bstring\b/g, 'str');
}

// How a failure differs from PyTorch's, or null.
function failureDifference(error: Error, expected: Case): string | null {
  if (!(error instanceof Error)) return `threw ${String(error)}, which is no Error`;
  const got = `${error.name}: ${error.message.split('\n')[0]}`;
  if (expected.error === undefined) return `threw ${got}`;
  const wanted = `${expected.error}: ${expected.message}`;
  if (error.name !== expected.error) return `threw ${got}; PyTorch ${wanted}`;
  const read = expected.mode === 'error' && error.name === 'TypeError' ? subject : String;
  if (words(read(error.message)) === words(read(expected.message!))) return null;
  return `the message is ${got}; PyTorch's ${wanted}`;
}

/** Null if a case gives what PyTorch gives; else all in which it does not, line by line. */
export function runCase(sample: Sample, description: Case, values: Uint8Array): string | null {
  torch.manualSeed(0);
  slow.clear();
  const found: string[] = [];
  try {
    // Tensors of its own for every case: one may write into them.
    const call = new ParitySubject(sample, values);
    let value: unknown;
    let error: Error | undefined;
    try {
      value = runMode(call, description);
    } catch (thrown) {
      error = thrown as Error;
    }
    if (error !== undefined) {
      const difference = failureDifference(error, description);
      if (difference !== null) found.push(difference);
    } else if (description.error !== undefined) {
      found.push(`no error; PyTorch ${description.error}: ${description.message}`);
    } else found.push(...differences(value, description.ok!, values, sample.tolerance));
  } catch (thrown) {
    found.push(`${(thrown as Error).stack}`);
  }
  // Of a call that PyTorch refuses it does not say which operators it would batch.
  const more = description.error === undefined ? [...slow].filter((name) => !description.slow?.includes(name)) : [];
  if (more.length > 0) found.push(`example by example: ${more.join(', ')}, which PyTorch batches`);
  const left = leftBehind();
  if (left !== null) found.unshift(left);
  return found.length > 0 ? found.join('\n') : null;
}
