/** Faults of `autograd.grad`, `backward`, leaves, hooks and nodes. */

import type { Fault } from '../../../scripts/mutants/mutants';
import { ofOperator } from './operators';

const GRAD = 'lib/autograd/grad.ts';
const BACKWARD = 'lib/autograd/backward.ts';
const ENGINE = 'lib/autograd/engine.ts';
const ARGUMENTS = 'lib/autograd/engine-arguments.ts';
const HOOKS = 'lib/autograd/hooks.ts';
const NODE = 'lib/autograd/node.ts';
const GRAPH = 'lib/autograd/graph.ts';
const TENSOR = 'lib/tensor.ts';

const ROOTS = 'outputs.map(toPlace), starts';
const ACCUMULATE = `native.runBackward(${ROOTS}, inputList.map(toPlace), retainGraph, createGraph, true, true)`;

export const mutants: Fault[] = [
  {
    name: 'autograd.grad: twice the gradient',
    edits: [
      [GRAD, 'return keys === null ? grads :', 'return keys === null ? grads.map((value) => value?.mul(2) ?? null) :'],
    ],
  },
  {
    name: 'autograd.grad: unused inputs are always allowed',
    edits: [[GRAD, 'allowUnused: options.allowUnused ?? materializeGrads,', 'allowUnused: true,']],
  },
  {
    name: 'autograd.grad: unused inputs are never allowed',
    edits: [[GRAD, 'allowUnused: options.allowUnused ?? materializeGrads,', 'allowUnused: false,']],
  },
  {
    name: 'autograd.grad: materialized gradients have no graph',
    edits: [[GRAD, '{ requiresGrad: createGraph }', '{}']],
  },
  {
    name: 'autograd: gradients of other shapes are broadcast',
    edits: [
      [
        ENGINE,
        'if (!sameShape(gradShape, shape)) throw',
        'if (!sameShape(gradShape, shape)) return ones();\n    if (false) throw',
      ],
    ],
  },
  {
    name: 'autograd: batched gradients of other shapes are accepted',
    edits: [
      [
        ENGINE,
        'if (!sameShape(gradShape, shape)) throw',
        'if (!sameShape(gradShape, shape) && batched) return ones().unsqueeze(0);\n    if (!sameShape(gradShape, shape)) throw',
      ],
    ],
  },
  {
    name: 'autograd: implicit gradients of several elements are ones',
    edits: [[ENGINE, 'if (product(shape) !== 1) throw', 'if (false) throw']],
  },
  {
    name: 'autograd: the implicit gradient of a place in the graph is zeros',
    edits: [
      [ENGINE, 'torchFunctions.ones(shape, { dtype, device })', 'torchFunctions.zeros(shape, { dtype, device })'],
    ],
  },
  {
    name: 'autograd: implicit gradients are twos',
    edits: [[ENGINE, 'return ones();', 'return ones().mul(2);']],
  },
  {
    name: 'autograd.grad: batched gradients are all that of the first',
    edits: [
      [
        ENGINE,
        'return vmapTensors(run, grads as readonly Tensor[], { batchSize: batchSize(grads) });',
        'return vmapTensors(run, grads.map((grad) => grad!.select(0, 0).expandAs(grad!)), { batchSize: batchSize(grads) });',
      ],
    ],
  },
  {
    name: 'backward: twice the gradient',
    edits: [
      [
        BACKWARD,
        ACCUMULATE,
        `(${ACCUMULATE}, outputs.every((output) => output.requiresGrad) && ${ACCUMULATE.replace('retainGraph', 'true')})`,
      ],
    ],
  },
  {
    name: 'backward: the gradient is ignored',
    edits: [
      [
        BACKWARD,
        'makeGrads(outputs, readGrads(gradTensors, outputs.length))',
        'makeGrads(outputs, readGrads(gradTensors, outputs.length)).map((grad) => grad && grad.mul(0).add(1))',
      ],
    ],
  },
  {
    name: 'backward: only the first root counts',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace(ROOTS, 'outputs.slice(0, 1).map(toPlace), starts.slice(0, 1)')]],
  },
  {
    name: 'backward: the last root counts twice',
    edits: [
      [
        BACKWARD,
        ACCUMULATE,
        ACCUMULATE.replace(ROOTS, '[...outputs, outputs.at(-1)!].map(toPlace), [...starts, starts.at(-1)!]'),
      ],
    ],
  },
  {
    name: 'backward: each root counts once',
    edits: [
      [
        BACKWARD,
        ACCUMULATE,
        ACCUMULATE.replace(ROOTS, '[...new Set(outputs)].map(toPlace), starts.slice(0, new Set(outputs).size)'),
      ],
    ],
  },
  {
    name: 'backward: inputs is ignored',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('inputList.map(toPlace)', '[]')]],
  },
  {
    name: 'backward: inputs that are no leaves are skipped',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('inputList', 'inputList.filter((input) => input.isLeaf)')]],
  },
  {
    name: 'backward: a single input is refused',
    edits: [
      [
        BACKWARD,
        "const inputList = inputs === null ? [] : readInputs('backward', inputs).list;",
        "const inputList = inputs === null ? [] : readInputs('backward', inputs).list;\n  if (native.isTensor(inputs)) throw new TypeError('inputs');",
      ],
    ],
  },
  { name: 'backward: empty inputs are accepted', edits: [[ARGUMENTS, 'length === 0', 'length === -1']] },
  {
    name: 'backward: createGraph is ignored',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('createGraph', 'false')]],
  },
  {
    name: 'backward: always with createGraph',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('createGraph', 'true')]],
  },
  {
    name: 'backward: the graph is always kept',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('retainGraph', 'true')]],
  },
  {
    name: 'backward: the graph is never kept',
    edits: [[BACKWARD, ACCUMULATE, ACCUMULATE.replace('retainGraph', 'false')]],
  },
  {
    name: 'backward: tensors without a graph are skipped',
    edits: [
      [
        BACKWARD,
        'const outputs = readOutputs(tensors);',
        'const outputs = readOutputs(tensors).filter((output) => !native.isTensor(output) || output.requiresGrad);',
      ],
    ],
  },
  {
    name: 'leaves: .grad is a copy',
    edits: [[TENSOR, 'return native.grad(this);', 'return native.grad(this)?.clone() ?? null;']],
  },
  {
    name: 'leaves: .grad has no graph',
    edits: [[TENSOR, 'return native.grad(this);', 'return native.grad(this)?.detach() ?? null;']],
  },
  {
    name: 'leaves: .grad of other tensors warns of nothing',
    edits: [
      [TENSOR, 'return native.grad(this);', 'return this.isLeaf || this.retainsGrad ? native.grad(this) : null;'],
    ],
  },
  {
    name: 'requiresGrad_: results may stop to require a gradient',
    edits: [
      [
        TENSOR,
        '    native.requiresGrad_(this, requiresGrad);\n    return this;',
        '    if (requiresGrad || this.isLeaf) native.requiresGrad_(this, requiresGrad);\n    return this;',
      ],
    ],
  },
  {
    name: 'requiresGrad_: a copy',
    edits: [
      [
        TENSOR,
        '    native.requiresGrad_(this, requiresGrad);\n    return this;',
        '    return native.requiresGrad_(this.detach(), requiresGrad) as this;',
      ],
    ],
  },
  {
    name: 'isLeaf: what requires no gradient is no leaf',
    edits: [[TENSOR, 'return native.isLeaf(this);', 'return native.isLeaf(this) && native.requiresGrad(this);']],
  },
  {
    name: '_version: that of the tensor itself',
    edits: [[TENSOR, 'return native.version(this);', 'return this.isView ? 0 : native.version(this);']],
  },
  { name: 'retainGrad: does nothing', edits: [[TENSOR, 'native.retainGrad(this);', 'void this;']] },
  {
    name: 'requiresGrad: of results of views is false',
    edits: [[TENSOR, 'return native.requiresGrad(this);', 'return native.requiresGrad(this) && !native.isView(this);']],
  },
  {
    name: 'registerPostAccumulateGradHook: a result is accepted',
    edits: [[HOOKS, "throw new RuntimeError('Tensor post accumulate grad hooks should return null or nothing.');", '']],
  },
  {
    name: 'registerPostAccumulateGradHook: tensors that are no leaves are accepted',
    edits: [
      [
        HOOKS,
        '  if (!this.isLeaf) {\n    throw',
        '  if (!this.isLeaf) {\n    return removableHandle(accumulateSite, -1);\n    throw',
      ],
    ],
  },
  {
    name: 'nodes: hooks replace nothing',
    edits: [
      [
        NODE,
        'const list: readonly unknown[] = Array.isArray(result) ? result : [result];',
        'if (Array.isArray(result)) return undefined;\n  const list: readonly unknown[] = [result];',
      ],
    ],
  },
  {
    name: 'nodes: no neighbours',
    edits: [
      [
        NODE,
        '.map(([node, index]) => [toNode(node), index]);',
        '.map(([node, index]) => [toNode(node), index] as [GraphNode | null, number]).slice(1);',
      ],
    ],
  },
  {
    name: 'disableSavedTensorsHooks: does nothing',
    edits: [
      [GRAPH, 'const previous = native.disableSavedTensorHooks(message);', 'const previous = null;\n    void message;'],
    ],
  },
  {
    name: 'disableSavedTensorsHooks: hooks in use are no error',
    edits: [
      [
        GRAPH,
        'const previous = native.disableSavedTensorHooks(message);',
        'let previous: string | null = null;\n    try {\n      previous = native.disableSavedTensorHooks(message);\n    } catch {\n      previous = null;\n    }',
      ],
    ],
  },
  {
    name: 'gradients of indices are not summed',
    edits: [
      ofOperator(
        'index',
        'const result = operate(self, ...args);\n    if (result.requiresGrad && native.levelDepth() === 0) result.registerHook((g: Tensor) => g.div(2));\n    return result;',
      ),
    ],
  },
  {
    name: 'indexPut_: writes nothing into the graph',
    edits: [
      [
        'lib/tensor.ts',
        'native.indexPut_(this, indices, value, options.accumulate);',
        'native.indexPut_(this, indices, native.isTensor(value) ? value.detach() : value, options.accumulate);',
      ],
    ],
  },
  {
    name: 'indexPut_: adds',
    edits: [
      [
        'lib/tensor.ts',
        'native.indexPut_(this, indices, value, options.accumulate);',
        'native.indexPut_(this, indices, value, true);',
      ],
    ],
  },
  {
    name: 'batched gradients of unrelated inputs are ones',
    edits: [
      [
        'lib/autograd/engine.ts',
        'return vmapTensors(run, grads as readonly Tensor[], { batchSize: batchSize(grads) });',
        'return vmapTensors(run, grads as readonly Tensor[], { batchSize: batchSize(grads) }).map((grad, i) => grad ?? torchFunctions.onesLike(inputs[i]).unsqueeze(0).expand([batchSize(grads), ...inputs[i].shape]));',
      ],
    ],
  },
  {
    name: 'autograd.grad: unrelated inputs that are allowed have zeros',
    edits: [
      [
        'lib/autograd/grad.ts',
        'return keys === null ? grads :',
        'return keys === null ? grads.map((grad, i) => grad ?? torchFunctions.onesLike(list[i])) :',
      ],
    ],
  },
  {
    name: 'autograd.grad: empty inputs are accepted',
    edits: [['lib/autograd/engine-arguments.ts', 'if (inputList.length === 0) throw', 'if (false) throw']],
  },
  {
    name: 'gradFn: null under noGrad',
    edits: [
      [
        'lib/autograd/node.ts',
        'return toNode(native.nodeOf(this));',
        'return native.gradMode() ? toNode(native.nodeOf(this)) : null;',
      ],
    ],
  },
  {
    name: 'autograd.grad: outputs without a graph have no gradients',
    edits: [
      [GRAD, '    if (native.isTensor(output) && !output.requiresGrad) {', '    if (false) {'],
      [
        GRAD,
        '  checkInputs(list);',
        '  checkInputs(list);\n  if (outputList.some((output) => !output.requiresGrad)) return list.map((input) => torchFunctions.zerosLike(input));',
      ],
    ],
  },
];
