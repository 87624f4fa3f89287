/** Faults of `vmap` itself: dimensions, structures, randomness, chunks, the fallback. */

import type { Fault } from '../../../scripts/mutants/mutants';

const DIMS = 'lib/func/dims.ts';
const VMAP = 'lib/func/vmap.ts';
const FALLBACK = 'lib/func/batching-fallback.ts';
const LEVELS = 'lib/interpreter/levels.ts';

export const mutants: Fault[] = [
  {
    name: 'vmap: no arguments are accepted',
    edits: [[DIMS, 'if (args.length === 0) {', 'if (false) {']],
  },
  {
    name: 'vmap: arguments without a tensor are accepted',
    edits: [
      [DIMS, "if (sizes.length === 0) throw new ValueError('vmap: Expected at least one Tensor to vmap over');", ''],
    ],
  },
  {
    name: 'vmap: inDims of any type are accepted',
    edits: [[DIMS, 'if (!Number.isInteger(inDims) && !Array.isArray(inDims)) {', 'if (false) {']],
  },
  {
    name: 'vmap: inDims of another structure are accepted',
    edits: [
      [
        DIMS,
        'const flatDims = pytree.broadcastPrefix(inDims, spec);',
        'const flatDims = pytree.broadcastPrefix(inDims, spec) ?? leaves.map(() => 0);',
      ],
    ],
  },
  {
    name: 'vmap: the dimension of a non-tensor value is ignored',
    edits: [[DIMS, 'if (dim === null) return null;', 'if (dim === null || !native.isTensor(leaf)) return null;']],
  },
  {
    name: 'vmap: dimensions out of range are wrapped',
    edits: [[DIMS, 'if (d < -n || d >= n) {', 'if (false) {']],
  },
  {
    name: 'vmap: negative inDims count from the start',
    edits: [[DIMS, 'const wrapped = d < 0 ? d + n : d;', 'const wrapped = Math.abs(d) % n;']],
  },
  {
    name: 'vmap: inDims is ignored',
    edits: [[DIMS, 'const wrapped = d < 0 ? d + n : d;', 'const wrapped = 0;']],
  },
  {
    name: 'vmap: null in inDims is ignored',
    edits: [
      [
        DIMS,
        'if (dim === null) return null;',
        'if (dim === null && !(native.isTensor(leaf) && leaf.dim() > 0)) return null;',
      ],
      [DIMS, 'const d = dim as number;', 'const d = (dim ?? 0) as number;'],
    ],
  },
  {
    name: 'vmap: different sizes are accepted',
    edits: [[DIMS, 'if (sizes.some((size) => size !== sizes[0])) {', 'if (false) {']],
  },
  {
    name: 'vmap: only the first argument is mapped',
    edits: [
      [
        VMAP,
        'return dim === null ? leaf : native.addBatchDim(leaf as Tensor, dim, level);',
        'return dim === null || i > 0 ? leaf : native.addBatchDim(leaf as Tensor, dim, level);',
      ],
    ],
  },
  {
    name: 'vmap: the samples are in reverse order',
    edits: [
      [
        VMAP,
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'return native.removeBatchDim(leaf, level, size, outDim).flip([outDim]);',
      ],
    ],
  },
  {
    name: 'vmap: the results are copies',
    edits: [
      [
        VMAP,
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'return native.removeBatchDim(leaf, level, size, outDim).clone();',
      ],
    ],
  },
  {
    name: 'vmap: the arguments are copied',
    edits: [
      [
        VMAP,
        'native.addBatchDim(leaf as Tensor, dim, level);',
        'native.addBatchDim((leaf as Tensor).clone(), dim, level);',
      ],
    ],
  },
  {
    name: 'vmap: results that are not mapped are not repeated',
    edits: [
      [
        VMAP,
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'return native.isBatchedAtLevel(leaf, level) ? native.removeBatchDim(leaf, level, size, outDim) : leaf;',
      ],
    ],
  },
  {
    name: 'vmap: outDims is ignored',
    edits: [
      [
        VMAP,
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'return native.removeBatchDim(leaf, level, size, 0);',
      ],
    ],
  },
  {
    name: 'vmap: outDims is that of the first result',
    edits: [
      [
        VMAP,
        'unwrapOutput(func, leaf, dims[i], level, batch.size)',
        'unwrapOutput(func, leaf, dims[0], level, batch.size)',
      ],
    ],
  },
  {
    name: 'vmap: outDims of any type are accepted',
    edits: [[DIMS, 'if (pytree.flatten(outDims).leaves.every(isDim)) return;', 'return;']],
  },
  {
    name: 'vmap: outDims of another structure are accepted',
    edits: [
      [
        DIMS,
        'if (dims !== null) return dims as (number | null)[];',
        'return (dims as (number | null)[] | null) ?? Array<number>(64).fill(0);',
      ],
    ],
  },
  {
    name: 'vmap: outDims out of range are wrapped',
    edits: [
      [
        VMAP,
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'return native.removeBatchDim(leaf, level, size, outDim % leaf.dim());',
      ],
    ],
  },
  {
    name: 'vmap: outDims as an array of one is refused',
    edits: [
      [
        DIMS,
        "const single = spec.kind === 'leaf' && Array.isArray(outDims) && outDims.length === 1 ? outDims[0] : outDims;",
        'const single = outDims;',
      ],
    ],
  },
  {
    name: 'vmap: outDims only as a whole structure',
    edits: [
      [
        DIMS,
        'const dims = pytree.broadcastPrefix(single, spec);',
        'const dims = pytree.specToString(pytree.flatten(single).spec) === pytree.specToString(spec) ? pytree.broadcastPrefix(single, spec) : null;',
      ],
    ],
  },
  {
    name: 'vmap: null in outDims is not possible',
    edits: [
      [VMAP, 'if (outDim === null) return leaf;', ''],
      [
        VMAP,
        '  if (outDim === null) {\n    if (native.isBatchedAtLevel(leaf, -1)) {',
        '  if (outDim === null) {\n    if (true) {',
      ],
    ],
  },
  {
    name: 'vmap: a mapped result with null in outDims is returned',
    edits: [[VMAP, 'if (native.isBatchedAtLevel(leaf, -1)) {', 'if (false) {']],
  },
  {
    name: 'vmap: results that are no tensors are returned',
    edits: [[VMAP, 'if (outDim === null) return leaf;', 'return leaf;']],
  },
  {
    name: 'vmap: the structure of the results is lost',
    edits: [
      [
        VMAP,
        '    return pytree.unflatten(leaves, spec);\n  };',
        '    return leaves.length === 1 ? leaves[0] : leaves;\n  };',
      ],
    ],
  },
  {
    name: 'vmap: the keys of results are sorted backwards',
    edits: [
      [
        VMAP,
        '    return pytree.unflatten(leaves, spec);\n  };',
        '    const result = pytree.unflatten(leaves, spec);\n    return result !== null && Object.getPrototypeOf(result) === Object.prototype ? Object.fromEntries(Object.entries(result as object).reverse()) : result;\n  };',
      ],
    ],
  },
  {
    name: 'vmap: arguments lose their structure',
    edits: [[VMAP, 'pytree.unflatten(inputs, batch.spec) as unknown[]', 'inputs']],
  },
  {
    name: 'vmap: the randomness is ignored',
    edits: [[LEVELS, 'native.pushVmap(batchSize, randomness)', "native.pushVmap(batchSize, 'same')"]],
  },
  {
    name: 'vmap: random operators are always an error',
    edits: [[LEVELS, 'native.pushVmap(batchSize, randomness)', "native.pushVmap(batchSize, 'error')"]],
  },
  {
    name: 'vmap: random operators always draw for each sample',
    edits: [[LEVELS, 'native.pushVmap(batchSize, randomness)', "native.pushVmap(batchSize, 'different')"]],
  },
  {
    name: 'vmap: random operators are an error in place of the same for all',
    edits: [
      [
        LEVELS,
        'native.pushVmap(batchSize, randomness)',
        "native.pushVmap(batchSize, randomness === 'same' ? 'error' : randomness)",
      ],
    ],
  },
  {
    name: 'vmap: the chunk size is ignored',
    edits: [[VMAP, "if (chunkSize !== null && (chunkSize === 'auto' ? 1 : chunkSize) < batch.size) {", 'if (false) {']],
  },
  {
    name: 'vmap: chunks of any size are accepted',
    edits: [
      [
        VMAP,
        "if (chunkSize !== null && chunkSize !== 'auto' && (!Number.isInteger(chunkSize) || chunkSize <= 0)) {",
        'if (false) {',
      ],
    ],
  },
  {
    name: 'vmap: the chunks are cut along the first dimension',
    edits: [[VMAP, '.narrow(dim, start, size)', '.narrow(0, start, size)']],
  },
  {
    name: 'vmap: the chunks are joined along the first dimension',
    edits: [
      [
        'lib/interpreter/chunks.ts',
        'joins = results.map((_, i) => new Join(dimOf(i), total));',
        'joins = results.map((_, i) => new Join(dimOf(i) === null ? null : 0, total));',
      ],
    ],
  },
  {
    name: 'vmap: each chunk draws other numbers',
    edits: [[VMAP, 'if (rngState !== null) setRngState(rngState);', '']],
  },
  {
    name: 'batching fallback: the warning is never given',
    edits: [
      [
        FALLBACK,
        "native.setVmapFallbackWarningEnabled(mode === 'warn');",
        'native.setVmapFallbackWarningEnabled(false);',
      ],
    ],
  },
  {
    name: 'batching fallback: the warning is always given',
    edits: [
      [
        FALLBACK,
        "native.setVmapFallbackWarningEnabled(mode === 'warn');",
        'native.setVmapFallbackWarningEnabled(true);',
      ],
    ],
  },
  {
    name: 'batching fallback: never an error',
    edits: [[FALLBACK, "native.setVmapFallbackEnabled(mode !== 'error');", 'native.setVmapFallbackEnabled(true);']],
  },
  {
    name: 'batching fallback: always an error',
    edits: [[FALLBACK, "native.setVmapFallbackEnabled(mode !== 'error');", 'native.setVmapFallbackEnabled(false);']],
  },
  {
    name: 'vmap: values of mapped tensors can be read',
    edits: [
      [
        'lib/tensor.ts',
        'return native.item(this);',
        "const info = native.wrapperInfo(this);\n    return native.item(info?.kind === 'batched' ? info.value.select(0, 0) : this);",
      ],
    ],
  },
  {
    name: 'vmap: the data of mapped tensors can be read',
    edits: [
      ['lib/tensor.ts', 'return native.data(this);', 'return native.data(native.wrapperInfo(this)?.value ?? this);'],
    ],
  },
  {
    name: 'vmap: backward is accepted inside',
    edits: [['lib/autograd/backward.ts', 'if (native.levelDepth() > 0) {', 'if (false) {']],
  },
  {
    name: 'vmap: nested, the inner results are exchanged',
    edits: [
      [
        'lib/func/vmap.ts',
        'return native.removeBatchDim(leaf, level, size, outDim);',
        'const result = native.removeBatchDim(leaf, level, size, outDim);\n  return native.levelDepth() > 1 ? result.roll(1, outDim) : result;',
      ],
    ],
  },
  {
    name: 'registrations: one is missing',
    edits: [
      [
        'lib/native/index.ts',
        'export const { native, file: addonFile } = loadAddon();',
        'export const { native, file: addonFile } = loadAddon();\nconst all = native.registrations;\nnative.registrations = (key) => all(key).slice(1);',
      ],
    ],
  },
  {
    name: 'registrations: those for users are batched twice',
    edits: [
      [
        'lib/native/index.ts',
        'export const { native, file: addonFile } = loadAddon();',
        "export const { native, file: addonFile } = loadAddon();\nconst all = native.registrations;\nnative.registrations = (key) => (key.includes('Batched') ? [...all(key), ...all('CompositeImplicitAutograd')] : all(key));",
      ],
    ],
  },
  {
    name: 'resultType: sees the batch',
    edits: [
      [
        'lib/operator.ts',
        'return invoke(call, this, args);',
        "if (name === 'resultType') args = args.map((arg) => (native.isTensor(arg) ? (native.wrapperInfo(arg)?.value ?? arg) : arg));\n      return invoke(call, this, args);",
      ],
    ],
  },
  {
    name: 'random operators that are not supported draw once for all',
    edits: [
      [
        'lib/interpreter/levels.ts',
        'native.pushVmap(batchSize, randomness)',
        "native.pushVmap(batchSize, randomness === 'error' ? 'same' : randomness)",
      ],
    ],
  },
];
