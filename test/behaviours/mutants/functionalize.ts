/** Faults of `func.functionalize`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const FILE = 'lib/func/functionalize.ts';

export const mutants: Fault[] = [
  {
    name: 'functionalize: writes to the arguments are lost',
    edits: [[FILE, 'for (const [leaf, wrapper] of inputs) native.propagateMutation(leaf, wrapper);', '']],
  },
  {
    name: 'functionalize: writes to views are not synchronized',
    edits: [
      [FILE, 'for (const [, wrapper] of inputs) native.syncFunctional(wrapper);', ''],
      [FILE, 'native.propagateMutation(leaf, wrapper);', 'if (false) native.propagateMutation(leaf, wrapper);'],
    ],
  },
  {
    name: 'functionalize: views are copied where they are to stay',
    edits: [[FILE, "const reapplyViews = remove === 'mutations';", 'const reapplyViews = false;']],
  },
  {
    name: 'functionalize: the results are negated',
    edits: [
      [
        FILE,
        'native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews) : leaf,',
        'native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews).neg() : leaf,',
      ],
    ],
  },
  {
    name: 'functionalize: the results are detached copies',
    edits: [
      [
        FILE,
        'native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews) : leaf,',
        'native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews).detach().clone() : leaf,',
      ],
    ],
  },
  {
    name: 'functionalize: captured results are refused',
    edits: [
      [
        FILE,
        'native.isTensor(leaf) ? native.unwrapFunctional(leaf, reapplyViews) : leaf,',
        "native.isTensor(leaf) ? (native.wrapperInfo(leaf)?.kind === 'functional' ? native.unwrapFunctional(leaf, reapplyViews) : null) : leaf,",
      ],
    ],
  },
  {
    name: 'functionalize: the arguments are not wrapped',
    edits: [
      [FILE, 'native.isTensor(leaf) ? native.wrapFunctional(leaf, level) : leaf));', 'leaf));'],
      [FILE, 'for (const [, wrapper] of inputs) native.syncFunctional(wrapper);', ''],
      [FILE, 'for (const [leaf, wrapper] of inputs) native.propagateMutation(leaf, wrapper);', ''],
    ],
  },
  {
    name: 'functionalize: only the first argument is wrapped',
    edits: [
      [
        FILE,
        'leaves.map((leaf) => (native.isTensor(leaf) ? native.wrapFunctional(leaf, level) : leaf));',
        'leaves.map((leaf, i) => (native.isTensor(leaf) ? native.wrapFunctional(i === 0 ? leaf : leaf.mul(2), level) : leaf));',
      ],
    ],
  },
];
