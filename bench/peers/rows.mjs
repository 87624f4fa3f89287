// The rows of the comparison. Each peer implements those that it has under the same names, on the same inputs.

/** @typedef {{ name: string, title: string }} Row */

/** @type {Row[]} */
export const rows = [
  { name: 'op-sin', title: 'x.sin(), 3 elements' },
  { name: 'op-add', title: 'x.add(x), 3 elements' },
  { name: 'op-mul-scalar', title: 'x.mul(2), 3 elements' },
  { name: 'op-sum', title: 'x.sum(0), 2×3' },
  { name: 'op-view', title: 'x.view(6), 2×3' },
  { name: 'op-index', title: 'x.index(1), 2×3' },
  { name: 'grad', title: 'grad, R³ → R' },
  { name: 'grad-3', title: 'grad(grad(grad(sin)))' },
  { name: 'vjp', title: 'vjp, R³ → R' },
  { name: 'jvp', title: 'jvp, R³ → R' },
  { name: 'hessian', title: 'hessian, R¹⁶ → R' },
  { name: 'hvp', title: 'jvp(grad), R¹⁶ → R' },
  { name: 'jacrev-16', title: 'jacrev of tanh(W x + b), 16×16' },
  { name: 'jacfwd-16', title: 'jacfwd of tanh(W x + b), 16×16' },
  { name: 'vmap-jacrev-1e3', title: 'vmap(jacrev), R² → R³, N = 10³' },
  { name: 'vmap-jacrev-1e5', title: 'vmap(jacrev), R² → R³, N = 10⁵' },
  { name: 'vmap-jacrev-1e6', title: 'vmap(jacrev), R² → R³, N = 10⁶' },
  { name: 'batch-jacobian', title: 'vmap(jacrev) of tanh(W x + b), 64×33×31' },
  { name: 'batch-hessian', title: 'vmap(hessian) of tanh(W x + b), 64×33×31×31' },
  { name: 'jacfwd-2048', title: 'jacfwd of tanh(W x + b), 2048×32' },
  { name: 'jacrev-2048', title: 'jacrev of tanh(W x + b), 2048×32' },
  { name: 'mlp-jacobian', title: 'network: vmap(jacrev), N = 1024' },
  { name: 'mlp-grads', title: 'network: per-sample gradients, N = 1024' },
  { name: 'mlp-hvp', title: 'network: jvp(grad), N = 1024' },
  { name: 'rk4-jacfwd', title: '20 steps of RK4: vmap(jacfwd), N = 1000' },
  { name: 'rk4-jacrev', title: '20 steps of RK4: vmap(jacrev), N = 1000' },
  { name: 'ur5-jacfwd', title: 'UR5: vmap(jacfwd), N = 10⁵, float64' },
  { name: 'ur5-jacrev', title: 'UR5: vmap(jacrev), N = 10⁵, float64' },
];
