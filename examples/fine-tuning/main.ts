/**
 * Fine-tuning with AdamW: a network trained on one function is adapted to another from few samples, with groups of
 * parameters, a schedule, clipped gradients and a checkpoint.
 *
 *     npm run example -- fine-tuning
 *
 * `twin.py` is the same program in Python.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { checkThat, part, result } from '../support/check';

const { nn, optim } = torch;

torch.setDefaultDtype('float64');
torch.setNumThreads(1);
torch.manualSeed(0);

/** A body that computes features, and a head that combines them. */
class Net extends nn.Module {
  body = new nn.Sequential(new nn.Linear(1, 32), new nn.Tanh(), new nn.Linear(32, 32), new nn.Tanh());
  head = new nn.Linear(32, 1);

  override forward(x: Tensor): Tensor {
    return this.head(this.body(x));
  }
}

const lossOf = (net: Net, x: Tensor, y: Tensor): Tensor => nn.functional.mseLoss(net(x), y);

part('Pre-training on sin(3x): 256 samples');
const net = new Net();
{
  const x = torch.linspace(-2, 2, 256).unsqueeze(1);
  const y = x.mul(3).sin();
  const optimizer = new optim.AdamW(net.parameters(), { lr: 5e-3, weightDecay: 1e-4 });
  const schedule = new optim.lrScheduler.CosineAnnealingLR(optimizer, 400);
  for (let step = 0; step < 400; step++) {
    torch.scope(() => {
      optimizer.zeroGrad();
      lossOf(net, x, y).backward();
      optimizer.step();
      schedule.step();
    });
  }
  const loss = lossOf(net, x, y).item();
  result('loss after pre-training', loss);
  checkThat('the network has learned the function', loss < 2e-3, `loss ${loss.toExponential(1)}`);
}

part('Fine-tuning to sin(3x + 0.5) + 0.3: 12 samples, the head with a larger learning rate than the body');
const pretrained = net.parameters().map((parameter) => parameter.detach().clone());
const x = torch.linspace(-2, 2, 12).unsqueeze(1);
const y = x.mul(3).add(0.5).sin().add(0.3);
const STEPS = 300;

/** What a run of the training consists of: it can be saved and continued. */
function setUp(model: Net) {
  const optimizer = new optim.AdamW(
    [{ params: model.body.parameters() }, { params: model.head.parameters(), lr: 1e-2 }],
    {
      lr: 1e-3,
      weightDecay: 1e-2,
    },
  );
  const schedule = new optim.lrScheduler.OneCycleLR(optimizer, [2e-3, 2e-2], { totalSteps: STEPS });
  return { model, optimizer, schedule };
}

function train({ model, optimizer, schedule }: ReturnType<typeof setUp>, steps: number): void {
  for (let step = 0; step < steps; step++) {
    torch.scope(() => {
      optimizer.zeroGrad();
      lossOf(model, x, y).backward();
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
      schedule.step();
    });
  }
}

const run = setUp(net);
const before = lossOf(net, x, y).item();
train(run, STEPS / 2);
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'fine-tuning-')), 'checkpoint.pt');
torch.save({ model: net.stateDict(), optimizer: run.optimizer.stateDict(), schedule: run.schedule.stateDict() }, file);
train(run, STEPS / 2);
const after = lossOf(net, x, y).item();
result('loss before fine-tuning', before);
result('loss after fine-tuning', after);
checkThat(
  'fine-tuning reduces the loss to a thousandth',
  after < before / 1000,
  `${before.toFixed(3)} to ${after.toExponential(1)}`,
);
const changes = net.parameters().map((parameter, i) => parameter.sub(pretrained[i]).norm().item());
result('change of the first weight', changes[0]);
checkThat('the schedule has ended', run.schedule.lastEpoch === STEPS);

part('A training that is continued from its checkpoint takes the same steps');
{
  const resumed = setUp(new Net());
  type Saved = { model: torch.nn.StateDict } & Record<'optimizer' | 'schedule', Record<string, unknown>>;
  const saved = torch.load<Saved>(file);
  resumed.model.loadStateDict(saved.model);
  resumed.optimizer.loadStateDict(saved.optimizer);
  resumed.schedule.loadStateDict(saved.schedule);
  train(resumed, STEPS / 2);
  const equal = resumed.model.parameters().every((value, i) => value.equal(net.parameters()[i]));
  checkThat('all parameters are equal to the last bit', equal);
  fs.rmSync(path.dirname(file), { recursive: true });
}
