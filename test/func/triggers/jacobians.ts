/** The triggers of messages.json for jacrev, jacfwd and hessian. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

const { jacrev, jacfwd, hessian } = torch.func;
const x = torch.tensor([1, 2, 3]);
const z = torch.tensor([new torch.Complex(1, 2)]);
const sin = (t: Tensor): Tensor => t.sin();
const two = (a: Tensor, b: Tensor): Tensor => a.mul(b);

function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

export const jacobianTriggers: Record<string, () => unknown> = {
  'jacrev chunk 0': () => jacrev(sin, { chunkSize: 0 }),
  'jacrev complex in': () => jacrev(sin)(z),
  'jacrev complex out': () => jacrev((t: Tensor) => t.to('complex64'))(x),
  'jacrev int out': () => jacrev((t: Tensor) => t.long())(x),
  'jacrev argnums': () => jacrev(two, { argnums: 5 })(x, x),
  'jacrev aux': () => jacrev(sin as never as (t: Tensor) => [Tensor, Tensor], { hasAux: true })(x),
  'jacrev empty output': () => {
    same(jacrev((t: Tensor) => t.narrow(0, 0, 0))(x).shape, [0, 3]);
  },
  'jacrev vmap-incompatible op default': () => {
    // The function runs once, outside vmap: reading a value is fine.
    same(jacrev((t: Tensor) => t.mul(t.sum().item()))(x).shape, [3, 3]);
  },
  'jacfwd complex in': () => jacfwd(sin)(z),
  'jacfwd complex out': () => jacfwd((t: Tensor) => t.to('complex64'))(x),
  'jacfwd argnums None': () => {
    same((jacfwd(sin, { argnums: null }) as (t: Tensor) => Tensor[])(x)[0].shape, [3, 3]);
  },
  'jacfwd argnums list': () => {
    same(jacfwd(two, { argnums: [0] })(x, x)[0].shape, [3, 3]);
  },
  'jacfwd non tensor': () => jacfwd(sin)(1.5 as never),
  'jacfwd int': () => jacfwd(sin)(torch.tensor([1n])),
  'jacfwd randomness default': () => jacfwd((t: Tensor) => t.mul(torch.rand(3)))(x),
  'jacfwd randomness bad': () => jacfwd(sin, { randomness: 'z' as never })(x),
  'jacfwd empty input': () => {
    same(jacfwd(sin)(torch.ones(0)).shape, [0, 0]);
  },
  'jacfwd aux nontensor': () => jacfwd((t: Tensor) => [t, 1], { hasAux: true })(x),
  'jacfwd aux const tensor': () => {
    same(jacfwd((t: Tensor) => [t, torch.ones(2)] as const, { hasAux: true })(x)[1].shape, [2]);
  },
  'hessian ok': () => {
    same(hessian((t: Tensor) => t.pow(3).sum())(x).shape, [3, 3]);
  },
  'hessian nonscalar ok': () => {
    same(hessian((t: Tensor) => t.pow(3))(x).shape, [3, 3, 3]);
  },
  'hessian tuple argnums': () => {
    const blocks = hessian((a: Tensor, b: Tensor) => a.mul(b).sum(), { argnums: [0, 1] })(x, x);
    same(
      blocks.map((row) => row.map((block) => block.shape)),
      [
        [
          [3, 3],
          [3, 3],
        ],
        [
          [3, 3],
          [3, 3],
        ],
      ],
    );
  },
};
