/** Assignments by index and the gradients of indices, as PyTorch's TestAutograd tries them. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { withLeaves } from './engine';

export function indexBehaviours(cases: Cases): void {
  const add = withLeaves(cases);
  for (const [title, python, write] of [
    ['a row', 'z[1] = 2', (z: Tensor) => z.indexPut_([1], 2)],
    ['an element', 'z[0, 2] = 2', (z: Tensor) => z.indexPut_([0, 2], 2)],
    ['a column', 'z[:, 1] = 2', (z: Tensor) => z.indexPut_([':', 1], 2)],
    ['a list of columns', 'z[:, [0, 2]] = 2', (z: Tensor) => z.indexPut_([':', [0, 2]], 2)],
    [
      'pairs of indices',
      'z[[0, 1], [2, 0]] = 2',
      (z: Tensor) =>
        z.indexPut_(
          [
            [0, 1],
            [2, 0],
          ],
          2,
        ),
    ],
    ['a mask', 'z[z > 1] = 2', (z: Tensor) => z.indexPut_([z.gt(1)], 2)],
    ['a row by a tensor', 'z[1] = y', (z: Tensor, y: Tensor) => z.indexPut_([1], y)],
    ['a column by a tensor', 'z[:, 1] = y[:2]', (z: Tensor, y: Tensor) => z.indexPut_([':', 1], y.narrow(0, 0, 2))],
    ['all rows by a tensor', 'z[:] = y', (z: Tensor, y: Tensor) => z.indexPut_([':'], y)],
  ] as [string, string, (z: Tensor, y: Tensor) => unknown][]) {
    add(
      `assigning ${title}`,
      `z = m + 2; v = z._version; ${python}; z.backward(torch.ones_like(z)); return [z, z._version > v, m.grad, y.grad]`,
      ({ m, y }) => {
        const z = m.add(2);
        const version = z._version;
        write(z, y);
        z.backward(torch.onesLike(z));
        return [z, z._version > version, m.grad, y.grad];
      },
    );
  }
  for (const [title, python, read] of [
    ['a row', 'm[1]', (z: Tensor) => z.index(1)],
    ['an element', 'm[1, 1]', (z: Tensor) => z.index(1, 1)],
    ['slices', 'm[1:, :2]', (z: Tensor) => z.index('1:', ':2')],
    ['the end', 'm[..., 2:]', (z: Tensor) => z.index('...', '2:')],
    ['rows by a tensor', 'm[torch.tensor([0, 1])]', (z: Tensor) => z.index(torch.tensor([0n, 1n]))],
    ['a mask', 'm[m > 0]', (z: Tensor) => z.index(z.gt(0))],
    ['columns by a list', 'm[:, [2, 1]]', (z: Tensor) => z.index(':', [2, 1])],
    ['pairs', 'm[[1, 0], [2, 1]]', (z: Tensor) => z.index([1, 0], [2, 1])],
    ['rows that come twice', 'm[torch.tensor([1, 1, 0, 1])]', (z: Tensor) => z.index(torch.tensor([1n, 1n, 0n, 1n]))],
    [
      'pairs that come twice',
      'm[[[1, 1], [0, 0]], [[0, 1], [1, 1]]]',
      (z: Tensor) =>
        z.index(
          [
            [1, 1],
            [0, 0],
          ],
          [
            [0, 1],
            [1, 1],
          ],
        ),
    ],
  ] as [string, string, (z: Tensor) => Tensor][]) {
    add(`the gradient of an index: ${title}`, `o = ${python}; o.sum().backward(); return [o, m.grad]`, ({ m }) => {
      const o = read(m);
      o.sum().backward();
      return [o, m.grad];
    });
  }
}
