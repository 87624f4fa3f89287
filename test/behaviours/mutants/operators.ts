/** Faults of single operators: the batching rule, the batched gradient, the write in place. */

import type { Edit, Fault } from '../../../scripts/mutants/mutants';

const CALL = 'return invoke(call, this, args);';

/**
 * Changes all calls of one operator: the statements return what they make of `self` and `args`. `operate(self, ...args)`
 * is the operator, and `roll` gives each sample of the innermost vmap the values of another.
 */
export function ofOperator(operator: string, statements: string): Edit {
  return [
    'lib/operator.ts',
    CALL,
    `if (name !== '${operator}') ${CALL}
      const self = this as any;
      const operate = (self: unknown, ...args: any[]): any => invoke(call, self, args);
      const roll = (value: any): any => {
        if (Array.isArray(value)) return value.map(roll);
        const top = native.topLevel();
        if (top?.kind !== 'vmap' || !native.isTensor(value)) return value;
        const [inner, dim] = native.unwrapBatched(value, top.level);
        return dim === null ? value : native.addBatchDim(inner.roll(1, dim), dim, top.level);
      };
      void [self, operate, roll];
      ${statements}`,
  ];
}

function mutant(name: string, ...edits: Edit[]): Fault {
  return { name, edits };
}

const batchingRule = (operator: string): Fault =>
  mutant(
    `${operator} under vmap: the samples are exchanged`,
    ofOperator(operator, 'return roll(operate(self, ...args));'),
  );

const batchedGradient = (operator: string): Fault =>
  mutant(
    `${operator}: its batched gradient exchanges the samples`,
    ofOperator(
      operator,
      `const result = operate(self, ...args);
      for (const tensor of [result].flat()) if (tensor.requiresGrad) tensor.registerHook(roll);
      return result;`,
    ),
  );

const inPlace = (operator: string): Fault =>
  mutant(
    `${operator} under vmap: writes into a copy`,
    ofOperator(operator, "return operate(native.topLevel()?.kind === 'vmap' ? self.clone() : self, ...args);"),
  );

