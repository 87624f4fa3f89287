"""The program of main.ts in Python's PyTorch; prints the results that the tests compare."""

import torch
from torch import nn
from torch.func import functional_call, grad, jvp

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)

centers = torch.tensor([[2, 0], [-1, 1.7], [-1, -1.7]])
labels = torch.arange(120) % 3
x = centers[labels] + torch.randn(120, 2) * 0.8
net = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2, weight_decay=1e-3)
for _ in range(300):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), labels).backward()
    optimizer.step()
print(f"  =    accuracy: {(net(x).argmax(1) == labels).double().mean().item()}")

names = [name for name, _ in net.named_parameters()]
shapes = [p.shape for p in net.parameters()]
theta = nn.utils.parameters_to_vector(net.parameters()).detach()


def loss(vector):
    parts = vector.split([shape.numel() for shape in shapes])
    params = {name: part.reshape(shape) for name, part, shape in zip(names, parts, shapes)}
    return nn.functional.cross_entropy(functional_call(net, params, (x,)), labels)


direction = torch.randn(theta.numel())
eigenvalue, change, iterations = 0.0, float("inf"), 0
while change > 1e-13 and iterations < 1000:
    unit = direction / direction.norm()
    direction = jvp(grad(loss), (theta,), (unit,))[1]
    following = unit.dot(direction).item()
    change = abs(following - eigenvalue) / abs(following)
    eigenvalue = following
    iterations += 1
print(f"  =    largest curvature: {eigenvalue}")

unit = direction / direction.norm()
for factor in (0.9, 1.3):
    points = [theta, theta.add(unit, alpha=1e-6)]
    for _ in range(10):
        points = [point.sub(grad(loss)(point), alpha=2 * factor / eigenvalue) for point in points]
    distance = abs((points[1] - points[0]).dot(unit).item()) / 1e-6
    print(f"  =    growth of the distance at {factor} times the bound: {distance}")
