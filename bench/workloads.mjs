// Calls with larger inputs and results, whose memory `--memory` compares; workloads.py has the same ones under the same
// names. Each entry creates its inputs and returns the call, whose result is a tensor or a pytree.

/** @typedef {typeof import('../dist/index.js')} Torch */
/** @typedef {import('../dist/index.js').Tensor} Tensor */

import { notebook } from './cases.mjs';

/** The number of operators of a chain, and the elements of its 4 MB. */
const CHAIN = 200;
const ELEMENTS = 1_000_000;

/** @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function chains(torch) {
  const { func } = torch;
  const chain = (/** @type {Tensor} */ x) => {
    for (let i = 0; i < CHAIN; i++) x = x.sin();
    return x.sum();
  };
  const input = () => torch.linspace(-1, 1, ELEMENTS);
  /** @type {(call: (x: Tensor) => unknown) => () => () => unknown} */
  const of = (call) => () => {
    const x = input();
    return () => call(x);
  };
  return {
    chainAutograd: of((x) => {
      const leaf = x.detach().requiresGrad_();
      return torch.autograd.grad(chain(leaf), leaf);
    }),
    chainGrad: of(func.grad(chain)),
    chainVjp: of((x) => func.vjp(chain, x)[1](torch.tensor(1))),
    chainJvp: of((x) => func.jvp(chain, [x], [x])),
    chainHvp: of((x) => func.jvp(func.grad(chain), [x], [x])),
    chainHvpReverse: of((x) => func.grad((/** @type {Tensor} */ z) => func.grad(chain)(z).mul(x).sum())(x)),
  };
}

/** A fully connected network 64 → 128 → 128 → 32. @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function network(torch) {
  const { func } = torch;
  const { linear } = torch.nn.functional;
  /** @typedef {[Tensor, Tensor][]} Layers */
  const forward = (/** @type {Layers} */ layers, /** @type {Tensor} */ x) =>
    layers.reduce((h, [w, b], i) => (i === 0 ? linear(h, w, b) : linear(h.tanh(), w, b)), x);
  const loss = (/** @type {Layers} */ layers, /** @type {Tensor} */ x) => forward(layers, x).pow(2).sum();
  /** @type {() => Layers} */
  const makeLayers = () =>
    [
      [128, 64],
      [128, 128],
      [32, 128],
    ].map(([m, n]) => [
      torch
        .linspace(-1, 1, m * n)
        .view(m, n)
        .div(Math.sqrt(n)),
      torch.zeros(m),
    ]);
  const makeInput = () => torch.linspace(-1, 1, 1024 * 64).view(1024, 64);
  return {
    networkJacobians: () => {
      const jacobians = func.vmap(func.jacrev(forward, { argnums: 1 }), { inDims: [null, 0] });
      const [layers, x] = [makeLayers(), makeInput()];
      return () => jacobians(layers, x);
    },
    networkPerSampleGrads: () => {
      const grads = func.vmap(func.grad(loss), { inDims: [null, 0] });
      const [layers, x] = [makeLayers(), makeInput()];
      return () => grads(layers, x);
    },
    networkHvp: () => {
      const layers = makeLayers();
      const gradient = func.grad((/** @type {Tensor} */ z) => loss(layers, z));
      const x = makeInput();
      return () => func.jvp(gradient, [x], [x])[1];
    },
  };
}

/** Jacobians and Hessians of tanh(W x + b). @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function layer(torch) {
  const { func } = torch;
  /** @type {(W: Tensor, b: Tensor, x: Tensor) => Tensor} */
  const predict = (W, b, x) => torch.nn.functional.linear(x, W, b).tanh();
  const sizes = (/** @type {number} */ m, /** @type {number} */ n) =>
    /** @type {const} */ ([torch.linspace(-1, 1, m * n).view(m, n), torch.linspace(-1, 1, m)]);
  /** @type {(transform: (...args: Tensor[]) => unknown) => () => () => unknown} */
  const single = (transform) => () => {
    const [W, b] = sizes(2048, 32);
    const x = torch.linspace(-1, 1, 32);
    return () => transform(W, b, x);
  };
  /** @type {(transform: (...args: Tensor[]) => Tensor) => () => () => unknown} */
  const batch = (transform) => () => {
    const transformed = func.vmap(transform, { inDims: [null, null, 0] });
    const [W, b] = sizes(33, 31);
    const x = torch.linspace(-1, 1, 64 * 31).view(64, 31);
    return () => transformed(W, b, x);
  };
  return {
    layerJacfwd: single(func.jacfwd(predict, { argnums: 2 })),
    layerJacrev: single(func.jacrev(predict, { argnums: 2 })),
    layerBatchJacobian: batch(func.jacrev(predict, { argnums: 2 })),
    layerBatchHessian: batch(func.hessian(predict, { argnums: 2 })),
  };
}

