/** One case: run, compare, and look at what it left behind. */

import * as torch from 'torch-func';
import { compare, Difference } from './compare';
import type { Case, Sample } from './corpus';
import { runMode, Subject } from './modes';

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

function compareFailure(error: Error, expected: Case): void {
  if (!(error instanceof Error)) throw new Difference(`threw ${String(error)}, which is no Error`);
  const got = `${error.name}: ${error.message.split('\n')[0]}`;
  if (expected.error === undefined) throw new Difference(`threw ${got}`);
  const wanted = `${expected.error}: ${expected.message}`;
  if (error.name !== expected.error) throw new Difference(`threw ${got}; PyTorch ${wanted}`);
  // Of arguments of a wrong type each language speaks in its own types.
  if (expected.mode === 'error' && error.name === 'TypeError') return;
  if (words(error.message) !== words(expected.message!))
    throw new Difference(`the message is ${got}; PyTorch's ${wanted}`);
}

/** Whether a transform or a dual level is still entered, by what it forbids or allows. */
export function leftBehind(): string | null {
  try {
    torch.zeros(1).requiresGrad_();
  } catch {
    return 'a level of a transform is left on the stack';
  }
  try {
    torch.autograd.forwardAd.makeDual(torch.zeros(1), torch.zeros(1));
    return 'a dual level is left open';
  } catch {
    return torch.isGradEnabled() ? null : 'grad mode is off';
  }
}

/** Null if a case gives what PyTorch gives, or in which way it does not. */
export function runCase(sample: Sample, description: Case, values: Uint8Array): string | null {
  torch.manualSeed(0);
  slow.clear();
  let why: string | null = null;
  try {
    // Tensors of its own for every case: one may write into them.
    const subject = new Subject(sample, values);
    let value: unknown;
    let error: Error | undefined;
    try {
      value = runMode(subject, description);
    } catch (thrown) {
      error = thrown as Error;
    }
    if (error !== undefined) compareFailure(error, description);
    else if (description.error !== undefined) {
      throw new Difference(`no error; PyTorch ${description.error}: ${description.message}`);
    } else compare(value, description.ok!, values, sample.tolerance);
    const more = [...slow].filter((name) => !description.slow?.includes(name));
    if (more.length > 0) throw new Difference(`example by example: ${more.join(', ')}, which PyTorch batches`);
  } catch (thrown) {
    why = thrown instanceof Difference ? thrown.message : `${(thrown as Error).stack}`;
  }
  return leftBehind() ?? why;
}
