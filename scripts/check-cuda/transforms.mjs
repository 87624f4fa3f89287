// Compositions of transforms on CUDA, against the same call on the CPU.

import assert from 'node:assert/strict';
import torch from '../../dist/index.mjs';
import pytree from '../../dist/pytree.js';

/** @typedef {import('../../dist/index.js').Tensor} Tensor */
/** @typedef {(...args: Tensor[]) => unknown} Call */

const { grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap } = torch.func;

/** @type {(W: Tensor, x: Tensor) => Tensor} */
const layer = (W, x) => torch.matmul(W, x).tanh();
/** @type {(W: Tensor, x: Tensor) => Tensor} */
const loss = (W, x) => layer(W, x).pow(2).sum();

/** Functions of a matrix and a vector. @type {Record<string, Call>} */
export const calls = {
  grad: grad(loss),
  'grad of grad': (W, x) => grad((v) => grad(loss, { argnums: 1 })(W, v).pow(2).sum())(x),
  jacrev: jacrev(layer, { argnums: 1 }),
  jacfwd: jacfwd(layer, { argnums: 1 }),
  hessian: hessian(loss, { argnums: 1 }),
  'jacfwd of jacrev': jacfwd(jacrev(layer, { argnums: 1 }), { argnums: 1 }),
  vjp: (W, x) => vjp((v) => layer(W, v), x)[1](torch.ones([4], { device: x.device, dtype: x.dtype })),
  'jvp of grad': (W, x) => jvp((v) => grad(loss, { argnums: 1 })(W, v), [x], [x]),
  linearize: (W, x) => linearize((v) => layer(W, v), x)[1](x),
  'vmap of jacrev': (W, x) => vmap(jacrev(layer, { argnums: 1 }), { inDims: [null, 0] })(W, torch.stack([x, x.mul(2)])),
  'vmap of hessian': (W, x) =>
    vmap(hessian(loss, { argnums: 1 }), { inDims: [null, 0] })(W, torch.stack([x, x.mul(2)])),
  'vmap of vmap of grad': (W, x) =>
    vmap((/** @type {Tensor} */ w) => {
      const perSample = vmap((/** @type {Tensor} */ v) => /** @type {Tensor} */ (grad(loss)(w, v)));
      return perSample(torch.stack([x, x.neg()]));
    })(torch.stack([W, W.mul(0.5)])),
  backward: (W, x) => {
    const leaf = W.detach().clone().requiresGrad_();
    loss(leaf, x).backward();
    return leaf.grad;
  },
  'autograd.functional.hessian': (W, x) => torch.autograd.functional.hessian((v) => loss(W, v), x),
  factorizations: (W) => {
    const spd = W.matmul(W.mT).add(torch.eye(4, { dtype: W.dtype, device: W.device }));
    return [torch.linalg.inv(spd), torch.linalg.eigvalsh(spd), torch.linalg.cholesky(spd), torch.linalg.solve(spd, W)];
  },
  'derivatives of factorizations': (W) =>
    grad((w) => {
      const spd = w.matmul(w.mT).add(torch.eye(4, { dtype: w.dtype, device: w.device }));
      return torch.linalg.slogdet(spd)[1].add(torch.linalg.eigvalsh(spd).pow(3).sum());
    })(W),
  convolution: (W) =>
    jacrev((w) => torch.nn.functional.conv1d(w.unsqueeze(0), w.reshape([2, 4, 3]), { padding: 1 }))(W),
};

/** A matrix and a vector. @param {string} device */
export function inputs(device, dtype = /** @type {'float32' | 'float64'} */ ('float64')) {
  torch.manualSeed(0);
  return [torch.randn([4, 6], { dtype }), torch.randn([6], { dtype })].map((x) => x.to(device));
}

/** All tensors of a result. @param {unknown} value @returns {Tensor[]} */
export const tensorsOf = (value) => /** @type {Tensor[]} */ (pytree.flatten(value).leaves).filter(torch.isTensor);

/**
 * The largest difference between two results, relative to the largest element.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 */
export function difference(actual, expected) {
  const [got, wanted] = [tensorsOf(actual), tensorsOf(expected)];
  assert.equal(got.length, wanted.length);
  let most = 0;
  got.forEach((x, i) => {
    assert.deepEqual([x.dtype, x.shape], [wanted[i].dtype, wanted[i].shape]);
    const y = wanted[i].detach().cpu();
    const scale = Math.max(Number(y.abs().max().item()), 1e-30);
    const error = Number(x.detach().cpu().sub(y).abs().max().item()) / scale;
    // NaN is a difference.
    most = Number.isNaN(error) ? Infinity : Math.max(most, error);
  });
  return most;
}

/** @param {import('./steps.mjs').Context} context */
export function checkTransforms({ say }) {
  const wrong = [];
  for (const [name, call] of Object.entries(calls)) {
    let error = Infinity;
    try {
      const result = call(...inputs('cuda'));
      const elsewhere = tensorsOf(result).find((x) => x.device.type !== 'cuda');
      assert.equal(elsewhere?.device.type, undefined, 'a result is not on the GPU');
      error = difference(result, call(...inputs('cpu')));
    } catch (thrown) {
      say(`${name}: ${/** @type {Error} */ (thrown).message.split('\n')[0]}`);
    }
    say(`${name}: relative difference ${error.toExponential(1)}`, { [name]: error });
    if (!(error < 1e-11)) wrong.push(name);
  }
  assert.deepEqual(wrong, []);
}
