/** Classes of `torch.nn` that this package lacks: they have no types, and constructing one says why. */

import { NotImplementedError } from '../errors';

/** Each missing class, and the reason. */
const MISSING: Readonly<Record<string, string>> = {
  DataParallel: 'A module runs on one device: start a worker thread for each device.',
  LinearCrossEntropyOptions:
    'It only selects a computation in pieces, which changes no result: leave it out of nn.LinearCrossEntropyLoss.',
  SyncBatchNorm:
    'It needs groups of processes, which do not exist here: use nn.BatchNorm2d, whose statistics are those of one process.',
};

/** Adds the missing classes to the namespace, hidden from enumeration. */
export function defineMissingClasses(namespace: object): void {
  for (const [name, reason] of Object.entries(MISSING)) {
    Object.defineProperty(namespace, name, { value: missingClass(name, reason), configurable: true });
  }
}

function missingClass(name: string, reason: string): unknown {
  return class {
    static readonly name = name;
    constructor(..._: unknown[]) {
      throw new NotImplementedError(
        `nn.${name} is not available in this package. ${reason} docs/status.md lists what is missing.`,
      );
    }
  };
}
