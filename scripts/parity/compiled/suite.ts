/** The parity run of compiled functions in the processes of the pool. */

import type { Suite } from '../../opdb/suite';
import { casesOf } from '../suite';
import { runCase, type CompiledFinding } from './run-case';

export const suite: Suite<CompiledFinding> = {
  begin() {
    // A function that is not compiled says so: here the report does.
    process.emitWarning = () => undefined;
  },
  *casesOf(loaded) {
    for (const [sample, description] of casesOf(loaded)) {
      yield {
        mode: description.mode,
        sample: `${sample.dtype} ${sample.sample}`,
        run: () => runCase(sample, description, loaded.values),
      };
    }
  },
};
