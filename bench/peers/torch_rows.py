# The rows in Python's PyTorch. Each function makes the inputs and returns the call.

import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.nn.functional import linear
from torch.utils import _pytree

import inputs

device = "cpu"


def from_numpy(array):
    return torch.from_numpy(array).to(device)


def tensor(seed, *shape):
    return from_numpy(inputs.values(seed, *shape))


def waiting(f):
    def call():
        result = f()
        torch.cuda.synchronize()
        return result

    return call


def call(f, *args):
    def plain():
        return f(*args)

    return plain if device == "cpu" else waiting(plain)


def operators():
    """Single operators: only for peers that run them eagerly."""
    vector, matrix = tensor(1, 3), tensor(2, 2, 3)
    calls = {
        "op-sin": lambda: vector.sin(),
        "op-add": lambda: vector.add(vector),
        "op-mul-scalar": lambda: vector.mul(2),
        "op-sum": lambda: matrix.sum(0),
        "op-view": lambda: matrix.view(6),
        "op-index": lambda: matrix[1],
    }
    return {name: lambda f=f: f if device == "cpu" else waiting(f) for name, f in calls.items()}


def product(x):
    return (x.sin() * x).sum()


def third(a):
    return grad(lambda b: grad(lambda c: c.sin())(b))(a)


def predict(w, b, x):
    return torch.tanh(linear(x, w, b))


def notebook(x):
    a, b = x[0], x[1]
    return torch.stack((a * b, torch.sin(a + b**2), a**2 - b * 3))


def forward(layers, x):
    for w, b in layers[:-1]:
        x = torch.tanh(linear(x, w, b))
    w, b = layers[-1]
    return linear(x, w, b)


def loss(layers, x):
    return (forward(layers, x) ** 2).sum()


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


def transforms(wrap):
    """The rows that can be compiled; `wrap` is torch.compile, or the identity."""

    def single(transform, m, n):
        return call(wrap(transform(predict, argnums=2)), tensor(5, m, n), tensor(6, m), tensor(7, n))

    def batch(transform):
        transformed = wrap(vmap(transform(predict, argnums=2), in_dims=(None, None, 0)))
        return call(transformed, tensor(5, 33, 31), tensor(6, 33), tensor(7, 64, 31))

    def samples(count):
        return call(wrap(vmap(jacrev(notebook))), tensor(8, count, 2))

    def network(transform):
        layers = inputs.layers(from_numpy)
        return call(wrap(vmap(transform, in_dims=(None, 0))), layers, tensor(10, 1024, 64))

    def network_hvp():
        layers = inputs.layers(from_numpy)
        f = wrap(lambda x, v: jvp(grad(lambda z: loss(layers, z)), (x,), (v,))[1])
        return call(f, tensor(10, 1024, 64), tensor(11, 1024, 64))

    def robot_arm(transform):
        of_cosine, of_sine, rest = map(from_numpy, inputs.joints())

        def pose(q):
            joints = q.cos().reshape(6, 1, 1) * of_cosine + q.sin().reshape(6, 1, 1) * of_sine + rest
            result, *others = joints.unbind(0)
            for joint in others:
                result = result @ joint
            return result[:3]

        return call(wrap(vmap(transform(pose))), from_numpy(inputs.angles()))

    return {
        "grad": lambda: call(wrap(grad(product)), tensor(1, 3)),
        "grad-3": lambda: call(wrap(grad(third)), tensor(3)),
        "vjp": lambda: call(wrap(lambda x, cotangent: vjp(product, x)[1](cotangent)), tensor(1, 3), tensor(3)),
        "jvp": lambda: call(wrap(lambda x, t: jvp(product, (x,), (t,))), tensor(1, 3), tensor(1, 3)),
        "hessian": lambda: call(wrap(hessian(product)), tensor(4, 16)),
        "hvp": lambda: call(wrap(lambda x, v: jvp(grad(product), (x,), (v,))[1]), tensor(4, 16), tensor(4, 16)),
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
        "rk4-jacfwd": lambda: call(wrap(vmap(jacfwd(integrate))), tensor(12, 1000, 2)),
        "rk4-jacrev": lambda: call(wrap(vmap(jacrev(integrate))), tensor(12, 1000, 2)),
        "ur5-jacfwd": lambda: robot_arm(jacfwd),
        "ur5-jacrev": lambda: robot_arm(jacrev),
    }


def select_device(name):
    global device
    if name == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("PyTorch sees no CUDA device")
    device = name


class Eager:
    def __init__(self, device):
        select_device(device)
        self.device = device
        self.rows = {**operators(), **transforms(lambda f: f)}

    def device_peak(self):
        return torch.cuda.max_memory_allocated()

    def describe(self):
        return {"PyTorch": torch.__version__}, torch.get_num_threads()

    def first_use(self):
        vmap(jacrev(torch.sin))(torch.ones(2, 3, device=device))
        jvp(jacfwd(torch.sin), (torch.ones(3, device=device),), (torch.ones(3, device=device),))

    def arrays(self, result):
        return [leaf.cpu().contiguous().numpy() for leaf in _pytree.tree_leaves(result)]


class Compiled(Eager):
    def __init__(self, device):
        select_device(device)
        self.device = device
        self.rows = transforms(lambda f: torch.compile(f, dynamic=False))

    def first_use(self):
        super().first_use()
        torch.compile(vmap(jacrev(torch.sin)), dynamic=False)(torch.ones(2, 3, device=device))
