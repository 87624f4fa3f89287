# What is timed, in Python; cases.mjs has the same under the same names. Each function makes its inputs
# and returns the call. Only the loop around the call is measured.

import torch
from torch import func


def notebook(x):
    x1, x2 = x[0], x[1]
    return torch.stack((x1 * x2, torch.sin(x1 + x2**2), x1**2 - 3 * x2))


def scalar(x):
    return x**2 + torch.sin(x**2)


def sum_of_squares(x):
    return (x.sin() * x).sum()


def vector(n):
    return torch.linspace(-1, 1, n)


def matrix():
    return vector(6).view(2, 3)


def layer():
    w = torch.linspace(-1, 1, 256).view(16, 16)
    b = vector(16)
    return lambda x: torch.tanh(w.mv(x) + b)


def call(f, *arguments):
    return lambda: f(*arguments)


def sin():
    x = vector(3)
    return lambda: x.sin()


def add():
    x, y = vector(3), vector(3)
    return lambda: x.add(y)


def mul():
    x = vector(3)
    return lambda: x.mul(2)


def sum_():
    x = matrix()
    return lambda: x.sum(0)


def view():
    x = vector(6)
    return lambda: x.view(2, 3)


def index():
    x = matrix()
    return lambda: x[1]


def function_call():
    x = vector(3)
    return lambda: torch.sin(x)


CASES = {
    "sin": sin,
    "add": add,
    "mul": mul,
    "sum": sum_,
    "view": view,
    "index": index,
    "functionCall": function_call,
    "grad": lambda: call(func.grad(sum_of_squares), vector(3)),
    "jacrev": lambda: call(func.jacrev(layer()), vector(16)),
    "jacfwd": lambda: call(func.jacfwd(layer()), vector(16)),
    "hessian": lambda: call(func.hessian(sum_of_squares), vector(16)),
    "vmapGrad": lambda: call(func.vmap(func.grad(scalar)), torch.linspace(0, 5, 1000)),
    "vmapJacrev": lambda: call(func.vmap(func.jacrev(notebook)), torch.linspace(-1, 1, 2000).view(1000, 2)),
}
