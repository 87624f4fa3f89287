/** Faults of `gradcheck`, and of what it checks. */

import type { Fault } from '../../../scripts/mutants/mutants';

export const mutants: Fault[] = [
  {
    name: 'gradcheck: the derivative for an input that is not used is ones',
    edits: [
      [
        'lib/autograd/gradcheck/analytical.ts',
        'if (gradient === null) return torchFunctions.zerosLike(input)',
        'if (gradient === null) return torchFunctions.onesLike(input)',
      ],
    ],
  },
  {
    name: 'jvp: batched tangents are exchanged under vmap',
    edits: [
      [
        'lib/func/jvp.ts',
        'const tangent = pytree.unflatten(result.tangents, result.spec);',
        `const top = native.topLevel();
  const exchange = (leaf: Tensor): Tensor => {
    if (top?.kind !== 'vmap') return leaf;
    const [inner, dim] = native.unwrapBatched(leaf, top.level);
    return dim === null ? leaf : native.addBatchDim(inner.roll(1, dim), dim, top.level);
  };
  const tangent = pytree.unflatten(result.tangents.map(exchange), result.spec);`,
      ],
    ],
  },
];