export const mutants: Fault[] = [
  ...'abs clone clampMin clampMax add sub mul div pow asStrided adaptiveAvgPool2d bmm cat matmul conj contiguous chunk clamp eq gt ge le lt ne cross diagonal expandAs real imag viewAsReal viewAsComplex unsqueeze movedim mm mv narrow newEmptyStrided select roll stack squeeze sum mean argmax repeat slogdet reshape reshapeAs tensorSplit trace transpose t to unfold unbind view viewAs conv2d oneHot isnan isinf flatten groupNorm batchNorm indexFill svd eigh searchsorted bucketize where diagEmbed varMean indexAdd topk min max randperm multinomial bernoulli randn rand randint normal randLike'
    .split(' ')
    .map(batchingRule),
  ...'add sub mul div binaryCrossEntropy logSoftmax expand lgamma log logsumexp log1p max median min permute reshape sigmoid stack select trace threshold diagonal'
    .split(' ')
    .map(batchedGradient),
  ...'abs_ clampMin_ clampMax_ copy_ fill_ zero_ acos_ atan2_ relu_'.split(' ').map(inPlace),
  mutant(
    'aten.silu_backward under vmap: the samples are exchanged',
    ofOperator('aten::silu_backward', 'return roll(operate(self, ...args));'),
  ),
  mutant('T under vmap: the samples are exchanged', ofOperator('T', 'return roll(operate(self, ...args));')),
  mutant(
    'nllLoss under vmap: the classes are exchanged',
    ofOperator('nllLossNd', 'return roll(operate(self, ...args));'),
  ),
  mutant(
    'newZeros under vmap: ones',
    ofOperator(
      'newZeros',
      'const zeros = operate(self, ...args);\n return native.topLevel() === null ? zeros : zeros.add(1);',
    ),
  ),
  mutant(
    'newEmpty under vmap: a dimension more',
    ofOperator(
      'newEmpty',
      'const empty = operate(self, ...args);\n return native.topLevel() === null ? empty : empty.unsqueeze(0);',
    ),
  ),
  mutant(
    'onesLike under vmap: zeros',
    ofOperator(
      'onesLike',
      "const ones = operate(self, ...args);\n return native.topLevel()?.kind === 'vmap' ? ones.sub(1) : ones;",
    ),
  ),
  mutant(
    'index under vmap: the samples are exchanged',
    ofOperator(
      'index',
      `const result = operate(self, ...args);
    const top = native.topLevel();
    if (top?.kind !== 'vmap') return result;
    const [inner, dim] = native.unwrapBatched(result, top.level);
    return dim === null ? result : native.addBatchDim(inner.roll(1, dim), dim, top.level);`,
    ),
  ),
  mutant(
    'index: its batched gradient is doubled',
    ofOperator(
      'index',
      `const result = operate(self, ...args);
    if (result.requiresGrad) result.registerHook((g: Tensor) => (native.levelDepth() > 0 ? g.mul(2) : undefined));
    return result;`,
    ),
  ),
  mutant('indexPut_ under vmap: nothing is written', [
    'lib/tensor.ts',
    'native.indexPut_(this, indices, value, options.accumulate);',
    "if (native.topLevel()?.kind !== 'vmap') native.indexPut_(this, indices, value, options.accumulate);",
  ]),
  mutant('isContiguous under vmap: about the batch', [
    'lib/tensor.ts',
    'return native.isContiguous(this, options.memoryFormat);',
    'return native.isContiguous(native.wrapperInfo(this)?.value ?? this, options.memoryFormat);',
  ]),
  mutant(
    'strides under vmap: those of the batch',
    [
      'lib/tensor.ts',
      'const strides = native.strides(this);',
      'const strides = native.strides(native.wrapperInfo(this)?.value ?? this);',
    ],
    [
      'lib/tensor.ts',
      '    return native.strides(this);\n  }\n\n  /** Whether autograd records',
      '    return native.strides(native.wrapperInfo(this)?.value ?? this);\n  }\n\n  /** Whether autograd records',
    ],
  ),
  mutant('isComplex: always false', ofOperator('isComplex', 'return false;')),
  mutant('isFloatingPoint: always false', ofOperator('isFloatingPoint', 'return false;')),
  mutant('conj: the bit is resolved', ofOperator('conj', 'return operate(self, ...args).resolveConj();')),
  {
    name: 'sum under vmap: the argument that is a number is ignored',
    edits: [
      ofOperator(
        'sum',
        "return native.topLevel()?.kind === 'vmap' ? roll(operate(self, ...args)) : operate(self, ...args);",
      ),
    ],
  },
  {
    name: 'equal under vmap: true',
    edits: [ofOperator('equal', "return native.topLevel()?.kind === 'vmap' ? args[0] : operate(self, ...args);")],
  },
  {
    name: 'modules: called on a copy of the arguments, reversed',
    edits: [ofOperator('linear', 'return roll(operate(self, ...args));')],
  },
  {
    name: 'dot: sizes that do not fit are cut',
    edits: [
      ofOperator(
        'dot',
        'return self.numel() === args[0].numel() ? roll(operate(self, ...args)) : operate(self, args[0].narrow(0, 0, 1).expandAs(self));',
      ),
    ],
  },
  {
    name: 'splitWithSizes under vmap: the samples are exchanged',
    edits: [ofOperator('splitWithSizes', 'return roll(operate(self, ...args));')],
  },
  {
    name: 'sum of a sample that is a number: exchanged',
    edits: [
      ofOperator('sum', 'return self?.dim?.() === 0 ? roll(operate(self, ...args)).mul(2) : operate(self, ...args);'),
    ],
  },
  {
    name: 'batchNorm: the samples are exchanged under vmap',
    edits: [ofOperator('batchNorm', 'return roll(operate(self, ...args));')],
  },
  {
    name: 'add_ under vmap: views are copied',
    edits: [ofOperator('add_', "return operate(native.topLevel()?.kind === 'vmap' ? self.clone() : self, ...args);")],
  },
  {
    name: 'det under vmap: vectors are accepted',
    edits: [
      ofOperator(
        'det',
        'return self?.dim?.() === 1 || args[0]?.dim?.() === 1 ? (args[0] ?? self).sum() : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'householderProduct under vmap: vectors are accepted',
    edits: [ofOperator('householderProduct', 'return args[0]?.dim?.() === 1 ? args[0] : operate(self, ...args);')],
  },
  {
    name: 'multiDot under vmap: a vector in the middle is accepted',
    edits: [ofOperator('multiDot', 'try { return operate(self, ...args); } catch { return args[0][0]; }')],
  },
  {
    name: 'vmap: escaped tensors are unwrapped by operators',
    edits: [
      ofOperator(
        'sin',
        'const info = native.levelDepth() === 0 ? native.wrapperInfo(self) : null;\n return operate(info?.value ?? self, ...args);',
      ),
    ],
  },
  {
    name: 'aten._is_all_true under vmap: false',
    edits: [ofOperator('aten::_is_all_true', 'return operate(self, ...args).logicalNot();')],
  },
  {
    name: 'aten._is_any_true under vmap: false',
    edits: [ofOperator('aten::_is_any_true', 'return operate(self, ...args).logicalNot();')],
  },
  {
    name: 'aten._test_check_tensor under vmap: no check',
    edits: [ofOperator('aten::_test_check_tensor', 'return args[0];')],
  },
  {
    name: 'sum_to: gradients of empty tensors are ones',
    edits: [
      ofOperator(
        'add',
        'const result = operate(self, ...args);\n return result.numel?.() === 0 && result.requiresGrad ? result.detach() : result;',
      ),
    ],
  },
  {
    name: 'detach_: the view loses its graph too',
    edits: [ofOperator('narrow', 'return operate(self, ...args).detach();')],
  },
  { name: 'detach_: does nothing', edits: [ofOperator('detach_', 'return self;')] },
  { name: 'detach: a copy', edits: [ofOperator('detach', 'return operate(self, ...args).clone();')] },
  mutant(
    'unbind: outside of transforms a stack of copies',
    ofOperator(
      'unbind',
      'return native.topLevel() === null ? operate(self, ...args).map((view: any) => view.clone()) : operate(self, ...args);',
    ),
  ),
  mutant('viewAs: a copy', ofOperator('viewAs', 'return operate(self, ...args).clone();')),
  mutant(
    'matmul under grad: the gradient is doubled',
    ofOperator(
      'matmul',
      "const result = operate(self, ...args);\n if (native.topLevel()?.kind === 'grad' && result.requiresGrad) result.registerHook((g: any) => g.mul(2));\n return result;",
    ),
  ),
  mutant(
    'aten._convolution_double_backward under vmap: the samples are exchanged',
    ofOperator('aten::_convolution_double_backward', 'return roll(operate(self, ...args));'),
  ),
  mutant('cov under vmap: doubled', ofOperator('cov', 'return operate(self, ...args).mul(2);')),
  mutant(
    'matmul under vmap of grad: the gradient is doubled',
    ofOperator(
      'matmul',
      "const result = operate(self, ...args);\n if (native.levels().some(({ kind }) => kind === 'vmap') && result.requiresGrad) result.registerHook((g: any) => g.mul(2));\n return result;",
    ),
  ),
  mutant(
    'cos_ under vmap of vjp: writes into a copy',
    ofOperator(
      'cos_',
      "return operate(native.levels().some(({ kind }) => kind === 'vmap') ? self.mul(2) : self, ...args);",
    ),
  ),
  mutant(
    'randn: out= is ignored',
    ofOperator('randn', 'return args.at(-1)?.out === undefined ? operate(self, ...args) : operate(self, args[0]);'),
  ),
];
