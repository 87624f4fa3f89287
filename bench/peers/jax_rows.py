# The rows in JAX, under jit. Each function makes the inputs and returns the call, which waits for its result.

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np
from jax import grad, hessian, jacfwd, jacrev, jit, jvp, vjp, vmap

import inputs


def array(seed, *shape):
    return jnp.asarray(inputs.values(seed, *shape))


def call(f, *args):
    compiled = jit(f)
    return lambda: jax.block_until_ready(compiled(*args))


def product(x):
    return jnp.sum(jnp.sin(x) * x)


def third(a):
    return grad(lambda b: grad(jnp.sin)(b))(a)


def predict(w, b, x):
    return jnp.tanh(w @ x + b)


def notebook(x):
    a, b = x[0], x[1]
    return jnp.stack((a * b, jnp.sin(a + b**2), a**2 - b * 3))


def forward(layers, x):
    for w, b in layers[:-1]:
        x = jnp.tanh(w @ x + b)
    w, b = layers[-1]
    return w @ x + b


def loss(layers, x):
    return jnp.sum(forward(layers, x) ** 2)


def derivative(s):
    return jnp.stack((s[1], jnp.sin(s[0]) * -9.81 - s[1] * 0.1))


def integrate(s):
    for _ in range(20):
        k1 = derivative(s)
        k2 = derivative(s + k1 * 0.005)
        k3 = derivative(s + k2 * 0.005)
        k4 = derivative(s + k3 * 0.01)
        s = s + (k1 + k2 * 2 + k3 * 2 + k4) * (0.01 / 6)
    return s


def single(transform, m, n):
    return call(transform(predict, argnums=2), array(5, m, n), array(6, m), array(7, n))


def batch(transform):
    transformed = vmap(transform(predict, argnums=2), in_axes=(None, None, 0))
    return call(transformed, array(5, 33, 31), array(6, 33), array(7, 64, 31))


def samples(count):
    return call(vmap(jacrev(notebook)), array(8, count, 2))


def network(transform):
    return call(vmap(transform, in_axes=(None, 0)), inputs.layers(jnp.asarray), array(10, 1024, 64))


def network_hvp():
    layers = inputs.layers(jnp.asarray)

    def total(z):
        return jnp.sum(vmap(lambda x: loss(layers, x))(z))

    return call(lambda x, v: jvp(grad(total), (x,), (v,))[1], array(10, 1024, 64), array(11, 1024, 64))


def robot_arm(transform):
    jax.config.update("jax_enable_x64", True)
    of_cosine, of_sine, rest = inputs.joints()

    def pose(q):
        joints = jnp.cos(q)[:, None, None] * of_cosine + jnp.sin(q)[:, None, None] * of_sine + rest
        result = joints[0]
        for i in range(1, 6):
            result = result @ joints[i]
        return result[:3]

    return call(vmap(transform(pose)), jnp.asarray(inputs.angles()))


ROWS = {
    "grad": lambda: call(grad(product), array(1, 3)),
    "grad-3": lambda: call(grad(third), array(3)),
    "vjp": lambda: call(lambda x, cotangent: vjp(product, x)[1](cotangent), array(1, 3), array(3)),
    "jvp": lambda: call(lambda x, t: jvp(product, (x,), (t,)), array(1, 3), array(1, 3)),
    "hessian": lambda: call(hessian(product), array(4, 16)),
    "hvp": lambda: call(lambda x, v: jvp(grad(product), (x,), (v,))[1], array(4, 16), array(4, 16)),
    "jacrev-16": lambda: single(jacrev, 16, 16),
    "jacfwd-16": lambda: single(jacfwd, 16, 16),
    "vmap-jacrev-1e3": lambda: samples(1_000),
    "vmap-jacrev-1e5": lambda: samples(100_000),
    "vmap-jacrev-1e6": lambda: samples(1_000_000),
    "batch-jacobian": lambda: batch(jacrev),
    "batch-hessian": lambda: batch(hessian),
    "jacfwd-2048": lambda: single(jacfwd, 2048, 32),
    "jacrev-2048": lambda: single(jacrev, 2048, 32),
    "mlp-jacobian": lambda: network(jacrev(forward, argnums=1)),
    "mlp-grads": lambda: network(grad(loss)),
    "mlp-hvp": network_hvp,
    "rk4-jacfwd": lambda: call(vmap(jacfwd(integrate)), array(12, 1000, 2)),
    "rk4-jacrev": lambda: call(vmap(jacrev(integrate)), array(12, 1000, 2)),
    "ur5-jacfwd": lambda: robot_arm(jacfwd),
    "ur5-jacrev": lambda: robot_arm(jacrev),
}


class Jit:
    def __init__(self, device):
        self.device = device
        self.rows = ROWS

    def device_peak(self):
        return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]

    def describe(self):
        # JAX does not tell the size of its thread pool, which has a thread for each processor.
        return {"JAX": jax.__version__, "jaxlib": jaxlib.__version__}, None

    def first_use(self):
        jax.block_until_ready(jit(vmap(jacrev(jnp.sin)))(jnp.ones((2, 3))))

    def arrays(self, result):
        return [np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(result)]
