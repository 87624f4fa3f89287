/** Checks that results do not depend on the memory layout of the arguments. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { contiguous, LAYOUTS, repeated } from './layouts';
import type { TruthSubject } from './subject';
import { difference, magnitude } from './values';
import type { Verdicts } from './verdicts';

const { jvp, vjp } = torch.func;

type Tensors = Tensor[];
type Run = (...args: Tensors) => Tensors;

/** Compares results for all arguments, and for each argument alone, in each layout. */
function layouts(what: string, run: Run, args: Tensors, verdicts: Verdicts, each: boolean): void {
  const plain = args.map(contiguous);
  let right: Tensors;
  try {
    right = run(...plain);
  } catch {
    // The operator rejects the sample in every layout, which other checks report.
    return;
  }
  const places: [string, (i: number) => boolean][] = [['all', () => true]];
  if (each && args.length > 1) args.forEach((_, place) => places.push([`argument ${place}`, (i) => i === place]));
  for (const [where, changed] of places) {
    for (const [name, layout] of Object.entries(LAYOUTS)) {
      const given = plain.map((x, i) => (changed(i) ? layout(x) : x));
      compare(`${what}${where} ${name}`, run, given, right, verdicts);
    }
  }
  args.forEach((x, place) => {
    for (const dim of new Set([0, x.dim() - 1].filter((dim) => dim >= 0 && x.shape[dim] > 1))) {
      const view = repeated(x, dim);
      const base = attemptPlain(run, withOne(plain, place, contiguous(view)));
      if (base !== null)
        compare(`${what}argument ${place} expanded along ${dim}`, run, withOne(plain, place, view), base, verdicts);
    }
  });
  // Every argument gets another dimension, of size 1.
  if (args.every((x) => x.dim() >= 1)) {
    for (const dim of [0, 1, -1]) {
      const base = attemptPlain(
        run,
        plain.map((x) => contiguous(x.unsqueeze(dim))),
      );
      if (base === null) continue;
      for (const name of ['transposed', 'column-major', 'narrowed'] as const) {
        const given = plain.map((x) => LAYOUTS[name](x).unsqueeze(dim));
        compare(`${what}all ${name}, unsqueezed at ${dim}`, run, given, base, verdicts);
      }
    }
  }
}

function withOne(args: Tensors, place: number, x: Tensor): Tensors {
  return args.map((arg, i) => (i === place ? x : arg));
}

function attemptPlain(run: Run, args: Tensors): Tensors | null {
  try {
    return run(...args);
  } catch {
    return null;
  }
}

function compare(name: string, run: Run, args: Tensors, right: Tensors, verdicts: Verdicts): void {
  const got = verdicts.attempt(name, () => run(...args));
  if (got !== undefined) verdicts.note(name, difference(got, right, magnitude(args)));
}

/** Layouts of the arguments of the operator. */
export function strides(subject: TruthSubject, verdicts: Verdicts): void {
  layouts('', subject.tensors, subject.leaves, verdicts, true);
}

/** Layouts of the arguments of `jvp` and `vjp`, with their tangents and cotangents. */
export function stridesOfDerivatives(subject: TruthSubject, verdicts: Verdicts): void {
  const n = subject.inputs.length;
  const forward: Run = (...args) => jvp(subject.f, args.slice(0, n), args.slice(n))[1];
  const reverse: Run = (...args) => vjp(subject.f, ...args.slice(0, n))[1](args.slice(n)) as Tensors;
  layouts('jvp: ', forward, [...subject.inputs, ...subject.tangents(1)], verdicts, false);
  layouts('vjp: ', reverse, [...subject.inputs, ...subject.cotangents()], verdicts, false);
}
