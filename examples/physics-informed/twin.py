"""The program of main.ts in Python's PyTorch; prints the results that the tests compare."""

import math

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)

net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))


def u(params, x):
    return functional_call(net, params, (x.reshape(1),)).squeeze()


second_derivative = grad(grad(u, argnums=1), argnums=1)


def residual(params, x):
    return u(params, x) - second_derivative(params, x) - ((x * math.pi).sin() * (math.pi**2 + 1) + x)


inside = torch.linspace(0, 1, 42)[1:41]
ends = torch.tensor([0.0, 1.0])


def loss():
    params = dict(net.named_parameters())
    equation = vmap(residual, in_dims=(None, 0))(params, inside).square().mean()
    boundary = (vmap(u, in_dims=(None, 0))(params, ends) - ends).square().sum()
    return equation + boundary * 100


adam = torch.optim.Adam(net.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.ExponentialLR(adam, 0.995)
print(f"  =    loss before training: {loss().item()}")
for _ in range(300):
    adam.zero_grad()
    loss().backward()
    adam.step()
    schedule.step()
print(f"  =    loss after Adam: {loss().item()}")

lbfgs = torch.optim.LBFGS(net.parameters(), max_iter=300, history_size=50, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    value = loss()
    value.backward()
    return value


lbfgs.step(closure)
grid = torch.linspace(0, 1, 201)
error = (net(grid.unsqueeze(1)).squeeze(1) - ((grid * math.pi).sin() + grid)).abs().max().item()
print(f"  =    largest error: {error}")
