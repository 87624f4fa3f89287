/** The modes: what is done with an operator; modes.py does the same in PyTorch. */

import * as torch from 'torch-func';
import type { Dtype, Tensor } from 'torch-func';
import type { Case } from '../opdb/corpus';
import { Subject } from '../opdb/subject';
import { batched, ramp } from '../opdb/tensors';

const { grad, hessian, jacfwd, jacrev, jvp, vjp, vmap } = torch.func;

type Tensors = Tensor[];

/** A sample with what the modes need of it. */
export class ParitySubject extends Subject {
  /** The sum of squares of all outputs. */
  readonly s = (...inputs: Tensors): Tensor =>
    this.f(...inputs)
      .map((out) => (out.isComplex() ? torch.real(out.mul(out.conj())) : out.mul(out)).sum())
      .reduce((total, square) => total.add(square));

  /** From inputs and cotangents to the products of the latter with the Jacobian. */
  readonly pullback = (...args: Tensors): Tensors => {
    const n = this.inputs.length;
    return vjp(this.f, ...args.slice(0, n))[1](args.slice(n)) as Tensors;
  };

  get cotangents(): Tensors {
    return this.sample.outs.map(([dtype, shape], k) => ramp(shape, dtype, k));
  }

  get tangents(): Tensors {
    return ramps(this.inputs);
  }
}

const ramps = (like: Tensors): Tensors => like.map((x, k) => ramp(x.shape, x.dtype, k));
const batches = (tensors: Tensors): Tensors => tensors.map((x) => batched(x));
const different = { randomness: 'different' } as const;

function autograd(s: ParitySubject): unknown {
  const inputs = s.inputs.map((x) => x.detach().clone().requiresGrad_());
  const outputs = s.f(...inputs);
  const cotangents = s.cotangents;
  const used = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad);
  return torch.autograd.grad(
    used.map((i) => outputs[i]),
    inputs,
    { gradOutputs: used.map((i) => cotangents[i]), allowUnused: true },
  );
}

function vmapMixed(s: ParitySubject, dims: (number | null)[]): unknown {
  const args = s.leaves.map((x, i) => (dims[i] === null ? x : batched(x, dims[i])));
  return vmap(s.tensors, { inDims: dims, ...different })(...args);
}

type Mode = (s: ParitySubject, description: Case) => unknown;

const MODES: Record<string, Mode> = {
  eager: (s) => s.call(s.leaves),
  error: (s) => s.call(s.leaves),
  method: (s) => s.call(s.leaves, 'method'),
  inplace(s) {
    const leaves = s.leaves.map((x) => x.clone());
    return [s.call(leaves, 'inplace'), leaves[0]];
  },
  out(s, { out }) {
    const given = out!.map(([dtype, shape]) => torch.zeros(shape, { dtype: dtype as Dtype }));
    return [s.call(s.leaves, undefined, { out: given.length === 1 ? given[0] : given }), given];
  },
  vmap: (s) =>
    vmapMixed(
      s,
      s.leaves.map(() => 0),
    ),
  vmap_mixed: (s, { dims }) => vmapMixed(s, dims!),
  grad: (s) => grad(s.s, { argnums: s.argnums })(...s.inputs),
  autograd,
  vjp(s) {
    const [outputs, pullback] = vjp(s.f, ...s.inputs);
    return [outputs, pullback(s.cotangents)];
  },
  jvp: (s) => jvp(s.f, s.inputs, s.tangents),
  vmap_vjp: (s) => vmap(s.pullback, different)(...batches([...s.inputs, ...s.cotangents])),
  vmap_jvp(s) {
    const n = s.inputs.length;
    const push = (...args: Tensors) => jvp(s.f, args.slice(0, n), args.slice(n));
    return vmap(push, different)(...batches([...s.inputs, ...s.tangents]));
  },
  jacrev: (s) => jacrev(s.f, { argnums: s.argnums })(...s.inputs),
  jacfwd: (s) => jacfwd(s.f, { argnums: s.argnums, randomness: 'same' })(...s.inputs),
  hessian: (s) => hessian(s.s, { argnums: s.argnums })(...s.inputs),
  vmap_hessian: (s) => vmap(hessian(s.s, { argnums: s.argnums }))(...batches(s.inputs)),
  vjp_vjp(s) {
    const [outputs, pullback] = vjp(s.pullback, ...s.inputs, ...s.cotangents);
    return pullback(ramps(outputs as Tensors));
  },
  jvp_vjp(s) {
    const args = [...s.inputs, ...s.cotangents];
    return jvp(s.pullback, args, ramps(args));
  },
};

/** The modes in the order of the report. */
export const MODE_NAMES: readonly string[] = Object.keys(MODES);

export function runMode(subject: ParitySubject, description: Case): unknown {
  return MODES[description.mode](subject, description);
}
