/** The parity run of compiled functions in the processes of the pool. */

import * as torch from 'torch-func';
import type { Suite } from '../../opdb/suite';
import { deviceOfRun, endsDevice } from '../device/device';
import { casesOf } from '../suite';
import { runCase, type CompiledFinding } from './run-case';

export const suite: Suite<CompiledFinding> = {
  begin() {
    // A function that is not compiled says so: here the report does.
    process.emitWarning = () => undefined;
    torch.setDefaultDevice(deviceOfRun());
  },
  *casesOf(loaded) {
    for (const [sample, description] of casesOf(loaded)) {
      yield {
        mode: description.mode,
        sample: `${sample.dtype} ${sample.sample}`,
        run: () =>
          endsDevice(description) ? { why: null, execution: null } : runCase(sample, description, loaded.values),
      };
    }
  },
};
