/** Faults of `func.jvp`, `func.linearize` and `func.vjp`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const JVP = 'lib/func/jvp.ts';
const LINEARIZE = 'lib/func/linearize.ts';
const VJP = 'lib/func/vjp.ts';
const OUTPUTS = 'lib/func/outputs.ts';

export const mutants: Fault[] = [
  {
    name: 'jvp: twice the tangent',
    edits: [[JVP, 'tangents.push(unwrapOwn(tangent, level));', 'tangents.push(unwrapOwn(tangent.mul(2), level));']],
  },
  {
    name: 'jvp: the tangent of an independent output is ones',
    edits: [[JVP, 'found ?? torchFunctions.zerosLike(primal)', 'found ?? torchFunctions.onesLike(primal)']],
  },
  {
    name: 'jvp: strict is ignored',
    edits: [[JVP, 'if (found === null && strict) {', 'if (false) {']],
  },
  {
    name: 'jvp: always strict',
    edits: [[JVP, 'if (found === null && strict) {', 'if (found === null) {']],
  },
  {
    name: 'jvp: only the first input is dual',
    edits: [
      [
        JVP,
        'makeDual(leaf as Tensor, flatTangents[next++])',
        'next === 0 ? makeDual(leaf as Tensor, flatTangents[next++]) : leaf',
      ],
    ],
  },
  {
    name: 'jvp: the tangents of the inputs are exchanged',
    edits: [[JVP, 'flatTangents[next++]', 'flatTangents[flatTangents.length - ++next]']],
  },
  {
    name: 'jvp: only the first output has a tangent',
    edits: [
      [
        JVP,
        'const tangent = found ?? torchFunctions.zerosLike(primal);',
        'const tangent = tangents.length === 0 && found ? found : torchFunctions.zerosLike(primal);',
      ],
    ],
  },
  {
    name: 'jvp: the output loses its structure',
    edits: [[JVP, 'const output = pytree.unflatten(result.outputs, result.spec);', 'const output = result.outputs;']],
  },
  {
    name: 'jvp: primals that are no array are accepted',
    edits: [[JVP, 'if (!Array.isArray(primals)) {', 'if (false) {']],
  },
  {
    name: 'jvp: tangents of another structure are accepted',
    edits: [[JVP, 'if (!pytree.specEquals(flatPrimals.spec, flatTangents.spec)) {', 'if (false) {']],
  },
  {
    name: 'jvp: other values than tensors are accepted',
    edits: [
      [
        JVP,
        'throw new RuntimeError(`${API}: Expected ${what} to only contain Tensors, got ${describeType(leaf)}`);',
        '',
      ],
    ],
  },
  {
    name: 'jvp: the aux is dropped',
    edits: [[JVP, 'hasAux ? [output, tangent, result.aux] : [output, tangent]', '[output, tangent]']],
  },
  {
    name: 'jvp: the aux loses its structure',
    edits: [
      [
        JVP,
        'const aux = hasAux ? unwrapAll(split.aux, level) : undefined;',
        'const aux = hasAux ? pytree.flatten(unwrapAll(split.aux, level)).leaves : undefined;',
      ],
    ],
  },
  {
    name: 'outputs: other values than tensors are accepted',
    edits: [
      [
        OUTPUTS,
        '  for (const leaf of leaves) {\n    if (!native.isTensor(leaf)) {',
        '  for (const leaf of leaves) {\n    if (false) {',
      ],
    ],
  },
  {
    name: 'outputs: no output is accepted',
    edits: [[OUTPUTS, 'if (leaves.length === 0 || (leaves.length === 1 && leaves[0] == null)) {', 'if (false) {']],
  },
  {
    name: 'vjp: twice the product',
    edits: [
      [
        VJP,
        'gradsAfterLevel(outputs, inputs, cotangents, retainGraph, createGraph),',
        'gradsAfterLevel(outputs, inputs, cotangents, retainGraph, createGraph).map((grad) => grad.mul(2)),',
      ],
    ],
  },
  {
    name: 'vjp: only the last cotangent counts',
    edits: [
      [
        VJP,
        'gradsAfterLevel(outputs, inputs, cotangents, retainGraph, createGraph),',
        'gradsAfterLevel(outputs.slice(-1), inputs, cotangents.slice(-1), retainGraph, createGraph),',
      ],
    ],
  },
  {
    name: 'vjp: the pullback cannot be differentiated',
    edits: [
      [
        VJP,
        'const { retainGraph = true, createGraph = native.gradMode() } = options;',
        'const { retainGraph = true, createGraph = false } = options;',
      ],
    ],
  },
  {
    name: 'vjp: the pullback records under noGrad',
    edits: [
      [
        VJP,
        'const { retainGraph = true, createGraph = native.gradMode() } = options;',
        'const { retainGraph = true, createGraph = true } = options;',
      ],
    ],
  },
  {
    name: 'vjp: cotangents of another structure are accepted',
    edits: [[VJP, 'if (!pytree.specEquals(spec, result.outputSpec)) {', 'if (false) {']],
  },
  {
    name: 'vjp: the output loses its structure',
    edits: [
      [
        VJP,
        'outputs.map((leaf) => native.unwrapForGrad(leaf, level)),\n        outputSpec,',
        "outputs.map((leaf) => native.unwrapForGrad(leaf, level)),\n        outputSpec.kind === 'leaf' ? outputSpec : pytree.flatten(outputs).spec,",
      ],
    ],
  },
  {
    name: 'vjp: the product loses the structure of the input',
    edits: [
      [
        VJP,
        'return pytree.unflatten(grads, result.inputSpec);',
        'return result.pullback(leaves as Tensor[], retainGraph, createGraph);',
      ],
    ],
  },
  {
    name: 'vjp: the aux is dropped',
    edits: [[VJP, 'return hasAux ? [result.output, vjpFn, result.aux]', 'return hasAux ? [result.output, vjpFn]']],
  },
  {
    name: 'vjp: the aux loses its structure',
    edits: [
      [
        VJP,
        'const aux = hasAux ? unwrapAll(split.aux, level) : undefined;',
        'const aux = hasAux ? pytree.flatten(unwrapAll(split.aux, level)).leaves : undefined;',
      ],
    ],
  },
  {
    name: 'linearize: the derivative is that at ones',
    edits: [[LINEARIZE, 'apply(leaves) ??', 'apply(leaves.map((leaf) => torchFunctions.onesLike(leaf as Tensor))) ??']],
  },
  {
    name: 'linearize: the values are dropped',
    edits: [
      [
        LINEARIZE,
        'return [output.join(values), jvpFn] as never;',
        'return [values.map((value) => torchFunctions.zerosLike(value)), jvpFn] as never;',
      ],
    ],
  },
  {
    name: 'linearize: the structure of the output is lost',
    edits: [
      [
        LINEARIZE,
        'return pytree.unflatten(\n      this.others.map((leaf) => (leaf === undefined ? tensors[next++] : leaf)),\n      this.spec,\n    );',
        'const all = this.others.map((leaf) => (leaf === undefined ? tensors[next++] : leaf));\n    return all.length === 1 ? all[0] : all;',
      ],
    ],
  },
  {
    name: 'linearize: tangents of another structure are accepted',
    edits: [[LINEARIZE, 'if (!pytree.specEquals(spec, primalSpec)) {', 'if (false) {']],
  },
  {
    name: 'linearize: tangents of other shapes and dtypes are accepted',
    edits: [[LINEARIZE, 'apply(leaves) ?? refuse(leaves, expected)', 'apply(leaves) ?? values']],
  },
  {
    name: 'jvp: operators without a forward formula have zeros',
    edits: [
      [
        'lib/func/jvp.ts',
        "const split = splitAux(callSync('jvp', func, args), hasAux, API);",
        "let output: unknown;\n    try {\n      output = callSync('jvp', func, args);\n    } catch {\n      output = args[0];\n    }\n    const split = splitAux(output, hasAux, API);",
      ],
    ],
  },
  {
    name: 'jvp: the layout of a batch of tangents is that of the primal',
    edits: [
      [
        'lib/func/jvp.ts',
        'return native.makeDual(primal, tangent, 0);',
        'return native.makeDual(primal, tangent.mul(native.levelDepth() > 1 && tangent.dim() === 2 ? 2 : 1), 0);',
      ],
    ],
  },
  { name: 'jvp: no primals are accepted', edits: [[JVP, 'if (leaves.length === 0) throw', 'if (false) throw']] },
];
