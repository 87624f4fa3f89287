// The measurements and their limits.

/** Ratios to Python's PyTorch. `limit: null` is for information only. */
export const ratios = [
  { name: 'sin', title: 'x.sin()', calls: 1_000_000, limit: 1.25 },
  { name: 'add', title: 'x.add(y)', calls: 1_000_000, limit: 1.25 },
  { name: 'mul', title: 'x.mul(2)', calls: 1_000_000, limit: null },
  { name: 'sum', title: 'x.sum(0)', calls: 1_000_000, limit: null },
  { name: 'view', title: 'x.view(2, 3)', calls: 1_000_000, limit: null },
  { name: 'index', title: 'x.index(1)', calls: 1_000_000, limit: null },
  { name: 'functionCall', title: 'torch.sin(x)', calls: 1_000_000, limit: null },
  { name: 'grad', title: 'grad, R³ → R', calls: 30_000, limit: null },
  { name: 'jacrev', title: 'jacrev of tanh(W x + b), 16×16', calls: 10_000, limit: 0.7 },
  { name: 'jacfwd', title: 'jacfwd of tanh(W x + b), 16×16', calls: 10_000, limit: null },
  { name: 'hessian', title: 'hessian, R¹⁶ → R', calls: 5_000, limit: null },
  { name: 'vmapGrad', title: 'vmap(grad(f)), N = 1000', calls: 10_000, limit: null },
  { name: 'vmapJacrev', title: 'vmap(jacrev(f)), R² → R³, N = 1000', calls: 5_000, limit: 0.7 },
];

/**
 * The work of one process, and the memory it may use; MB are 10⁶ bytes.
 *
 * @type {{ name: keyof typeof import('./memory.mjs').memoryMeasurements, title: string, limit: number, unit: string }[]}
 */
export const memory = [
  { name: 'manyTensors', title: '20,000 tensors of 4 MB, no dispose: peak', limit: 1000, unit: 'MB' },
  { name: 'manyGrads', title: '10⁶ grad calls: growth after the first 10⁵', limit: 10, unit: 'MB' },
  { name: 'jacobianCommand', title: 'torch-func jacobian, 10⁶ samples: above an idle import', limit: 300, unit: 'MB' },
];

/** @type {{ name: 'package' | 'libtorch' | 'total', title: string, limit: number | null, unit: string }[]} */
export const startup = [
  { name: 'package', title: 'import: the package', limit: 0.5, unit: 's' },
  { name: 'libtorch', title: "import: loading libtorch's libraries", limit: null, unit: 's' },
  { name: 'total', title: 'import: all', limit: null, unit: 's' },
];
