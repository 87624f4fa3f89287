/** Faults of `autograd.graph`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const GRAPH = 'lib/autograd/graph.ts';

export const mutants: Fault[] = [
  { name: 'saveOnCpu: no copy', edits: [[GRAPH, "tensor.to('cpu', { copy: true })", "tensor.to('cpu')"]] },
  {
    name: 'savedTensorsHooks: pack gets a copy, which it may change',
    edits: [['lib/autograd/graph.ts', 'const packed = pack(tensor);', 'const packed = pack(tensor.clone());']],
  },
];
