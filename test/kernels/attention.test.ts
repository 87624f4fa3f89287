/** Attention and recurrent networks under transforms, without running sample by sample. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';

const { func, vmap } = torch;
const { scaledDotProductAttention } = torch.nn.functional;

/** The definition. */
const formula = (q: Tensor, k: Tensor, v: Tensor): Tensor =>
  q
    .matmul(k.transpose(-2, -1))
    .div(Math.sqrt(q.size(-1)))
    .softmax(-1)
    .matmul(v);

const close = (a: Tensor, b: Tensor): void => expect(a.sub(b).abs().max().item()).toBeLessThan(1e-12);

beforeAll(() => func.setBatchingFallback('error'));
afterAll(() => func.setBatchingFallback('warn'));

describe('scaledDotProductAttention', () => {
  const [q, k, v] = torch.randn([3, 4, 1, 2, 5, 6], {
    dtype: 'float64',
    generator: new torch.Generator().manualSeed(1),
  });

  test('vmap of one argument, and of all', () => {
    const [k0, v0] = [k.select(0, 0), v.select(0, 0)];
    const ofOne = vmap((one: Tensor) => scaledDotProductAttention(one, k0, v0))(q);
    close(ofOne, vmap((one: Tensor) => formula(one, k0, v0))(q));
    const ofAll = vmap((a: Tensor, b: Tensor, c: Tensor) => scaledDotProductAttention(a, b, c));
    close(ofAll(q, k, v), formula(q, k, v));
  });

  test('vmap of grad and jvp', () => {
    const loss = (f: typeof formula) => (one: Tensor) => f(one, one, one).square().sum();
    const ours = loss(scaledDotProductAttention as typeof formula);
    close(vmap(func.grad(ours))(q), vmap(func.grad(loss(formula)))(q));
    const tangent = (f: (x: Tensor) => Tensor) => func.jvp(f, [q], [k])[1];
    close(tangent(ours), tangent(loss(formula)));
  });

  test('second derivatives in every order of modes', () => {
    const x = q.select(0, 0);
    const f = (one: Tensor) => scaledDotProductAttention(one, one.sin(), one).square().sum();
    const expected = func.hessian((one: Tensor) => formula(one, one.sin(), one).square().sum())(x);
    close(func.hessian(f)(x), expected);
    close(func.jacrev(func.jacrev(f))(x), expected);
    close(func.jacfwd(func.jacfwd(f))(x), expected);
    close(func.jacrev(func.jacfwd(f))(x), expected);
  });

  test('errors stay errors', () => {
    expect(() =>
      vmap((one: Tensor) => scaledDotProductAttention(one, k.select(0, 0).narrow(-1, 0, 3), one))(q),
    ).toThrow();
  });
});

describe('recurrent operators', () => {
  const makeWeights = (gates: number): Tensor[] => {
    const generator = new torch.Generator().manualSeed(2);
    const random = (...shape: number[]) => torch.randn(shape, { dtype: 'float64', generator });
    return [random(3 * gates, 2), random(3 * gates, 3), random(3 * gates), random(3 * gates)];
  };
  const made = [1, 3, 4].map((gates) => [gates, makeWeights(gates)] as const);
  const weights = (gates: number): Tensor[] => new Map(made).get(gates)!;
  const x = torch.randn([4, 5, 2], { dtype: 'float64', generator: new torch.Generator().manualSeed(3) });
  const h = torch.zeros([1, 1, 3], { dtype: 'float64' });

  const networks: Record<string, (x: Tensor) => Tensor> = {
    lstm: (one) => torch.lstm(one.unsqueeze(1), [h, h], weights(4), true, 1, 0, false, false, false)[0],
    gru: (one) => torch.gru(one.unsqueeze(1), h, weights(3), true, 1, 0, false, false, false)[0],
    rnnTanh: (one) => torch.rnnTanh(one.unsqueeze(1), h, weights(1), true, 1, 0, false, false, false)[0],
    rnnRelu: (one) => torch.rnnRelu(one.unsqueeze(1), h, weights(1), true, 1, 0, false, false, false)[0],
  };

  test.each(Object.keys(networks))('%s: vmap equals a loop', (name) => {
    close(vmap(networks[name])(x), torch.stack([...x].map(networks[name])));
  });

  test.each(Object.keys(networks))('%s: forward and reverse mode agree, also per sample and twice', (name) => {
    const f = networks[name];
    close(vmap(func.jacrev(f))(x), vmap(func.jacfwd(f))(x));
    const loss = (one: Tensor): Tensor => f(one).pow(3).sum();
    close(vmap(func.hessian(loss))(x), vmap(func.jacrev(func.jacrev(loss)))(x));
  });

  test('only the weights are mapped', () => {
    const [wi, wh, bi, bh] = weights(4);
    const f = (w: Tensor): Tensor =>
      torch.lstm(
        x,
        [h, h].map((s) => s.expand([1, 5, 3])),
        [w, wh, bi, bh],
        true,
        1,
        0,
        false,
        false,
        false,
      )[0];
    const all = torch.stack([wi, wi.mul(2)]);
    close(vmap(f)(all), torch.stack([f(wi), f(wi.mul(2))]));
  });

  test('batch sizes cannot be mapped', () => {
    const packed = (sizes: Tensor) =>
      torch.gru(
        torch.ones([3, 2], { dtype: 'float64' }),
        sizes,
        h.expand([1, 2, 3]),
        weights(3),
        true,
        1,
        0,
        false,
        false,
      )[0];
    expect(() =>
      vmap(packed)(
        torch.tensor([
          [2n, 1n],
          [2n, 1n],
        ]),
      ),
    ).toThrow('batch_sizes has to be a one-dimensional');
  });

  test('a wrong number of weights', () => {
    const f = (one: Tensor) => torch.gru(one.unsqueeze(1), h, weights(3).slice(1), true, 1, 0, false, false, false)[0];
    expect(() => vmap(f)(x)).toThrow('got an incorrect number of RNN parameters');
  });
});