/** Sensitivities of a damped pendulum after 20 steps of RK4. @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function pendulum(torch) {
  const { func } = torch;
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
      s = s.add(
        k1
          .add(k2.mul(2))
          .add(k3.mul(2))
          .add(k4)
          .mul(0.01 / 6),
      );
    }
    return s;
  };
  const states = () => torch.linspace(-1, 1, 2000).view(1000, 2);
  /** @type {(transformed: (x: Tensor) => unknown) => () => () => unknown} */
  const of = (transformed) => () => {
    const x = states();
    return () => transformed(x);
  };
  return {
    pendulumJacfwd: of(func.vmap(func.jacfwd(integrate))),
    pendulumJacrev: of(func.vmap(func.jacrev(integrate))),
  };
}

/** The pose of a UR5's hand, in float64. @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function robotArm(torch) {
  const { func } = torch;
  const a = [0, -0.425, -0.39225, 0, 0, 0];
  const d = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823];
  const cosines = [0, 1, 1, 0, 0, 1];
  const sines = [1, 0, 0, 1, -1, 0];
  /** @type {(rows: (i: number) => number[][]) => Tensor} */
  const matrices = (rows) =>
    torch.tensor(
      a.map((_, i) => rows(i)),
      { dtype: 'float64' },
    );
  const none = [0, 0, 0, 0];
  const pose = () => {
    const ofCosine = matrices((i) => [[1, 0, 0, a[i]], [0, cosines[i], -sines[i], 0], none, none]);
    const ofSine = matrices((i) => [[0, -cosines[i], sines[i], 0], [1, 0, 0, a[i]], none, none]);
    const constant = matrices((i) => [none, none, [0, sines[i], cosines[i], d[i]], [0, 0, 0, 1]]);
    return (/** @type {Tensor} */ q) => {
      const joints = q
        .cos()
        .reshape([6, 1, 1])
        .mul(ofCosine)
        .add(q.sin().reshape([6, 1, 1]).mul(ofSine))
        .add(constant)
        .unbind(0);
      return joints.reduce((product, joint) => product.matmul(joint)).narrow(0, 0, 3);
    };
  };
  /** @type {(transform: (f: (q: Tensor) => Tensor) => (q: Tensor) => Tensor) => () => () => unknown} */
  const of = (transform) => () => {
    const jacobians = func.vmap(transform(pose()));
    const q = torch.linspace(-3, 3, 600_000, { dtype: 'float64' }).view(100_000, 6);
    return () => jacobians(q);
  };
  return { robotArmJacfwd: of((f) => func.jacfwd(f)), robotArmJacrev: of((f) => func.jacrev(f)) };
}

/** @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function notebooks(torch) {
  const jacobians = torch.func.vmap(torch.func.jacrev((/** @type {Tensor} */ x) => notebook(x, torch)));
  /** @type {(samples: number) => () => () => unknown} */
  const of = (samples) => () => {
    const x = torch.linspace(-1, 1, 2 * samples).view(samples, 2);
    return () => jacobians(x);
  };
  return { notebook1e5: of(100_000), notebook1e6: of(1_000_000) };
}

/** @param {Torch} torch @returns {Record<string, () => () => unknown>} */
function small(torch) {
  const { func } = torch;
  const f = (/** @type {Tensor} */ x) => x.sin().mul(x).sum();
  const vector = () => torch.tensor([1, 2, 3]);
  return {
    vjp: () => {
      const [x, cotangent] = [vector(), torch.tensor(0.5)];
      return () => func.vjp(f, x)[1](cotangent);
    },
    jvp: () => {
      const x = vector();
      return () => func.jvp(f, [x], [x]);
    },
    hvp: () => {
      const x = torch.linspace(-1, 1, 16);
      return () => func.jvp(func.grad(f), [x], [x]);
    },
    gradOfGradOfGrad: () => {
      const third = func.grad((/** @type {Tensor} */ a) =>
        func.grad((/** @type {Tensor} */ b) => func.grad((/** @type {Tensor} */ c) => c.sin())(b))(a),
      );
      const x = torch.tensor(0.5);
      return () => third(x);
    },
  };
}

/** @param {Torch} torch @returns {Record<string, () => () => unknown>} */
export const makeWorkloads = (torch) => ({
  ...small(torch),
  ...layer(torch),
  ...notebooks(torch),
  ...network(torch),
  ...pendulum(torch),
  ...robotArm(torch),
  ...chains(torch),
});
