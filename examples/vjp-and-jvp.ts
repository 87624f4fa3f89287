/**
 * Products with a Jacobian: rows with vjp, columns with jvp, several inputs and outputs, and the identities between them.
 *
 *     npm run example -- vjp-and-jvp
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, checkThrows, part } from './support/check';

const { jacrev, jvp, linearize, vjp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

part('vjp: a row vector from the left');
{
  const x = torch.randn(5);
  const [output, vjpFn] = vjp((x: Tensor) => x.sin(), x);
  check('the output', output, x.sin());
  // vjpFn returns an array with one entry per argument. It can be called several times.
  check('with ones: the gradient of the sum', vjpFn(torch.ones(5))[0], x.cos());
  check('with twice as much', vjpFn(torch.ones(5).mul(2))[0], x.cos().mul(2));
}

part('Several outputs: one cotangent each; the products are added');
{
  const x = torch.randn(5);
  const both = (x: Tensor): { sin: Tensor; cos: Tensor } => ({ sin: x.sin(), cos: x.cos() });
  const [{ sin }, vjpFn] = vjp(both, x);
  check('an output', sin, x.sin());
  const [g] = vjpFn({ sin: torch.ones(5), cos: torch.ones(5) });
  check('cos(x) - sin(x)', g, x.cos().sub(x.sin()));
  checkThrows('the structure must be that of the output', () => vjpFn([sin, sin] as never), /pytree structure/);
}

part('Several inputs');
{
  const [a, b] = [torch.randn(5, 4), torch.randn(4, 5)];
  const [, vjpFn] = vjp((a: Tensor, b: Tensor) => a.matmul(b), a, b);
  const cotangent = torch.randn(5, 5);
  const [byA, byB] = vjpFn(cotangent);
  check('by the left factor', byA, cotangent.matmul(b.t()));
  check('by the right factor', byB, a.t().matmul(cotangent));
}

part('jvp: a column vector from the right');
{
  const [x, v] = [torch.randn(5), torch.randn(5)];
  const [output, tangent] = jvp((x: Tensor) => x.sin(), [x], [v]);
  check('the output', output, x.sin());
  check('the directional derivative', tangent, x.cos().mul(v));
  const h = 1e-6;
  const difference = x
    .add(v.mul(h))
    .sin()
    .sub(x.sub(v.mul(h)).sin())
    .div(2 * h);
  check('about the same by differences', tangent, difference, 1e-8);
}

const f = (x: Tensor): Tensor => torch.stack([x.prod(), x.square().sum(), x.index(0).exp()]);
const x = torch.randn(4);
const J = jacrev(f)(x);

part('Rows and columns of one Jacobian');
{
  const [, vjpFn] = vjp(f, x);
  const column = (v: Tensor): Tensor => jvp(f, [x], [v])[1];
  check('row 1', vjpFn(torch.tensor([0, 1, 0]))[0], J.index(1));
  check('column 2', column(torch.tensor([0, 0, 1, 0])), J.index(':', 2));
  check('all rows: vmap(vjpFn)', vmap(vjpFn)(torch.eye(3))[0], J);
  check('all columns: vmap of jvp', vmap(column, { outDims: 1 })(torch.eye(4)), J);

  const [u, v] = [torch.randn(3), torch.randn(4)];
  check('(u J) v = u (J v)', vjpFn(u)[0].dot(v), u.dot(column(v)));
}

part('linearize: one run of the function, any number of derivatives');
{
  let calls = 0;
  const [output, jvpFn] = linearize((x: Tensor) => {
    calls++;
    return f(x);
  }, x);
  check('the output', output, f(x));
  check('the same columns', vmap(jvpFn, { outDims: 1 })(torch.eye(4)), J);
  checkThat('calls of the function', calls === 1, String(calls));
}

part('Complex numbers');
{
  const z = torch.randn(3, { dtype: 'complex128' });
  const [, tangent] = jvp((z: Tensor) => z.square(), [z], [torch.onesLike(z)]);
  check('the derivative of z² is 2 z', torch.viewAsReal(tangent), torch.viewAsReal(z.mul(2)));
  // The gradient of a real function is twice the conjugate Wirtinger derivative: the direction of steepest ascent.
  const [, vjpFn] = vjp((z: Tensor) => z.abs().square().sum(), z);
  check('that of |z|² is 2 z', torch.viewAsReal(vjpFn(torch.tensor(1))[0]), torch.viewAsReal(z.mul(2)));
}
