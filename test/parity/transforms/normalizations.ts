/** Hessians through operators whose backward libtorch itself cannot differentiate forwards. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, hessian, jacfwd, jacrev } = torch.func;
const { aten } = torch.ops;

export function normalizations(cases: Cases): void {
  const functions: [python: string, javascript: (x: Tensor) => Tensor][] = [
    ['x.softmax(-1)', (x) => x.softmax(-1)],
    ['x.softmax(0).exp().sum()', (x) => x.softmax(0).exp().sum()],
    ['x.log_softmax(-1)', (x) => x.logSoftmax(-1)],
    ['x.log_softmax(0).pow(2).sum()', (x) => x.logSoftmax(0).pow(2).sum()],
    ['F.layer_norm(x, (3,)).pow(3)', (x) => torch.layerNorm(x, [3]).pow(3)],
    ['F.layer_norm(x, (2, 3)).sin()', (x) => torch.layerNorm(x, [2, 3]).sin()],
    [
      'F.layer_norm(x, (3,), torch.tensor([1.0, 2, 3], dtype=x.dtype), torch.ones(3, dtype=x.dtype)).exp().sum()',
      (x) =>
        torch
          .layerNorm(x, [3], torch.tensor([1, 2, 3], { dtype: 'float64' }), torch.ones(3, { dtype: 'float64' }))
          .exp()
          .sum(),
    ],
    [
      'F.batch_norm(x, None, None, training=True).pow(3)',
      (x) => torch.batchNorm(x, null, null, null, null, true, 0.1, 1e-5, false).pow(3),
    ],
    [
      'F.batch_norm(x, None, None, weight=torch.tensor([1.0, 2, 3], dtype=x.dtype), training=True).sin().sum(0)',
      (x) =>
        torch
          .batchNorm(x, torch.tensor([1, 2, 3], { dtype: 'float64' }), null, null, null, true, 0.1, 1e-5, false)
          .sin()
          .sum(0),
    ],
    [
      'F.batch_norm(x, torch.zeros(3, dtype=x.dtype), torch.ones(3, dtype=x.dtype)).pow(3)',
      (x) =>
        torch
          .batchNorm(
            x,
            null,
            null,
            torch.zeros(3, { dtype: 'float64' }),
            torch.ones(3, { dtype: 'float64' }),
            false,
            0.1,
            1e-5,
            false,
          )
          .pow(3),
    ],
    [
      'F.instance_norm(x[None]).pow(3)[0]',
      (x) => torch.instanceNorm(x.unsqueeze(0), null, null, null, null, true, 0.1, 1e-5, false).pow(3).index(0),
    ],
    ['F.group_norm(x[None], 2).pow(3)[0]', (x) => torch.groupNorm(x.unsqueeze(0), 2).pow(3).index(0)],
    ['F.cross_entropy(x, torch.tensor([2, 0]))', (x) => aten.cross_entropy_loss(x, torch.tensor([2n, 0n])) as Tensor],
    [
      'F.cross_entropy(x, torch.tensor([2, -100]), weight=torch.tensor([1.0, 2, 3], dtype=x.dtype), reduction="sum")',
      (x) =>
        aten.cross_entropy_loss(
          x,
          torch.tensor([2n, -100n]),
          torch.tensor([1, 2, 3], { dtype: 'float64' }),
          2,
        ) as Tensor,
    ],
    ['F.cross_entropy(x, x.detach().softmax(1))', (x) => aten.cross_entropy_loss(x, x.detach().softmax(1)) as Tensor],
    [
      'F.nll_loss(x.log_softmax(1), torch.tensor([1, 1]), reduction="none")',
      (x) => aten.nll_loss_nd(x.logSoftmax(1), torch.tensor([1n, 1n]), null, 0) as Tensor,
    ],
    [
      'F.binary_cross_entropy_with_logits(x, x.detach().sigmoid())',
      (x) => torch.binaryCrossEntropyWithLogits(x, x.detach().sigmoid()),
    ],
    ['F.gelu(x)', (x) => aten.gelu(x) as Tensor],
    ['F.silu(x).sum(0)', (x) => aten.silu(x).sum(0) as Tensor],
    ['F.softplus(x).sum(0)', (x) => aten.softplus(x).sum(0) as Tensor],
  ];

  cases.group('through normalisations and losses', () => {
    for (const [python, javascript] of functions) {
      const f = `lambda x: ${python}`;
      cases.add(`hessian(${f})(m)`, ({ m }) => hessian(javascript)(m));
      cases.add(`jacrev(jacrev(${f}))(m)`, ({ m }) => jacrev(jacrev(javascript))(m));
      cases.add(`vmap(hessian(${f}))(torch.stack([m, m * 0.5]))`, ({ m }) =>
        torch.vmap(hessian(javascript))(torch.stack([m, m.mul(0.5)])),
      );
      cases.add(
        `grad(lambda x: (vmap(grad(lambda x: (${python}).sum()))(torch.stack([x, x * 0.5])) ** 2).sum())(m)`,
        ({ m }) =>
          grad((x: Tensor) =>
            torch
              .vmap(grad((y: Tensor) => javascript(y).sum()))(torch.stack([x, x.mul(0.5)]))
              .pow(2)
              .sum(),
          )(m),
      );
      // PyTorch's jacfwd(jacfwd) of normalisations is wrong, and of this loss an error; its hessian is right.
      const reference = /_norm\(|binary_cross/.test(python) ? 'hessian' : 'lambda f: jacfwd(jacfwd(f))';
      cases.add(`(${reference})(${f})(m)`, ({ m }) => jacfwd(jacfwd(javascript))(m), {
        name: `jacfwd(jacfwd(${f}))(m)`,
      });
    }
  });
}
