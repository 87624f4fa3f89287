// The rows in this package. Each function makes the inputs and returns the call.

import { values } from './inputs.mjs';

/** @typedef {typeof import('../../dist/index.js')} Torch */
/** @typedef {import('../../dist/index.js').Tensor} Tensor */
/** @typedef {[Tensor, Tensor][]} Layers */
/** @typedef {<F extends (...args: any[]) => unknown>(f: F) => F} Wrap `torch.compile`, or the identity */
/** @typedef {Record<string, () => () => unknown>} Calls */

/** @param {Torch} torch @returns {(seed: number, ...shape: number[]) => Tensor} */
const inputsOf =
  (torch) =>
  (seed, ...shape) =>
    torch.fromTypedArray(
      Float32Array.from(
        values(
          seed,
          shape.reduce((a, b) => a * b, 1),
        ),
      ),
      shape,
    );

/** Single operators: only for peers that run them eagerly. @param {Torch} torch @returns {Calls} */
function operators(torch) {
  const input = inputsOf(torch);
  const vector = () => input(1, 3);
  const matrix = () => input(2, 2, 3);
  /** @type {(make: () => Tensor, f: (x: Tensor) => Tensor) => () => () => Tensor} */
  const of = (make, f) => () => {
    const x = make();
    return () => f(x);
  };
  return {
    'op-sin': of(vector, (x) => x.sin()),
    'op-add': of(vector, (x) => x.add(x)),
    'op-mul-scalar': of(vector, (x) => x.mul(2)),
    'op-sum': of(matrix, (x) => x.sum(0)),
    'op-view': of(matrix, (x) => x.view(6)),
    'op-index': of(matrix, (x) => x.index(1)),
  };
}

/** @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function small(torch, wrap) {
  const { grad, hessian, jvp, vjp } = torch.func;
  const input = inputsOf(torch);
  const f = (/** @type {Tensor} */ x) => x.sin().mul(x).sum();
  return {
    grad: () => {
      const g = wrap(grad(f));
      const x = input(1, 3);
      return () => g(x);
    },
    'grad-3': () => {
      const sin = (/** @type {Tensor} */ x) => x.sin();
      const third = wrap(grad((/** @type {Tensor} */ a) => grad((/** @type {Tensor} */ b) => grad(sin)(b))(a)));
      const x = input(3);
      return () => third(x);
    },
    vjp: () => {
      const pullBack = wrap((/** @type {Tensor} */ x, /** @type {Tensor} */ cotangent) => vjp(f, x)[1](cotangent));
      const x = input(1, 3);
      const cotangent = input(3);
      return () => pullBack(x, cotangent);
    },
    jvp: () => {
      const pushForward = wrap((/** @type {Tensor} */ x, /** @type {Tensor} */ t) => jvp(f, [x], [t]));
      const x = input(1, 3);
      return () => pushForward(x, x);
    },
    hessian: () => {
      const h = wrap(hessian(f));
      const x = input(4, 16);
      return () => h(x);
    },
    hvp: () => {
      const product = wrap((/** @type {Tensor} */ x, /** @type {Tensor} */ v) => jvp(grad(f), [x], [v])[1]);
      const x = input(4, 16);
      return () => product(x, x);
    },
  };
}

/** @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function layer(torch, wrap) {
  const { hessian, jacfwd, jacrev, vmap } = torch.func;
  const input = inputsOf(torch);
  /** @type {(W: Tensor, b: Tensor, x: Tensor) => Tensor} */
  const predict = (W, b, x) => torch.nn.functional.linear(x, W, b).tanh();
  const options = { argnums: 2 };
  /** @type {(m: number, n: number, transform: (...args: Tensor[]) => Tensor) => () => () => Tensor} */
  const single = (m, n, transform) => () => {
    const jacobian = wrap(transform);
    const [W, b, x] = [input(5, m, n), input(6, m), input(7, n)];
    return () => jacobian(W, b, x);
  };
  /** @type {(transform: (...args: Tensor[]) => Tensor) => () => () => Tensor} */
  const batch = (transform) => () => {
    const transformed = wrap(vmap(transform, { inDims: [null, null, 0] }));
    const [W, b, x] = [input(5, 33, 31), input(6, 33), input(7, 64, 31)];
    return () => transformed(W, b, x);
  };
  return {
    'jacrev-16': single(16, 16, jacrev(predict, options)),
    'jacfwd-16': single(16, 16, jacfwd(predict, options)),
    'batch-jacobian': batch(jacrev(predict, options)),
    'batch-hessian': batch(hessian(predict, options)),
    'jacfwd-2048': single(2048, 32, jacfwd(predict, options)),
    'jacrev-2048': single(2048, 32, jacrev(predict, options)),
  };
}

/** The R² → R³ function of the torch.func notebook. @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function notebook(torch, wrap) {
  const f = (/** @type {Tensor} */ x) => {
    const a = x.select(0, 0);
    const b = x.select(0, 1);
    return torch.stack([a.mul(b), a.add(b.pow(2)).sin(), a.pow(2).sub(b.mul(3))]);
  };
  /** @type {(count: number) => () => () => Tensor} */
  const of = (count) => () => {
    const jacobians = wrap(torch.func.vmap(torch.func.jacrev(f)));
    const x = inputsOf(torch)(8, count, 2);
    return () => jacobians(x);
  };
  return { 'vmap-jacrev-1e3': of(1e3), 'vmap-jacrev-1e5': of(1e5), 'vmap-jacrev-1e6': of(1e6) };
}

