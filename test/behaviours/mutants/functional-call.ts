/** Faults of `func.functionalCall`, `stackModuleState`, `replaceAllBatchNormModules_` and `debugUnwrap`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const CALL = 'lib/func/functional-call.ts';
const STACK = 'lib/func/stack-module-state.ts';
const BATCH_NORM = 'lib/func/replace-batch-norm.ts';

export const mutants: Fault[] = [
  {
    name: 'functionalCall: the parameters are not replaced',
    edits: [
      [
        CALL,
        'for (const [path, tensor] of Object.entries(tensors)) replaced.push',
        'for (const [path, tensor] of Object.entries(tensors).slice(0, 0)) replaced.push',
      ],
    ],
  },
  {
    name: 'functionalCall: the module keeps the parameters that it was given',
    edits: [[CALL, '  } finally {\n    restore(replaced, sources);', '  } finally {\n    void restore;']],
  },
  {
    name: 'functionalCall: tied parameters are replaced one by one',
    edits: [
      [
        CALL,
        'const tensors = tieWeights ? untied(module, given) : given;',
        'void untied;\n  const tensors = given; void tieWeights;',
      ],
    ],
  },
  {
    name: 'functionalCall: the parameters are detached',
    edits: [
      [CALL, 'replaced.push(replace(module, path, tensor));', 'replaced.push(replace(module, path, tensor.detach()));'],
    ],
  },
  {
    name: 'functionalCall: only the first of several states',
    edits: [
      [
        CALL,
        'const dicts: unknown[] = Array.isArray(given) ? given : [given];',
        'const dicts: unknown[] = Array.isArray(given) ? given.slice(0, 1) : [given];',
      ],
    ],
  },
  {
    name: 'functionalCall: parameters that require a gradient are replaced by those that do not',
    edits: [
      [
        CALL,
        'replaced.push(replace(module, path, tensor));',
        'replaced.push(replace(module, path, native.isTensor(tensor) && !tensor.requiresGrad && native.levelDepth() === 0 && tensor.isLeaf && tensor.dtype.startsWith("float") ? tensor.clone().requiresGrad_() : tensor));',
      ],
    ],
  },
  {
    name: 'stackModuleState: the parameters are no leaves',
    edits: [[STACK, 'result.detach().requiresGrad_();', 'result;']],
  },
  {
    name: 'stackModuleState: the parameters require no gradients',
    edits: [[STACK, 'result.detach().requiresGrad_();', 'result.detach();']],
  },
  {
    name: 'stackModuleState: the models are stacked in reverse',
    edits: [
      [
        STACK,
        'const result = torchFunctions.stack(tensors);',
        'const result = torchFunctions.stack(tensors.toReversed());',
      ],
    ],
  },
  {
    name: 'stackModuleState: parameters that differ in requiresGrad are accepted',
    edits: [[STACK, 'if (requiring !== 0 && requiring !== tensors.length) {', 'if (false) {']],
  },
  {
    name: 'stackModuleState: no models are accepted',
    edits: [
      [
        STACK,
        "if (list.length === 0) throw new RuntimeError('stack_module_state: Expected at least one model, got 0.');",
        'if (list.length === 0) return [{}, {}];',
      ],
    ],
  },
  {
    name: 'stackModuleState: models in other modes are accepted',
    edits: [[STACK, 'if (list.some((model) => model.training !== list[0].training)) {', 'if (false) {']],
  },
  {
    name: 'stackModuleState: models of other classes are accepted',
    edits: [[STACK, 'if (list.some((model) => model.constructor !== list[0].constructor)) {', 'if (false) {']],
  },
  {
    name: 'replaceAllBatchNormModules_: nothing is replaced',
    edits: [
      [
        BATCH_NORM,
        'if (!(module instanceof BatchNorm) || !module.trackRunningStats) continue;',
        'if (true || !(module instanceof BatchNorm)) continue;',
      ],
    ],
  },
  {
    name: 'debugUnwrap: one level',
    edits: [['lib/func/debug-unwrap.ts', 'if (!recurse) break;', 'break;']],
  },
  {
    name: 'debugUnwrap: a copy',
    edits: [['lib/func/debug-unwrap.ts', 'return current;\n}', 'return current.clone();\n}']],
  },
];
