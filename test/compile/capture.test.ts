/** What a recording sees of calls that are more than a sequence of operators. The oracle is eager execution. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { compareCalls } from '../../scripts/parity/compiled/calls';

const { jacfwd, vmap } = torch.func;

const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
beforeEach(() => warnings.mockClear());

/** Compiles the function, and compares three calls with the function itself; the reason if it is not compiled. */
function refusalOf(f: (...args: Tensor[]) => unknown, ...shapes: number[][]): string | null {
  const inputs = [0, 1].map(() => shapes.map((shape) => torch.rand(shape, { dtype: 'float64' }).add(0.5)));
  const { why, execution } = compareCalls(f, { args: (other) => inputs[Number(other)].map((x) => x.clone()) });
  expect(why).toBeNull();
  return execution!.refusal;
}

describe('what autograd saves', () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ['the result of an operator', (x) => x.tan()],
    ['a result that a later operator uses', (x) => x.exp().tanh().sigmoid()],
    ['a result of several', (x) => torch.linalg.qr(x.view(2, 2).add(torch.eye(2)))[0]],
    ['a result that is returned', (x) => x.sqrt()],
  ])('%s', (_, f) => {
    const gradient = (given: Tensor): unknown => {
      const x = given.detach().clone().requiresGrad_();
      const y = f(x);
      const [g] = torch.autograd.grad(y.sum(), x);
      return [g, y.detach()];
    };
    expect(refusalOf(gradient, [4])).toBeNull();
  });
});

test('random numbers that are the same for all columns', () => {
  const f = (x: Tensor): Tensor => torch.nn.functional.dropout(x.mul(x), 0.5);
  expect(
    refusalOf(
      jacfwd((x: Tensor) => x.mul(x), { randomness: 'same' }),
      [3],
    ),
  ).toBeNull();
  expect(refusalOf(vmap(f, { randomness: 'same' }), [2, 3])).toBeNull();
  // Each chunk starts from the same state, which a recording cannot set.
  expect(refusalOf(jacfwd(f, { randomness: 'same', chunkSize: 2 }), [3])).toMatch('random number generator');
});

describe('values that are the same in every call', () => {
  const mask = (n: number): Tensor => torch.arange(n).remainder(2).eq(0);

  test.each<[string, (x: Tensor) => unknown]>([
    ['a mask as index', (x) => x.index(mask(4)).mul(2)],
    ['maskedSelect()', (x) => x.maskedSelect(mask(4))],
    ['nonzero()', (x) => x.index(torch.nonzero(mask(4)).squeeze(1))],
    ['combinations()', (x) => torch.combinations(x)],
    ['cov()', (x) => torch.cov(x.view(2, 2))],
    ['item()', (x) => x.mul(torch.arange(4).sum().item())],
    ['a condition', (x) => (torch.equal(torch.zeros(2), torch.zeros(2)) ? x.sin() : x.cos())],
  ])('%s compiles', (_, f) => {
    expect(refusalOf(f, [4])).toBeNull();
  });

  test.each<[string, (x: Tensor) => unknown]>([
    ['an argument', (x) => x.mul(x.sum().item())],
    ['a constant that an argument was written to', (x) => x.mul(torch.zeros(4).add_(x).sum().item())],
    [
      'a view of such a constant',
      (x) => {
        const c = torch.zeros(4, { dtype: 'float64' });
        const view = c.select(0, 0);
        c.copy_(x);
        return x.mul(view.item());
      },
    ],
    ['random numbers', (x) => x.mul(torch.zeros(4).uniform_().sum().item())],
  ])('not of %s', (_, f) => {
    expect(refusalOf(f, [4])).toMatch(/reads values|depends on values/);
  });

  test('a tensor from outside may change', () => {
    const outside = torch.tensor(2);
    const compiled = torch.compile((x: Tensor) => x.mul(outside.item()));
    compiled(torch.ones(2));
    outside.fill_(5);
    expect(compiled(torch.ones(2)).toArray()).toEqual([5, 5]);
  });
});

describe('results in given tensors', () => {
  test.each<[string, (a: Tensor, out: Tensor) => unknown]>([
    ['cholesky()', (a, out) => torch.linalg.cholesky(a.matmul(a.mT).add(torch.eye(3).mul(3)), { out })],
    ['inv()', (a, out) => torch.linalg.inv(a.add(torch.eye(3).mul(3)), { out })],
    ['msort()', (a, out) => torch.msort(a, { out })],
  ])('%s makes empty tensors for others', (_, f) => {
    expect(refusalOf(f as (...args: Tensor[]) => unknown, [3, 3], [3, 3])).toBeNull();
  });

  // X A = B is solved as A^H X^H = B^H: X is stored conjugated, and says so.
  test.each<[string, (a: Tensor, b: Tensor, out: Tensor) => unknown]>([
    ['solve()', (a, b, out) => torch.linalg.solve(a, b, { left: false, out })],
    [
      'luSolve()',
      (a, b, out) => {
        const { LU, pivots } = torch.linalg.luFactor(a);
        return torch.linalg.luSolve(LU, pivots, b, { left: false, out });
      },
    ],
  ])('%s stores the conjugate', (_, f) => {
    const compiled = torch.compile(f);
    for (let call = 0; call < 3; call++) {
      const [a, b] = [0, 1].map(() => torch.randn([3, 3], { dtype: 'complex128' }));
      const out = torch.zeros([3, 3], { dtype: 'complex128' });
      expect(compiled(a, b, out)).toBe(out);
      expect(torch.allclose(out.matmul(a), b)).toBe(true);
    }
  });

  test('an argument that gets another shape', () => {
    const f = (x: Tensor, out: Tensor): Tensor => torch.sin(x, { out });
    expect(refusalOf(f as (...args: Tensor[]) => unknown, [3], [0])).toMatch('changes the shape of a tensor in place');
  });
});

test('an operator that conjugates tensors inside of it', () => {
  const x = torch.randn([3, 2], { dtype: 'complex128' });
  const compiled = torch.compile((a: Tensor) => torch.linalg.pinv(a));
  for (let i = 0; i < 2; i++) expect(torch.equal(compiled(x), torch.linalg.pinv(x))).toBe(true);
});

test('products of conjugate and negative views', () => {
  const complex = (x: Tensor): Tensor => torch.complex(x, x.sin());
  // The recorded call is compared too.
  expect(refusalOf((x) => torch.viewAsReal(torch.linalg.pinv(complex(x))).clone(), [2, 3, 5])).toBeNull();
  const products = (x: Tensor, y: Tensor): Tensor[] => {
    const negative = complex(y).conj().imag;
    return [x.matmul(negative.mT), torch.viewAsReal(complex(x).matmul(complex(y).mH).resolveConj())];
  };
  expect(refusalOf(products, [3, 5], [4, 5])).toBeNull();
});

test('two results that are views of a copy, with another dtype', () => {
  const z = torch.complex(torch.randn([4]), torch.randn([4]));
  const f = (x: Tensor): Tensor[] => {
    const copy = z.clone();
    return [copy.real, copy.imag, x.add(1)];
  };
  expect(refusalOf(f, [4])).toBeNull();
});
