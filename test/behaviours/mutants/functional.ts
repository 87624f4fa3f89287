/** Faults of `torch.autograd.functional`. */

import type { Fault } from '../../../scripts/mutants/mutants';

const FOLDER = 'lib/autograd/functional';
const CHECKS = `${FOLDER}/checks.ts`;
const TENSORS = `${FOLDER}/tensors.ts`;
const RECORDING = `${FOLDER}/recording.ts`;
const JACOBIAN = `${FOLDER}/jacobian.ts`;
const HESSIAN = `${FOLDER}/hessian.ts`;

const NAMES = ['vjp', 'jvp', 'vhp', 'hvp'] as const;
const CONSTRUCTS = {
  vjp: [
    'const result = fillInZeros(grads, leaves',
    'const result = fillInZeros(grads.map((grad) => grad?.mul(2) ?? null), leaves',
  ],
  jvp: [
    'const result = fillInZeros(products, outputs.list',
    'const result = fillInZeros(products.map((product) => product?.mul(2) ?? null), outputs.list',
  ],
  vhp: [
    'const result = fillInZeros(products, leaves',
    'const result = fillInZeros(products.map((product) => product?.mul(2) ?? null), leaves',
  ],
  hvp: [
    'const result = fillInZeros(products, leaves',
    'const result = fillInZeros(products.map((product) => product?.mul(2) ?? null), leaves',
  ],
} as const;
const OUTPUTS = {
  vjp: ['arrayOrSingle(recording.outputs(outputs.list), outputs.isArray)', 'recording.outputs(outputs.list)[0]'],
  jvp: ['arrayOrSingle(recording.outputs(outputs.list), outputs.isArray)', 'recording.outputs(outputs.list)[0]'],
  vhp: ['recording.outputs([output])[0]', 'recording.outputs([output])'],
  hvp: ['recording.outputs([output])[0]', 'recording.outputs([output])'],
} as const;

