/** Derivatives through `vmap`, and `vmap` inside `vmap`, against a loop over the samples. */

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

/** What a derivative is taken of, and at what. */
interface Point {
  f: Function;
  x: Tensors;
  v: Tensors;
  directions: Tensors[];
}

/** The derivative by modes, the innermost first; `outer` is put around what the last mode takes the derivative of. */
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

/** Forward and reverse mode of `vmap` of a function and of its derivatives. */
export function derivativesOfVmap(subject: TruthSubject, verdicts: Verdicts): void {
  const samples = [0, 1].map((position) => subject.inputs.map((x) => variant(x, position)));
  const batch = samples[0].map((_, i) => torch.stack(samples.map((x) => x[i])));
  // The directions are the same for both samples: the batch's derivative is the sum of theirs.
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

/** Each argument is mapped twice, in different dimensions. */
export function vmapTwice(subject: TruthSubject, verdicts: Verdicts): void {
  const args = subject.leaves;
  const [outer, inside] = [
    [0, 1],
    [0, 1, 2],
  ];
  // Indices and masks are those of the sample: not every operator takes others.
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
    // The grid has the outer samples first; both dimensions go where they are mapped.
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
