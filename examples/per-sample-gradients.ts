/**
 * Per-sample gradients of a network: vmap of grad, compared with a loop; dropout, and clipping as in private training.
 *
 *     npm run example -- per-sample-gradients
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { nn, vmap } = torch;
const { functionalCall, grad, gradAndValue } = torch.func;
const F = nn.functional;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

type State = Record<string, Tensor>;

const batchSize = 16;
const net = new nn.Sequential(
  new nn.Conv2d(1, 3, 3),
  new nn.ReLU(),
  new nn.AvgPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.25),
  new nn.Linear(27, 10),
  new nn.LogSoftmax({ dim: -1 }),
);
const params = Object.fromEntries(net.namedParameters().map(([name, value]) => [name, value.detach()]));
const data = torch.randn(batchSize, 1, 8, 8);
const targets = torch.randint(0, 10, [batchSize]);

// The loss of one sample, as a batch of one: the network expects a batch.
const loss = (params: State, sample: Tensor, target: Tensor): Tensor =>
  F.nllLoss(functionalCall(net, params, sample.unsqueeze(0)), target.unsqueeze(0));

part('Without dropout');
net.eval();
{
  const perSample = vmap(grad(loss), { inDims: [null, 0, 0] })(params, data, targets);
  const loop = [...data].map((sample, i) => {
    net.zeroGrad();
    F.nllLoss(net(sample.unsqueeze(0)), targets.index([i])).backward();
    return Object.fromEntries(net.namedParameters().map(([name, value]) => [name, value.grad!]));
  });
  for (const name of Object.keys(params)) {
    check(`${name}, against backward() for each sample`, perSample[name], torch.stack(loop.map((each) => each[name])));
  }

  // The mean of the gradients is the gradient of the mean.
  net.zeroGrad();
  F.nllLoss(net(data), targets).backward();
  check(
    'their mean is the gradient of the whole batch',
    perSample['5.weight'].mean(0),
    net.getParameter('5.weight').grad!,
  );

  const chunked = vmap(grad(loss), { inDims: [null, 0, 0], chunkSize: 5 })(params, data, targets);
  check('in chunks of five samples', chunked['0.weight'], perSample['0.weight']);
}

part('With dropout');
net.train();
{
  // With 'different' each sample has its own mask; with 'same' all have one.
  const inDims = [null, 0, 0];
  const same = data.index([0]).expand(4, -1, -1, -1);
  const run = (randomness: 'same' | 'different'): Tensor =>
    vmap(grad(loss), { inDims, randomness })(params, same, targets.index([0, 0, 0, 0]))['5.weight'];
  const spread = (values: Tensor): number => values.sub(values.index(0)).abs().max().item();
  checkThat("equal samples with randomness: 'same'", spread(run('same')) === 0);
  checkThat("equal samples with randomness: 'different'", spread(run('different')) > 0);
}

part('Clipping, as in private training');
net.eval();
{
  const limit = 1;
  const [gradients, losses] = vmap(gradAndValue(loss), { inDims: [null, 0, 0] })(params, data, targets);
  const norms = torch
    .stack(Object.values(gradients).map((each) => each.flatten(1).square().sum(1)))
    .sum(0)
    .sqrt();
  const factors = norms.reciprocal().mul(limit).clampMax(1);
  const clipped = Object.entries(gradients).map(([name, each]): [string, Tensor] => [
    name,
    torch.einsum('n,n...->n...', factors, each),
  ]);
  const clippedNorms = torch
    .stack(clipped.map(([, each]) => each.flatten(1).square().sum(1)))
    .sum(0)
    .sqrt();
  check('the norms are at most the limit', clippedNorms, norms.clampMax(limit));
  check('the losses', losses, F.nllLoss(net(data), targets, { reduction: 'none' }));
  checkThat('some were larger', norms.gt(limit).any().item<boolean>());
}