export const mutants: Fault[] = [
  ...NAMES.flatMap((name): Fault[] => [
    {
      name: `functional.${name}: twice the product`,
      edits: [[`${FOLDER}/${name}.ts`, ...CONSTRUCTS[name]]],
    },
    {
      name: `functional.${name}: the form of the output is lost`,
      edits: [[`${FOLDER}/${name}.ts`, ...OUTPUTS[name]]],
    },
    {
      name: `functional.${name}: createGraph is ignored`,
      edits: [
        [
          `${FOLDER}/${name}.ts`,
          `const { v, createGraph, strict } = readProductOptions('${name}', rest);`,
          `const { v, strict } = readProductOptions('${name}', rest);\n  const createGraph = false as boolean;`,
        ],
      ],
    },
    {
      name: `functional.${name}: always with createGraph`,
      edits: [
        [
          `${FOLDER}/${name}.ts`,
          `const { v, createGraph, strict } = readProductOptions('${name}', rest);`,
          `const { v, strict } = readProductOptions('${name}', rest);\n  const createGraph = true as boolean;`,
        ],
      ],
    },
    {
      name: `functional.${name}: strict is ignored`,
      edits: [
        [
          `${FOLDER}/${name}.ts`,
          `const { v, createGraph, strict } = readProductOptions('${name}', rest);`,
          `const { v, createGraph } = readProductOptions('${name}', rest);\n  const strict = false as boolean;`,
        ],
      ],
    },
    {
      name: `functional.${name}: inputs that are no tensors are accepted`,
      edits: [
        [
          TENSORS,
          'if (!native.isTensor(element)) {',
          `if (!native.isTensor(element) && !(api === '${name}' && what === 'inputs')) {`,
        ],
      ],
    },
    {
      name: `functional.${name}: a vector of another size is accepted`,
      edits: [
        [CHECKS, 'if (sameShape(got, expected)) return;', `if (sameShape(got, expected) || api === '${name}') return;`],
      ],
    },
  ]),
  {
    name: 'functional: a vector of another length is accepted',
    edits: [[CHECKS, 'if (vector.length !== other.list.length) {', 'if (false) {']],
  },
  {
    name: 'functional: the vector is always optional',
    edits: [
      [
        CHECKS,
        'if (isSingleElement(inputs)) return null;',
        'return inputs.list.map((input) => torchFunctions.onesLike(input));',
      ],
    ],
  },
  {
    name: 'functional: the vector is never optional',
    edits: [[CHECKS, 'return list.length === 1 && product(list[0].shape) === 1;', 'return list.length === 0;']],
  },
  {
    name: 'functional: several outputs are accepted where one is needed',
    edits: [[CHECKS, 'if (isArray) throw', 'if (false) throw']],
  },
  {
    name: 'functional: an output of several elements is summed',
    edits: [
      [
        CHECKS,
        'if (product(list[0].shape) !== 1) {',
        'if (product(list[0].shape) !== 1) return list[0].sum();\n  if (false) {',
      ],
    ],
  },
  {
    name: 'functional: outputs that are no tensors are dropped',
    edits: [
      [
        TENSORS,
        'readTensors(callSync(api, func, inputs), OUTPUTS, api);',
        'readTensors([callSync(api, func, inputs)].flat().filter((output) => native.isTensor(output)), OUTPUTS, api);',
      ],
    ],
  },
  {
    name: 'functional: tensors come back in arrays',
    edits: [[TENSORS, 'return isArray ? list : list[0];', 'return list;']],
  },
  {
    name: 'functional: results have a graph without createGraph',
    edits: [
      [
        RECORDING,
        'outputs: (tensors) => (createGraph ? [...tensors] : tensors.map((tensor) => tensor.detach())),',
        'outputs: (tensors) => [...tensors],',
      ],
    ],
  },
  {
    name: 'functional: products with the graph of the inputs are cut off',
    edits: [
      [RECORDING, 'if (!createGraph || !tensor.requiresGrad) return', 'if (true || !tensor.requiresGrad) return'],
    ],
  },
  {
    name: 'functional: noGrad around is obeyed',
    edits: [
      [
        RECORDING,
        'return enableGrad(() => body(graphRecording(createGraph)));',
        'void enableGrad;\n  return body(graphRecording(createGraph));',
      ],
    ],
  },
  {
    name: 'functional.jacobian: twice the rows',
    edits: [
      [
        JACOBIAN,
        'row(element, i, inputs, options).forEach((grad, j) => rows[j].push(grad));',
        'row(element, i, inputs, options).forEach((grad, j) => rows[j].push(grad.mul(2)));',
      ],
    ],
  },
  {
    name: 'functional.jacobian: createGraph is ignored',
    edits: [
      [
        JACOBIAN,
        'return jacobianOf(call, inputs, { createGraph, strict, vectorize, strategy }) as',
        'return jacobianOf(call, inputs, { createGraph: createGraph && false, strict, vectorize, strategy }) as',
      ],
    ],
  },
  {
    name: 'functional.jacobian: always with createGraph',
    edits: [
      [
        JACOBIAN,
        'return jacobianOf(call, inputs, { createGraph, strict, vectorize, strategy }) as',
        "return jacobianOf(call, inputs, { createGraph: createGraph || strategy !== 'forward-mode', strict, vectorize, strategy }) as",
      ],
    ],
  },
  {
    name: 'functional.jacobian: strict is ignored',
    edits: [
      [
        JACOBIAN,
        'return jacobianOf(call, inputs, { createGraph, strict, vectorize, strategy }) as',
        'return jacobianOf(call, inputs, { createGraph, strict: strict && false, vectorize, strategy }) as',
      ],
    ],
  },
  {
    name: 'functional.jacobian: inputs that are no tensors are accepted',
    edits: [
      [
        TENSORS,
        'if (!native.isTensor(element)) {',
        "if (!native.isTensor(element) && !(api === 'jacobian' && what === 'inputs')) {",
      ],
    ],
  },
  {
    name: 'functional.jacobian: vectorized in reverse, the cotangents are halved',
    edits: [
      [
        JACOBIAN,
        '(vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph)',
        '(vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph).map((grad) => grad.div(2))',
      ],
    ],
  },
  {
    name: 'functional.jacobian: vectorized warns',
    edits: [
      [
        JACOBIAN,
        'const blocks = vectorize\n',
        "if (vectorize) process.emitWarning('slow');\n    const blocks = vectorize\n",
      ],
    ],
  },
  {
    name: 'functional.jacobian: the blocks have the dtype of the output',
    edits: [
      [
        JACOBIAN,
        '(vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph)',
        '(vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph).map((grad) => grad.to(outputs.list.at(-1)!.dtype).to(outputs.list[0].dtype))',
      ],
    ],
  },
  {
    name: 'functional.jacobian: vectorized, what is not related is an error',
    edits: [
      [
        JACOBIAN,
        '(vectors) => gradOrZeros(outputs.list, leaves, vectors, createGraph, createGraph)',
        '(vectors) => gradOrNull(outputs.list, leaves, vectors, { retainGraph: true, createGraph }).map((grad) => grad!.clone())',
      ],
    ],
  },
  {
    name: 'functional.hessian: twice the gradient',
    edits: [
      [
        HESSIAN,
        "return singleOutput('hessian', outputs).squeeze();",
        "return singleOutput('hessian', outputs).squeeze().mul(2);",
      ],
    ],
  },
  {
    name: 'functional.hessian: createGraph is ignored',
    edits: [
      [HESSIAN, 'const outer = { createGraph, strict,', 'const outer = { createGraph: createGraph && false, strict,'],
    ],
  },
  {
    name: 'functional.hessian: always with createGraph',
    edits: [
      [
        HESSIAN,
        'const outer = { createGraph, strict,',
        "const outer = { createGraph: createGraph || outerJacobianStrategy !== 'forward-mode', strict,",
      ],
    ],
  },
  {
    name: 'functional.hessian: strict is ignored',
    edits: [
      [
        HESSIAN,
        'const { createGraph = false, strict = false, vectorize',
        'const strict = false as boolean;\n  const { createGraph = false, vectorize',
      ],
    ],
  },
  {
    name: 'functional.hessian: inputs that are no tensors are accepted',
    edits: [
      [
        TENSORS,
        'if (!native.isTensor(element)) {',
        "if (!native.isTensor(element) && !(api === 'hessian' && what === 'inputs')) {",
      ],
    ],
  },
  {
    name: 'Jacobians: the basis of the second tensor restarts at the first row',
    edits: [['lib/func/jacobian-blocks.ts', 'offset += size;', 'offset += 0 * size;']],
  },
  {
    name: 'functional.jacobian: strict and vectorize are accepted together',
    edits: [[JACOBIAN, 'if (vectorize && strict) {', 'if (false) {']],
  },
];
