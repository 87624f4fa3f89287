// The timed calls; cases.py has the same ones under the same names. Each entry creates its inputs and returns the call. Only
// the loop around the call is timed.

/** @typedef {typeof import('../dist/index.js')} Torch */
/** @typedef {import('../dist/index.js').Tensor} Tensor */

/** The R² → R³ function of the torch.func notebook. @param {Tensor} x @param {Torch} torch */
export function notebook(x, torch) {
  const x1 = x.select(0, 0);
  const x2 = x.select(0, 1);
  return torch.stack([x1.mul(x2), x1.add(x2.pow(2)).sin(), x1.pow(2).sub(x2.mul(3))]);
}

/**
 * @param {Torch} torch
 * @returns {Record<string, () => () => Tensor>}
 */
export function makeCases(torch) {
  const { func } = torch;
  const vector = (/** @type {number} */ n) => torch.linspace(-1, 1, n);
  const scalar = (/** @type {Tensor} */ x) => x.pow(2).add(x.pow(2).sin());
  const sumOfSquares = (/** @type {Tensor} */ x) => x.sin().mul(x).sum();
  const layer = () => {
    const W = torch.linspace(-1, 1, 256).view(16, 16);
    const b = vector(16);
    return (/** @type {Tensor} */ x) => W.mv(x).add(b).tanh();
  };
  const samples = () => torch.linspace(-1, 1, 2000).view(1000, 2);
  const sample = (/** @type {Tensor} */ x) => notebook(x, torch);
  return {
    sin: () => {
      const x = vector(3);
      return () => x.sin();
    },
    add: () => {
      const x = vector(3);
      const y = vector(3);
      return () => x.add(y);
    },
    mul: () => {
      const x = vector(3);
      return () => x.mul(2);
    },
    sum: () => {
      const x = vector(6).view(2, 3);
      return () => x.sum(0);
    },
    view: () => {
      const x = vector(6);
      return () => x.view(2, 3);
    },
    index: () => {
      const x = vector(6).view(2, 3);
      return () => x.index(1);
    },
    functionCall: () => {
      const x = vector(3);
      return () => torch.sin(x);
    },
    grad: () => {
      const gradient = func.grad(sumOfSquares);
      const x = vector(3);
      return () => gradient(x);
    },
    jacrev: () => {
      const jacobian = func.jacrev(layer());
      const x = vector(16);
      return () => jacobian(x);
    },
    jacfwd: () => {
      const jacobian = func.jacfwd(layer());
      const x = vector(16);
      return () => jacobian(x);
    },
    hessian: () => {
      const hessian = func.hessian(sumOfSquares);
      const x = vector(16);
      return () => hessian(x);
    },
    vmapGrad: () => {
      const gradients = func.vmap(func.grad(scalar));
      const x = torch.linspace(0, 5, 1000);
      return () => gradients(x);
    },
    vmapJacrev: () => {
      const jacobians = func.vmap(func.jacrev(sample));
      const x = samples();
      return () => jacobians(x);
    },
  };
}
