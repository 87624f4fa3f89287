"""The program of main.ts in Python's PyTorch; prints the results that the tests compare.

`python twin.py` reads the files beside this program. `python twin.py FOLDER` trains the network and writes the
files into that folder.
"""

import pathlib
import sys

import safetensors.torch
import torch
from torch import nn
from torch.export import Dim
from torch.func import functional_call, jacrev, vmap

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

HERE = pathlib.Path(__file__).parent


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.GELU(), nn.MaxPool2d(5), nn.Flatten()),
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.features(x))


def bars(count):
    """Noisy images of 10 by 10 pixels with a horizontal, a vertical or a diagonal bar, and which of them it is."""
    labels = torch.arange(count) % 3
    kind, place = labels.view(-1, 1, 1), torch.rand(count, 1, 1) * 7 + 1
    row, column = torch.arange(10.0).view(10, 1), torch.arange(10.0)
    distance = torch.where(
        kind == 0, row - place, torch.where(kind == 1, column - place, (row + column - 2 * place) / 2**0.5)
    )
    images = (-distance.square()).exp() + torch.randn(count, 10, 10) * 0.3
    return images.unsqueeze(1), labels


def train(folder):
    torch.manual_seed(0)
    x, labels = bars(300)
    net = CNN()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()
    net.eval()
    program = torch.export.export(net, (x[:4].clone(),), dynamic_shapes=({0: Dim("batch", max=4096)},))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # file names of this machine
    torch.export.save(program, folder / "cnn.pt2")
    safetensors.torch.save_file(net.state_dict(), folder / "cnn.safetensors", {"format": "pt"})


folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
if folder != HERE:
    train(folder)

net = CNN()
net.load_state_dict(safetensors.torch.load_file(folder / "cnn.safetensors"))
net.eval()
program = torch.export.load(folder / "cnn.pt2").module()
torch.manual_seed(1)
x, labels = bars(60)
assert torch.equal(program(x), net(x))
print(f"  =    accuracy: {(net(x).argmax(1) == labels).double().mean().item()}")

params = dict(net.state_dict())
jacobians = vmap(jacrev(lambda image: functional_call(net, params, (image.unsqueeze(0),)).squeeze(0)))
J = jacobians(x)
print(f"  =    norm of all Jacobians: {J.norm().item()}")
print(f"  =    largest singular value: {torch.linalg.matrix_norm(J.flatten(2), ord=2).max().item()}")

# Newton's method: an image near each one that has the same score in its two best classes.
first, second = net(x).topk(2).indices.unbind(1)
sample = torch.arange(60)
found = x
for _ in range(8):
    scores, J = net(found).detach(), jacobians(found)
    margin = scores[sample, first] - scores[sample, second]
    slope = J[sample, first] - J[sample, second]
    found = found - slope * (margin / slope.flatten(1).square().sum(1)).view(-1, 1, 1, 1)
distance = (found - x).flatten(1).norm(dim=1)
print(f"  =    median distance to another class: {distance.median().item()}")
print(f"  =    largest distance: {distance.max().item()}")
