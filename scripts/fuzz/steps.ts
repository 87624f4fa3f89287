/** The steps of random programs: each computes a tensor from earlier ones, or writes to one of them. */

import { indexing, integers, layers } from './layers';
import type { Choices } from './random';
import { call, pick, step } from './step';
import type { Maker, Step, Tensor } from './step';

const UNARY = [
  'sin', 'cos', 'tanh', 'exp', 'neg', 'abs', 'square', 'sigmoid', 'relu', 'erf', 'expm1', 'sign', 'floor', 'round',
  'softplus', 'gelu', 'silu', 'clone', 'contiguous', 'logSigmoid', 'atan', 'sinh', 'reciprocal', 'rsqrt', 'log1p',
  'tan', 'asin', 'acos', 'cosh', 'asinh', 'acosh', 'atanh', 'exp2', 'log', 'log2', 'log10', 'sqrt', 'erfc', 'lgamma', 'trunc',
  'frac', 'ceil', 'logit', 'sinc', 'hardswish', 'hardsigmoid', 'hardtanh', 'mish', 'selu', 'celu', 'leakyRelu', 'softsign',
  'tanhshrink', 'softshrink', 'hardshrink', 'relu6',
] as const; // prettier-ignore
const FUNCTIONAL = new Set([
  'softplus', 'gelu', 'silu', 'logSigmoid', 'hardswish', 'hardsigmoid', 'hardtanh', 'mish', 'selu', 'celu', 'leakyRelu',
  'softsign', 'tanhshrink', 'softshrink', 'hardshrink', 'relu6',
]); // prettier-ignore
const BINARY = ['add', 'sub', 'mul', 'maximum', 'minimum', 'atan2', 'div', 'pow', 'hypot'] as const;
const NUMBERS = [2, -1, 0.5, 3, -0.25, 0, 1] as const;

const unary: Maker = (choices, values) => {
  const [name, a] = [choices.of(UNARY), pick(choices, values)];
  return step(`${name}(v${a})`, (torch, v) =>
    FUNCTIONAL.has(name) ? call(torch.nn.functional, name, v[a]) : call(v[a], name),
  );
};

const binary: Maker = (choices, values) => {
  const [name, a, b] = [choices.of(BINARY), pick(choices, values), pick(choices, values)];
  return step(`${name}(v${a}, v${b})`, (_, v) => call(v[a], name, v[b]));
};

const withNumber: Maker = (choices, values) => {
  const [name, a, number] = [
    choices.of(['add', 'mul', 'sub', 'div', 'pow'] as const),
    pick(choices, values),
    choices.of(NUMBERS),
  ];
  return step(`${name}(v${a}, ${number})`, (_, v) => call(v[a], name, number));
};

const view: Maker = (choices, values) => {
  const a = pick(choices, values);
  const { shape } = values[a];
  const dim = choices.below(Math.max(shape.length, 1));
  const size = shape[dim] ?? 1;
  const kind = choices.of([
    'select',
    'narrow',
    'transpose',
    'unsqueeze',
    'expand',
    'reshape',
    'flip',
    'squeeze',
    'diagonal',
    't',
  ]);
  const at = choices.below(size);
  switch (kind) {
    case 'select':
      return step(`select(v${a}, ${dim}, ${at})`, (_, v) => v[a].select(dim, at));
    case 'narrow': {
      const length = 1 + choices.below(size - at);
      return step(`narrow(v${a}, ${dim}, ${at}, ${length})`, (_, v) => v[a].narrow(dim, at, length));
    }
    case 'transpose':
      return step(`transpose(v${a}, 0, -1)`, (_, v) => v[a].transpose(0, -1));
    case 'unsqueeze':
      return step(`unsqueeze(v${a}, ${dim})`, (_, v) => v[a].unsqueeze(dim));
    case 'expand':
      return step(`expand(v${a}, 2)`, (_, v) => v[a].unsqueeze(0).expand([2, ...v[a].shape]));
    case 'reshape':
      return step(`reshape(v${a}, -1)`, (_, v) => v[a].reshape([-1]));
    case 'flip':
      return step(`flip(v${a}, ${dim})`, (_, v) => v[a].flip([dim]));
    case 'diagonal':
      return step(`diagonal(v${a})`, (_, v) => v[a].diagonal());
    case 't':
      return step(`permute(v${a})`, (_, v) => v[a].permute(v[a].shape.map((_, i) => i).reverse()));
    default:
      return step(`squeeze(v${a})`, (_, v) => v[a].squeeze());
  }
};

const reduction: Maker = (choices, values) => {
  const a = pick(choices, values);
  const dim = choices.below(Math.max(values[a].shape.length, 1));
  const name = choices.of(['sum', 'mean', 'amax', 'softmax', 'cumsum', 'prod', 'logsumexp', 'sumAll', 'std'] as const);
  if (name === 'sumAll') return step(`sum(v${a})`, (_, v) => v[a].sum());
  return step(`${name}(v${a}, ${dim})`, (_, v) => call(v[a], name, dim));
};

