/** Compares `vmap` with a loop over the samples. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import * as pytree from '../../lib/pytree';

// The tensors are small: threads would only wait for each other, and for those of other test files.
torch.setNumThreads(1);

/** Batch sizes that differ from all other sizes in these tests. */
export const [B0, B1, B2] = [4, 6, 7];

export type Dim = number | null;

/** One `vmap`: a dimension for all arguments or one each, and a dimension for all results. */
export interface Level {
  inDims?: Dim | Dim[];
  outDims?: number;
}

export interface CheckOptions extends Level {
  /** Several `vmap`s, the innermost first, in place of a single one. */
  levels?: Level[];
  /** The results share the memory of the first argument. */
  view?: boolean;
  /** Gradients flow, and equal those of the loop; true by default. */
  gradients?: boolean;
  /** The operator has no batching rule, as in PyTorch. */
  fallback?: boolean;
  tolerance?: number;
}

/** Numbers from 0 to 1. */
export const rand = (...shape: number[]): Tensor => torch.rand(shape, { dtype: 'float64' });
/** Normal numbers. */
export const randn = (...shape: number[]): Tensor => torch.randn(shape, { dtype: 'float64' });
/** Numbers from 1 to 2. */
export const above1 = (...shape: number[]): Tensor => rand(...shape).add(1);

export type Getter = (...shape: number[]) => Tensor;
type Fn = (...args: any[]) => unknown;

function dimsPerArgument(inDims: Level['inDims'] = 0, args: readonly unknown[]): Dim[] {
  if (Array.isArray(inDims)) return inDims;
  return args.map((arg) => (torch.isTensor(arg) ? inDims : null));
}

/** The expected result of `vmap(fn, level)`, computed sample by sample. */
export function loopOver(fn: Fn, { inDims, outDims = 0 }: Level): Fn {
  return (...args) => {
    const dims = dimsPerArgument(inDims, args);
    const mapped = args.findIndex((_, i) => dims[i] !== null);
    const size = (args[mapped] as Tensor).size(dims[mapped]!);
    const samples = Array.from({ length: size }, (_, k) => {
      const sample = args.map((arg, i) => (dims[i] === null ? arg : (arg as Tensor).select(dims[i], k)));
      return pytree.flatten(fn(...sample));
    });
    const leaves = samples[0].leaves.map((_, i) =>
      torch.stack(
        samples.map((sample) => sample.leaves[i] as Tensor),
        outDims,
      ),
    );
    return pytree.unflatten(leaves, samples[0].spec);
  };
}

const asVmap = (fn: Fn, { inDims, outDims }: Level): Fn =>
  ((...args: unknown[]) => torch.vmap(fn, { inDims: dimsPerArgument(inDims, args), outDims })(...args)) as Fn;

/** Calls `body` while the slow fallback is an error. */
export function withoutFallback<T>(body: () => T): T {
  const mode = torch.func.getBatchingFallback();
  torch.func.setBatchingFallback('error');
  try {
    return body();
  } finally {
    torch.func.setBatchingFallback(mode);
  }
}

/** The same structure, shapes and dtypes, and values as close as `tolerance`. */
export function expectClose(actual: unknown, expected: unknown, tolerance = 1e-10): void {
  const [got, wanted] = [pytree.flatten(actual), pytree.flatten(expected)];
  expect(pytree.specToShortString(got.spec)).toBe(pytree.specToShortString(wanted.spec));
  got.leaves.forEach((leaf, i) => {
    const [a, b] = [leaf as Tensor, wanted.leaves[i] as Tensor];
    if (!torch.isTensor(b)) return expect(a).toEqual(b);
    expect([a.shape, a.dtype]).toEqual([b.shape, b.dtype]);
    const exact = !a.dtype.includes('float') && !a.dtype.includes('complex');
    const same = exact ? torch.equal(a, b) : torch.allclose(a, b, { rtol: tolerance, atol: tolerance, equalNan: true });
    if (!same) expect(a.toArray()).toEqual(b.toArray());
  });
}

const copies = (inputs: readonly unknown[]): unknown[] =>
  inputs.map((input) => (torch.isTensor(input) ? input.clone() : input));

const isReal = (leaf: unknown): leaf is Tensor => torch.isTensor(leaf) && leaf.dtype.startsWith('float');

