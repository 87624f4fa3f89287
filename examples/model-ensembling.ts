/**
 * Many small networks as one: stacked parameters and vmap, compared with a loop; trained together.
 *
 *     npm run example -- model-ensembling
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, checkThrows, part } from './support/check';

const { nn, vmap } = torch;
const { functionalCall, gradAndValue, replaceAllBatchNormModules_, stackModuleState } = torch.func;
const F = nn.functional;

torch.setDefaultDtype('float64');
torch.manualSeed(0);
// The tensors are small: with several threads, synchronization would cost more than it saves.
torch.setNumThreads(1);

type State = Record<string, Tensor>;

/** A classifier of small images. */
class Classifier extends nn.Module {
  features = new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten());
  hidden = new nn.Linear(36, 16);
  out = new nn.Linear(16, 3);

  override forward(x: Tensor): Tensor {
    return this.out(this.hidden(this.features(x)).tanh());
  }
}

const count = 5;
const models = Array.from({ length: count }, () => new Classifier());
const [params, buffers] = stackModuleState(models);
const call = (params: State, buffers: State, x: Tensor): Tensor => functionalCall(models[0], [params, buffers], x);

part('The stacked state');
check('the biases of the last layer', params['out.bias'], torch.stack(models.map((model) => model.out.bias!)));
checkThat(
  'leaves of their own, for an optimizer',
  Object.values(params).every((value) => value.isLeaf && value.requiresGrad),
);
checkThat('no buffers', Object.keys(buffers).length === 0);

part('Predictions');
{
  const minibatches = torch.randn(count, 7, 1, 8, 8);
  const loop = torch.stack(models.map((model, i) => model(minibatches.index(i))));
  check('a minibatch for each model', vmap(call)(params, buffers, minibatches), loop);

  const minibatch = minibatches.index(0);
  const forAll = vmap(call, { inDims: [0, 0, null] })(params, buffers, minibatch);
  check('one minibatch for all models', forAll, torch.stack(models.map((model) => model(minibatch))));
  check('the vote of the ensemble', forAll.softmax(-1).mean(0).sum(-1), torch.ones(7));
}

part('Training all of them at once');
{
  const x = torch.randn(60, 1, 8, 8);
  // Three classes: which part of the image is brightest.
  const [left, right] = [x.index('...', ':4').mean([1, 2, 3]), x.index('...', '4:').mean([1, 2, 3])];
  const labels = left.sub(right).mul(8).add(1).clamp(0, 2).round().long();
  const loss = (params: State, buffers: State): Tensor => F.crossEntropy(call(params, buffers, x), labels);
  const step = (values: State, gradients: State): State =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.sub(gradients[name].mul(0.5))]));

  let trained = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value.detach()]));
  const losses: Tensor[] = [];
  for (let epoch = 0; epoch < 40; epoch++) {
    const [gradients, value] = vmap(gradAndValue(loss))(trained, buffers);
    losses.push(value);
    trained = step(trained, gradients);
  }
  const [first, last] = [losses[0], losses.at(-1)!];
  checkThat(
    'the loss of each falls to less than half',
    last.lt(first.mul(0.5)).all().item<boolean>(),
    `${first.mean().item().toFixed(3)} to ${last.mean().item().toFixed(3)} in the mean`,
  );

  // The same for the last model alone.
  let own: State = Object.fromEntries(
    models[count - 1].namedParameters().map(([name, value]) => [name, value.detach()]),
  );
  for (let epoch = 0; epoch < 40; epoch++) {
    own = step(
      own,
      gradAndValue((values: State) => F.crossEntropy(functionalCall(models[count - 1], values, x), labels))(own)[0],
    );
  }
  check('a model trained alone has the same parameters', trained['out.weight'].index(-1), own['out.weight'], 1e-10);
}

part('Batch norm');
{
  const normed = () =>
    new nn.Sequential(new nn.Linear(4, 6), new nn.BatchNorm1d(6), new nn.Tanh(), new nn.Linear(6, 1));
  const nets = Array.from({ length: count }, normed);
  const x = torch.randn(count, 9, 4);

  // Stacked statistics: each model has its own, and vmap can update them.
  const [weights, statistics] = stackModuleState(nets);
  const run = (weights: State, statistics: State, x: Tensor): Tensor =>
    functionalCall(nets[0], [weights, statistics], x);
  const before = nets.map((net) => net.stateDict()['1.runningMean'].clone());
  const outputs = vmap(run)(weights, statistics, x);
  check('with running statistics', outputs, torch.stack(nets.map((net, i) => net(x.index(i)) as Tensor)));
  check('which were updated', statistics['1.runningMean'], torch.stack(nets.map((net) => net.buffers()[0])));
  checkThat(
    'and were zero before',
    before.every((mean) => mean.abs().sum().item() === 0),
  );

  // A network that is not mapped cannot update its statistics with a mapped input; it can work without them.
  checkThrows(
    'captured statistics cannot be updated',
    () => vmap(nets[0])(x),
    /Batch norm got a batched tensor as input/,
  );
  const net = replaceAllBatchNormModules_(nets[0]);
  check('without statistics', vmap(net)(x), torch.stack([...x].map((batch) => net(batch) as Tensor)));
}
