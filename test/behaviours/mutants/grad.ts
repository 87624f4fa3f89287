/** Faults of `argnums`, `func.grad` and what all transforms share. */

import type { Fault } from '../../../scripts/mutants/mutants';

const ARGNUMS = 'lib/func/argnums.ts';
const GRAD = 'lib/func/grad.ts';
const LEVELS = 'lib/interpreter/levels.ts';
const OUTPUTS = 'lib/func/outputs.ts';
const WRAPPING = 'lib/interpreter/wrapping.ts';
const ENGINE = 'lib/autograd/engine.ts';

export const mutants: Fault[] = [
  {
    name: 'argnums: other values than integers are accepted',
    edits: [
      [ARGNUMS, 'if (!isArray && !Number.isInteger(argnums))', 'if (false)'],
      [ARGNUMS, 'if (!Number.isInteger(argnum)) throw', 'if (false) throw'],
    ],
  },
  {
    name: 'argnums: arguments out of range are accepted',
    edits: [[ARGNUMS, 'if (argnum < -count || argnum >= count) {', 'if (false) {']],
  },
  {
    name: 'argnums: an empty array is accepted',
    edits: [[ARGNUMS, 'if (given.length === 0) throw', 'if (false) throw']],
  },
  {
    name: 'argnums: an argument may come twice',
    edits: [[ARGNUMS, 'if (new Set(list).size !== list.length) {', 'if (false) {']],
  },
  {
    name: 'argnums: negative numbers count from the start',
    edits: [[ARGNUMS, 'argnum < 0 ? argnum + count : argnum', 'argnum < 0 ? -argnum - 1 : argnum']],
  },
  {
    name: 'argnums: always the first argument',
    edits: [
      [
        ARGNUMS,
        'isArray ? list.map((i) => wrapped[i]) : wrapped[list[0]]',
        'isArray ? list.map((i) => wrapped[i]) : wrapped[0]',
      ],
      [ARGNUMS, 'list.includes(i) ? wrapDifferentiable', '[0, ...list].includes(i) ? wrapDifferentiable'],
    ],
  },
  {
    name: 'argnums: an array of one gives no array',
    edits: [
      [
        ARGNUMS,
        'const isArray = Array.isArray(argnums);',
        'const isArray = Array.isArray(argnums) && argnums.length > 1;',
      ],
      [ARGNUMS, '(isArray ? argnums : [argnums]) as', '[argnums].flat() as'],
    ],
  },
  {
    name: 'argnums: a number gives an array',
    edits: [[ARGNUMS, ': wrapped[list[0]] };', ': [wrapped[list[0]]] };']],
  },
  {
    name: 'argnums: the results are in the order of the arguments',
    edits: [[ARGNUMS, 'isArray ? list.map((i) => wrapped[i])', 'isArray ? list.toSorted().map((i) => wrapped[i])']],
  },
  {
    name: 'argnums: of an array only the first is differentiated',
    edits: [[ARGNUMS, 'list.includes(i) ? wrapDifferentiable', 'list[0] === i ? wrapDifferentiable']],
  },
  {
    name: 'grad: twice the gradient',
    edits: [
      [
        GRAD,
        'leaves as Tensor[], null, false, native.gradMode());',
        'leaves as Tensor[], null, false, native.gradMode()).map((g) => g.mul(2));',
      ],
    ],
  },
  {
    name: 'grad: the gradient cannot be differentiated',
    edits: [[GRAD, 'leaves as Tensor[], null, false, native.gradMode());', 'leaves as Tensor[], null, false, false);']],
  },
  {
    name: 'grad: the structure of the argument is lost',
    edits: [[GRAD, 'grad: pytree.unflatten(grads, spec)', 'grad: grads.length === 1 ? grads[0] : grads']],
  },
  {
    name: 'grad: the aux stays wrapped',
    edits: [[GRAD, 'aux: hasAux ? unwrapAll(aux, level) : undefined', 'aux']],
  },
  {
    name: 'grad: no aux is returned',
    edits: [[GRAD, 'return hasAux ? [result.grad, result.aux] : result.grad;', 'return result.grad;']],
  },
  {
    name: 'hasAux: other results than pairs are accepted',
    edits: [[OUTPUTS, 'if (!Array.isArray(result) || result.length !== 2) {', 'if (false) {']],
  },
  {
    name: 'aux: other values than tensors are accepted',
    edits: [
      [
        WRAPPING,
        'if (!native.isTensor(leaf)) throw new RuntimeError(',
        'if (!native.isTensor(leaf)) return leaf; if (false) throw new RuntimeError(',
      ],
    ],
  },
  {
    name: 'gradients of what is not used are ones',
    edits: [[ENGINE, 'grads[i] ?? torchFunctions.zerosLike(input)', 'grads[i] ?? torchFunctions.onesLike(input)']],
  },
  {
    name: 'a grad level does not enable gradients',
    edits: [[LEVELS, 'native.setGradMode(true);', '']],
  },
  {
    name: 'a grad level leaves gradients enabled',
    edits: [[LEVELS, 'native.setGradMode(gradMode);', '']],
  },
  {
    name: 'grad: the gradient has a graph under noGrad',
    edits: [[GRAD, 'leaves as Tensor[], null, false, native.gradMode());', 'leaves as Tensor[], null, false, true);']],
  },
  {
    name: 'a grad level ignores noGrad around it',
    edits: [
      [
        LEVELS,
        'const level = native.pushGrad();',
        'const outer = native.gradMode(); native.setGradMode(true); const level = native.pushGrad();',
      ],
      [
        LEVELS,
        '      const gradMode = native.gradMode();\n      native.setGradMode(true);',
        '      const gradMode = outer;',
      ],
    ],
  },
  {
    name: 'noGrad is ignored inside transforms',
    edits: [
      ['lib/autograd/modes.ts', 'const enter = gradMode(false);', 'const enter = gradMode(native.levelDepth() > 0);'],
    ],
  },
  {
    name: 'noGrad does not restore the mode',
    edits: [['lib/autograd/modes.ts', 'native.setGradMode(previous);', '']],
  },
  {
    name: 'a grad level is left in inference mode',
    edits: [
      [
        LEVELS,
        'const level = native.pushGrad();',
        'const inference = native.isInferenceMode(); const level = native.pushGrad(); native.swapInferenceMode(inference);',
      ],
      [
        LEVELS,
        '    } finally {\n      native.popLevel(level);\n    }\n  } finally {\n    native.enableSavedTensorHooks(hooks);',
        '    } finally {\n      native.swapInferenceMode(false);\n      native.popLevel(level);\n    }\n  } finally {\n    native.enableSavedTensorHooks(hooks);',
      ],
    ],
  },
  {
    name: 'a jvp level is left in inference mode',
    edits: [
      [
        LEVELS,
        'const level = native.pushJvp();',
        'const inference = native.isInferenceMode(); const level = native.pushJvp(); native.swapInferenceMode(inference);',
      ],
    ],
  },
  {
    name: 'inference mode ends with a transform',
    edits: [
      [
        LEVELS,
        '    } finally {\n      native.popLevel(level);\n    }\n  } finally {\n    native.enableSavedTensorHooks(hooks);',
        '    } finally {\n      native.popLevel(level);\n      native.swapInferenceMode(false);\n    }\n  } finally {\n    native.enableSavedTensorHooks(hooks);',
      ],
    ],
  },
  {
    name: 'a grad level is not popped after an error',
    edits: [
      [
        LEVELS,
        '        return body(level);\n      } finally {\n        native.setGradMode(gradMode);\n      }\n    } finally {\n      native.popLevel(level);\n    }',
        '        return body(level);\n      } finally {\n        native.setGradMode(gradMode);\n      }\n    } catch (error) {\n      native.liftToTop({} as never);\n      throw error;\n    } finally {\n      native.popLevel(level);\n    }',
      ],
    ],
  },
  {
    name: 'hooks on saved tensors are accepted around grad levels',
    edits: [
      [LEVELS, 'const hooks = native.disableSavedTensorHooks(HOOKS_MESSAGE);', 'const hooks = null;'],
      [LEVELS, 'native.enableSavedTensorHooks(hooks);', ''],
    ],
  },
  {
    name: 'hooks on saved tensors are refused by jvp',
    edits: [
      [
        LEVELS,
        'const level = native.pushJvp();',
        'const hooks = native.disableSavedTensorHooks(HOOKS_MESSAGE); const level = native.pushJvp();',
      ],
      [
        LEVELS,
        '      native.setForwardGradMode(forwardGradMode);',
        '      native.setForwardGradMode(forwardGradMode); native.enableSavedTensorHooks(hooks);',
      ],
    ],
  },
  {
    name: 'transformed functions lose their names',
    edits: [
      [
        GRAD,
        'return named(transformed, func) as never;\n}\n\n/**\n * Like',
        'return transformed as never;\n}\n\n/**\n * Like',
      ],
    ],
  },
  {
    name: 'requiresGrad_ is accepted inside transforms',
    edits: [
      [
        'lib/tensor.ts',
        '    native.requiresGrad_(this, requiresGrad);\n    return this;',
        '    if (native.levelDepth() === 0) native.requiresGrad_(this, requiresGrad);\n    return this;',
      ],
    ],
  },
  {
    name: 'retainGrad is accepted inside transforms',
    edits: [['lib/tensor.ts', 'native.retainGrad(this);', 'if (native.levelDepth() === 0) native.retainGrad(this);']],
  },
  {
    name: 'writing to captured tensors is accepted inside grad',
    edits: [
      [
        'lib/operator.ts',
        'return invoke(call, this, args);',
        "if (name === 'copy_' && native.levelDepth() > 0 && native.wrapperInfo(this as Tensor) === null) return invoke(call, (this as Tensor).clone(), args);\n      return invoke(call, this, args);",
      ],
    ],
  },
];
