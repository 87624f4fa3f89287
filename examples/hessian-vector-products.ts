/**
 * Products with a Hessian that is never computed: forward over reverse, reverse over reverse, a batch of directions, and
 * conjugate gradients on top.
 *
 *     npm run example -- hessian-vector-products
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { grad, hessian, jvp, linearize, vjp, vmap } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

type ScalarFunction = (x: Tensor) => Tensor;

/** Forward over reverse: the directional derivative of the gradient along v. The outer pass keeps no graph. */
function hvp(f: ScalarFunction, x: Tensor, v: Tensor): Tensor {
  return jvp(grad(f), [x], [v])[1];
}

/** Reverse over reverse: for functions with operators that lack a forward derivative. */
function hvpReverse(f: ScalarFunction, x: Tensor, v: Tensor): Tensor {
  const [, vjpFn] = vjp(grad(f), x);
  return vjpFn(v)[0];
}

part('2048 variables: the Hessian would have four million elements');
{
  const f: ScalarFunction = (x) => x.sin().sum();
  const [x, v] = [torch.randn(2048), torch.randn(2048)];
  // The Hessian of Σ sin(x) is diagonal.
  const expected = x.sin().neg().mul(v);
  check('forward over reverse', hvp(f, x, v), expected);
  check('reverse over reverse', hvpReverse(f, x, v), expected);
  check('autograd.functional.hvp', torch.autograd.functional.hvp(f, x, v)[1], expected);
  check('autograd.functional.vhp: the Hessian is symmetric', torch.autograd.functional.vhp(f, x, v)[1], expected);
}

part('A function with a dense Hessian, compared with the whole Hessian');
const A = torch.randn(12, 5);
const f: ScalarFunction = (x) => A.mv(x).logsumexp(0).add(x.pow(4).sum());
const x = torch.randn(5);
const H = hessian(f)(x);
{
  const v = torch.randn(5);
  check('forward over reverse', hvp(f, x, v), H.mv(v), 1e-11);
  check('reverse over reverse', hvpReverse(f, x, v), H.mv(v), 1e-11);
}

part('Many directions');
{
  const directions = torch.randn(7, 5);
  const along = vmap((v: Tensor) => hvp(f, x, v));
  check('vmap over directions: H V', along(directions), directions.matmul(H), 1e-11);
  check('the unit vectors give the Hessian', along(torch.eye(5)), H, 1e-11);

  // linearize runs grad(f) once; each product is then one pass through the recorded operations.
  const [gradient, times] = linearize(grad(f), x);
  check('linearize: the gradient', gradient, grad(f)(x));
  check(
    'linearize: a product per call',
    torch.stack([...directions].map((v) => times(v))),
    directions.matmul(H),
    1e-11,
  );
}

part('Solving H s = g with conjugate gradients, from products alone');
{
  const g = grad(f)(x);
  let s = torch.zerosLike(g);
  let r = g;
  let p = r;
  for (let step = 0; step < 5; step++) {
    const Hp = hvp(f, x, p);
    const alpha = r.dot(r).div(p.dot(Hp));
    s = s.add(p.mul(alpha));
    const next = r.sub(Hp.mul(alpha));
    p = next.add(p.mul(next.dot(next).div(r.dot(r))));
    r = next;
  }
  check('the step of Newton', s, torch.linalg.solve(H, g), 1e-9);
  checkThat('leads downhill', f(x.sub(s)).item() < f(x).item(), `${f(x).item()} to ${f(x.sub(s)).item()}`);
}
