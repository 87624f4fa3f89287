/**
 * A network from Python: per-sample Jacobians of a trained CNN, from its exported program and from its weights alone.
 *
 *     npm run example -- cnn-from-python
 *
 * `twin.py` has trained the network and written the two files beside this program: `cnn.pt2` has the whole model, and
 * `cnn.safetensors` its weights, which a module written here loads. The Jacobians say how far an image is from another
 * class. `twin.py` is also the same program in Python.
 */

import path from 'node:path';

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkError, checkThat, part, result } from '../support/check';

const { nn } = torch;
const { jacfwd, jacrev } = torch.func;

torch.setDefaultDtype('float64');
torch.setNumThreads(1);

// Another folder holds the files that `twin.py FOLDER` has written.
const folder = process.argv[2] ?? __dirname;

/** The model of `twin.py`, with the same names. */
class CNN extends nn.Module {
  features = new nn.Sequential(
    ...[new nn.Conv2d(1, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.GELU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(4, 8, 3, { padding: 1 }), new nn.BatchNorm2d(8), new nn.GELU(), new nn.MaxPool2d(5)],
    new nn.Flatten(),
  );
  head = new nn.Linear(8, 3);

  override forward(x: Tensor): Tensor {
    return this.head(this.features(x));
  }
}

/** Noisy images of 10 by 10 pixels with a horizontal, a vertical or a diagonal bar, and which of them it is. */
function bars(count: number): [images: Tensor, labels: Tensor] {
  const labels = torch.arange(count, { dtype: 'int64' }).remainder(3);
  const kind = labels.view(-1, 1, 1);
  const place = torch.rand(count, 1, 1).mul(7).add(1);
  const [row, column] = [torch.arange(10.0).view(10, 1), torch.arange(10.0)];
  const diagonal = row.add(column).sub(place.mul(2)).div(Math.SQRT2);
  const distance = torch.where(kind.eq(0), row.sub(place), torch.where(kind.eq(1), column.sub(place), diagonal));
  const images = distance
    .square()
    .neg()
    .exp()
    .add(torch.randn(count, 10, 10).mul(0.3));
  return [images.unsqueeze(1), labels];
}

part('The exported program, and the weights in a module of this program');
const program = torch.export.load<[Tensor], Tensor>(path.join(folder, 'cnn.pt2')).module();
const net = new CNN();
net.loadStateDict(torch.safetensors.loadFile(path.join(folder, 'cnn.safetensors')));
net.eval();
const weights = net.stateDict({ names: 'python' });
const inProgram = program.stateDict({ names: 'python' });
checkThat(
  'both have the same weights under the same names',
  Object.keys(weights).length === Object.keys(inProgram).length &&
    Object.entries(weights).every(([name, value]) => value.equal(inProgram[name])),
  `${net.parameters().reduce((sum, parameter) => sum + parameter.numel(), 0)} parameters`,
);

torch.manualSeed(1);
const [x, labels] = bars(60);
check('the scores of 60 images are equal', program(x), net(x), 0);
const accuracy = net(x).argmax(1).eq(labels).double().mean().item();
result('accuracy', accuracy);
checkThat('the network recognises images that it has not seen', accuracy > 0.9, `${(100 * accuracy).toFixed(1)} %`);

part('Jacobians of the scores by the pixels: vmap(jacrev) of a batch of one');
const one =
  (model: (batch: Tensor) => Tensor) =>
  (image: Tensor): Tensor =>
    model(image.unsqueeze(0)).squeeze(0);
const J = torch.vmap(jacrev(one(program)))(x);
check('of the program and of the module', J, torch.vmap(jacrev(one(net)))(x), 1e-14);
check('in forward mode', J, torch.vmap(jacfwd(one(program)))(x), 1e-12);
{
  // The gradient of each score by the image, without transforms.
  const image = x.select(0, 7).detach().requiresGrad_();
  const rows = [0, 1, 2].map((i) => torch.autograd.grad(one(net)(image).index(i), image)[0]);
  check('row by row with autograd', J.select(0, 7), torch.stack(rows), 1e-12);
}
{
  const direction = torch.randn(1, 10, 10);
  const h = 1e-5;
  const [above, below] = [h, -h].map((step) => one(program)(x.select(0, 7).add(direction, { alpha: step })));
  const slope = J.select(0, 7).flatten(1).mv(direction.flatten());
  const error = above
    .sub(below)
    .div(2 * h)
    .sub(slope)
    .abs()
    .max();
  checkError('compared with a central difference', error.item(), 1e-8);
}
result('norm of all Jacobians', J.norm().item());
result('largest singular value', torch.linalg.matrixNorm(J.flatten(2), 2).max().item());

part('How far each image is from another class: Newton steps to equal scores of the two best classes');
const [first, second] = net(x).topk(2)[1].unbind(1);
const sample = torch.arange(60, { dtype: 'int64' });
const jacobians = torch.vmap(jacrev(one(program)));
const differences = (scores: Tensor): Tensor => scores.index(sample, first).sub(scores.index(sample, second));
let found = x;
for (let i = 0; i < 8; i++) {
  found = torch.scope(() => {
    const margin = differences(program(found));
    const slope = differences(jacobians(found));
    return found.sub(slope.mul(margin.div(slope.flatten(1).square().sum(1)).view(-1, 1, 1, 1)));
  });
}
const way = found.sub(x);
const distance = way.flatten(1).norm(2, 1);
result('median distance to another class', distance.median().item());
result('largest distance', distance.max().item());
check('the scores are equal there', differences(net(found)), torch.zeros(60), 1e-12);
const classAfter = (step: Tensor): Tensor => net(x.add(step)).argmax(1);
checkThat('the class changes at 1.02 times the distance', classAfter(way.mul(1.02)).ne(first).all().item());
checkThat('and not at 0.98 times', classAfter(way.mul(0.98)).eq(first).all().item());
const noise = torch.randn(60, 1, 10, 10);
const length = distance.div(noise.flatten(1).norm(2, 1)).view(-1, 1, 1, 1);
const kept = classAfter(noise.mul(length)).eq(first).double().mean().item();
checkThat('noise of the same length changes it rarely', kept > 0.9, `${(100 * kept).toFixed(0)} % are unchanged`);
