/** Arguments that both languages refuse, with the same class of error. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { tensorOf } from '../../support/parity/cases';

const { optim } = torch;

export function addErrorCases(cases: Cases): void {
  cases.inputs({ x: tensorOf([1, 2]) });
  const add = (python: string, options: object, name: keyof typeof optim): void => {
    const Class = optim[name] as unknown as new (params: unknown, options: object) => unknown;
    cases.add(`torch.optim.${name}([x.requires_grad_()], ${python})`, ({ x }: { x: torch.Tensor }) => {
      return new Class([x.requiresGrad_()], options);
    });
  };
  for (const name of [
    'SGD',
    'Adam',
    'Adagrad',
    'Adadelta',
    'RMSprop',
    'NAdam',
    'Rprop',
    'LBFGS',
    'SparseAdam',
  ] as const) {
    add('lr=-1.0', { lr: -1 }, name);
    add('lr=torch.tensor([1.0, 2.0])', { lr: torch.tensor([1, 2]) }, name);
  }
  add('lr=float("nan")', { lr: NaN }, 'Adam');
  add('momentum=-1.0', { momentum: -1 }, 'SGD');
  add('weight_decay=-1.0', { weightDecay: -1 }, 'SGD');
  add('nesterov=True', { nesterov: true }, 'SGD');
  add('momentum=0.9, dampening=0.5, nesterov=True', { momentum: 0.9, dampening: 0.5, nesterov: true }, 'SGD');
  add('fused=True, differentiable=True', { fused: true, differentiable: true }, 'SGD');
  add('fused=True, foreach=True', { fused: true, foreach: true }, 'Adam');
  add('betas=(1.0, 0.9)', { betas: [1, 0.9] }, 'Adam');
  add('betas=(0.9, -0.1)', { betas: [0.9, -0.1] }, 'AdamW');
  add('betas=(torch.tensor(0.9), 0.9)', { betas: [torch.tensor(0.9), 0.9] }, 'Adam');
  add('lr=torch.tensor(0.1), foreach=True', { lr: torch.tensor(0.1), foreach: true }, 'Adam');
  add('eps=-1.0', { eps: -1 }, 'NAdam');
  add('momentum_decay=-1.0', { momentumDecay: -1 }, 'NAdam');
  add('rho=1.5', { rho: 1.5 }, 'Adadelta');
  add('lr_decay=-1.0', { lrDecay: -1 }, 'Adagrad');
  add('etas=(1.5, 1.2)', { etas: [1.5, 1.2] }, 'Rprop');
  add('beta2_decay=0.5', { beta2Decay: 0.5 }, 'Adafactor');
  add('eps=(-1.0, 0.1)', { eps: [-1, 0.1] }, 'Adafactor');
  add('d=0.5', { d: 0.5 }, 'Adafactor');
  add('', {}, 'Muon');
  add("adjust_lr_fn='other'", { adjustLrFn: 'other' }, 'Muon');
  add('wrong=1', { wrong: 1 }, 'SGD');

  cases.add('torch.optim.SGD(x, 0.1)', ({ x }) => new optim.SGD(x as never, 0.1));
  cases.add('torch.optim.SGD([], 0.1)', () => new optim.SGD([], 0.1));
  cases.add('torch.optim.SGD([1], 0.1)', () => new optim.SGD([1 as never], 0.1));
  cases.add(
    'torch.optim.SGD([x.requires_grad_() * 2], 0.1)',
    ({ x }) => new optim.SGD([x.requiresGrad_().mul(2)], 0.1),
  );
  cases.add(
    'torch.optim.SGD([{"params": x}, {"params": [x]}], 0.1)',
    ({ x }) => new optim.SGD([{ params: x }, { params: [x] }], 0.1),
  );
  cases.add(
    'torch.optim.SGD([("a", x), x.clone()], 0.1)',
    ({ x }) => new optim.SGD([['a', x], x.clone()] as never, 0.1),
  );
  cases.add('torch.optim.SGD([{"params": {x}}], 0.1)', ({ x }) => new optim.SGD([{ params: new Set([x]) }], 0.1));
  cases.add('torch.optim.SGD([("a", x)], 0.1).add_param_group({"params": [x.clone()]})', ({ x }) =>
    new optim.SGD([['a', x] as [string, torch.Tensor]], 0.1).addParamGroup({ params: [x.clone()] }),
  );
  cases.add(
    'torch.optim.LBFGS([{"params": x}, {"params": x.clone()}])',
    ({ x }) => new optim.LBFGS([{ params: x }, { params: x.clone() }]),
  );
  cases.add('torch.optim.LBFGS([x]).step()', ({ x }) => new optim.LBFGS([x]).step());

  const refusesSparse = [
    'Adam',
    'AdamW',
    'Adadelta',
    'RMSprop',
    'Adamax',
    'NAdam',
    'RAdam',
    'Rprop',
    'ASGD',
    'Adafactor',
  ] as const;
  for (const name of refusesSparse) {
    cases.add(
      `p = torch.nn.Parameter(torch.ones(2, 2)); p.grad = torch.eye(2).to_sparse(); return torch.optim.${name}([p]).step()`,
      () => {
        const p = new torch.nn.Parameter(torch.ones(2, 2));
        p.grad = torch.eye(2).toSparse();
        return new (optim[name] as typeof optim.Adam)([p]).step();
      },
      { name: `${name} with a sparse gradient` },
    );
  }
  cases.add(
    'p = torch.nn.Parameter(torch.ones(2, 2)); p.grad = torch.eye(2); return torch.optim.SparseAdam([p]).step()',
    () => {
      const p = new torch.nn.Parameter(torch.ones(2, 2));
      p.grad = torch.eye(2);
      return new optim.SparseAdam([p]).step();
    },
    { name: 'SparseAdam with a dense gradient' },
  );
  cases.add(
    'p = torch.nn.Parameter(torch.ones(2)); p.grad = torch.ones(2); return torch.optim.Adam([p], capturable=True).step()',
    () => {
      const p = new torch.nn.Parameter(torch.ones(2));
      p.grad = torch.ones(2);
      return new optim.Adam([p], { capturable: true }).step();
    },
    { name: 'capturable on the CPU' },
  );
  for (const load of ['{}', "{'state': {}, 'param_groups': []}", "{'state': {}, 'param_groups': [{'params': []}]}"]) {
    cases.add(
      `torch.optim.SGD([x], 0.1).load_state_dict(${load})`,
      ({ x }) =>
        new optim.SGD([x], 0.1).loadStateDict(JSON.parse(load.replaceAll("'", '"')) as Record<string, unknown>),
      load === '{}' ? { error: { class: 'TypeError', because: 'a KeyError does not say what a state dict is' } } : {},
    );
  }
}
