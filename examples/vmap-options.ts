/**
 * The options of vmap: dimensions of inputs and outputs, structures, nesting, random numbers, chunks, and errors.
 *
 *     npm run example -- vmap-options
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, checkThrows, part } from './support/check';

const { vmap } = torch;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

part('The mapped dimension');
{
  const product = (matrix: Tensor, vector: Tensor): Tensor => matrix.mv(vector);
  const matrices = torch.randn(32, 4, 5);
  const vectors = torch.randn(32, 5);
  const loop = torch.stack([...matrices].map((matrix, i) => product(matrix, vectors.index(i))));

  check('the first of every argument', vmap(product)(matrices, vectors), loop);
  check('inDims: [0, 1]', vmap(product, { inDims: [0, 1] })(matrices, vectors.t()), loop);
  check('inDims: [0, -1]', vmap(product, { inDims: [0, -1] })(matrices, vectors.t()), loop);
  check('outDims: 1', vmap(product, { outDims: 1 })(matrices, vectors), loop.t());
  const one = vectors.index(0);
  check('null: one vector for all', vmap(product, { inDims: [0, null] })(matrices, one), matrices.matmul(one));
  // A non-tensor argument is passed through; null is its dimension too.
  const power = (x: Tensor, exponent: number): Tensor => x.pow(exponent);
  check('a number beside a batch', vmap(power, { inDims: [0, null] })(vectors, 3), vectors.pow(3));
}

part('Structures');
{
  type Line = { slope: Tensor; offset: Tensor };
  const evaluate = ({ slope, offset }: Line, x: Tensor): { value: Tensor; root: Tensor } => ({
    value: slope.mul(x).add(offset),
    root: offset.div(slope).neg(),
  });
  const lines = { slope: torch.randn(6), offset: torch.randn(6) };
  // A dimension applies to everything below it, in inputs and outputs.
  const { value, root } = vmap(evaluate, { inDims: [0, null] })(lines, torch.tensor(2));
  check('the values of six lines', value, lines.slope.mul(2).add(lines.offset));
  check('and their roots', root.mul(lines.slope).add(lines.offset), torch.zeros(6));
  const fixed = { slope: lines.slope, offset: torch.tensor(1) };
  const parallel = vmap(evaluate, { inDims: [{ slope: 0, offset: null }, null] })(fixed, torch.tensor(2));
  check('six slopes, one offset', parallel.value, lines.slope.mul(2).add(1));
}

part('Nesting');
{
  const [x, y] = [torch.randn(3, 2), torch.randn(4, 2)];
  const distance = (a: Tensor, b: Tensor): Tensor => a.sub(b).norm();
  // The inner vmap maps over b for one a, the outer one over a.
  const table = vmap(vmap(distance, { inDims: [null, 0] }), { inDims: [0, null] })(x, y);
  check('all distances between two sets of points', table, torch.cdist(x, y));
}

part('Random numbers');
{
  const noise = (x: Tensor): Tensor => x.add(torch.randnLike(x));
  const x = torch.zeros(3, 2);
  checkThrows('by default they are refused', () => vmap(noise)(x), /randomness/);
  const same = vmap(noise, { randomness: 'same' })(x);
  check("'same': every sample gets the same draw", same, same.index(0).expand(3, 2));
  torch.manualSeed(1);
  const different = vmap(noise, { randomness: 'different' })(x);
  torch.manualSeed(1);
  check("'different': each its own, as one draw for the batch gives them", different, torch.randn(3, 2));
}

part('Chunks');
{
  const x = torch.randn(10, 3);
  const rows: number[] = [];
  const f = (x: Tensor): Tensor => {
    rows.push(torch.func.debugUnwrap(x).shape[0]);
    return x.outer(x);
  };
  const whole = torch.einsum('ni,nj->nij', x, x);
  check('chunkSize: 4', vmap(f, { chunkSize: 4 })(x), whole);
  checkThat('the function ran once per chunk', String(rows) === '4,4,2', `of ${rows.join(', ')} samples`);
}

part('What a mapped function cannot do, and alternatives');
{
  const x = torch.tensor([-2, 0.5, 3]);
  const branch = (x: Tensor): Tensor => (x.item() > 0 ? x.sqrt() : x.square());
  checkThrows('a value stands for a whole batch and cannot be read', () => vmap(branch)(x), /vmap/);
  const where = (x: Tensor): Tensor => torch.where(x.gt(0), x.abs().sqrt(), x.square());
  check('torch.where takes both branches', vmap(where)(x), torch.tensor([4, Math.SQRT1_2, Math.sqrt(3)]));

  const into = (buffer: Tensor, x: Tensor): Tensor => buffer.copy_(x);
  checkThrows(
    'a mapped value cannot go into an unmapped tensor',
    () => vmap(into, { inDims: [null, 0] })(torch.tensor(0), x),
    /inplace/,
  );
  check('into a fresh one of the right kind it can', vmap((x: Tensor) => x.clone().mul_(2))(x), x.mul(2));
}
