"""The program of main.ts in Python's PyTorch; prints the results that the tests compare."""

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.body(x))


def loss_of(net, x, y):
    return nn.functional.mse_loss(net(x), y)


net = Net()
x = torch.linspace(-2, 2, 256).unsqueeze(1)
y = (x * 3).sin()
optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 400)
for _ in range(400):
    optimizer.zero_grad()
    loss_of(net, x, y).backward()
    optimizer.step()
    schedule.step()
print(f"  =    loss after pre-training: {loss_of(net, x, y).item()}")

pretrained = {name: value.clone() for name, value in net.state_dict().items()}
x = torch.linspace(-2, 2, 12).unsqueeze(1)
y = (x * 3 + 0.5).sin() + 0.3
STEPS = 300
groups = [{"params": net.body.parameters()}, {"params": net.head.parameters(), "lr": 1e-2}]
optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=1e-2)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [2e-3, 2e-2], total_steps=STEPS)
before = loss_of(net, x, y).item()
for _ in range(STEPS):
    optimizer.zero_grad()
    loss_of(net, x, y).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1)
    optimizer.step()
    schedule.step()
print(f"  =    loss before fine-tuning: {before}")
print(f"  =    loss after fine-tuning: {loss_of(net, x, y).item()}")
first = next(iter(net.named_parameters()))
print(f"  =    change of the first weight: {(first[1] - pretrained[first[0]]).norm().item()}")
