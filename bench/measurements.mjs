// The measurements and their limits.

/** Ratios to Python's PyTorch. `limit: null` is for information only. */
export const ratios = [
  { name: 'sin', title: 'x.sin()', calls: 1_000_000, limit: 1 },
  { name: 'add', title: 'x.add(y)', calls: 1_000_000, limit: 1 },
  { name: 'mul', title: 'x.mul(2)', calls: 1_000_000, limit: 1 },
  { name: 'sum', title: 'x.sum(0)', calls: 1_000_000, limit: 1 },
  { name: 'view', title: 'x.view(2, 3)', calls: 1_000_000, limit: 1 },
  { name: 'index', title: 'x.index(1)', calls: 1_000_000, limit: 1 },
  { name: 'functionCall', title: 'torch.sin(x)', calls: 1_000_000, limit: 1 },
  { name: 'grad', title: 'grad, R³ → R', calls: 30_000, limit: 0.6 },
  { name: 'jacrev', title: 'jacrev of tanh(W x + b), 16×16', calls: 10_000, limit: 0.6 },
  { name: 'jacfwd', title: 'jacfwd of tanh(W x + b), 16×16', calls: 10_000, limit: 0.6 },
  { name: 'hessian', title: 'hessian, R¹⁶ → R', calls: 5_000, limit: 0.6 },
  { name: 'vmapGrad', title: 'vmap(grad(f)), N = 1000', calls: 10_000, limit: 1 },
  { name: 'vmapJacrev', title: 'vmap(jacrev(f)), R² → R³, N = 1000', calls: 5_000, limit: 1 },
  { name: 'notebook1e6', title: 'vmap(jacrev(f)), R² → R³, N = 10⁶', calls: 63, limit: 1 },
  { name: 'layerJacrev', title: 'jacrev of tanh(W x + b), 2048×32', calls: 420, limit: 1 },
  { name: 'layerBatchHessian', title: 'vmap(hessian) of tanh(W x + b), 64×33×31×31', calls: 420, limit: 1 },
  { name: 'networkJacobians', title: 'network: vmap(jacrev), N = 1024', calls: 105, limit: 1 },
  { name: 'networkPerSampleGrads', title: 'network: per-sample gradients, N = 1024, 117 MB', calls: 105, limit: 1 },
  { name: 'networkHvp', title: 'network: jvp(grad), N = 1024', calls: 420, limit: 1 },
  { name: 'pendulumJacfwd', title: '20 steps of RK4: vmap(jacfwd), N = 1000', calls: 42, limit: 1 },
  { name: 'pendulumJacrev', title: '20 steps of RK4: vmap(jacrev), N = 1000', calls: 210, limit: null },
  { name: 'torchLoad', title: 'torch.load, 64 MB', calls: 105, limit: null },
  { name: 'torchSave', title: 'torch.save, 64 MB', calls: 105, limit: null },
  { name: 'safetensorsLoad', title: 'safetensors.loadFile, 64 MB, mapped', calls: 420, limit: null },
  { name: 'safetensorsSave', title: 'safetensors.saveFile, 64 MB', calls: 105, limit: null },
  { name: 'npzLoad', title: 'npz.load, 64 MB', calls: 105, limit: null },
  { name: 'npzSave', title: 'npz.save, 64 MB', calls: 105, limit: null },
  { name: 'exportLoad', title: 'export.load, a program of 31 KB', calls: 210, limit: null },
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

/**
 * Peak memory above the import, of `calls` calls in a process of their own, compared with those in Python. `python` names
 * another case to compare with.
 *
 * @type {{ name: string, title: string, calls: number, python?: string }[]}
 */
export const peaks = [
  ...ratios.filter(({ calls }) => calls >= 5000).map(({ name, title, calls }) => ({ name, title, calls: calls / 10 })),
  { name: 'vjp', title: 'vjp, R³ → R', calls: 3000 },
  { name: 'jvp', title: 'jvp, R³ → R', calls: 3000 },
  { name: 'hvp', title: 'jvp(grad(f)), R¹⁶ → R', calls: 3000 },
  { name: 'gradOfGradOfGrad', title: 'grad(grad(grad(sin)))', calls: 3000 },
  { name: 'notebook1e5', title: 'vmap(jacrev(f)), R² → R³, N = 10⁵', calls: 20 },
  { name: 'notebook1e6', title: 'vmap(jacrev(f)), R² → R³, N = 10⁶', calls: 5 },
  { name: 'layerJacfwd', title: 'jacfwd of tanh(W x + b), 2048×32', calls: 300 },
  { name: 'layerJacrev', title: 'jacrev of tanh(W x + b), 2048×32', calls: 50 },
  { name: 'layerBatchJacobian', title: 'vmap(jacrev) of tanh(W x + b), 64×33×31', calls: 200 },
  { name: 'layerBatchHessian', title: 'vmap(hessian) of tanh(W x + b), 64×33×31×31', calls: 50 },
  { name: 'networkJacobians', title: 'network: vmap(jacrev), N = 1024', calls: 10 },
  { name: 'networkPerSampleGrads', title: 'network: per-sample gradients, N = 1024, 117 MB', calls: 20 },
  { name: 'networkHvp', title: 'network: jvp(grad), N = 1024', calls: 20 },
  { name: 'pendulumJacfwd', title: '20 steps of RK4: vmap(jacfwd), N = 1000', calls: 20 },
  { name: 'pendulumJacrev', title: '20 steps of RK4: vmap(jacrev), N = 1000', calls: 20 },
  { name: 'robotArmJacfwd', title: 'UR5: vmap(jacfwd), N = 10⁵, float64', calls: 3 },
  { name: 'robotArmJacrev', title: 'UR5: vmap(jacrev), N = 10⁵, float64', calls: 3 },
  { name: 'chainAutograd', title: '200 operators on 4 MB: autograd.grad', calls: 3 },
  {
    name: 'chainGrad',
    title: "200 operators on 4 MB: grad, of Python's autograd.grad",
    calls: 3,
    python: 'chainAutograd',
  },
  { name: 'chainVjp', title: '200 operators on 4 MB: vjp', calls: 3 },
  { name: 'chainJvp', title: '200 operators on 4 MB: jvp', calls: 3 },
  { name: 'chainHvp', title: '200 operators on 4 MB: jvp(grad)', calls: 2 },
  { name: 'chainHvpReverse', title: '200 operators on 4 MB: grad of grad', calls: 2 },
];

/** @type {{ name: 'package' | 'libtorch' | 'total', title: string, limit: number | null, unit: string }[]} */
export const startup = [
  { name: 'package', title: 'import: the package', limit: 0.5, unit: 's' },
  { name: 'libtorch', title: "import: loading libtorch's libraries", limit: null, unit: 's' },
  { name: 'total', title: 'import: all', limit: null, unit: 's' },
];

/** @type {{ name: 'p99' | 'max' | 'throughput' | 'cost', title: string, limit: number, unit: string }[]} */
export const asynchronous = [
  { name: 'p99', title: 'event loop: delay during 8 calls of 50 ms, 99th percentile', limit: 5, unit: 'ms' },
  { name: 'max', title: 'event loop: longest delay', limit: 20, unit: 'ms' },
  { name: 'throughput', title: 'time per call, of a synchronous one on one thread', limit: 0.556, unit: '' },
  { name: 'cost', title: 'awaiting a small call: more than a synchronous one', limit: 30, unit: 'us' },
];