// A sum over all real results, and its gradient with respect to the first argument.
function gradientIn(fn: Fn, inputs: readonly unknown[]): Tensor {
  const first = (inputs[0] as Tensor).clone().requiresGrad_();
  const results = pytree.flatten(fn(first, ...inputs.slice(1))).leaves.filter(isReal);
  for (const result of results) expect(result.requiresGrad).toBe(true);
  const total = results.reduce<Tensor>((sum, result) => sum.add(result.cos().sum()), torch.zeros([]));
  return torch.autograd.grad([total], [first])[0]!;
}

/**
 * Expects `vmap` of `fn` to agree with a loop over the samples: results, arguments that were written in place, and gradients
 * with respect to the first argument.
 */
export function checkVmap(fn: Fn, inputs: readonly unknown[], options: CheckOptions = {}): void {
  const levels = options.levels ?? [{ inDims: options.inDims, outDims: options.outDims }];
  const batched = levels.reduce(asVmap, fn);
  const looped = levels.reduce(loopOver, fn);
  const run = <T>(body: () => T): T => (options.fallback ? body() : withoutFallback(body));

  // A clone would not have the strides of an argument whose results are views of it.
  const [mine, theirs] = options.view ? [[...inputs], [...inputs]] : [copies(inputs), copies(inputs)];
  const result = run(() => batched(...mine));
  expectClose(result, looped(...theirs), options.tolerance);
  expectClose(mine, theirs, options.tolerance);

  if (options.view) {
    torch.noGrad(() => (inputs[0] as Tensor).add_(1));
    expectClose(result, looped(...inputs), options.tolerance);
  }
  if ((options.gradients ?? true) && isReal(inputs[0]) && pytree.flatten(result).leaves.some(isReal)) {
    const gradient = run(() => gradientIn(batched, inputs));
    expectClose(gradient, gradientIn(looped, inputs), options.tolerance);
  }
}

/** Checks a function of one tensor for every position of the mapped dimensions. */
export function checkUnary(fn: Fn, getter: Getter, options: CheckOptions = {}): void {
  const check = (shape: number[], more: CheckOptions): void =>
    checkVmap(fn, [getter(...shape)], { ...options, ...more });
  check([B0, 3], {});
  check([2, 5, B0, 3], { inDims: 2 });
  check([2, 5, B0, 3], { inDims: -2, outDims: -1 });
  check([B0, B1], { levels: [{}, {}] });
  check([B1, 2, 5, B0, 3], { levels: [{}, { inDims: 3 }] });
  check([2, 5, B0, B1, 3], { levels: [{ inDims: 2 }, { inDims: 2, outDims: 2 }] });
}

/** Checks a function of two tensors: both mapped or one, at equal or different dimensions, broadcast, nested. */
export function checkBinary(fn: Fn, getter: Getter, options: CheckOptions = {}): void {
  const check = (left: number[], right: number[], more: CheckOptions = {}): void =>
    checkVmap(fn, [getter(...left), getter(...right)], { ...options, ...more });
  check([B0, 3], [B0, 3]);
  check([B0], [B0, 2, 3]);
  check([B0], [2, B0, 3], { inDims: [0, 1] });
  check([B0], [2, B0, 3], { inDims: [0, -2], outDims: 1 });
  check([B0], [2, 3], { inDims: [0, null] });
  check([2, 3], [B0, 3], { inDims: [null, 0] });
  check([B0, B1, 2, 3], [B0, B1, 3], { levels: [{}, {}] });
  check([B0, 2, 3], [B1, 3], { levels: [{ inDims: [null, 0] }, { inDims: [0, null] }] });
}

// Rolled, so that samples differ in positions too, such as those of `argmax`.
function shifted(tensor: Tensor, k: number): Tensor {
  const rolled = tensor.flatten().roll(k).reshape(tensor.shape);
  return tensor.dtype.startsWith('float') ? rolled.add(k / 8) : rolled;
}

/** Every choice of arguments to map over, at the first dimension or at the last. */
export function checkChoices(fn: Fn, args: readonly unknown[], options: CheckOptions = {}): void {
  const choices = args.reduce<Dim[][]>(
    (all, arg) => all.flatMap((dims) => (torch.isTensor(arg) ? [null, 0, -1] : [null]).map((dim) => [...dims, dim])),
    [[]],
  );
  for (const inDims of choices.filter((dims) => dims.some((dim) => dim !== null))) {
    const inputs = args.map((arg, i) => {
      const dim = inDims[i];
      if (dim === null) return arg;
      const tensor = arg as Tensor;
      return torch.stack(
        Array.from({ length: 3 }, (_, k) => shifted(tensor, k)),
        dim,
      );
    });
    checkVmap(fn, inputs, { ...options, inDims, gradients: options.gradients ?? inDims[0] !== null });
  }
}
