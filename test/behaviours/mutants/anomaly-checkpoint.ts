/** Faults of anomaly detection and of `utils.checkpoint`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const ANOMALY = 'lib/autograd/anomaly.ts';
const CHECKPOINT = 'lib/utils/checkpoint.ts';

export const mutants: Fault[] = [
  {
    name: 'detectAnomaly: does nothing',
    edits: [[ANOMALY, 'const mode = enter(true,', 'const mode = enter(false,']],
  },
  {
    name: 'detectAnomaly: the stack of the forward call is empty',
    edits: [[ANOMALY, "return (holder.stack ?? '').split('\\n').slice(1).join('\\n');", "return '';"]],
  },
  {
    name: 'detectAnomaly: checkNan is ignored',
    edits: [
      [ANOMALY, 'native.setAnomalyMode(enabled, checkNan, stack);', 'native.setAnomalyMode(enabled, enabled, stack);'],
    ],
  },
  {
    name: 'checkpoint: the function runs as it is',
    edits: [
      [
        CHECKPOINT,
        "return new Frame(run, args, rngState, determinismCheck === 'default').forward();",
        "return new Frame(run, args, rngState, determinismCheck === 'default').run();",
      ],
    ],
  },
  {
    name: 'checkpoint: the tensors are saved',
    edits: [
      [
        CHECKPOINT,
        'return () => this.#take(number);\n    }, this.run);',
        'this.#recomputed.set(number, tensor);\n      return () => this.#take(number);\n    }, this.run);',
      ],
    ],
  },
  {
    name: 'checkpoint: recomputed tensors are not compared',
    edits: [
      [CHECKPOINT, 'if (tensors.length !== this.#saved.length) {', 'if (false) {'],
      [CHECKPOINT, 'const different = this.compare ?', 'const different = this.compare && false ?'],
    ],
  },
  {
    name: 'checkpoint: the recomputed tensors are doubled',
    edits: [[CHECKPOINT, 'tensors.push(tensor);', 'tensors.push(tensor.mul(2));']],
  },
];
