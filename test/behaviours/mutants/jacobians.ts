/** Faults of `func.jacrev`, `func.jacfwd` and `func.hessian`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const BLOCKS = 'lib/func/jacobian-blocks.ts';
const JACREV = 'lib/func/jacrev.ts';
const JACFWD = 'lib/func/jacfwd.ts';
const HESSIAN = 'lib/func/hessian.ts';
const OPTIONS = 'lib/func/jacobian-options.ts';

export const mutants: Fault[] = [
  {
    name: 'Jacobians: twice the basis',
    edits: [
      [
        BLOCKS,
        'return shape.length === 1 ? rows : viewOwn(rows, [count, ...shape]);',
        'return viewOwn(rows.mul(2), [count, ...shape]);',
      ],
    ],
  },
  {
    name: 'jacrev: the dimensions of a block are exchanged',
    edits: [
      [BLOCKS, 'dim === 0 ? [...inner, ...shape.slice(1)]', 'dim === 0 ? [...inner.toReversed(), ...shape.slice(1)]'],
    ],
  },
  {
    name: 'jacfwd: the dimensions of a block are exchanged',
    edits: [[BLOCKS, ': [...shape.slice(0, -1), ...inner])', ': [...shape.slice(0, -1), ...inner.toReversed()])']],
  },
  {
    name: 'jacfwd: the columns are first',
    edits: [
      [
        BLOCKS,
        'return vmapTensors(map, basis, { batchSize, outDim: dim, randomness });',
        'return vmapTensors(map, basis, { batchSize, outDim: 0, randomness });',
      ],
    ],
  },
  {
    name: 'jacrev: the blocks of the outputs are exchanged',
    edits: [
      [
        BLOCKS,
        'return outputs.map((_, k) => perInput.map((blocks) => blocks[k]));',
        'return outputs.map((_, k) => perInput.map((blocks) => blocks[outputs.length - 1 - k]));',
      ],
    ],
  },
  {
    name: 'jacfwd: the blocks of the inputs are exchanged',
    edits: [
      [
        BLOCKS,
        'return columns.map((block) => cut(block, -1, inputs));',
        'return columns.map((block) => cut(block, -1, inputs).reverse());',
      ],
    ],
  },
  {
    name: 'jacrev: the structure of the outputs is lost',
    edits: [
      [
        JACREV,
        'withExtras(pytree.unflatten(perOutput, outputSpec),',
        'withExtras(perOutput.length === 1 ? perOutput[0] : perOutput,',
      ],
    ],
  },
  {
    name: 'jacfwd: the structure of the outputs is lost',
    edits: [
      [
        JACFWD,
        'withExtras(pytree.unflatten(perOutput, outputSpec!),',
        'withExtras(perOutput.length === 1 ? perOutput[0] : perOutput,',
      ],
    ],
  },
  {
    name: 'jacrev: the structure of the inputs is lost',
    edits: [
      [
        JACREV,
        'blocks.map((row) => pytree.unflatten(row, inputSpec))',
        'blocks.map((row) => (row.length === 1 ? row[0] : row))',
      ],
    ],
  },
  {
    name: 'jacfwd: the structure of the inputs is lost',
    edits: [
      [
        JACFWD,
        'blocks.map((row) => pytree.unflatten(row, inputSpec))',
        'blocks.map((row) => (row.length === 1 ? row[0] : row))',
      ],
    ],
  },
  {
    name: 'jacrev: cannot be differentiated',
    edits: [[JACREV, 'const createGraph = native.gradMode();', 'const createGraph = false;']],
  },
  {
    name: 'jacrev: argnums is ignored',
    edits: [[JACREV, 'flatVjp(func, args, argnums, hasAux)', 'flatVjp(func, args, 0, hasAux)']],
  },
  {
    name: 'jacrev: the last argument by default',
    edits: [[JACREV, 'const { argnums = 0,', 'const { argnums = -1,']],
  },
  {
    name: 'jacfwd: the last argument by default',
    edits: [[JACFWD, 'const { argnums = 0,', 'const { argnums = -1,']],
  },
  {
    name: 'jacrev: the chunk size is ignored',
    edits: [
      [
        JACREV,
        'pullback(cotangents, true, createGraph), { chunkSize });',
        'pullback(cotangents, true, createGraph), {});',
      ],
    ],
  },
  {
    name: 'jacrev: chunks of one are batched',
    edits: [[BLOCKS, 'if (chunkSize === 1 && batchSize === 1) {', 'if (false) {']],
  },
  {
    name: 'jacrev: the chunks are in the wrong order',
    edits: [
      [
        'lib/interpreter/chunks.ts',
        'const target = whole.narrow(this.dim, start, count);',
        'const target = whole.narrow(this.dim, this.total - start - count, count);',
      ],
      [
        'lib/interpreter/chunks.ts',
        'const joined = torchFunctions.cat(this.parts, this.dim);',
        'const joined = torchFunctions.cat(this.parts.reverse(), this.dim);',
      ],
    ],
  },
  {
    name: 'jacrev: complex tensors are accepted',
    edits: [
      [
        OPTIONS,
        "if (native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {",
        "if (api === 'jacfwd' && native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {",
      ],
    ],
  },
  {
    name: 'jacfwd: complex tensors are accepted',
    edits: [
      [
        OPTIONS,
        "if (native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {",
        "if (api === 'jacrev' && native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {",
      ],
    ],
  },
  {
    name: 'Jacobians: the aux is dropped',
    edits: [[OPTIONS, '...(hasAux ? [aux] : [])', '']],
  },
  {
    name: 'Jacobians: arguments that are not differentiated must be tensors',
    edits: [
      [
        OPTIONS,
        "if (native.isTensor(leaf) && leaf.dtype.startsWith('complex')) {",
        "if (!native.isTensor(leaf) || leaf.dtype.startsWith('complex')) {",
      ],
    ],
  },
  {
    name: 'hessian: transposed',
    edits: [
      [
        HESSIAN,
        'return jacfwd(inner, { argnums, randomness, chunkSize }) as never;',
        'return jacfwd((...args: unknown[]) => (inner(...args) as Tensor).neg(), { argnums, randomness, chunkSize }) as never;',
      ],
      [
        HESSIAN,
        "import { jacfwd } from './jacfwd';",
        "import { jacfwd } from './jacfwd';\nimport type { Tensor } from '../tensor';",
      ],
    ],
  },
  {
    name: 'jacfwd: the randomness is dropped',
    edits: [[JACFWD, '{ chunkSize, randomness });', '{ chunkSize });']],
  },
  {
    name: 'jacrev: forces of a network have no graph',
    edits: [['lib/func/jacrev.ts', 'const createGraph = native.gradMode();', 'const createGraph = false;']],
  },
  {
    name: 'jacfwd: the tangents are detached',
    edits: [
      ['lib/func/jacfwd.ts', 'return flat.tangents;', 'return flat.tangents.map((tangent) => tangent.detach());'],
    ],
  },
];
