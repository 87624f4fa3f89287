/** Operators that move elements. */

import * as torch from '../../../lib';
import type { Add } from './operators';
import { any, indices, other } from './values';

export function shapes(add: Add): void {
  add(
    'cat',
    () => [any(2, 2), other(1, 2)],
    (x, y) => torch.cat([x, y]),
  );
  add(
    'stack',
    () => [any(2), other(2)],
    (x, y) => torch.stack([x, y], 1),
  );
  add(
    'split',
    () => [any(5)],
    (x) => x.split(2),
  );
  add(
    'unbind',
    () => [any(2, 3)],
    (x) => x.unbind(0),
  );
  add(
    'index',
    () => [any(3, 3)],
    (x) => x.index(indices([0, 2, 0])),
  );
  add(
    'indexSelect',
    () => [any(3, 3)],
    (x) => x.indexSelect(1, indices([0, 2, 2])),
  );
  add(
    'gather',
    () => [any(3, 3)],
    (x) =>
      x.gather(
        1,
        indices([
          [0, 2],
          [1, 1],
          [2, 0],
        ]),
      ),
  );
  add(
    'scatter',
    () => [any(3), other(2)],
    (x, y) => x.scatter(0, indices([2, 0]), y),
  );
  add(
    'scatterAdd',
    () => [any(3), other(3)],
    (x, y) => x.scatterAdd(0, indices([2, 0, 2]), y),
  );
  add(
    'indexAdd',
    () => [any(3), other(2)],
    (x, y) => x.indexAdd(0, indices([2, 2]), y),
  );
  add(
    'maskedFill',
    () => [any(3)],
    (x) => x.maskedFill(torch.tensor([true, false, false]), 2),
  );
  add(
    'maskedSelect',
    () => [any(4)],
    (x) => x.maskedSelect(torch.tensor([true, false, true, true])),
  );
  add(
    'take',
    () => [any(2, 2)],
    (x) => x.take(indices([3, 0, 3])),
  );
  add(
    'reshape',
    () => [any(2, 3)],
    (x) => x.reshape([3, 2]),
  );
  add(
    'permute',
    () => [any(2, 3, 1)],
    (x) => x.permute(2, 0, 1),
  );
  add(
    'transpose',
    () => [any(2, 3)],
    (x) => x.transpose(0, 1),
  );
  add(
    'expand',
    () => [any(2, 1)],
    (x) => x.expand(2, 3),
  );
  add(
    'repeat',
    () => [any(2)],
    (x) => x.repeat(2, 2),
  );
  add(
    'flip',
    () => [any(2, 2)],
    (x) => x.flip(0, 1),
  );
  add(
    'roll',
    () => [any(4)],
    (x) => x.roll(1),
  );
  add(
    'select',
    () => [any(2, 3)],
    (x) => x.select(1, 2),
  );
  add(
    'narrow',
    () => [any(4)],
    (x) => x.narrow(0, 1, 2),
  );
  add(
    'squeeze',
    () => [any(2, 1)],
    (x) => x.squeeze(1),
  );
  add(
    'unsqueeze',
    () => [any(2)],
    (x) => x.unsqueeze(0),
  );
  add(
    'diagEmbed',
    () => [any(3)],
    (x) => x.diagEmbed(),
  );
  add(
    'in place on a clone',
    () => [any(3)],
    (x) => x.clone().mul_(x).add_(1),
  );
}
