/** Averages of models, and the learning rate for them, as PyTorch computes them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some, tensorOf } from '../support/parity/cases';

const { nn } = torch;
const { swaUtils, SGD } = torch.optim;

const PYTHON = `
from torch.optim import swa_utils
def build():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()
    net[0].weight = nn.Parameter(w.clone())
    nn.init.zeros_(net[0].bias)
    return net
def averages(average, x):
    model = build()
    for i in range(4):
        model(x)
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(0.9).add_(i)
        average.update_parameters(model)
    return list(average.state_dict().values())
`;

function build(w: Tensor): torch.nn.Sequential {
  const linear = new nn.Linear(3, 4);
  const net = new nn.Sequential(linear, new nn.BatchNorm1d(4)).double();
  linear.weight = new nn.Parameter(w.clone());
  nn.init.zeros_(linear.bias!);
  return net;
}

type Options = torch.optim.swaUtils.AveragedModelOptions;

function averages(inputs: Record<string, Tensor>, options: Options): unknown {
  const average = new swaUtils.AveragedModel(build(inputs.w), options);
  const model = build(inputs.w);
  for (let i = 0; i < 4; i++) {
    model(inputs.x);
    torch.noGrad(() => model.parameters().forEach((parameter) => parameter.mul_(0.9).add_(i)));
    average.updateParameters(model);
  }
  return Object.values(average.stateDict());
}

parity('swaUtils', (cases) => {
  cases.inputs({ w: some([4, 3]), x: some([6, 3], 'float64', 2) });
  for (const [python, options] of [
    ['', {}],
    ['use_buffers=True', { useBuffers: true }],
    ['avg_fn=swa_utils.get_ema_avg_fn(0.8)', { avgFn: swaUtils.getEmaAvgFn(0.8) }],
    ['avg_fn=swa_utils.get_swa_avg_fn()', { avgFn: swaUtils.getSwaAvgFn() }],
    ['multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.8)', { multiAvgFn: swaUtils.getEmaMultiAvgFn(0.8) }],
    [
      'multi_avg_fn=swa_utils.get_swa_multi_avg_fn(), use_buffers=True',
      { multiAvgFn: swaUtils.getSwaMultiAvgFn(), useBuffers: true },
    ],
  ] as const) {
    cases.add(
      `${PYTHON}
a = swa_utils.AveragedModel(build()${python && `, ${python}`})
return averages(a, x)`,
      (inputs) => averages(inputs, options),
      { name: `AveragedModel(${python})` },
    );
  }
  cases.add(
    `${PYTHON}
net = build().eval()
swa_utils.update_bn([x, (x * 2, 1), x + 1], net)
return [net[1].running_mean, net[1].running_var, net[1].num_batches_tracked, net[1].momentum, net.training]`,
    ({ x, w }) => {
      const net = build(w).eval();
      swaUtils.updateBn([x, [x.mul(2), 1], x.add(1)], net);
      const norm = net.at(1) as torch.nn.BatchNorm1d;
      return [norm.runningMean, norm.runningVar, norm.numBatchesTracked, norm.momentum, net.training];
    },
    { name: 'updateBn' },
  );
  cases.inputs({ p: tensorOf([1, 2]) });
  for (const [python, make] of [
    ['0.05, anneal_epochs=4', (o: torch.optim.SGD) => new swaUtils.SWALR(o, 0.05, { annealEpochs: 4 })],
    ["[0.05, 0.3], 3, 'linear'", (o: torch.optim.SGD) => new swaUtils.SWALR(o, [0.05, 0.3], 3, 'linear')],
    ['0.05, anneal_epochs=0', (o: torch.optim.SGD) => new swaUtils.SWALR(o, 0.05, { annealEpochs: 0 })],
  ] as const) {
    cases.add(
      `from torch.optim.swa_utils import SWALR
o = torch.optim.SGD([{'params': [p.requires_grad_()]}, {'params': [p.clone().detach()], 'lr': 0.4}], lr=0.2)
s = SWALR(o, ${python})
rates = []
for i in range(6):
    o.step()
    s.step()
    rates.append([g['lr'] for g in o.param_groups])
return rates`,
      ({ p }) => {
        const o = new SGD([{ params: [p.requiresGrad_()] }, { params: [p.clone().detach()], lr: 0.4 }], { lr: 0.2 });
        const s = make(o);
        return Array.from({ length: 6 }, () => {
          o.step();
          s.step();
          return o.paramGroups.map(({ lr }) => lr);
        });
      },
      { name: `SWALR(o, ${python})`, tolerance: 0 },
    );
  }
  cases.add('torch.optim.swa_utils.get_ema_avg_fn(1.5)', () => swaUtils.getEmaAvgFn(1.5));
  cases.add('torch.optim.swa_utils.AveragedModel(nn.Linear(1, 1), avg_fn=abs, multi_avg_fn=abs)', () => {
    const fn = (() => undefined) as never;
    return new swaUtils.AveragedModel(new nn.Linear(1, 1), { avgFn: fn, multiAvgFn: fn });
  });
  cases.add(
    "torch.optim.swa_utils.SWALR(torch.optim.SGD([p]), 0.1, anneal_strategy='x')",
    ({ p }) => new swaUtils.SWALR(new SGD([p]), 0.1, { annealStrategy: 'x' as never }),
  );
});
