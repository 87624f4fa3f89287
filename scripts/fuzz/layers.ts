/** Steps that are layers of networks, read by index, or compute with integers and bool. */

import { call, pick, step } from './step';
import type { Maker, Tensor } from './step';

/** Another value whose shape fits, if there is one. */
const fitting = (values: readonly Tensor[], isFitting: (value: Tensor) => boolean, otherwise: number): number => {
  const found = values.findIndex(isFitting);
  return found < 0 ? otherwise : found;
};

export const layers: Maker = (choices, values) => {
  const a = pick(choices, values);
  const { shape } = values[a];
  const [rows, columns] = [shape.at(-2), shape.at(-1)];
  const b = fitting(values, (v) => v.shape.length === 2 && v.shape[1] === columns, pick(choices, values));
  const c = fitting(values, (v) => v.shape.length === 1 && v.shape[0] === values[b].shape[0], pick(choices, values));
  const dim = choices.of([0, -1]);
  switch (choices.below(13)) {
    case 0:
      return step(`layerNorm(v${a})`, (torch, v) => torch.nn.functional.layerNorm(v[a], v[a].shape.slice(-1)));
    case 1:
      return step(`linear(v${a}, v${b}, v${c})`, (torch, v) => torch.nn.functional.linear(v[a], v[b], v[c]));
    case 2:
      return step(`linear(v${a}, v${b})`, (torch, v) => torch.nn.functional.linear(v[a], v[b]));
    case 3:
      return step(`bmm(v${a}, v${a}.mT)`, (_, v) => v[a].bmm(v[a].transpose(-1, -2)));
    case 4: {
      const d = fitting(values, (v) => v.shape.length === 2 && v.shape[0] === columns, b);
      return step(`addmm(v${c}, v${a}, v${d})`, (_, v) => v[c].addmm(v[a], v[d], { beta: 0.5, alpha: 2 }));
    }
    case 5:
      return step(`baddbmm(v${c}, v${a}.mT, v${a})`, (_, v) => v[c].baddbmm(v[a].transpose(-1, -2), v[a]));
    case 6:
      return step(`conv1d(v${a})`, (torch, v) =>
        torch.nn.functional.conv1d(v[a], torch.ones([2, rows ?? 1, 1], { dtype: v[a].dtype })),
      );
    case 7:
      return step(`logSoftmax(v${a}, ${dim})`, (torch, v) => torch.nn.functional.logSoftmax(v[a], dim));
    case 8:
      return step(`softmax(v${a}, ${dim})`, (torch, v) => torch.nn.functional.softmax(v[a], dim));
    case 9:
      return step(`mseLoss(v${a}, v${b})`, (torch, v) => torch.nn.functional.mseLoss(v[a], v[b]));
    case 10:
      return step(`pad(v${a}, [1, 2])`, (torch, v) => torch.nn.functional.pad(v[a], [1, 2]));
    case 11:
      return step(`elu(v${a})`, (torch, v) => torch.nn.functional.elu(v[a]));
    default:
      return step(`addmv(v${c}, v${b}, v${a})`, (_, v) => v[c].addmv(v[b], v[a]));
  }
};

export const indexing: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  const dim = choices.below(Math.max(values[a].shape.length, 1));
  const size = values[a].shape[dim] ?? 1;
  const at = [choices.below(size), choices.below(size), choices.below(size)];
  switch (choices.below(13)) {
    case 0:
      return step(`indexSelect(v${a}, ${dim}, [${at.join(', ')}])`, (torch, v) =>
        v[a].indexSelect(dim, torch.tensor(at, { dtype: 'int64' })),
      );
    case 1:
      return step(`gather(v${a}, ${dim}, argsort)`, (_, v) => v[a].gather(dim, v[a].argsort(dim)));
    case 2:
      return step(`index(v${a}, v${b})`, (_, v) => v[a].index(v[b].to('int64').clamp(0, 0)));
    case 3:
      return step(`index(v${a}, [[0, -1]])`, (torch, v) => v[a].index(torch.tensor([[0, -1]], { dtype: 'int64' })));
    case 4:
      return step(`roll(v${a}, 1, ${dim})`, (_, v) => v[a].roll([1], [dim]));
    case 5:
      return step(`triu(v${a}, 1)`, (_, v) => v[a].triu(1));
    case 6:
      if (size === 0) break;
      return step(`unbind(v${a}, ${dim})[-1]`, (_, v) => v[a].unbind(dim)[size - 1]);
    case 7:
      return step(`chunk(v${a}, 2, ${dim})[0]`, (_, v) => v[a].chunk(2, dim)[0]);
    case 8:
      return step(`repeat(v${a}, 2)`, (_, v) => v[a].repeat([2, ...v[a].shape.map(() => 1)]));
    case 9:
      return step(`diagEmbed(v${a})`, (_, v) => v[a].diagEmbed());
    case 10:
      return step(`movedim(v${a}, 0, -1)`, (_, v) => v[a].movedim(0, -1));
    case 11:
      return step(`sort(v${a}, ${dim})`, (_, v) => v[a].sort(dim)[0]);
  }
  return step(`sum(v${a}, [0, -1], keepdim)`, (_, v) => v[a].sum([0, -1], { keepdim: true }));
};

export const integers: Maker = (choices, values) => {
  const [a, b] = [pick(choices, values), pick(choices, values)];
  const dim = choices.below(Math.max(values[a].shape.length, 1));
  switch (choices.below(9)) {
    case 0: {
      const name = choices.of(['gt', 'le', 'eq', 'ne', 'logicalAnd'] as const);
      return step(`${name}(v${a}, v${b})`, (_, v) => call(v[a], name, v[b]));
    }
    case 1:
      return step(`v${a}.to(int64)`, (_, v) => v[a].clamp(-100, 100).nanToNum().to('int64'));
    case 2:
      return step(`v${a}.to(bool)`, (_, v) => v[a].to('bool'));
    case 3:
      return step(`argmax(v${a}, ${dim})`, (_, v) => v[a].argmax(dim));
    case 4: {
      const length = values[a].shape.at(-1) ?? 1;
      return step(`arange(${length})`, (torch) => torch.arange(length));
    }
    case 5:
      return step(`where(v${a} > v${b}, v${a}, 0)`, (torch, v) => torch.where(v[a].gt(v[b]), v[a], torch.tensor(0)));
    case 6: {
      const name = choices.of(['any', 'all', 'amax', 'amin', 'sum', 'prod'] as const);
      return step(`${name}(v${a}, ${dim})`, (_, v) => call(v[a], name, dim));
    }
    case 7: {
      const name = choices.of(['remainder', 'floorDivide', 'fmod'] as const);
      return step(`${name}(v${a}, v${b})`, (_, v) => call(v[a], name, v[b]));
    }
    default:
      return step(`logicalNot(v${a})`, (_, v) => v[a].logicalNot());
  }
};
