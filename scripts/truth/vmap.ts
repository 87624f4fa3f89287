/** `vmap` of a function and of its derivatives, compared with a loop over the examples of the batch. */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';
import { isDifferentiable } from '../opdb/tensors';
import { batch, describe, mappings, variant, type Mapping } from './batches';
import { mixedDerivative, type Scalar } from './differences';
import type { TruthSubject } from './subject';
import { difference, inner, isClose, magnitude } from './values';
import type { Verdicts } from './verdicts';

const { hessian, jacfwd, jacrev, jvp, vjp, vmap } = torch.func;

type Tensors = Tensor[];

const MAX_JACOBIAN = 400;
const MAX_HESSIAN = 150;

/** A function to map, with its arguments: the tensors of the sample and further ones. */
interface Target {
  /** Further arguments: tangents or cotangents. */
  more: Tensors;
  run(leaves: Tensors, more: Tensors): Tensors;
  samples: number;
  /** The largest number of combinations of mapped arguments, and the number of mappings of each. */
  limit: number;
  rounds: number;
  /**
   * Compares a result of one example with finite differences; null if they find no derivative. Targets without a judge
   * are not derivatives.
   */
  judge?(leaves: Tensors, more: Tensors): ((result: Tensors) => boolean) | null;
}

const flat = (value: unknown): Tensors => (torch.isTensor(value) ? [value] : (value as unknown[]).flatMap(flat));

/** The differentiable function of the sample, with other tensors as its arguments. */
function at(subject: TruthSubject, leaves: Tensors): { f: (...inputs: Tensors) => Tensors; inputs: Tensors } {
  const f = (...inputs: Tensors) => {
    const all = [...leaves];
    subject.sample.diff.forEach((place, i) => (all[place] = inputs[i]));
    return subject.at(all);
  };
  return { f, inputs: subject.sample.diff.map((place) => leaves[place]) };
}

const moved = (x: Tensors, u: Tensors, t: number): Tensors => x.map((each, i) => each.add(u[i].mul(t)));

/** A judge that compares a product of the result with the derivative of `slope`. */
function judgeBy(slope: Scalar, order: number, product: (result: Tensors) => number) {
  const found = mixedDerivative(slope, order);
  if (found === null) return null;
  const margin = Math.max(1e-6 * Math.abs(found.value), 20 * found.error, 1e-9);
  return (result: Tensors) => isClose(product(result), found.value, margin);
}

export const TARGETS: Record<string, (subject: TruthSubject) => Target | null> = {
  vmap: (subject) => ({
    more: [],
    run: (leaves) => flat(subject.tensors(...leaves)),
    samples: 3,
    limit: 15,
    rounds: 3,
  }),
  vmap_jvp: (subject) => ({
    more: subject.tangents(1),
    run(leaves, u) {
      const { f, inputs } = at(subject, leaves);
      return jvp(f, inputs, u)[1];
    },
    samples: 3,
    limit: 10,
    rounds: 1,
    judge(leaves, u) {
      const { f, inputs } = at(subject, leaves);
      const v = subject.cotangents();
      return judgeBy(
        ([t]) => inner(v, f(...moved(inputs, u, t))),
        1,
        (result) => inner(v, result).value,
      );
    },
  }),
  vmap_vjp: (subject) => ({
    more: subject.cotangents(),
    run(leaves, v) {
      const { f, inputs } = at(subject, leaves);
      return vjp(f, ...inputs)[1](v) as Tensors;
    },
    samples: 3,
    limit: 10,
    rounds: 1,
    judge(leaves, v) {
      const { f, inputs } = at(subject, leaves);
      const u = subject.tangents(1);
      return judgeBy(
        ([t]) => inner(v, f(...moved(inputs, u, t))),
        1,
        (result) => inner(u, result).value,
      );
    },
  }),
  vmap_jacfwd: (subject) => jacobian(subject, jacfwd),
  vmap_jacrev: (subject) => jacobian(subject, jacrev),
  vmap_hessian(subject) {
    const v = subject.cotangents();
    const scalar = (out: Tensors): Tensor =>
      out.map((y, k) => y.mul(v[k]).add(y.mul(y)).sum()).reduce((sum, part) => sum.add(part));
    if (!subject.isReal || subject.size.inputs ** 2 > MAX_HESSIAN) return null;
    return {
      more: [],
      run(leaves) {
        const { f, inputs } = at(subject, leaves);
        return flat(hessian((...x: Tensors) => scalar(f(...x)), { argnums: subject.argnums })(...inputs));
      },
      samples: 2,
      limit: 4,
      rounds: 1,
      judge(leaves) {
        const { f, inputs } = at(subject, leaves);
        const [u1, u2] = [subject.tangents(1), subject.tangents(2)];
        const one = [torch.ones([], { dtype: 'float64' })];
        const value = ([s, t]: number[]) => inner(one, [scalar(f(...moved(moved(inputs, u1, s), u2, t)))]);
        const n = inputs.length;
        return judgeBy(value, 2, (result) =>
          u1.reduce((sum, a, i) => sum + u2.reduce((part, b, j) => part + bilinear(a, result[i * n + j], b), 0), 0),
        );
      },
    };
  },
};

