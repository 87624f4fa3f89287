// Calls of transforms with the option chunkSize. `node chunk-cases.mjs CASE [CHUNK_SIZE]` runs one of them once;
// chunks.mjs measures all.

import { fileURLToPath } from 'node:url';
import torch from '../dist/index.mjs';

/** @typedef {import('../dist/index.js').Tensor} Tensor */
/** @typedef {{ chunkSize: number | 'auto' | null }} Option */

const { jacfwd, jacrev, vmap, grad } = torch.func;
const float64 = /** @type {const} */ ({ dtype: 'float64' });

/** The poses of an arm of six joints, from its angles: products of 4×4 matrices. */
function arm() {
  const joints = torch.randn([6, 4, 4], float64);
  return (/** @type {Tensor} */ angles) => {
    const links = angles
      .cos()
      .reshape([6, 1, 1])
      .mul(joints)
      .add(angles.sin().reshape([6, 1, 1]))
      .unbind(0);
    return links.reduce((product, link) => product.matmul(link)).narrow(0, 0, 3);
  };
}

const chain = (/** @type {Tensor} */ x) => {
  for (let i = 0; i < 20; i++) x = x.sin().mul(1.1);
  return x;
};

/** @param {number[]} sizes */
function network(sizes) {
  const layers = sizes.slice(1).map((size, i) => torch.randn(size, sizes[i]).div(Math.sqrt(sizes[i])));
  const apply = (/** @type {Tensor[]} */ weights, /** @type {Tensor} */ x) =>
    weights.reduce((y, weight) => torch.nn.functional.linear(y, weight).tanh(), x);
  return { layers, apply };
}

/** @type {Record<string, () => (option: Option) => unknown>} */
export const chunkCases = {
  armForward: () => {
    const [f, x] = [arm(), torch.randn([100_000, 6], float64)];
    return (option) => vmap(jacfwd(f), option)(x);
  },
  armReverse: () => {
    const [f, x] = [arm(), torch.randn([100_000, 6], float64)];
    return (option) => vmap(jacrev(f), option)(x);
  },
  chain: () => {
    const x = torch.randn(200_000, 100);
    return (option) => vmap(chain, option)(x);
  },
  networkJacobians: () => {
    const { layers, apply } = network([64, 128, 128, 32]);
    const x = torch.randn(8192, 64);
    return (option) => vmap(jacrev(apply, { argnums: 1 }), { inDims: [null, 0], ...option })(layers, x);
  },
  networkGradients: () => {
    const { layers, apply } = network([64, 128, 128, 32]);
    const x = torch.randn(1024, 64);
    const loss = (/** @type {Tensor[]} */ weights, /** @type {Tensor} */ sample) => apply(weights, sample).sum();
    return (option) => vmap(grad(loss), { inDims: [null, 0], ...option })(layers, x);
  },
  manyRows: () => {
    const { layers, apply } = network([64, 4096]);
    const x = torch.randn(64);
    return (option) => jacrev((/** @type {Tensor} */ sample) => apply(layers, sample), option)(x);
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  torch.setNumThreads(1);
  const [name, chunkSize] = process.argv.slice(2);
  chunkCases[name]()({ chunkSize: chunkSize === 'auto' ? 'auto' : null });
}
