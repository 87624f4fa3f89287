# Calls with larger inputs and results, in Python; workloads.mjs has the same under the same names. Each
# function makes its inputs and returns the call.

import torch
from torch import func
from torch.nn.functional import linear

from cases import call, notebook


def chain(x):
    for _ in range(200):
        x = x.sin()
    return x.sum()


def elements():
    return torch.linspace(-1, 1, 1_000_000)


def chain_autograd():
    x = elements()

    def gradient():
        leaf = x.detach().requires_grad_()
        return torch.autograd.grad(chain(leaf), leaf)

    return gradient


def chain_vjp():
    x = elements()
    return lambda: func.vjp(chain, x)[1](torch.tensor(1.0))


def chain_hvp_reverse():
    x = elements()
    return call(func.grad(lambda z: (func.grad(chain)(z) * x).sum()), x)


def tangents(f, x):
    return lambda: func.jvp(f, (x,), (x,))


def predict(w, b, x):
    return torch.tanh(linear(x, w, b))


def layer(rows, columns):
    return torch.linspace(-1, 1, rows * columns).view(rows, columns), torch.linspace(-1, 1, rows)


def single(transform):
    return call(transform(predict, argnums=2), *layer(2048, 32), torch.linspace(-1, 1, 32))


def batch(transform):
    x = torch.linspace(-1, 1, 64 * 31).view(64, 31)
    transformed = func.vmap(transform(predict, argnums=2), in_dims=(None, None, 0))
    return call(transformed, *layer(33, 31), x)


def notebooks(samples):
    return call(func.vmap(func.jacrev(notebook)), torch.linspace(-1, 1, 2 * samples).view(samples, 2))


def forward(layers, x):
    for w, b in layers[:-1]:
        x = torch.tanh(linear(x, w, b))
    w, b = layers[-1]
    return linear(x, w, b)


def loss(layers, x):
    return (forward(layers, x) ** 2).sum()


def network(transform):
    layers = [
        (torch.linspace(-1, 1, m * n).view(m, n) / n**0.5, torch.zeros(m))
        for m, n in ((128, 64), (128, 128), (32, 128))
    ]
    return transform(layers, torch.linspace(-1, 1, 1024 * 64).view(1024, 64))


def network_hvp(layers, x):
    gradient = func.grad(lambda z: loss(layers, z))
    return lambda: func.jvp(gradient, (x,), (x,))[1]


def derivative(s):
    angle, velocity = s[..., 0], s[..., 1]
    return torch.stack((velocity, angle.sin() * -9.81 - velocity * 0.1), -1)


def integrate(s):
    for _ in range(20):
        k1 = derivative(s)
        k2 = derivative(s + k1 * 0.005)
        k3 = derivative(s + k2 * 0.005)
        k4 = derivative(s + k3 * 0.01)
        s = s + (k1 + k2 * 2 + k3 * 2 + k4) * (0.01 / 6)
    return s


def states():
    return torch.linspace(-1, 1, 2000).view(1000, 2)


def robot_arm(transform):
    a = [0, -0.425, -0.39225, 0, 0, 0]
    d = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823]
    cosines = [0, 1, 1, 0, 0, 1]
    sines = [1, 0, 0, 1, -1, 0]
    none = [0, 0, 0, 0]

    def matrices(rows):
        return torch.tensor([rows(i) for i in range(6)], dtype=torch.float64)

    of_cosine = matrices(lambda i: [[1, 0, 0, a[i]], [0, cosines[i], -sines[i], 0], none, none])
    of_sine = matrices(lambda i: [[0, -cosines[i], sines[i], 0], [1, 0, 0, a[i]], none, none])
    constant = matrices(lambda i: [none, none, [0, sines[i], cosines[i], d[i]], [0, 0, 0, 1]])

    def pose(q):
        joints = q.cos().reshape(6, 1, 1) * of_cosine + q.sin().reshape(6, 1, 1) * of_sine + constant
        first, *others = joints.unbind(0)
        for joint in others:
            first = first @ joint
        return first[:3]

    q = torch.linspace(-3, 3, 600_000, dtype=torch.float64).view(100_000, 6)
    return call(func.vmap(transform(pose)), q)


def sum_of_squares(x):
    return (x.sin() * x).sum()


def vector():
    return torch.tensor([1.0, 2.0, 3.0])


def vjp():
    x, cotangent = vector(), torch.tensor(0.5)
    return lambda: func.vjp(sum_of_squares, x)[1](cotangent)


def third(a):
    return func.grad(lambda b: func.grad(lambda c: c.sin())(b))(a)


WORKLOADS = {
    "vjp": vjp,
    "jvp": lambda: tangents(sum_of_squares, vector()),
    "hvp": lambda: tangents(func.grad(sum_of_squares), torch.linspace(-1, 1, 16)),
    "gradOfGradOfGrad": lambda: call(func.grad(third), torch.tensor(0.5)),
    "layerJacfwd": lambda: single(func.jacfwd),
    "layerJacrev": lambda: single(func.jacrev),
    "layerBatchJacobian": lambda: batch(func.jacrev),
    "layerBatchHessian": lambda: batch(func.hessian),
    "notebook1e5": lambda: notebooks(100_000),
    "notebook1e6": lambda: notebooks(1_000_000),
    "networkJacobians": lambda: network(
        lambda *args: call(func.vmap(func.jacrev(forward, argnums=1), in_dims=(None, 0)), *args)
    ),
    "networkPerSampleGrads": lambda: network(lambda *args: call(func.vmap(func.grad(loss), in_dims=(None, 0)), *args)),
    "networkHvp": lambda: network(network_hvp),
    "pendulumJacfwd": lambda: call(func.vmap(func.jacfwd(integrate)), states()),
    "pendulumJacrev": lambda: call(func.vmap(func.jacrev(integrate)), states()),
    "robotArmJacfwd": lambda: robot_arm(func.jacfwd),
    "robotArmJacrev": lambda: robot_arm(func.jacrev),
    "chainAutograd": chain_autograd,
    "chainGrad": lambda: call(func.grad(chain), elements()),
    "chainVjp": chain_vjp,
    "chainJvp": lambda: tangents(chain, elements()),
    "chainHvp": lambda: tangents(func.grad(chain), elements()),
    "chainHvpReverse": chain_hvp_reverse,
}
