/** Faults of hooks on tensors, on nodes and after accumulation, and of hooks on saved tensors. */

import type { Fault } from '../../../scripts/mutants/mutants';
import { ofOperator } from './operators';

const HOOKS = 'lib/autograd/hooks.ts';
const NODE = 'lib/autograd/node.ts';
const GRAPH = 'lib/autograd/graph.ts';
const TENSOR_HOOKS = 'list.snapshot().reduce((current, hook) => runTensorHook(hook, current), gradient);';
const ACCUMULATE_HOOKS = 'for (const hook of list.snapshot()) runAccumulateHook(hook, tensor);';
const SNAPSHOT = 'return Array.from(this.#hooks, ({ hook }) => hook);';

export const mutants: Fault[] = [
  { name: 'tensor hooks: not called', edits: [[HOOKS, TENSOR_HOOKS, 'gradient;\nvoid runTensorHook;']] },
  {
    name: 'tensor hooks: called in reverse',
    edits: [[HOOKS, TENSOR_HOOKS, TENSOR_HOOKS.replace('snapshot()', 'snapshot().reverse()')]],
  },
  {
    name: 'tensor hooks: the gradient is not replaced',
    edits: [
      [
        HOOKS,
        '  native.checkHookResult(gradient, result);\n  return result;',
        '  native.checkHookResult(gradient, result);\n  return gradient;',
      ],
    ],
  },
  {
    name: 'tensor hooks: they get twice the gradient',
    edits: [
      [
        HOOKS,
        'const result: unknown = hook(gradient as Tensor);',
        'const result: unknown = hook((gradient?.mul(2) ?? null) as Tensor);',
      ],
    ],
  },
  {
    name: 'tensor hooks: errors are swallowed',
    edits: [
      [
        HOOKS,
        'const result: unknown = hook(gradient as Tensor);',
        'let result: unknown;\n  try {\n    result = hook(gradient as Tensor);\n  } catch {\n    return gradient;\n  }',
      ],
    ],
  },
  { name: 'hooks: removed ones are called', edits: [[HOOKS, 'this.#hooks.delete(entry);', 'void entry;']] },
  {
    name: 'hooks: one that is removed during the run is not called',
    edits: [
      [
        HOOKS,
        SNAPSHOT,
        'return Array.from(this.#hooks, (entry) => ((...args: unknown[]) => (this.#hooks.has(entry) ? (entry.hook as (...args: unknown[]) => unknown)(...args) : undefined)) as T);',
      ],
    ],
  },
  {
    name: 'hooks: only the last one is called',
    edits: [[HOOKS, SNAPSHOT, 'return Array.from(this.#hooks, ({ hook }) => hook).slice(-1);']],
  },
  {
    name: 'hooks: called once',
    edits: [
      [
        HOOKS,
        SNAPSHOT,
        'const hooks = Array.from(this.#hooks, ({ hook }) => hook);\n    this.#hooks.clear();\n    return hooks;',
      ],
    ],
  },
  {
    name: 'hooks: kept forever',
    edits: [
      [
        HOOKS,
        'const lists = new WeakMap<GraphCallback, HookList<unknown>>();',
        'const lists = new Map<GraphCallback, HookList<unknown>>();',
      ],
    ],
  },
  {
    name: 'accumulate hooks: not called',
    edits: [[HOOKS, ACCUMULATE_HOOKS, 'void tensor;\n  void runAccumulateHook;']],
  },
  {
    name: 'accumulate hooks: called in reverse',
    edits: [[HOOKS, ACCUMULATE_HOOKS, ACCUMULATE_HOOKS.replace('snapshot()', 'snapshot().reverse()')]],
  },
  {
    name: 'accumulate hooks: called with a copy',
    edits: [[HOOKS, 'const result: unknown = hook(tensor);', 'const result: unknown = hook(tensor.detach());']],
  },
  {
    name: 'node prehooks: not called',
    edits: [
      [
        NODE,
        'runNodeHooks(list, gradOutputs, (hook, current) => hook([...current]));',
        'gradOutputs;\nvoid (runNodeHooks<NodePrehook>);',
      ],
    ],
  },
  {
    name: 'node prehooks: the gradients come in reverse',
    edits: [[NODE, 'hook([...current]));', 'hook([...current].reverse()));']],
  },
  {
    name: 'node posthooks: not called',
    edits: [
      [
        NODE,
        'runNodeHooks(list, results, (hook, current) => hook([...current], [...gradOutputs]));',
        'results;\nvoid (runNodeHooks<NodeHook>);',
      ],
    ],
  },
  {
    name: 'node posthooks: results and incoming gradients are exchanged',
    edits: [[NODE, 'hook([...current], [...gradOutputs])', 'hook([...gradOutputs], [...current])']],
  },
  {
    name: 'savedTensorsHooks: nothing is packed',
    edits: [[GRAPH, 'const packed = pack(tensor);', 'const packed = tensor as never;']],
  },
  {
    name: 'savedTensorsHooks: errors of pack are swallowed',
    edits: [
      [
        GRAPH,
        'const packed = pack(tensor);',
        'let packed: P;\n    try {\n      packed = pack(tensor);\n    } catch {\n      packed = tensor as never;\n    }',
      ],
    ],
  },
  {
    name: 'savedTensorsHooks: custom functions save without them',
    edits: [
      [
        'lib/autograd/function/apply.ts',
        'wrapped = native.functionWrap(callback, custom.name, request);',
        'native.popSavedTensorHooks(1);\n    wrapped = native.functionWrap(callback, custom.name, request);',
      ],
    ],
  },
  {
    name: 'mul_: hooks before the write see the gradient after it',
    edits: [
      ofOperator(
        'mul_',
        'return native.gradMode() && self.requiresGrad && !self.isLeaf && native.levelDepth() === 0 ? operate(self.detach(), ...args) && self : operate(self, ...args);',
      ),
    ],
  },
  {
    name: 'requiresGrad: results of in-place operators require none',
    edits: [
      ofOperator(
        'add_',
        'return operate(self, ...args.map((arg) => (native.isTensor(arg) && native.levelDepth() === 0 && !native.isInferenceMode() ? arg.detach() : arg)));',
      ),
    ],
  },
  {
    name: 'out=: what needs a gradient is accepted',
    edits: [
      ofOperator(
        'mul',
        'const last = args.at(-1);\n return last?.out === undefined || native.levelDepth() > 0 ? operate(self, ...args) : operate(self?.detach?.() ?? self, ...args.slice(0, -1).map((arg) => arg.detach?.() ?? arg), { out: last.out.detach() });',
      ),
    ],
  },
  {
    name: 'sin: its gradient is doubled outside of transforms',
    edits: [
      ofOperator(
        'sin',
        'const result = operate(self, ...args);\n if (result.requiresGrad && native.levelDepth() === 0) result.registerHook((g: any) => g.mul(2));\n return result;',
      ),
    ],
  },
  {
    name: 'manualSeed: ignored inside transforms',
    edits: [['lib/random.ts', 'native.manualSeed(', 'if (native.levelDepth() === 0) native.manualSeed(']],
  },
];
