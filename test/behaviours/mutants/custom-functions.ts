/** Faults of custom functions: `torch.autograd.Function`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const APPLY = 'lib/autograd/function/apply.ts';
const CONTEXT = 'lib/autograd/function/context.ts';
const INDEX = 'lib/autograd/function/index.ts';
const LEVELS = 'lib/autograd/function/levels.ts';
const ONCE = 'lib/autograd/function/once-differentiable.ts';

export const mutants: Fault[] = [
  {
    name: 'custom functions: the gradients are doubled',
    edits: [
      [
        APPLY,
        'const results = toList(callBackward(custom, ctx, grads));',
        'const results = toList(callBackward(custom, ctx, grads)).map((grad) => (native.isTensor(grad) ? grad.mul(2) : grad));',
      ],
    ],
  },
  {
    name: 'custom functions: missing gradients are zeros',
    edits: [
      [
        APPLY,
        'const results = toList(callBackward(custom, ctx, grads));',
        'const results = toList(callBackward(custom, ctx, grads)).map((grad, i) => grad ?? (isTensor[i] ? grads.find((g) => g !== null)?.mul(0) ?? null : null));',
      ],
    ],
  },
  {
    name: 'custom functions: forward is recorded',
    edits: [
      [
        APPLY,
        '  native.setGradMode(false);\n  native.setForwardGradMode(false);',
        '  native.setForwardGradMode(false);',
      ],
    ],
  },
  {
    name: 'custom functions: recorded under noGrad',
    edits: [
      [
        APPLY,
        'wrapped = native.functionWrap(callback, custom.name, request);',
        'const mode = native.gradMode(); native.setGradMode(true); wrapped = native.functionWrap(callback, custom.name, request); native.setGradMode(mode);',
      ],
    ],
  },
  {
    name: 'custom functions: setMaterializeGrads is ignored',
    edits: [[APPLY, 'materialize: state.materializeGrads,', 'materialize: true,']],
  },
  {
    name: 'custom functions: missing gradients of outputs stay null',
    edits: [[APPLY, 'materialize: state.materializeGrads,', 'materialize: false,']],
  },
  {
    name: 'custom functions: markDirty is ignored',
    edits: [[CONTEXT, 'this[STATE].dirty = tensors;', 'this[STATE].dirty = tensors.slice(0, 0);']],
  },
  {
    name: 'custom functions: markNonDifferentiable is ignored',
    edits: [
      [CONTEXT, 'this[STATE].nonDifferentiable = tensors;', 'this[STATE].nonDifferentiable = tensors.slice(0, 0);'],
    ],
  },
  {
    name: 'custom functions: saved tensors come in reverse',
    edits: [[CONTEXT, 'return [...saved] as Tensor[];', 'return [...saved].reverse() as Tensor[];']],
  },
  {
    name: 'custom functions: nulls are not saved',
    edits: [
      [CONTEXT, 'return [...saved] as Tensor[];', 'return [...saved].filter((tensor) => tensor !== null) as Tensor[];'],
    ],
  },
  {
    name: 'custom functions: saved tensors outlive the graph',
    edits: [
      [
        CONTEXT,
        '    const saved =\n      state.forForward ?? (state.node === null ? [] : native.functionSaved(state.node, state.clearOnAccess));\n    return [...saved] as Tensor[];',
        '    const saved =\n      state.forForward ?? (state.node === null ? [] : ((state as any).kept ??= native.functionSaved(state.node, false)));\n    return [...saved] as Tensor[];',
      ],
    ],
  },
  {
    name: 'custom functions: needsInputGrad is always true',
    edits: [[APPLY, 'inputs.map((input) => input?.requiresGrad ?? false),', 'inputs.map(() => true),']],
  },
  {
    name: 'custom functions: errors are wrapped',
    edits: [
      [
        APPLY,
        'const result: unknown = implementation.apply(custom, args);',
        'let result: unknown;\n  try {\n    result = implementation.apply(custom, args);\n  } catch (cause) {\n    throw new RuntimeError(`${custom.name}.${method} failed`, { cause } as never);\n  }',
      ],
    ],
  },
  {
    name: 'custom functions: results that are no tensors are dropped',
    edits: [
      [
        APPLY,
        'const results = outputs.map((value, i) => wrapped[i] ?? value);',
        'const results = outputs.map((_, i) => wrapped[i] ?? null);',
      ],
    ],
  },
  {
    name: 'custom functions: only with tensors',
    edits: [
      [
        APPLY,
        'const callback = callbackOf({',
        "if (inputs.every((input) => input === null)) throw new RuntimeError('no tensors');\n  const callback = callbackOf({",
      ],
    ],
  },
  {
    name: 'custom functions: more gradients than inputs are refused',
    edits: [
      [
        APPLY,
        'if (results.length > isTensor.length && results.slice(isTensor.length).every((value) => value === null)) {',
        'if (false) {',
      ],
    ],
  },
  {
    name: 'custom functions: any number of gradients is accepted',
    edits: [
      [
        APPLY,
        'if (results.length > isTensor.length && results.slice(isTensor.length).every((value) => value === null)) {',
        'if (true) {',
      ],
    ],
  },
  {
    name: 'custom functions: gradients of the wrong shape are summed',
    edits: [
      [
        APPLY,
        'const results = toList(callBackward(custom, ctx, grads));',
        'const results = toList(callBackward(custom, ctx, grads)).map((grad) => (native.isTensor(grad) && grad.dim() > 0 ? grad.sum() : grad));',
      ],
    ],
  },
  {
    name: 'custom functions: what is left out comes as null',
    edits: [
      [
        APPLY,
        "callMethod(custom, 'setupContext', [ctx, [...args], result]);",
        "callMethod(custom, 'setupContext', [ctx, [...args, null], result]);",
      ],
    ],
  },
  {
    name: 'custom functions: the name of the node is that of the base class',
    edits: [
      [
        APPLY,
        'native.functionWrap(callback, custom.name, request);',
        "native.functionWrap(callback, 'Function', request);",
      ],
    ],
  },
  {
    name: 'custom functions: the outputs are copies',
    edits: [
      [
        APPLY,
        'outputs: outputs.map((value) => (native.isTensor(value) ? value : null)),',
        'outputs: outputs.map((value) => (native.isTensor(value) ? (inputs.includes(value) || state.dirty.includes(value) ? value.clone() : value) : null)),',
      ],
    ],
  },
  {
    name: 'custom functions: each tensor is returned once',
    edits: [
      [
        APPLY,
        'outputs: outputs.map((value) => (native.isTensor(value) ? value : null)),',
        'outputs: outputs.map((value, i) => (native.isTensor(value) && outputs.indexOf(value) === i ? value : null)),',
      ],
    ],
  },
  {
    name: 'custom functions: a forward with a context is accepted inside transforms',
    edits: [
      [
        INDEX,
        'if (!separate) {',
        'if (!separate) return applyAtThisLevel(custom, args, separate) as ApplyResult<F>;\n    if (!separate) {',
      ],
    ],
  },
  {
    name: 'onceDifferentiable: does nothing',
    edits: [
      [ONCE, 'native.setGradMode(false);', ''],
      [ONCE, 'if (!gradMode || !args.some', 'if (true || !args.some'],
    ],
  },
  {
    name: 'onceDifferentiable: an error with the first derivative',
    edits: [
      [
        ONCE,
        'if (!gradMode || !args.some((arg) => native.isTensor(arg) && arg.requiresGrad)) return outputs;',
        "if (gradMode) throw new Error('once');",
      ],
    ],
  },
  {
    name: 'custom functions under vmap: no rule is needed',
    edits: [
      [
        LEVELS,
        "if (!custom.generateVmapRule && !overrides(custom, 'vmap')) {",
        "if (!custom.generateVmapRule && !overrides(custom, 'vmap')) return applyAtThisLevel(custom, operands, true);\n  if (false) {",
      ],
    ],
  },
  {
    name: 'custom functions under vmap: both rules are accepted',
    edits: [[LEVELS, "if (custom.generateVmapRule && overrides(custom, 'vmap')) {", 'if (false) {']],
  },
  {
    name: 'custom functions under vmap: the rule gets no randomness',
    edits: [
      [LEVELS, '[{ batchSize, randomness }, dims, ...values]', "[{ batchSize, randomness: 'error' }, dims, ...values]"],
      [
        LEVELS,
        'const { level, batchSize, randomness } = top;',
        'const { level, batchSize, randomness } = top; void randomness;',
      ],
    ],
  },
  {
    name: 'custom functions under vmap: the batch is said to be first',
    edits: [
      [
        LEVELS,
        '[{ batchSize, randomness }, dims, ...values]',
        '[{ batchSize, randomness }, dims.map((dim) => (dim === null ? null : 0)), ...values]',
      ],
    ],
  },
  {
    name: 'custom functions under vmap: the rule runs where nothing is batched',
    edits: [[LEVELS, 'if (pytree.flatten(dims).leaves.every((dim) => dim === null)) {', 'if (false) {']],
  },
  {
    name: 'custom functions under vmap: results without a batch get one',
    edits: [
      [
        LEVELS,
        'dim === null ? tensor : native.addBatchDim(tensor, dim as number, level);',
        'native.addBatchDim(tensor, (dim ?? 0) as number, level);',
      ],
    ],
  },
  {
    name: 'custom functions under vmap: a rule may return anything',
    edits: [
      [
        LEVELS,
        'if (!Array.isArray(result)) throw',
        'if (!Array.isArray(result)) return [result, 0];\n  if (false) throw',
      ],
      [LEVELS, 'if (result.length !== 2) throw', 'if (false) throw'],
    ],
  },
  {
    name: 'custom functions under vmap: outDims of another structure are accepted',
    edits: [
      [
        LEVELS,
        'const flatDims = pytree.broadcastPrefix(outDims, spec);\n  if (flatDims === null) {',
        'const flatDims = pytree.broadcastPrefix(outDims, spec) ?? [null];\n  if (false) {',
      ],
    ],
  },
  {
    name: 'custom functions: jvp inside forward sees no tangents',
    edits: [
      [
        'lib/func/jvp.ts',
        'return native.makeDual(primal, tangent, 0);',
        'if (!native.gradMode()) return native.makeDual(primal, tangent.neg(), 0);\n  return native.makeDual(primal, tangent, 0);',
      ],
    ],
  },
  {
    name: 'custom functions: with a context, run inside transforms',
    edits: [
      [
        'lib/autograd/function/index.ts',
        'if (!separate) {',
        'if (!separate) return applyAtThisLevel(custom, args, separate) as ApplyResult<F>;\n    if (!separate) {',
      ],
    ],
  },
];
