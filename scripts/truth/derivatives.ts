/** Computes a derivative by every nesting of transforms, and compares the results with finite differences. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { mixedDerivative, type Derivative } from './differences';
import type { TruthSubject } from './subject';
import { inner, type Product } from './values';
import type { Verdicts } from './verdicts';

const { jacfwd, jacrev, jvp, linearize, vjp, functionalize } = torch.func;
const { functional } = torch.autograd;

type Tensors = Tensor[];
type Function = (...inputs: Tensors) => Tensors;

const MAX_JACOBIAN = 1200;
const MAX_HESSIAN = 400;
/** Relative tolerances in float64 of the derivatives of first, second and third order. */
export const TOLERANCES = [1e-9, 1e-8, 1e-7];

export const push = (f: Function, u: Tensors): Function => {
  return (...x) => jvp(f, x, u)[1];
};
export const pull = (f: Function, v: Tensors): Function => {
  return (...x) => vjp(f, ...x)[1](v) as Tensors;
};

/** All nestings of forward and reverse mode, the innermost transform first. */
export function nestings(order: number): string[][] {
  if (order === 0) return [[]];
  return nestings(order - 1).flatMap((inside) => [
    [...inside, 'jvp'],
    [...inside, 'vjp'],
  ]);
}

/** The product of a cotangent, a Jacobian and a tangent. The Jacobian has a row per output and a column per input. */
function between(v: Tensors, jacobian: Tensors[], u: Tensors): Product {
  const rows = v.map((w, k) =>
    jacobian[k]
      .map((block, i) => block.to('float64').reshape(w.numel(), u[i].numel()).matmul(u[i].to('float64').reshape(-1)))
      .reduce((sum, row) => sum.add(row)),
  );
  return inner(
    v.map((w) => w.reshape(-1)),
    rows,
  );
}

function derivativeBy(subject: TruthSubject, v: Tensors, directions: Tensors[]): Derivative | null {
  const { inputs } = subject;
  const moved = (t: number[]) => inputs.map((x, i) => directions.reduce((sum, u, k) => sum.add(u[i].mul(t[k])), x));
  return mixedDerivative((t) => inner(v, subject.f(...moved(t))), directions.length, subject.epsilon);
}

type Ways = Record<string, () => Product>;

function compareWays(verdicts: Verdicts, subject: TruthSubject, v: Tensors, directions: Tensors[], ways: Ways): void {
  const values = new Map<string, Product>();
  for (const [name, way] of Object.entries(ways)) {
    const value = verdicts.attempt(name, way);
    if (value !== undefined) values.set(name, value);
  }
  const tolerance = TOLERANCES[directions.length - 1] * (subject.epsilon * 2 ** 52);
  const least = 1e-3 * tolerance * Math.max(1, inner(v, subject.outputs).scale);
  verdicts.compare({ tolerance, least, values, judge: () => derivativeBy(subject, v, directions) });
}

/** The derivative by all nestings of `jvp` and `vjp`, without `vmap`. */
function nestedWays(f: Function, x: Tensors, v: Tensors, directions: Tensors[]): Ways {
  const ways: Ways = {};
  for (const modes of nestings(directions.length)) {
    const name = [...modes].reverse().join(' of ');
    ways[name] = () => {
      let [g, left] = [f, v];
      modes.forEach((mode, k) => {
        if (mode === 'jvp') g = push(g, directions[k]);
        else [g, left] = [pull(g, left), directions[k]];
      });
      return inner(left, g(...x));
    };
  }
  return ways;
}

export function firstOrder(subject: TruthSubject, verdicts: Verdicts): void {
  const { f, inputs: x, argnums } = subject;
  const [u, v] = [subject.tangents(1), subject.cotangents()];
  const { inputs, outputs } = subject.size;
  const ways: Ways = {
    ...nestedWays(f, x, v, [u]),
    linearize: () => inner(v, linearize(f, ...x)[1](...u) as Tensors),
    'functional.jvp': () => inner(v, functional.jvp(f, x, u)[1] as Tensors),
    'functional.vjp': () => inner(functional.vjp(f, x, v)[1] as Tensors, u),
    'jvp of functionalize': () => inner(v, push(functionalize(f) as Function, u)(...x)),
    'functionalize of vjp': () => inner((functionalize(pull(f, v)) as Function)(...x), u),
    // A product is linear in the tangent or cotangent: its derivative in that argument is the product, or its transpose.
    'vjp of jvp in the tangent': () => inner(pull((...u) => push(f, u)(...x), v)(...u), u),
    'jvp of jvp in the tangent': () => inner(v, push((...u) => push(f, u)(...x), u)(...u)),
    'vjp of vjp in the cotangent': () => inner(v, pull((...v) => pull(f, v)(...x), u)(...v)),
    'jvp of vjp in the cotangent': () => inner(push((...v) => pull(f, v)(...x), v)(...v), u),
  };
  if (subject.isReal && inputs * outputs <= MAX_JACOBIAN) {
    const randomness = 'same';
    ways.jacfwd = () => between(v, jacfwd(f, { argnums, randomness })(...x) as Tensors[], u);
    ways.jacrev = () => between(v, jacrev(f, { argnums })(...x) as Tensors[], u);
    ways['functional.jacobian'] = () => between(v, functional.jacobian(f, x) as Tensors[], u);
    ways['functional.jacobian vectorized'] = () =>
      between(v, functional.jacobian(f, x, { vectorize: true }) as Tensors[], u);
    ways['functional.jacobian forward'] = () =>
      between(v, functional.jacobian(f, x, { vectorize: true, strategy: 'forward-mode' }) as Tensors[], u);
  }
  compareWays(verdicts, subject, v, [u], ways);
}

export function secondOrder(subject: TruthSubject, verdicts: Verdicts): void {
  const { f, inputs: x, argnums } = subject;
  const [u1, u2, v] = [subject.tangents(1), subject.tangents(2), subject.cotangents()];
  const { inputs } = subject.size;
  const ways = nestedWays(f, x, v, [u1, u2]);
  if (subject.isReal && inputs ** 2 <= MAX_HESSIAN) {
    const h = (...inputs: Tensors): Tensor =>
      f(...inputs)
        .map((out, k) => out.mul(v[k]).sum())
        .reduce((sum, part) => sum.add(part));
    const options = { argnums };
    const forward = { argnums, randomness: 'same' } as const;
    ways['jacfwd of jacfwd'] = () => between(u1, jacfwd(jacfwd(h, forward), forward)(...x) as any, u2);
    ways['jacfwd of jacrev'] = () => between(u1, jacfwd(jacrev(h, options), forward)(...x) as any, u2);
    ways['jacrev of jacfwd'] = () => between(u1, jacrev(jacfwd(h, forward), options)(...x) as any, u2);
    ways['jacrev of jacrev'] = () => between(u1, jacrev(jacrev(h, options), options)(...x) as any, u2);
    ways['functional.hessian'] = () => between(u1, functional.hessian(h, x) as any, u2);
    ways['functional.hvp'] = () => inner(u1, functional.hvp(h, x, u2)[1] as Tensors);
    ways['functional.vhp'] = () => inner(functional.vhp(h, x, u1)[1] as Tensors, u2);
  }
  compareWays(verdicts, subject, v, [u1, u2], ways);
}

export function thirdOrder(subject: TruthSubject, verdicts: Verdicts): void {
  const directions = [1, 2, 3].map((seed) => subject.tangents(seed));
  const v = subject.cotangents();
  compareWays(verdicts, subject, v, directions, nestedWays(subject.f, subject.inputs, v, directions));
}
