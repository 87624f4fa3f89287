/** The parity run in the processes of the pool. */

import type { Case, LoadedEntry, Sample } from '../opdb/corpus';
import type { Finding, Suite } from '../opdb/suite';
import { runCase, watchWarnings } from './run-case';

/** All cases of an entry with their samples, in order. */
export function* casesOf({ entry }: LoadedEntry): Generator<[Sample, Case]> {
  for (const sample of entry.samples) {
    for (const description of sample.cases) yield [sample, description];
  }
}

export const suite: Suite<Finding> = {
  begin: watchWarnings,
  *casesOf(loaded) {
    for (const [sample, description] of casesOf(loaded)) {
      yield {
        mode: description.mode,
        sample: `${sample.dtype} ${sample.sample}`,
        run: () => ({ why: runCase(sample, description, loaded.values) }),
      };
    }
  },
};
