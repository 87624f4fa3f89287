/** Forward mode by hand against PyTorch. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;

export function forwardCases(cases: Cases): void {
  const add = (python: string, javascript: (inputs: any) => Tensor): void => {
    cases.add(
      `
        import torch.autograd.forward_ad as fw
        with fw.dual_level():
            return tuple(fw.unpack_dual(${python}))
      `,
      (inputs) => dualLevel(() => [...unpackDual(javascript(inputs))]),
      { name: python },
    );
  };
  cases.group('forward mode', () => {
    add('fw.make_dual(x, y).sin()', ({ x, y }) => makeDual(x, y).sin());
    add('fw.make_dual(x, y) * fw.make_dual(y, x)', ({ x, y }) => makeDual(x, y).mul(makeDual(y, x)));
    add('x * 2', ({ x }) => x.mul(2));
    add('fw.make_dual(x, y).detach()', ({ x, y }) => makeDual(x, y).detach());
    add('m @ fw.make_dual(x, y)', ({ m, x, y }) => m.matmul(makeDual(x, y)));
    add('fw.make_dual(x, y)[1:]', ({ x, y }) => makeDual(x, y).narrow(0, 1, 2));
    add('fw.make_dual(x.float(), y.float()).double()', ({ x, y }) => makeDual(x.float(), y.float()).double());
    add('fw.make_dual(x, y).clone().mul_(2)', ({ x, y }) => makeDual(x, y).clone().mul_(2));
    add('fw.make_dual(x, y).clone().index_fill_(0, i, 0.)', ({ x, y, i }) =>
      makeDual(x, y).clone().indexFill_(0, i, 0),
    );
    add('torch.layer_norm(fw.make_dual(x, y), [3])', ({ x, y }) => torch.layerNorm(makeDual(x, y), [3]));
    add('fw.make_dual(z, z.conj()).abs()', ({ z }) => makeDual(z, z.conj()).abs());
    add('fw.make_dual(x, y) > 0', ({ x, y }) => makeDual(x, y).gt(0));
    add('fw.make_dual(x, y[:2])', ({ x, y }) => makeDual(x, y.narrow(0, 0, 2)));
    add('torch.add(fw.make_dual(x, y), 1, out=torch.empty(3, dtype=x.dtype))', ({ x, y }) =>
      torch.add(makeDual(x, y), 1, { out: torch.empty(3, { dtype: x.dtype }) }),
    );
  });
}
