/** The suite of the truth run for the worker processes: each check of each sample is a case. */

import * as torch from 'torch-func';
import type { Entry, LoadedEntry, Sample } from '../opdb/corpus';
import { leftBehind } from '../opdb/left-behind';
import type { Suite } from '../opdb/suite';
import { firstOrder, secondOrder, thirdOrder } from './derivatives';
import { atPoint, POINTS } from './special';
import { strides, stridesOfDerivatives } from './strides';
import { TruthSubject } from './subject';
import { derivativesOfVmap, vmapTwice } from './through-vmap';
import { Verdicts, type TruthFinding } from './verdicts';
import { checkVmap, TARGETS } from './vmap';

type Check = (subject: TruthSubject, verdicts: Verdicts) => void;

const vmaps = Object.fromEntries(
  Object.keys(TARGETS).map((mode): [string, Check] => [mode, (...args) => checkVmap(mode, ...args)]),
);

const points = Object.fromEntries(
  Object.keys(POINTS).map((point): [string, Check] => [`at_${point}`, (...args) => atPoint(point, ...args)]),
);

const CHECKS: Record<string, Check> = {
  strides,
  strides_derivatives: stridesOfDerivatives,
  first: firstOrder,
  second: secondOrder,
  third: thirdOrder,
  ...points,
  ...vmaps,
  vmap_twice: vmapTwice,
  of_vmap: derivativesOfVmap,
};

export const MODE_NAMES: readonly string[] = Object.keys(CHECKS);

const OF_VALUES = ['strides', 'vmap', 'vmap_twice'];

/** The checks that apply to a sample. */
function modesOf(sample: Sample, { marks }: Entry): string[] {
  return MODE_NAMES.filter((mode) => {
    if (OF_VALUES.includes(mode)) return sample.leaves.length > 0;
    if (sample.diff.length === 0 || !['float64', 'complex128'].includes(sample.dtype)) return false;
    return mode !== 'third' || marks.reverseTwice || marks.forwardOverReverse;
  });
}

/** Runs one check. */
export function runCheck(mode: string, sample: Sample, values: Uint8Array): TruthFinding {
  const verdicts = new Verdicts();
  try {
    const subject = verdicts.attempt('eager', () => new TruthSubject(sample, values));
    if (subject !== undefined) CHECKS[mode](subject, verdicts);
  } catch (error) {
    verdicts.wrong.push(`broken: ${(error as Error).stack}`);
  }
  const left = leftBehind();
  if (left !== null) verdicts.wrong.push(left);
  return verdicts.finish();
}

export const suite: Suite<TruthFinding> = {
  begin() {
    // A vmap fallback is slow, not wrong: its warnings are suppressed.
    process.removeAllListeners('warning');
    torch.setWarnAlways(false);
  },
  *casesOf({ entry, values }: LoadedEntry) {
    for (const sample of entry.samples) {
      for (const mode of modesOf(sample, entry)) {
        yield { mode, sample: `${sample.dtype} ${sample.sample}`, run: () => runCheck(mode, sample, values) };
      }
    }
  },
};
