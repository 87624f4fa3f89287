/** Parametrizations: values, gradients, names in state dicts, assignments, removal. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { some } from '../../support/parity/cases';

const { nn } = torch;
const { parametrizations, parametrize } = nn.utils;

type Layer = torch.nn.Linear;

/** What is compared of a layer: weight, output, gradients, names, text. */
const PYTHON = `
from torch.nn.utils import parametrize, parametrizations
def seen(layer, x):
    y = layer(x)
    names = [name for name, _ in layer.named_parameters()]
    grads = torch.autograd.grad((y * y).sum(), list(layer.parameters()), allow_unused=True)
    state = layer.state_dict()
    return [y, names, list(grads), list(state), list(state.values()), str(layer), parametrize.is_parametrized(layer)]
class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT
class Exp(nn.Module):
    def forward(self, x):
        return x.exp()
    def right_inverse(self, x):
        return x.log()
class Sum(nn.Module):
    def forward(self, a, b):
        return a + b
    def right_inverse(self, x):
        return x / 4, x * 0.75
class Cut(nn.Module):
    def forward(self, x):
        return x[:1]
`;

function seen(layer: torch.nn.Module, x: Tensor): unknown {
  const y = (layer as Layer)(x);
  const names = layer.namedParameters().map(([name]) => name);
  const grads = torch.autograd.grad(y.mul(y).sum(), layer.parameters(), { allowUnused: true });
  const state = layer.stateDict();
  const text = String(layer);
  return [y, names, grads, Object.keys(state), Object.values(state), text, parametrize.isParametrized(layer)];
}

class Symmetric extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.triu().add(x.triu(1).mT);
  }
}
class Exp extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.exp();
  }
  rightInverse(x: Tensor): Tensor {
    return x.log();
  }
}
class Sum extends nn.Module {
  override forward(a: Tensor, b: Tensor): Tensor {
    return a.add(b);
  }
  rightInverse(x: Tensor): Tensor[] {
    return [x.div(4), x.mul(0.75)];
  }
}
class Cut extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.narrow(0, 0, 1);
  }
}

const linear = (outputs = 3, inputs = 3): Layer => new nn.Linear(inputs, outputs).double();

