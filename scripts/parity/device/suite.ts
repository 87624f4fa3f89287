/** The comparison of devices in the processes of the pool. */

import type { Finding, Suite } from '../../opdb/suite';
import { casesOf } from '../suite';
import { deviceOfRun, endsDevice } from './device';
import { runCase } from './run-case';

export const suite: Suite<Finding> = {
  begin() {
    // Operators that run example by example do so on every device.
    process.emitWarning = () => undefined;
  },
  *casesOf(loaded) {
    const device = deviceOfRun() ?? 'cuda';
    for (const [sample, description] of casesOf(loaded)) {
      yield {
        mode: description.mode,
        sample: `${sample.dtype} ${sample.sample}`,
        run: () => ({ why: endsDevice(description) ? null : runCase(sample, description, loaded.values, device) }),
      };
    }
  },
};
