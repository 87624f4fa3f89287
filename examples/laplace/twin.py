"""The program of main.ts in Python's PyTorch; prints the results that the tests compare."""

import torch
from torch import nn
from torch.func import functional_call, jacrev, jvp, vjp, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)

NOISE = 0.1
PRIOR_PRECISION = 1

x = torch.cat([torch.linspace(-2, -0.5, 20), torch.linspace(1, 2, 20)]).unsqueeze(1)
y = (x * 2).sin() + torch.randn(40, 1) * NOISE
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=500, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    misfit = (net(x) - y).square().sum() / (2 * NOISE**2)
    penalty = nn.utils.parameters_to_vector(net.parameters()).square().sum() * (PRIOR_PRECISION / 2)
    loss = misfit + penalty
    loss.backward()
    return loss


print(f"  =    negative log posterior before training: {optimizer.step(closure).item()}")
print(f"  =    root mean square error: {(net(x) - y).square().mean().sqrt().item()}")

names = [name for name, _ in net.named_parameters()]
shapes = [p.shape for p in net.parameters()]
theta = nn.utils.parameters_to_vector(net.parameters()).detach()


def predict(vector, inputs):
    parts = vector.split([shape.numel() for shape in shapes])
    params = {name: part.reshape(shape) for name, part, shape in zip(names, parts, shapes)}
    return functional_call(net, params, (inputs,)).squeeze(1)


def product(v):
    _, tangent = jvp(lambda vector: predict(vector, x), (theta,), (v,))
    _, pull_back = vjp(lambda vector: predict(vector, x), theta)
    return pull_back(tangent / NOISE**2)[0]


G = vmap(product)(torch.eye(theta.numel()))
precision = G + PRIOR_PRECISION * torch.eye(theta.numel())
cholesky = torch.linalg.cholesky(precision)
grid = torch.linspace(-3, 3, 121)
jacobians = vmap(lambda point: jacrev(lambda vector: predict(vector, point.reshape(1, 1))[0])(theta))(grid)
variance = torch.linalg.solve_triangular(cholesky, jacobians.mT, upper=False).square().sum(0)
for place in (-1, 0.25, 1.5, 3):
    print(f"  =    standard deviation at {place}: {variance.sqrt()[round((place + 3) / 0.05)].item()}")
