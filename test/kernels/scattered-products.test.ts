/** scatterReduce and indexReduce: every derivative of products, with zeros, and under vmap; gradients of extrema. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, float64 } from '../support/derivatives';
import type { TensorFunction } from '../support/derivatives';

const { grad, hessian, jacfwd, jacrev } = torch.func;
const source = torch.tensor([[0.5, -2, 3, 1.5], [2, 0, -1, 0.7], [1.2, 0, 0, 4]], float64); // prettier-ignore
const index = torch.tensor([
  [0n, 2n, 2n, 0n],
  [1n, 1n, 1n, 2n],
  [0n, 0n, 0n, 2n],
]);
const self = torch.tensor([[1.1, 0, -0.4], [2, 1, 0], [0.3, 0.8, 1.9]], float64); // prettier-ignore

// The product written with ordinary ones: of the factors whose index names the place.
function byLoop(target: Tensor, positions: Tensor, factors: Tensor, includeSelf: boolean): Tensor {
  const places = Array.from({ length: target.size(0) }, (_, i) => {
    const chosen = positions.eq(i);
    const product = torch.where(chosen, factors, 1).prod();
    const keeps = includeSelf || !chosen.any().item();
    return keeps ? target.select(0, i).mul(product) : product;
  });
  return torch.stack(places);
}

describe.each([true, false])('includeSelf: %p', (includeSelf) => {
  const options = { includeSelf };

  test.each([0, 1, 2])('scatterReduce, row %i', (row) => {
    const [x, i, s] = [source.select(0, row), index.select(0, row), self.select(0, row)];
    const f: TensorFunction = (y) => s.scatterReduce(0, i, y, 'prod', options).sin().sum();
    const g: TensorFunction = (y) => y.scatterReduce(0, i, x, 'prod', options).sin().sum();
    const second = (h: TensorFunction): TensorFunction => jacrev(jacrev(h) as TensorFunction) as TensorFunction;
    expectDerivatives(f, x, { second: second((y) => byLoop(s, i, y, includeSelf).sin().sum())(x) });
    expectDerivatives(g, s, { second: second((y) => byLoop(y, i, x, includeSelf).sin().sum())(s) });
    expectDerivatives((y) => s.mul(1).scatterReduce_(0, i, y, 'prod', options).sin().sum(), x);
  });

  test('under vmap, with mapped positions', () => {
    const f = (y: Tensor, i: Tensor, s: Tensor): Tensor => s.scatterReduce(0, i, y, 'prod', options).sin().sum();
    for (const derivative of [grad(f), jacfwd(f), hessian(f), jacrev(jacrev(f) as TensorFunction)] as ((
      ...args: Tensor[]
    ) => Tensor)[]) {
      const right = torch.stack(
        [0, 1, 2].map((row) => derivative(source.select(0, row), index.select(0, row), self.select(0, row))),
      );
      expectClose('mapped', torch.vmap(derivative)(source, index, self), right, 1e-12);
    }
  });

  test('indexReduce of rows and columns', () => {
    const places = torch.tensor([2n, 0n, 2n]);
    const columns = torch.cat([self, self], 1).narrow(1, 1, 4);
    expectDerivatives((y) => columns.indexReduce(0, places, y, 'prod', options).sin().sum(), source);
    expectDerivatives(
      (y) =>
        self
          .indexReduce(1, torch.tensor([1n, 1n, 0n, 1n]), y, 'prod', options)
          .sin()
          .sum(),
      source,
    );
    expectDerivatives((y) => y.indexReduce(0, places, self.mul(2), 'prod', options).sin().sum(), self);
    const f = (y: Tensor, i: Tensor): Tensor => self.select(0, 0).indexReduce(0, i, y, 'prod', options).sin();
    const right = torch.stack([0, 1, 2].map((row) => jacrev(f)(source.select(0, row), index.select(0, row)) as Tensor));
    expectClose('mapped', torch.vmap(jacrev(f))(source, index) as Tensor, right, 1e-12);
  });
});

test('an index smaller than the tensor leaves the rest of it', () => {
  const small = torch.tensor([[0n, 1n], [2n, 1n]]); // prettier-ignore
  const f: TensorFunction = (y) => self.scatterReduce(1, small, y, 'prod').sin().sum();
  expectDerivatives(f, source.narrow(0, 0, 2).narrow(1, 0, 3));
  const value = (
    torch.func.vjp((y: Tensor) => self.scatterReduce(1, small, y, 'prod'), source) as unknown as [Tensor]
  )[0];
  expectClose('value', value, self.scatterReduce(1, small, source, 'prod'), 1e-15);
});

test('tensors without dimensions', () => {
  const zero = torch.tensor(0n);
  for (const includeSelf of [true, false]) {
    expectDerivatives((y) => self.index(0, 0).scatterReduce(0, zero, y, 'prod', { includeSelf }), source.index(0, 0));
    expectDerivatives((y) => y.scatterReduce(0, zero, source.index(0, 0), 'prod', { includeSelf }), self.index(0, 0));
  }
});

describe("'amax' and 'amin' without self", () => {
  // The element of self at 0 takes no part, although it equals the result.
  const x = torch.tensor([0, -1, 2], float64);
  const positions = torch.tensor([0n, 0n, 1n]);
  const target = torch.tensor([0, 5, 7], float64);
  const options = { includeSelf: false };
  const right = { amax: [1, 0, 1], amin: [0, 1, 1] };

  test.each(['amax', 'amin'] as const)('%s', (reduce) => {
    const own = reduce === 'amax' ? target : torch.tensor([-1, 5, 7], float64);
    const functions: Record<string, TensorFunction> = {
      scatterReduce: (y) => own.scatterReduce(0, positions, y, reduce, options),
      scatterReduce_: (y) => own.clone().scatterReduce_(0, positions, y, reduce, options),
      indexReduce: (y) => own.indexReduce(0, positions, y, reduce, options),
      indexReduce_: (y) => own.clone().indexReduce_(0, positions, y, reduce, options),
    };
    for (const [name, f] of Object.entries(functions)) {
      expectClose(name, grad((y: Tensor) => f(y).sum())(x) as Tensor, torch.tensor(right[reduce], float64), 0);
    }
    const ofSelf = grad((y: Tensor) => y.scatterReduce(0, positions, x, reduce, options).sum())(own) as Tensor;
    expect(ofSelf.toArray()).toEqual([0, 0, 1]);
  });
});

test('wrong arguments are errors under transforms too', () => {
  const scatter = (i: Tensor) => (y: Tensor) => self.scatterReduce(0, i, y, 'prod').sum();
  const reduce = (i: Tensor) => (y: Tensor) => self.indexReduce(0, i, y, 'prod').sum();
  for (const f of [scatter(index.to('float64')), reduce(torch.tensor([0, 1, 2], float64))]) {
    expect(() => f(source)).toThrow('index');
    expect(() => jacfwd(f)(source)).toThrow('index');
    expect(() => jacrev(jacrev(f) as TensorFunction)(source)).toThrow('index');
  }
});

test('indexReduce with other reductions in forward mode', () => {
  const places = torch.tensor([2n, 0n, 2n]);
  const columns = torch.cat([self, self], 1).narrow(1, 1, 4);
  for (const reduce of ['mean', 'amax', 'amin']) {
    for (const includeSelf of [true, false]) {
      expectDerivatives((y) => columns.indexReduce(0, places, y, reduce, { includeSelf }).sin().sum(), source);
      expectDerivatives((y) => y.indexReduce(0, places, self.mul(2), reduce, { includeSelf }).sin().sum(), self);
    }
  }
  const zero = torch.tensor(0n);
  expectDerivatives((y) => y.indexReduce(0, zero, source.index(0, 0), 'mean'), self.index(0, 0));
});
