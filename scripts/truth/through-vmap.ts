/** Derivatives of `vmap`, and `vmap` of `vmap`, compared with a loop over the examples of the batch. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { variant } from './batches';
import { nestings, pull, push, TOLERANCES } from './derivatives';
import type { TruthSubject } from './subject';
import { difference, inner, isClose, magnitude, show, type Product } from './values';
import type { Verdicts } from './verdicts';

const { vmap } = torch.func;

type Tensors = Tensor[];
type Function = (...inputs: Tensors) => Tensors;

/** A function, the point at which it is differentiated, and the directions. */
interface Point {
  f: Function;
  x: Tensors;
  v: Tensors;
  directions: Tensors[];
}

/**
 * The derivative by a nesting of modes, the innermost first. Unless `batched` is `identity`, `vmap` is applied before
 * the last mode, and `batched` makes batches of the arguments of that mode.
 */
function nested(modes: string[], { f, x, v, directions }: Point, batched: (tensors: Tensors) => Tensors): Product {
  let [g, left] = [f, v];
  modes.forEach((mode, k) => {
    const isLast = k === modes.length - 1;
    if (isLast) [g, left] = [batched === identity ? g : (vmap(g, { randomness: 'same' }) as Function), batched(left)];
    const u = isLast ? batched(directions[k]) : directions[k];
    if (mode === 'jvp') g = push(g, u);
    else [g, left] = [pull(g, left), u];
  });
  return inner(left, g(...x));
}

const identity = (tensors: Tensors): Tensors => tensors;

/** Forward and reverse mode of `vmap` of a function, and of `vmap` of its derivatives. */
export function derivativesOfVmap(subject: TruthSubject, verdicts: Verdicts): void {
  const samples = [0, 1].map((position) => subject.inputs.map((x) => variant(x, position)));
  const batch = samples[0].map((_, i) => torch.stack(samples.map((x) => x[i])));
  // The directions are the same for both examples: the derivative of the batch is the sum of their derivatives.
  const twice = (tensors: Tensors) => tensors.map((x) => torch.stack([x, x]));
  const v = subject.cotangents();
  for (const order of [1, 2, 3]) {
    const directions = Array.from({ length: order }, (_, k) => subject.tangents(k + 1));
    for (const modes of nestings(order)) {
      const [last, ...inside] = [...modes].reverse();
      const name = [last, 'vmap', ...inside].join(' of ');
      const point = { f: subject.f, v, directions };
      const loop = verdicts.attempt('loop', () => samples.map((x) => nested(modes, { ...point, x }, identity)));
      if (loop === undefined) continue;
      const got = verdicts.attempt(name, () => nested(modes, { ...point, x: batch }, twice));
      if (got === undefined) continue;
      const [right, scale] = loop.reduce(([sum, size], each) => [sum + each.value, size + each.scale], [0, 0]);
      const least = 1e-3 * inner(v, subject.outputs).scale;
      const allowed = TOLERANCES[order - 1] * (subject.epsilon * 2 ** 52) * Math.max(scale, least);
      const same = isClose(got.value, right, allowed);
      verdicts.note(name, same ? null : `${show(got.value)}, right ${show(right)}`);
    }
  }
}

/** `vmap` of `vmap`: each argument is mapped in two dimensions. */
export function vmapTwice(subject: TruthSubject, verdicts: Verdicts): void {
  const args = subject.leaves;
  const [outer, inside] = [
    [0, 1],
    [0, 1, 2],
  ];
  // Indices and masks are the same in all examples, because some operators reject other ones.
  const at = (x: Tensor, i: number, j: number) =>
    x.isFloatingPoint() || x.isComplex() ? variant(variant(x, i), j) : x;
  const grid = args.map((x) => torch.stack(outer.map((i) => torch.stack(inside.map((j) => at(x, i, j))))));
  const loop = verdicts.attempt('loop', () =>
    outer.map((i) => inside.map((j) => subject.tensors(...args.map((x) => at(x, i, j))))),
  );
  if (loop === undefined) return;
  for (const [outerDim, innerDim] of [
    [0, 0],
    [1, 0],
    [0, -1],
    [-1, -1],
  ]) {
    // Moves the outer and the inner batch dimension of the grid to where they are mapped.
    const moved = grid.map((x) => x.movedim(1, innerDim < 0 ? -1 : 1).movedim(0, outerDim < 0 ? -1 : outerDim));
    const name = `[${outerDim}][${innerDim}]`;
    const got = verdicts.attempt(name, () =>
      vmap(vmap(subject.tensors, { inDims: innerDim, randomness: 'same' }), { inDims: outerDim, randomness: 'same' })(
        ...moved,
      ),
    );
    if (got === undefined) continue;
    const found = outer.flatMap((i) =>
      inside.map((j) => {
        const result = got.map((x) => x.select(0, i).select(0, j));
        return difference(result, loop[i][j], magnitude(args));
      }),
    );
    verdicts.note(name, found.find((why) => why !== null) ?? null);
  }
}
