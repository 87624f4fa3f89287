/** grad and backward against PyTorch. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

const { grad, backward } = torch.autograd;

export function gradCases(cases: Cases): void {
  const add = (
    call: string,
    javascript: Parameters<Cases['add']>[1],
    setup = 'x.requires_grad_(); y.requires_grad_(); m.requires_grad_()',
    name = call,
  ): void => {
    cases.add(
      `${setup}\nreturn ${call}`,
      (inputs) => {
        for (const name of ['x', 'y', 'm']) inputs[name].requiresGrad_();
        return javascript(inputs);
      },
      { name },
    );
  };
  const g = 'torch.autograd.grad';
  cases.group('grad', () => {
    add(`${g}((x * y).sum(), x)`, ({ x, y }) => grad(x.mul(y).sum(), x));
    add(`${g}((x * y).sum(), [x, y])`, ({ x, y }) => grad(x.mul(y).sum(), [x, y]));
    add(`${g}(x * y, (x, y), torch.ones_like(x))`, ({ x, y }) => grad(x.mul(y), [x, y], torch.onesLike(x)));
    add(`${g}([x.sum(), (x * y).sum()], x)`, ({ x, y }) => grad([x.sum(), x.mul(y).sum()], x));
    add(`${g}([x * 2, y.sum()], [x, y], [ones, None])`, ({ x, y, ones }) =>
      grad([x.mul(2), y.sum()], [x, y], [ones, null]),
    );
    add(`${g}(x.sum(), {"a": x, "b": y}, allow_unused=True)`, ({ x, y }) =>
      grad(x.sum(), { a: x, b: y }, { allowUnused: true }),
    );
    add(`${g}(x.sum(), {"a": x, "b": y}, materialize_grads=True)`, ({ x, y }) =>
      grad(x.sum(), { a: x, b: y }, { materializeGrads: true }),
    );
    add(`${g}(x.sum(), {})`, ({ x }) => grad(x.sum(), {}));
    add(`${g}(x.sum(), [x, y])`, ({ x, y }) => grad(x.sum(), [x, y]));
    add(`${g}([], x)`, ({ x }) => grad([], x));
    add(`${g}([], x, allow_unused=True)`, ({ x }) => grad([], x, { allowUnused: true }));
    add(`${g}(x ** 2, x, ones.float())`, ({ x, ones }) => grad(x.pow(2), x, ones.float()));
    add(`${g}(x.sum(), y.detach())`, ({ x, y }) => grad(x.sum(), y.detach()));
    add(`${g}((x * 2), x, ones.reshape(1, 3))`, ({ x, ones }) => grad(x.mul(2), x, ones.reshape([1, 3])));
    add(`${g}(${g}((x ** 3).sum(), x, create_graph=True)[0].sum(), x)`, ({ x }) =>
      grad(grad(x.pow(3).sum(), x, { createGraph: true })[0].sum(), x),
    );
  });
  cases.group('batched', () => {
    add(`${g}(x ** 2, x, b, is_grads_batched=True)`, ({ x, b }) => grad(x.pow(2), x, b, { isGradsBatched: true }));
    add(`${g}(m @ x, (m, x), b[:, :2], is_grads_batched=True)`, ({ x, m, b }) =>
      grad(m.matmul(x), [m, x], b.narrow(1, 0, 2), { isGradsBatched: true }),
    );
    add(`${g}([x ** 2, y.sum()], [x, y], [b, b[:, 0]], is_grads_batched=True)`, ({ x, y, b }) =>
      grad([x.pow(2), y.sum()], [x, y], [b, b.select(1, 0)], { isGradsBatched: true }),
    );
    add(`${g}(x ** 2, [x, y], b, is_grads_batched=True, materialize_grads=True)`, ({ x, y, b }) =>
      grad(x.pow(2), [x, y], b, { isGradsBatched: true, materializeGrads: true }),
    );
    add(`${g}(${g}(x ** 3, x, b, is_grads_batched=True, create_graph=True)[0].sum(), x)`, ({ x, b }) =>
      grad(grad(x.pow(3), x, b, { isGradsBatched: true, createGraph: true })[0].sum(), x),
    );
    for (const [python, javascript] of [
      ['x.cumsum(0)', (x) => x.cumsum(0)],
      ['x.prod().reshape(1)', (x) => x.prod().reshape([1])],
      ['torch.softmax(x, 0)', (x) => x.softmax(0)],
      ['x[torch.tensor([0, 2, 0])]', (x) => x.index(torch.tensor([0n, 2n, 0n]))],
      ['x.sort()[0]', (x) => x.sort()[0]],
      [
        'torch.linalg.inv(torch.diag(x) + 3).flatten()[:3]',
        (x) => torch.linalg.inv(torch.diag(x).add(3)).flatten().narrow(0, 0, 3),
      ],
      [
        'F.conv1d(x.reshape(1, 1, 3), x.reshape(1, 1, 3), padding=1).flatten()',
        (x) => torch.nn.functional.conv1d(x.reshape([1, 1, 3]), x.reshape([1, 1, 3]), { padding: 1 }).flatten(),
      ],
    ] as [string, (x: torch.Tensor) => torch.Tensor][]) {
      add(`${g}(${python}, x, b[:, :${python.includes('prod') ? 1 : 3}], is_grads_batched=True)`, ({ x, b }) => {
        const out = javascript(x as torch.Tensor);
        return grad(out, x, (b as torch.Tensor).narrow(1, 0, out.shape[0]), { isGradsBatched: true });
      });
    }
  });
  cases.group('backward', () => {
    const after = (call: string, javascript: (inputs: any) => void, result = '[x.grad, y.grad]'): void => {
      add(
        result,
        (inputs) => {
          javascript(inputs);
          return [inputs.x.grad, inputs.y.grad];
        },
        `x.requires_grad_(); y.requires_grad_(); m.requires_grad_()\n${call}`,
        call,
      );
    };
    after('(x * y).sum().backward()', ({ x, y }) => x.mul(y).sum().backward());
    after('(x * y).backward(x)', ({ x, y }) => x.mul(y).backward(x));
    after('(x * y).sum().backward(); (x * 2).sum().backward()', ({ x, y }) => {
      x.mul(y).sum().backward();
      x.mul(2).sum().backward();
    });
    after('(x * y).sum().backward(inputs=[x])', ({ x, y }) =>
      x
        .mul(y)
        .sum()
        .backward({ inputs: [x] }),
    );
    after('(x * y).sum().backward(inputs={"a": y})', ({ x, y }) =>
      x
        .mul(y)
        .sum()
        .backward({ inputs: { a: y } }),
    );
    after('torch.autograd.backward([x.sum(), x * y], [None, ones])', ({ x, y, ones }) => {
      backward([x.sum(), x.mul(y)], [null, ones]);
    });
    after('z = (x * y).sum(); z.backward(retain_graph=True); z.backward()', ({ x, y }) => {
      const z = x.mul(y).sum();
      z.backward({ retainGraph: true });
      z.backward();
    });
    after('torch.autograd.backward([])', () => {
      backward([]);
    });
    after('(x * y).backward()', ({ x, y }) => x.mul(y).backward());
    after('ones.sum().backward()', ({ ones }) => ones.sum().backward());
    after('x.sum().backward(inputs=[2.0])', ({ x }) => x.sum().backward({ inputs: [2] }));
    after('h = x * 2; h.retain_grad(); (h * y).sum().backward(); y = h', (inputs) => {
      const h = inputs.x.mul(2);
      h.retainGrad();
      h.mul(inputs.y).sum().backward();
      inputs.y = h;
    });
  });
}