function bilinear(a: Tensor, matrix: Tensor, b: Tensor): number {
  return inner([a.reshape(-1)], [matrix.reshape(a.numel(), b.numel()).matmul(b.reshape(-1))]).value;
}

function jacobian(subject: TruthSubject, transform: typeof jacfwd | typeof jacrev): Target | null {
  const { inputs, outputs } = subject.size;
  if (!subject.isReal || inputs * outputs > MAX_JACOBIAN) return null;
  const options = transform === jacfwd ? ({ randomness: 'same' } as const) : {};
  return {
    more: [],
    run(leaves) {
      const { f, inputs } = at(subject, leaves);
      return flat((transform as typeof jacfwd)(f, { argnums: subject.argnums, ...options })(...inputs));
    },
    samples: 2,
    limit: 6,
    rounds: 1,
    judge(leaves) {
      const { f, inputs } = at(subject, leaves);
      const [u, v] = [subject.tangents(1), subject.cotangents()];
      const n = inputs.length;
      return judgeBy(
        ([t]) => inner(v, f(...moved(inputs, u, t))),
        1,
        (result) =>
          v.reduce((sum, w, k) => sum + u.reduce((part, b, i) => part + bilinear(w, result[k * n + i], b), 0), 0),
      );
    },
  };
}

/** The value of each argument in each example. Indices and masks stay the same if the operator rejects other ones. */
function variantsOf(subject: TruthSubject, args: Tensors, samples: number): Tensors[] {
  const positions = Array.from({ length: samples }, (_, i) => i);
  const all = args.map((x) => positions.map((position) => variant(x, position)));
  const count = subject.leaves.length;
  const runs = (arg: number) => {
    try {
      for (const position of positions) {
        subject.tensors(...subject.leaves.map((leaf, i) => (i === arg ? all[i][position] : leaf)));
      }
      return true;
    } catch {
      return false;
    }
  };
  return all.map((variants, arg) =>
    arg >= count || isDifferentiable(args[arg]) || runs(arg) ? variants : positions.map(() => args[arg]),
  );
}

/** States which result finite differences confirm, if `vmap` and the loop differ. Empty if they confirm the loop. */
function judgement(target: Target, leaves: Tensors, more: Tensors, mapped: Tensors, loop: Tensors): string {
  const judge = target.judge?.(leaves, more);
  if (judge === undefined) return '';
  if (judge === null) return ' (differences find no derivative)';
  if (mapped.some((x, k) => x.shape.join() !== loop[k]?.shape.join())) return '';
  const [ours, theirs] = [judge(mapped), judge(loop)];
  if (theirs) return ours ? ' (differences allow both)' : '';
  return ours ? ' (differences give vmap)' : ' (differences give neither)';
}

function compareMapping(
  subject: TruthSubject,
  target: Target,
  mapping: Mapping,
  variants: Tensors[],
  verdicts: Verdicts,
): void {
  const { dims, layout } = mapping;
  const count = subject.leaves.length;
  const run = (...args: Tensors) => target.run(args.slice(0, count), args.slice(count));
  const samples = Array.from({ length: target.samples }, (_, position) =>
    variants.map((each, i) => each[dims[i] === null || layout === 'expanded' ? 0 : position]),
  );
  const name = describe(mapping);
  const loop = verdicts.attempt('loop', () => samples.map((args) => run(...args)));
  if (loop === undefined) return;
  const batches = variants.map((each, i) => (dims[i] === null ? each[0] : batch(each, dims[i], layout)));
  const mapped = verdicts.attempt('vmap', () => vmap(run, { inDims: dims, randomness: 'same' })(...batches));
  if (mapped === undefined) return;
  for (let position = 0; position < samples.length; position++) {
    const got = mapped.map((x) => x.select(0, position));
    const why = difference(got, loop[position], magnitude(samples[position]));
    if (why === null) continue;
    const args = samples[position];
    const said = judgement(target, args.slice(0, count), args.slice(count), got, loop[position]);
    return verdicts.note(`${name}: sample ${position}`, `${why}${said}`);
  }
  verdicts.right++;
}

export function checkVmap(mode: string, subject: TruthSubject, verdicts: Verdicts): void {
  const target = TARGETS[mode](subject);
  if (target === null) return;
  const args = [...subject.leaves, ...target.more];
  if (args.length === 0) return;
  const variants = variantsOf(subject, args, target.samples);
  for (const mapping of mappings(args, target.limit, target.rounds)) {
    torch.scope(() => compareMapping(subject, target, mapping, variants, verdicts));
  }
}
