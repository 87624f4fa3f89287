/** functionalize and rearrange against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';

const { functionalize, grad, rearrange } = torch.func;

parity('functionalize', (cases) => {
  cases.inputs({ x: some([3]), m: some([2, 3], 'float64', 3) });
  const mutate = (x: Tensor): Tensor => {
    const y = x.clone();
    y.view([-1]).narrow(0, 0, 1).add_(1);
    return y.mul_(2);
  };
  const python = `def f(x):
  y = x.clone()
  y.view(-1)[0:1].add_(1)
  return y.mul_(2)
`;
  for (const [option, remove] of [
    ['', undefined],
    [", remove='mutations'", 'mutations'],
    [", remove='mutations_and_views'", 'mutations_and_views'],
  ] as const) {
    cases.add(
      `${python}return torch.func.functionalize(f${option})(m)`,
      ({ m }) => functionalize(mutate, { remove })(m),
      {
        name: `fresh tensors${option}`,
      },
    );
    cases.add(
      `g = torch.func.functionalize(lambda x: x.add_(1).sum()${option}); y = g(m); return (y, m)`,
      ({ m }) => [functionalize((x: Tensor) => x.add_(1).sum(), { remove })(m), m],
      { name: `an argument is written to${option}` },
    );
    cases.add(
      `g = torch.func.functionalize(lambda x: x.t()[1].zero_()${option}); y = g(m); return (y, m)`,
      ({ m }) => [functionalize((x: Tensor) => x.t().select(0, 1).zero_(), { remove })(m), m],
      { name: `a view of an argument is written to${option}` },
    );
    cases.add(
      `${python}return torch.vmap(torch.func.functionalize(f${option}))(m)`,
      ({ m }) => torch.vmap(functionalize(mutate, { remove }))(m),
      { name: `inside vmap${option}` },
    );
    cases.add(
      `${python}return torch.func.grad(lambda x: torch.func.functionalize(f${option})(x).pow(2).sum())(x)`,
      ({ x }) => grad((x: Tensor) => functionalize(mutate, { remove })(x).pow(2).sum())(x),
      { name: `inside grad${option}` },
    );
    cases.add(
      `${python}return torch.func.functionalize(torch.func.grad(lambda x: f(x).pow(2).sum())${option})(x)`,
      ({ x }) =>
        functionalize(
          grad((x: Tensor) => mutate(x).pow(2).sum()),
          { remove },
        )(x),
      { name: `around grad${option}` },
    );
  }
  // Each is tried on tensors without memory first; these kernels are Python's in PyTorch.
  const inPlace: [string, (x: Tensor, other: Tensor) => Tensor][] = [
    ['x.abs_()', (x) => x.abs_()],
    ['x.round().logical_not_()', (x) => x.round().logicalNot_()],
    ['x.logical_and_(m[0] > 0)', (x, m) => x.logicalAnd_(m.select(0, 0).gt(0))],
    ['x.logical_or_(m[0] > 0)', (x, m) => x.logicalOr_(m.select(0, 0).gt(0))],
    ['x.logical_xor_(m[0] > 0)', (x, m) => x.logicalXor_(m.select(0, 0).gt(0))],
    ['x.logical_and_(m)', (x, m) => x.logicalAnd_(m)],
    ['x.floor_divide_(0.25)', (x) => x.floorDivide_(0.25)],
    ['x.floor_divide_(m[0])', (x, m) => x.floorDivide_(m.select(0, 0))],
    ['(x / 0).nan_to_num_()', (x) => x.div(0).nanToNum_()],
    ['(x + 3).mvlgamma_(2)', (x) => x.add(3).mvlgamma_(2)],
    ['torch.abs(x, out=m[0])', (x, m) => torch.abs(x, { out: m.select(0, 0) })],
  ];
  for (const [text, f] of inPlace) {
    cases.add(`y = torch.func.functionalize(lambda x, m: ${text})(x, m); return (y, x, m)`, ({ x, m }) => {
      const y = functionalize(f)(x, m);
      return [y, x, m];
    });
  }
  cases.add('torch.func.functionalize(lambda p: {"y": [p["a"] + p["b"]], "n": 3})({"a": x, "b": x})', ({ x }) =>
    functionalize((p: { a: Tensor; b: Tensor }) => ({ y: [p.a.add(p.b)], n: 3 }))({ a: x, b: x }),
  );
  cases.add("torch.func.functionalize(lambda x: x, remove='everything')", () =>
    functionalize((x: Tensor) => x, { remove: 'everything' as 'mutations' }),
  );
});

parity('rearrange', (cases) => {
  cases.inputs({
    t: some([2, 3, 4], 'float64', 5),
    q: some([2, 6, 4, 3], 'float64', 6),
    m: some([2, 3], 'float64', 3),
  });
  const accepted: [input: string, pattern: string, lengths?: Record<string, number>][] = [
    ['t', 'a b c -> c a b'],
    ['t', 'a b c -> a (b c)'],
    ['t', 'a b c -> (a b c)'],
    ['t', 'a b c -> (c a) b'],
    ['t', 'a ... -> ... a'],
    ['t', '... c -> c ...'],
    ['t', 'a b c -> a 1 b c'],
    ['t', 'a b c -> a () b c'],
    ['q', 'b (h s) w c -> (b s) h w c', { s: 2 }],
    ['q', 'b (h s) (w r) c -> b h w (c s r)', { s: 3, r: 2 }],
    ['q', 'b (h s) w c -> b h w (s c)', { h: 3, s: 2 }],
    ['q', 'b ... c -> b (...) c'],
    ['m', 'a b->b a'],
  ];
  // One wrong thing each.
  const refused: typeof accepted = [
    ['t', 'a b c'],
    ['t', 'a b c -> a b -> c'],
    ['t', 'a b c -> a b'],
    ['t', 'a b -> b a'],
    ['t', 'a b c d -> d c b a'],
    ['t', 'a a c -> a c'],
    ['t', 'a b (c (d)) -> a b c d'],
    ['t', 'a b (c -> a b c'],
    ['t', 'a b c) -> a b c'],
    ['t', 'a b . c -> a b c'],
    ['t', '... ... -> ...'],
    ['t', 'a b c -> a 2 b c'],
    ['t', 'a b 1c -> a b 1c'],
    ['t', '_a b c -> _a b c'],
    ['t', 'a b c -> a b c', { d: 2 }],
    ['q', 'b (h s) w c -> b h s w c', { s: 4 }],
    ['t', 'a b c -> a b ...'],
  ];
  const add = (
    [input, pattern, lengths]: (typeof accepted)[number],
    error?: { class: string; because: string },
  ): void => {
    const keywords = Object.entries(lengths ?? {}).map(([name, length]) => `, ${name}=${length}`);
    cases.add(
      `torch.func.rearrange(${input}, ${JSON.stringify(pattern)}${keywords.join('')})`,
      (inputs: Record<string, Tensor>) => rearrange(inputs[input], pattern, lengths),
      { error },
    );
  };
  cases.group('accepted', () => accepted.forEach((example) => add(example)));
  cases.group('refused', () =>
    refused.forEach((example) =>
      add(
        example,
        example[0] === 'q'
          ? { class: 'ValueError', because: 'DimensionBindError belongs to first-class dimensions' }
          : undefined,
      ),
    ),
  );
  cases.add('torch.func.rearrange([m, m], "n a b -> a b n")', ({ m }) => rearrange([m, m], 'n a b -> a b n'));
  cases.add('torch.vmap(lambda x: torch.func.rearrange(x, "a b -> (b a)"))(t)', ({ t }) =>
    torch.vmap((x: Tensor) => rearrange(x, 'a b -> (b a)'))(t),
  );
});
