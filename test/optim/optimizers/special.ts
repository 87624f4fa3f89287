/** Parameter groups, LBFGS, sparse gradients, and steps that autograd records. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { some, tensorOf } from '../../support/parity/cases';
import { INPUTS, PYTHON, plain, train } from './training';

const { optim } = torch;

export function addGroupCases(cases: Cases): void {
  cases.inputs(INPUTS);
  cases.add(
    `${PYTHON}
def make(p):
    return torch.optim.SGD([{'params': p[0], 'lr': 0.2}, {'params': p[1:], 'momentum': 0.5, 'nesterov': True}], lr=0.05)
return train(make, torch.float64)`,
    (inputs) => {
      const make = (p: Tensor[]) => {
        const groups = [
          { params: p[0], lr: 0.2 },
          { params: p.slice(1), momentum: 0.5, nesterov: true },
        ];
        return new optim.SGD(groups, { lr: 0.05 });
      };
      return train(make, inputs, 'float64');
    },
    { name: 'groups with options of their own', tolerance: 0 },
  );
  cases.add(
    `${PYTHON}
def make(p):
    o = torch.optim.AdamW(p[:1], lr=0.2)
    o.add_param_group({'params': [p[1]], 'betas': (0.5, 0.6)})
    return o
return train(make, torch.float32)`,
    (inputs) => {
      const make = (p: Tensor[]) => {
        const optimizer = new optim.AdamW(p.slice(0, 1), { lr: 0.2 });
        optimizer.addParamGroup({ params: [p[1]], betas: [0.5, 0.6] });
        return optimizer;
      };
      return train(make, inputs, 'float32');
    },
    { name: 'addParamGroup', tolerance: 0 },
  );
  cases.add(
    `${PYTHON}
return train(lambda p: torch.optim.SGD([('w', p[0]), ('b', p[1])], 0.1, 0.9), torch.float64)`,
    (inputs) => {
      const make = (p: Tensor[]) => {
        const named: [string, Tensor][] = [
          ['w', p[0]],
          ['b', p[1]],
        ];
        return new optim.SGD(named, 0.1, 0.9);
      };
      return train(make, inputs, 'float64');
    },
    { name: 'parameters with names, options by position', tolerance: 0 },
  );
  cases.add(
    `${PYTHON}
torch.set_default_dtype(torch.float64)
return train(lambda p: torch.optim.Adam(p), torch.float32)`,
    (inputs) => {
      torch.setDefaultDtype('float64');
      return train((p) => new optim.Adam(p), inputs, 'float32');
    },
    { name: 'the step count in float64 if that is the default dtype', tolerance: 0 },
  );
}

const ROSENBROCK = `
def closure():
    o.zero_grad()
    a, b = x[0], x[1]
    loss = (1 - a) ** 2 + 100 * (b - a * a) ** 2 + (y * y).sum().abs()
    loss.backward()
    return loss
`;

export function addLbfgsCases(cases: Cases): void {
  for (const dtype of ['float32', 'float64'] as const) {
    for (const [python, options] of [
      ['', {}],
      ["line_search_fn='strong_wolfe'", { lineSearchFn: 'strong_wolfe' }],
      ['lr=0.1, max_iter=7', { lr: 0.1, maxIter: 7 }],
      [
        "lr=0.5, history_size=3, line_search_fn='strong_wolfe'",
        { lr: 0.5, historySize: 3, lineSearchFn: 'strong_wolfe' },
      ],
      [
        "max_iter=30, max_eval=11, line_search_fn='strong_wolfe'",
        { maxIter: 30, maxEval: 11, lineSearchFn: 'strong_wolfe' },
      ],
      ['lr=1e-3, tolerance_change=1e-2, tolerance_grad=1e-1', { lr: 1e-3, toleranceChange: 1e-2, toleranceGrad: 1e-1 }],
      ['lr=torch.tensor(0.5)', { lr: torch.tensor(0.5) }],
    ] as const) {
      cases.add(
        `x = torch.tensor([-1.2, 1.0], dtype=torch.${dtype}, requires_grad=True)
y = torch.tensor([0.5 + 1j, -2j], dtype=torch.${dtype === 'float32' ? 'complex64' : 'complex128'}, requires_grad=True)
o = torch.optim.LBFGS([x, y]${python && `, ${python}`})
${ROSENBROCK}
losses = [o.step(closure).detach() for _ in range(4)]
return [losses, x.detach(), y.detach(), sorted(o.state_dict()['state'][0].items()), o.state_dict()['param_groups']]`,
        () => {
          const x = torch.tensor([-1.2, 1], { dtype, requiresGrad: true });
          const y = torch
            .tensor([new torch.Complex(0.5, 1), new torch.Complex(0, -2)], {
              dtype: dtype === 'float32' ? 'complex64' : 'complex128',
            })
            .requiresGrad_();
          const optimizer = new optim.LBFGS([x, y], options);
          const losses = [1, 2, 3, 4].map(() =>
            optimizer
              .step(() => {
                optimizer.zeroGrad();
                const [a, b] = [x.index(0), x.index(1)];
                const loss = torch
                  .rsub(a, 1)
                  .pow(2)
                  .add(b.sub(a.mul(a)).pow(2).mul(100))
                  .add(y.mul(y).sum().abs());
                loss.backward();
                return loss;
              })
              .detach(),
          );
          const [state, groups] = plain(optimizer.stateDict()) as [Record<string, object>, unknown];
          return [
            losses,
            x.detach(),
            y.detach(),
            Object.entries(state[0]).sort(([a], [b]) => (a < b ? -1 : 1)),
            groups,
          ];
        },
        { name: `LBFGS(${python}), ${dtype}`, tolerance: 0 },
      );
    }
  }
}

const SPARSE = `
e = torch.nn.Parameter(table.clone())
history = []
for i in range(5):
    o.zero_grad()
    F.embedding(rows[i], e, sparse=True).pow(2).sum().backward()
    o.step()
    history.append(e.detach().clone())
`;

export function addSparseCases(cases: Cases): void {
  cases.inputs({
    table: some([6, 3]),
    rows: tensorOf(
      [
        [0, 2, 2],
        [1, 1, 1],
        [2, 0, 5],
        [2, 2, 4],
        [0, 1, 2],
      ],
      'int64',
    ),
  });
  for (const [Class, python, options] of [
    [optim.SGD, 'lr=0.1', { lr: 0.1 }],
    [optim.SGD, 'lr=0.1, momentum=0.9', { lr: 0.1, momentum: 0.9 }],
    [optim.Adagrad, 'lr=0.1, lr_decay=0.1', { lr: 0.1, lrDecay: 0.1 }],
    [optim.SparseAdam, '', {}],
    [optim.SparseAdam, 'lr=0.1, betas=(0.8, 0.95), eps=1e-3', { lr: 0.1, betas: [0.8, 0.95], eps: 1e-3 }],
    [optim.SparseAdam, 'lr=0.1, maximize=True', { lr: 0.1, maximize: true }],
  ] as const) {
    const call = `torch.optim.${Class.name}([e]${python && `, ${python}`})`;
    cases.add(
      `${SPARSE.trim().replace('history', `o = ${call}\nhistory`)}\nreturn [history, o.state_dict()['param_groups']]`,

      ({ table, rows }: Record<string, Tensor>) => {
        const weight = new torch.nn.Parameter(table.clone());
        const optimizer = new (Class as new (params: Tensor[], options: object) => torch.optim.AnyOptimizer)(
          [weight],
          options,
        );
        const history = [...rows].map((indices) => {
          optimizer.zeroGrad();
          torch.nn.functional.embedding(indices, weight, { sparse: true }).pow(2).sum().backward();
          optimizer.step();
          return weight.detach().clone();
        });
        return [history, optimizer.stateDict().param_groups];
      },
      { name: `${call}`, tolerance: 0 },
    );
  }
}

export function addDifferentiableCases(cases: Cases): void {
  cases.inputs({ p: some([4]), g: some([4], 'float64', 5), h: some([4], 'float64', 6) });
  for (const [Class, python, options] of [
    [optim.SGD, 'lr=0.1', { lr: 0.1 }],
    [optim.SGD, 'lr=0.1, momentum=0.9, weight_decay=0.1', { lr: 0.1, momentum: 0.9, weightDecay: 0.1 }],
    [optim.Adam, 'lr=0.1, weight_decay=0.1', { lr: 0.1, weightDecay: 0.1 }],
    [optim.Adam, 'lr=0.1, amsgrad=True', { lr: 0.1, amsgrad: true }],
    [optim.AdamW, 'lr=0.1', { lr: 0.1 }],
    [optim.Adagrad, 'lr=0.1', { lr: 0.1 }],
    [optim.Adadelta, 'lr=0.1', { lr: 0.1 }],
    [optim.RMSprop, 'lr=0.1, momentum=0.9, centered=True', { lr: 0.1, momentum: 0.9, centered: true }],
    [optim.Adamax, 'lr=0.1', { lr: 0.1 }],
    [optim.NAdam, 'lr=0.1, weight_decay=0.1', { lr: 0.1, weightDecay: 0.1 }],
    [optim.RAdam, 'lr=0.1', { lr: 0.1 }],
    [optim.Rprop, 'lr=0.1', { lr: 0.1 }],
    [optim.ASGD, 'lr=0.1', { lr: 0.1 }],
  ] as const) {
    const call = `torch.optim.${Class.name}([q], differentiable=True, ${python})`;
    cases.add(
      `p.requires_grad_(); g.requires_grad_(); h.requires_grad_()
q = p.clone()
o = ${call}
for d in (g, h):
    q.grad = d.clone()
    o.step()
return [q.detach(), *torch.autograd.grad((q * q).sum(), [p, g, h], allow_unused=True)]`,
      ({ p, g, h }: Record<string, Tensor>) => {
        for (const x of [p, g, h]) x.requiresGrad_();
        const q = p.clone();
        const optimizer = new (Class as new (params: Tensor[], options: object) => torch.optim.AnyOptimizer)([q], {
          ...options,
          differentiable: true,
        });
        for (const direction of [g, h]) {
          q.grad = direction.clone();
          optimizer.step();
        }
        return [q.detach(), ...torch.autograd.grad(q.mul(q).sum(), [p, g, h], { allowUnused: true })];
      },
      { name: call },
    );
  }
  cases.add(
    `lr = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
q = p.clone().requires_grad_()
r = q.clone()
o = torch.optim.SGD([r], lr=lr, differentiable=True)
r.grad = g
o.step()
return torch.autograd.grad((r * r).sum(), [lr, q])`,
    ({ p, g }: Record<string, Tensor>) => {
      const lr = torch.tensor(0.1, { dtype: 'float64', requiresGrad: true });
      const q = p.clone().requiresGrad_();
      const r = q.clone();
      const optimizer = new optim.SGD([r], { lr, differentiable: true });
      r.grad = g;
      optimizer.step();
      return torch.autograd.grad(r.mul(r).sum(), [lr, q]);
    },
    { name: 'the gradient of the learning rate' },
  );
}
