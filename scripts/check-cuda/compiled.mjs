// Compiled functions on CUDA: generated kernels, library calls, and CUDA graphs.

import assert from 'node:assert/strict';
import torch from '../../dist/index.mjs';
import { calls, difference, inputs } from './transforms.mjs';

/** @typedef {import('../../dist/index.js').Tensor} Tensor */

const { hessian, jacrev, vmap } = torch.func;

/** @param {() => unknown} call */
function microseconds(call, repetitions = 200) {
  // A plan is captured in a graph after a few calls.
  for (let i = 0; i < 6; i++) call();
  torch.cuda.synchronize();
  const start = performance.now();
  for (let i = 0; i < repetitions; i++) call();
  torch.cuda.synchronize();
  return ((performance.now() - start) * 1000) / repetitions;
}

/** Functions whose time is worth telling. @type {Record<string, () => [(...args: Tensor[]) => unknown, Tensor[]]>} */
const timed = {
  'vmap(jacrev), 10^6 samples': () => [
    vmap(jacrev((v) => torch.stack([v.select(0, 0).mul(v.select(0, 1)), v.select(0, 1).sin()]))),
    [torch.randn([1_000_000, 2], { device: 'cuda' })],
  ],
  'elementwise chain, 10^7 elements': () => [
    (x) => x.sin().mul(2).add(1).tanh().exp().sub(1),
    [torch.randn([10_000_000], { device: 'cuda' })],
  ],
  'network, 3 layers of 256': () => [
    (x, W) => {
      let y = x;
      for (let i = 0; i < 3; i++) y = y.matmul(W).tanh();
      return y;
    },
    [torch.randn([512, 256], { device: 'cuda' }), torch.randn([256, 256], { device: 'cuda' }).div(16)],
  ],
  'vmap(hessian), 1000 samples': () => [
    vmap(hessian((v) => v.sin().mul(v).sum().exp())),
    [torch.randn([1000, 6], { device: 'cuda' })],
  ],
};

/** @param {import('./steps.mjs').Context} context */
export async function checkCompiled({ say }) {
  const wrong = [];
  for (const [name, call] of Object.entries(calls)) {
    const compiled = torch.compile(/** @type {(...args: any[]) => any} */ (call));
    let error = 0;
    let parts;
    try {
      // The first call is recorded, later ones run the plan, and after a few its CUDA graph.
      for (let i = 0; i < 8; i++) {
        const args = inputs('cuda').map((x) => x.mul(1 + i / 8));
        error = Math.max(error, difference(compiled(...args), call(...args)));
      }
      parts = [
        ...new Set(
          compiled
            .explain()
            .at(-1)
            ?.steps.map(({ kind }) => kind) ?? [],
        ),
      ].join(', ');
    } catch (thrown) {
      error = Infinity;
      parts = /** @type {Error} */ (thrown).message.split('\n')[0];
    }
    say(`${name}: ${parts}; relative difference ${error.toExponential(1)}`, { [name]: error });
    if (!(error < 1e-11)) wrong.push(name);
  }
  for (const [name, make] of Object.entries(timed)) {
    const [call, args] = make();
    const compiled = torch.compile(/** @type {(...args: any[]) => any} */ (call));
    const error = difference(compiled(...args), call(...args));
    const eager = microseconds(() => torch.scope(() => void call(...args)));
    const replay = microseconds(() => torch.scope(() => void compiled(...args)));
    say(
      `${name}: ${eager.toFixed(0)} us eagerly, ${replay.toFixed(0)} us compiled; relative difference ${error.toExponential(1)}`,
      { [name]: { eager, replay, error } },
    );
    if (!(error < 1e-5)) wrong.push(name);
  }

  const f = torch.compile((/** @type {Tensor} */ x) => x.sin().mul(2).sum(1));
  const x = torch.randn([1000, 1000], { device: 'cuda' });
  const results = await Promise.all(Array.from({ length: 16 }, (_, i) => f.async(x.mul(i))));
  const error = Math.max(...results.map((result, i) => difference(result, x.mul(i).sin().mul(2).sum(1))));
  say(`16 asynchronous calls at once: relative difference ${error.toExponential(1)}`, { asynchronous: error });
  if (!(error < 1e-5)) wrong.push('asynchronous calls');
  assert.deepEqual(wrong, []);
}
