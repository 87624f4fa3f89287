/** Zeros that are not computed, and the option that computes them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectSame } from '../support/compile/expect-same';

const { hessian, jacrev } = torch.func;

test('strictZeros keeps NaN of zeros times anything, in programs of few numbers too', () => {
  const diagonal = (x: Tensor): Tensor => torch.stack([x.select(0, 0).log(), x.select(0, 1).mul(0)]).mul(torch.eye(2));
  const x = torch.tensor([-1, Infinity]);
  const f = jacrev((y: Tensor) => diagonal(y).sum(0));
  const compiled = torch.compile(f, { strictZeros: true, fullgraph: true });
  for (let i = 0; i < 2; i++) expectSame(compiled(x), f(x));
  const scaled = torch.compile(diagonal, { strictZeros: true, fullgraph: true });
  for (let i = 0; i < 2; i++) expectSame(scaled(x), diagonal(x));
});

test('strictZeros: a lazy zero tangent becomes a constant with memory', () => {
  const f = hessian((x: Tensor) => torch.maximum(x, x).abs().to('float64').sin().sum());
  const compiled = torch.compile(f, { strictZeros: true, fullgraph: true });
  for (const x of [torch.randn([3]), torch.randn([3])]) expectSame(compiled(x), f(x));
});