/** A network of 64, 128, 128 and 32 units. @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function network(torch, wrap) {
  const { grad, jacrev, jvp, vmap } = torch.func;
  const { linear } = torch.nn.functional;
  const input = inputsOf(torch);
  /** @type {(layers: Layers, x: Tensor) => Tensor} */
  const forward = (layers, x) =>
    layers.reduce((y, [W, b], i) => (i === 0 ? linear(y, W, b) : linear(y.tanh(), W, b)), x);
  /** @type {(layers: Layers, x: Tensor) => Tensor} */
  const loss = (layers, x) => forward(layers, x).pow(2).sum();
  const makeLayers = () =>
    [
      [128, 64],
      [128, 128],
      [32, 128],
    ].map(([m, n], i) => /** @type {[Tensor, Tensor]} */ ([input(40 + i, m, n).div(Math.sqrt(n)), input(50 + i, m)]));
  /** @type {(transform: (layers: Layers, x: Tensor) => unknown) => () => () => unknown} */
  const batch = (transform) => () => {
    const transformed = wrap(vmap(/** @type {any} */ (transform), { inDims: [null, 0] }));
    const [layers, x] = [makeLayers(), input(10, 1024, 64)];
    return () => transformed(layers, x);
  };
  return {
    'mlp-jacobian': batch(jacrev(forward, { argnums: 1 })),
    'mlp-grads': batch(grad(loss)),
    'mlp-hvp': () => {
      const layers = makeLayers();
      const gradient = grad((/** @type {Tensor} */ z) => loss(layers, z));
      const product = wrap((/** @type {Tensor} */ x, /** @type {Tensor} */ v) => jvp(gradient, [x], [v])[1]);
      const [x, v] = [input(10, 1024, 64), input(11, 1024, 64)];
      return () => product(x, v);
    },
  };
}

/** Sensitivities of a damped pendulum. @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function pendulum(torch, wrap) {
  const { jacfwd, jacrev, vmap } = torch.func;
  const derivative = (/** @type {Tensor} */ s) => {
    const angle = s.select(-1, 0);
    const velocity = s.select(-1, 1);
    return torch.stack([velocity, angle.sin().mul(-9.81).sub(velocity.mul(0.1))], -1);
  };
  const integrate = (/** @type {Tensor} */ s) => {
    for (let i = 0; i < 20; i++) {
      const k1 = derivative(s);
      const k2 = derivative(s.add(k1.mul(0.005)));
      const k3 = derivative(s.add(k2.mul(0.005)));
      const k4 = derivative(s.add(k3.mul(0.01)));
      const sum = k1.add(k2.mul(2)).add(k3.mul(2)).add(k4);
      s = s.add(sum.mul(0.01 / 6));
    }
    return s;
  };
  /** @type {(transformed: (s: Tensor) => Tensor) => () => () => Tensor} */
  const of = (transformed) => () => {
    const jacobians = wrap(transformed);
    const s = inputsOf(torch)(12, 1000, 2);
    return () => jacobians(s);
  };
  return { 'rk4-jacfwd': of(vmap(jacfwd(integrate))), 'rk4-jacrev': of(vmap(jacrev(integrate))) };
}

/** The pose of a UR5's hand, in float64. @param {Torch} torch @param {Wrap} wrap @returns {Calls} */
function robotArm(torch, wrap) {
  const a = [0, -0.425, -0.39225, 0, 0, 0];
  const d = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823];
  const cosines = [0, 1, 1, 0, 0, 1];
  const sines = [1, 0, 0, 1, -1, 0];
  const none = [0, 0, 0, 0];
  /** @type {(of: (i: number) => number[][]) => Tensor} */
  const matrices = (of) =>
    torch.tensor(
      a.map((_, i) => of(i)),
      { dtype: 'float64' },
    );
  /** @type {(transform: (f: (q: Tensor) => Tensor) => (q: Tensor) => Tensor) => () => () => Tensor} */
  const of = (transform) => () => {
    const ofCosine = matrices((i) => [[1, 0, 0, a[i]], [0, cosines[i], -sines[i], 0], none, none]);
    const ofSine = matrices((i) => [[0, -cosines[i], sines[i], 0], [1, 0, 0, a[i]], none, none]);
    const rest = matrices((i) => [none, none, [0, sines[i], cosines[i], d[i]], [0, 0, 0, 1]]);
    const pose = (/** @type {Tensor} */ q) => {
      const cosine = q.cos().reshape([6, 1, 1]).mul(ofCosine);
      const joints = cosine
        .add(q.sin().reshape([6, 1, 1]).mul(ofSine))
        .add(rest)
        .unbind(0);
      return joints.reduce((product, joint) => product.matmul(joint)).narrow(0, 0, 3);
    };
    const jacobians = wrap(torch.func.vmap(transform(pose)));
    const q = torch.fromTypedArray(values(9, 600_000), [100_000, 6]);
    return () => jacobians(q);
  };
  return { 'ur5-jacfwd': of((f) => torch.func.jacfwd(f)), 'ur5-jacrev': of((f) => torch.func.jacrev(f)) };
}

/** @param {Torch} torch @param {Wrap} wrap @returns {Calls} the rows that can be compiled */
export const transformRows = (torch, wrap) => ({
  ...small(torch, wrap),
  ...layer(torch, wrap),
  ...notebook(torch, wrap),
  ...network(torch, wrap),
  ...pendulum(torch, wrap),
  ...robotArm(torch, wrap),
});

/** @param {Torch} torch @returns {Calls} all rows */
export const eagerRows = (torch) => ({ ...operators(torch), ...transformRows(torch, (f) => f) });