export function addParametrizationCases(cases: Cases): void {
  cases.inputs({ x: some([5, 3]), w: some([3, 3], 'float64', 7) });
  const add = (python: string, javascript: (x: Tensor, w: Tensor) => unknown, name = python): void =>
    cases.add(`${PYTHON}\nl = nn.Linear(3, 3).double()\n${python}`, ({ x, w }) => javascript(x, w), { name });

  add(`parametrize.register_parametrization(l, 'weight', Symmetric())\nreturn seen(l, x)`, (x) =>
    seen(parametrize.registerParametrization(linear(), 'weight', new Symmetric()), x),
  );
  add(
    `parametrize.register_parametrization(l, 'weight', Symmetric())
parametrize.register_parametrization(l, 'weight', Exp())
parametrize.register_parametrization(l, 'bias', Sum())
before = seen(l, x)
l.bias = torch.ones(3).double()
kind = parametrize.type_before_parametrizations(l).__name__
parametrize.remove_parametrizations(l, 'weight')
between = seen(l, x)
parametrize.remove_parametrizations(l, 'bias')
return [before, between, seen(l, x), kind, type(l.bias).__name__]`,
    (x) => {
      const l = linear();
      parametrize.registerParametrization(l, 'weight', new Symmetric());
      parametrize.registerParametrization(l, 'weight', new Exp());
      parametrize.registerParametrization(l, 'bias', new Sum());
      const before = seen(l, x);
      l.bias = torch.ones([3], { dtype: 'float64' }) as torch.nn.Parameter;
      const kind = (parametrize.typeBeforeParametrizations(l) as { name: string }).name;
      parametrize.removeParametrizations(l, 'weight');
      const between = seen(l, x);
      parametrize.removeParametrizations(l, 'bias');
      return [before, between, seen(l, x), kind, l.bias.constructor.name];
    },
    'several parametrizations, an assignment, and their removal',
  );
  add(
    `with torch.no_grad():
    l.weight.abs_()
parametrize.register_parametrization(l, 'weight', Exp())
start = seen(l, x)
l.weight = w.abs() + 1
parametrize.remove_parametrizations(l, 'weight', leave_parametrized=False)
return [start, seen(l, x)]`,
    (x, w) => {
      const l = linear();
      torch.noGrad(() => l.weight.abs_());
      parametrize.registerParametrization(l, 'weight', new Exp());
      const start = seen(l, x);
      l.weight = w.abs().add(1) as torch.nn.Parameter;
      parametrize.removeParametrizations(l, 'weight', { leaveParametrized: false });
      return [start, seen(l, x)];
    },
    'an inverse initialises the original, takes assignments, and the original may stay',
  );
  add(
    `parametrize.register_parametrization(l, 'weight', Symmetric())
m = nn.Linear(3, 3).double()
parametrize.transfer_parametrizations_and_params(l, m)
return [seen(m, x), m.parametrizations.weight.original is l.parametrizations.weight.original]`,
    (x) => {
      const l = parametrize.registerParametrization(linear(), 'weight', new Symmetric());
      const m = linear();
      parametrize.transferParametrizationsAndParams(l, m);
      const originalOf = (layer: Layer): unknown => layer.getParameter('parametrizations.weight.original');
      return [seen(m, x), originalOf(m) === originalOf(l)];
    },
    'transferParametrizationsAndParams',
  );
  add(
    `parametrize.register_parametrization(l, 'weight', Exp())
with parametrize.cached():
    a, b = l.weight, l.weight
return [a is b, l.weight is l.weight]`,
    () => {
      const l = parametrize.registerParametrization(linear(), 'weight', new Exp());
      const same = parametrize.cached(() => l.weight === l.weight);
      return [same, l.weight === l.weight];
    },
    'cached',
  );

  cases.group('errors', () => {
    add(`return parametrize.register_parametrization(l, 'none', Exp())`, () =>
      parametrize.registerParametrization(linear(), 'none', new Exp()),
    );
    add(`return parametrize.register_parametrization(l, 'weight', Cut())`, () =>
      parametrize.registerParametrization(linear(), 'weight', new Cut()),
    );
    add(
      `parametrize.register_parametrization(l, 'weight', Symmetric())\nreturn parametrize.register_parametrization(l, 'weight', Cut())`,
      () => {
        const l = parametrize.registerParametrization(linear(), 'weight', new Symmetric());
        return parametrize.registerParametrization(l, 'weight', new Cut());
      },
    );
    add(
      `return list(parametrize.register_parametrization(l, 'weight', Cut(), unsafe=True).weight.shape)`,
      () => parametrize.registerParametrization(linear(), 'weight', new Cut(), { unsafe: true }).weight.shape,
    );
    add(`parametrize.register_parametrization(l, 'weight', Symmetric())\nl.weight = w\nreturn 1`, (_, w) => {
      const l = parametrize.registerParametrization(linear(), 'weight', new Symmetric());
      l.weight = w as torch.nn.Parameter;
    });
    add(`return parametrize.remove_parametrizations(l, 'weight')`, () =>
      parametrize.removeParametrizations(linear(), 'weight'),
    );
    add(
      `parametrize.register_parametrization(l, 'weight', Sum())\nreturn parametrize.remove_parametrizations(l, 'weight', leave_parametrized=False)`,
      () => {
        const l = parametrize.registerParametrization(linear(), 'weight', new Sum());
        return parametrize.removeParametrizations(l, 'weight', { leaveParametrized: false });
      },
    );
    add(`return parametrizations.orthogonal(l, 'bias')`, () => parametrizations.orthogonal(linear(), 'bias'));
    add(`return parametrizations.orthogonal(l, 'none')`, () => parametrizations.orthogonal(linear(), 'none'));
    add(`return parametrizations.orthogonal(l, orthogonal_map='other')`, () =>
      parametrizations.orthogonal(linear(), { orthogonalMap: 'other' as never }),
    );
    add(`return parametrizations.spectral_norm(l, dim=2)`, () => parametrizations.spectralNorm(linear(), { dim: 2 }));
    add(`return parametrizations.spectral_norm(l, n_power_iterations=0)`, () =>
      parametrizations.spectralNorm(linear(), { nPowerIterations: 0 }),
    );
  });

  for (const [python, javascript] of [
    ['weight_norm(l)', (l: Layer) => parametrizations.weightNorm(l)],
    ["weight_norm(l, 'weight', 1)", (l: Layer) => parametrizations.weightNorm(l, 'weight', 1)],
    ['weight_norm(l, dim=None)', (l: Layer) => parametrizations.weightNorm(l, { dim: null })],
    ['spectral_norm(l)', (l: Layer) => parametrizations.spectralNorm(l)],
    ["spectral_norm(l, 'weight', 3, dim=1)", (l: Layer) => parametrizations.spectralNorm(l, 'weight', 3, { dim: 1 })],
    ["spectral_norm(l, 'bias')", (l: Layer) => parametrizations.spectralNorm(l, 'bias')],
    ['orthogonal(l)', (l: Layer) => parametrizations.orthogonal(l)],
    ...(['matrix_exp', 'cayley', 'householder'] as const).flatMap((map) =>
      [true, false].map((useTrivialization) => {
        const python = `orthogonal(l, 'weight', '${map}', use_trivialization=${useTrivialization ? 'True' : 'False'})`;
        const javascript = (l: Layer) => parametrizations.orthogonal(l, 'weight', map, { useTrivialization });
        return [python, javascript] as const;
      }),
    ),
  ] as readonly (readonly [string, (l: Layer) => Layer])[]) {
    for (const outputs of [3, 2, 5]) {
      add(
        `l = nn.Linear(3, ${outputs}).double()
parametrizations.${python}
first = seen(l, x)
l.eval()
return [first, seen(l, x)]`,
        (x) => {
          linear();
          const l = javascript(linear(outputs));
          const first = seen(l, x);
          l.eval();
          return [first, seen(l, x)];
        },
        `${python} of a matrix with ${outputs} rows and 3 columns`,
      );
    }
  }
  add(
    `parametrizations.orthogonal(l)
q = torch.linalg.qr(w)[0]
l.weight = q
first = l.weight
l.weight = w
return [first, l.weight, l.weight @ l.weight.mT]`,
    (_, w) => {
      const l = parametrizations.orthogonal(linear());
      l.weight = torch.linalg.qr(w)[0] as torch.nn.Parameter;
      const first = l.weight;
      l.weight = w as torch.nn.Parameter;
      return [first, l.weight, l.weight.matmul(l.weight.mT)];
    },
    'an orthogonal weight takes orthogonal matrices, and orthogonalises others',
  );
  add(
    `parametrizations.weight_norm(l)
state = {'bias': torch.ones(3), 'weight_g': torch.full((3, 1), 2.0), 'weight_v': w}
l.load_state_dict(state)
return seen(l, x)`,
    (x, w) => {
      const l = parametrizations.weightNorm(linear());
      l.loadStateDict({ bias: torch.ones(3), weight_g: torch.full([3, 1], 2), weight_v: w });
      return seen(l, x);
    },
    'a state dict of the older weight_norm',
  );
}