const product: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  return choices.chance(0.5)
    ? step(`matmul(v${a}, v${b})`, (_, v) => v[a].matmul(v[b]))
    : step(`matmul(v${a}, v${b}.mT)`, (_, v) => v[a].matmul(v[b].transpose(-1, -2)));
};

const joining: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  return choices.chance(0.5)
    ? step(`stack(v${a}, v${a} * 2)`, (torch, v) => torch.stack([v[a], v[a].mul(2)]))
    : step(`cat(v${a}, v${b})`, (torch, v) => torch.cat([v[a], v[b]]));
};

const selection: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  switch (choices.below(5)) {
    case 0:
      return step(`where(v${a} > 0, v${a}, v${b})`, (torch, v) => torch.where(v[a].gt(0), v[a], v[b]));
    case 1:
      return step(`clamp(v${a})`, (_, v) => v[a].clamp(-0.5, 0.5));
    case 2:
      return step(`index(v${a}, [0, 0])`, (torch, v) => v[a].index(torch.tensor([0, 0], { dtype: 'int64' })));
    case 3:
      return step(`tril(v${a})`, (_, v) => v[a].tril());
    default:
      return step(`maskedFill(v${a})`, (_, v) => v[a].maskedFill(v[a].lt(0), 0.25));
  }
};

const writing: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  switch (choices.below(7)) {
    case 0:
      return step(`v${a}.add_(1)`, (_, v) => (v[a].add_(1), null));
    case 1:
      return step(`v${a}.mul_(v${b})`, (_, v) => (v[a].mul_(v[b]), null));
    case 2:
      return step(`v${a}.select(0, 0).fill_(0.5)`, (_, v) => (v[a].select(0, 0).fill_(0.5), null));
    case 3:
      return step(`v${a}.copy_(v${b})`, (_, v) => (v[a].copy_(v[b]), null));
    case 4:
      return step(`v${a}.transpose(0, -1).sin_()`, (_, v) => (v[a].transpose(0, -1).sin_(), null));
    case 5:
      return step(`v${a}.zero_()`, (_, v) => (v[a].zero_(), null));
    default:
      return step(`v${a}.narrow(0, 0, 1).sub_(v${b})`, (_, v) => (v[a].narrow(0, 0, 1).sub_(v[b]), null));
  }
};

const creation: Maker = (choices, values) => {
  const a = pick(choices, values);
  switch (choices.below(6)) {
    case 0:
      return step('tensor([1, -2])', (torch) => torch.tensor([1, -2]));
    case 1:
      return step(`randn(v${a})`, (torch, v) => torch.randn(v[a].shape, { dtype: v[a].dtype }));
    case 2:
      return step(`dropout(v${a})`, (torch, v) => torch.nn.functional.dropout(v[a], { p: 0.5, training: true }));
    case 3:
      return step(`zerosLike(v${a})`, (torch, v) => torch.zerosLike(v[a]));
    case 4:
      return step('eye(3)', (torch) => torch.eye(3));
    default:
      return step(`v${a}.to(float64)`, (_, v) => v[a].to(v[a].dtype === 'float64' ? 'float32' : 'float64'));
  }
};

const MAKERS: readonly [Maker, number][] = [
  [unary, 5],
  [binary, 5],
  [withNumber, 3],
  [view, 5],
  [reduction, 2],
  [product, 1.5],
  [joining, 1.5],
  [selection, 1.5],
  [writing, 2],
  [creation, 1],
  [layers, 1],
  [indexing, 1],
  [integers, 1],
];

// Their sums may be computed in another order.
const WITH_SUMS: ReadonlySet<Maker> = new Set([reduction, product, layers, indexing, integers]);

/** A step, and whether compiled functions compute it to the last bit. */
export interface RandomStep extends Step {
  isExact: boolean;
}

function withExactness(maker: Maker, choices: Choices, values: readonly Tensor[]): RandomStep {
  const made = maker(choices, values);
  // oneDNN computes gelu of float32, of a tensor that is not expanded with other code.
  return { ...made, isExact: !WITH_SUMS.has(maker) && !made.text.startsWith('gelu') };
}

/** A random step on these values. */
export function randomStep(choices: Choices, values: readonly Tensor[], writes: boolean): RandomStep {
  const makers = writes ? MAKERS : MAKERS.filter(([maker]) => maker !== writing);
  let left = choices.uniform() * makers.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [maker, weight] of makers) {
    left -= weight;
    if (left < 0) return withExactness(maker, choices, values);
  }
  return withExactness(unary, choices, values);
}
