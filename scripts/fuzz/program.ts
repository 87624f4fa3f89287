/** Random programs: functions of tensors, with the text that says what they do. */

import type * as torch from '../../lib';
import { Choices } from './random';
import { isDiscontinuous, isIllConditioned } from './rounding';
import { randomStep } from './steps';
import type { RandomStep } from './steps';

type Torch = typeof torch;
type Tensor = torch.Tensor;
type Shape = readonly number[];

/** A program, which depends only on its seed. */
export interface Program {
  text: string;
  /** Compiled with this option: programs with even seeds have it, and give the NaN of eager execution. */
  strictZeros: boolean;
  /**
   * Eager NaN and infinities may differ: they come from zeros that are left out, from a variance that overflows, or from a
   * derivative of a product that divides.
   */
  ignoresNonFinite: boolean;
  /** Gradients that are sums may have other strides: eager execution adds in place. */
  ignoresStrides: boolean;
  /** Of sums whose order differs, for the lowest precision that the program computes in; 0 for programs without sums. */
  tolerance: number;
  /** Arguments; other ones for another `seed`. */
  inputs(seed: number): Tensor[];
  /** Tensors from outside of the function. */
  outside(): Tensor[];
  /** The function, with its transform. */
  build(outside: readonly Tensor[]): (...inputs: Tensor[]) => unknown;
}

const SHAPES: readonly Shape[] = [[], [3], [2, 3], [3, 3], [1], [3, 1], [2, 1, 3], [0], [5, 3], [4]];
const LARGE: readonly Shape[] = [[64, 3], [3, 64], [3], [600], [70, 33], [33], [16, 8, 8], [64, 64], [2, 16, 16]];
// More elements than a thread takes: for programs without derivatives of all outputs.
const HUGE: readonly Shape[] = [[40_000], [300, 150], [600, 16, 16], [16], [150], [16, 16], [1], [150, 300]];
const MAX_ELEMENTS = 20_000;
const MAX_ELEMENTS_OF_HUGE = 400_000;
const DTYPES = ['float32', 'float32', 'float32', 'float64', 'float64', 'int64', 'bool'] as const;
type Dtype = (typeof DTYPES)[number];

type Wrap = (torch: Torch, f: (...inputs: Tensor[]) => Tensor[]) => (...inputs: Tensor[]) => unknown;

// A bounded second derivative, also for large values: rounding differences of sums are not amplified.
const scalar = (outputs: readonly Tensor[]): Tensor =>
  outputs
    .filter((output) => output.isFloatingPoint())
    .reduce((sum: Tensor | null, output) => {
      const part = output.to('float64').square().log1p().sum();
      return sum === null ? part : sum.add(part);
    }, null)!;

const WRAPS: readonly [string, Wrap][] = [
  ['grad', (torch, f) => torch.func.grad((...x: Tensor[]) => scalar(f(...x)))],
  ['jacrev', (torch, f) => torch.func.jacrev((...x: Tensor[]) => f(...x)[0])],
  ['jacfwd', (torch, f) => torch.func.jacfwd((...x: Tensor[]) => f(...x)[0])],
  ['hessian', (torch, f) => torch.func.hessian((...x: Tensor[]) => scalar(f(...x)))],
  ['vjp', (torch, f) => (...x: Tensor[]) => torch.func.vjp((...y: Tensor[]) => scalar(f(...y)), ...x)[1](torch.ones([], { dtype: 'float64' }))],
  ['jvp', (torch, f) => (...x: Tensor[]) => torch.func.jvp((...y: Tensor[]) => f(...y), x, x)],
  ['vmap', (torch, f) => torch.func.vmap(f, { randomness: 'different' })],
  ['vmap(grad)', (torch, f) => torch.func.vmap(torch.func.grad((...x: Tensor[]) => scalar(f(...x))), { randomness: 'different' })],
  ['vmap(jacfwd)', (torch, f) => torch.func.vmap(torch.func.jacfwd((...x: Tensor[]) => f(...x)[0]), { randomness: 'different' })],
  ['vmap(jacrev)', (torch, f) => torch.func.vmap(torch.func.jacrev((...x: Tensor[]) => f(...x)[0]), { randomness: 'different' })],
  ['vmap(hessian)', (torch, f) => torch.func.vmap(torch.func.hessian((...x: Tensor[]) => scalar(f(...x))), { randomness: 'different' })],
]; // prettier-ignore

function random(torch: Torch, shape: Shape, dtype: Dtype): Tensor {
  if (dtype === 'int64') return torch.randn(shape).mul(2).to('int64');
  if (dtype === 'bool') return torch.randn(shape).gt(0);
  return torch.randn(shape, { dtype });
}

function strided(torch: Torch, shape: Shape, dtype: Dtype, layout: number): Tensor {
  switch (layout) {
    case 1: // transposed
      return random(torch, [...shape].reverse(), dtype).permute(shape.map((_, i) => i).reverse());
    case 2: // every second element
      return random(torch, [...shape, 2], dtype).select(-1, 1);
    case 3: // expanded
      return shape.length === 0
        ? random(torch, [], dtype)
        : random(torch, [1, ...shape.slice(1)], dtype).expand([...shape]);
    default:
      return random(torch, shape, dtype);
  }
}

/** The program of a seed. */
export function programOf(torch: Torch, seed: number): Program {
  const choices = new Choices(seed);
  const strictZeros = seed % 2 === 0;
  const wrap = choices.chance(0.6) ? choices.of(WRAPS) : null;
  const isCheap = wrap === null || ['grad', 'vjp', 'jvp'].includes(wrap[0]);
  const isHuge = isCheap && choices.chance(0.04);
  const shapes = isHuge ? HUGE : choices.chance(0.15) ? LARGE : SHAPES;
  const maxElements = isHuge ? MAX_ELEMENTS_OF_HUGE : MAX_ELEMENTS;
  // Transforms differentiate the first argument, jvp and vjp all of them.
  const floats = wrap === null || wrap[0] === 'vmap' ? 0 : ['jvp', 'vjp'].includes(wrap[0]) ? Infinity : 1;
  const batch = wrap !== null && wrap[0].startsWith('vmap') ? choices.of([1, 3, 7, 530]) : null;
  const arity = 1 + choices.below(3);
  const writes = choices.chance(0.5);
  const arguments_ = Array.from({ length: arity }, (_, i) => ({
    shape: choices.of(batch === null ? shapes : SHAPES),
    dtype: choices.of(i < floats ? DTYPES.slice(0, 5) : DTYPES),
    layout: writes ? choices.below(3) : choices.below(4),
  }));
  const outsideShapes = Array.from({ length: choices.below(2) }, () => choices.of(SHAPES));

  const inputs = (valueSeed: number, perSample = false): Tensor[] => {
    torch.manualSeed(valueSeed);
    return arguments_.map(({ shape, dtype, layout }) =>
      strided(torch, batch === null || perSample ? shape : [batch, ...shape], dtype, layout),
    );
  };
  const outside = (): Tensor[] => {
    torch.manualSeed(seed);
    return outsideShapes.map((shape) => torch.randn(shape));
  };

  let [hasLayerNorm, hasProd] = [false, false];

  // Each step is tried on the values of a sample: a step that is an error is left out.
  const steps: RandomStep[] = [];
  const values = [...inputs(1, true), ...outside()];
  const known = values.length;
  const wanted = 2 + choices.below(10);
  for (let attempts = 0; steps.length < wanted && attempts < 60; attempts++) {
    const step = randomStep(choices, values, writes);
    if (hasLayerNorm && isDiscontinuous(step)) continue;
    let value: Tensor | null;
    try {
      value = step.run(torch, values);
    } catch {
      continue;
    }
    if (value !== null && (value.numel() > maxElements || isIllConditioned(step, value, values, strictZeros))) continue;
    steps.push(step);
    hasLayerNorm ||= step.text.startsWith('layerNorm');
    hasProd ||= step.text.startsWith('prod');
    if (value !== null) values.push(value);
  }
  // Pointwise programs are equal bit for bit, but for copies that are left out; derivatives of broadcast values are sums.
  const isExact =
    steps.every((step) => step.isExact && !/^(clone|contiguous)/.test(step.text)) &&
    (wrap === null || ['vmap', 'jvp'].includes(wrap[0]));
  const ofFloat64 = wrap === null ? 1e-10 : 1e-8;
  const rounding = (values.some((value) => value.dtype === 'float32') ? 1e-4 : ofFloat64) * (hasLayerNorm ? 300 : 1);
  const tolerance = isExact ? 0 : rounding;
  const outputs = [values.length - 1];
  for (let i = choices.below(3); i > 0; i--) outputs.push(choices.below(values.length));
  for (const value of values) value.dispose();

  const body = (from: readonly Tensor[], given: readonly Tensor[]): Tensor[] => {
    const all = [...given, ...from];
    for (const step of steps) {
      const value = step.run(torch, all);
      if (value !== null) all.push(value);
    }
    return outputs.map((i) => all[i]);
  };
  const lines = [
    `seed ${seed}: ${wrap?.[0] ?? 'plain'}${strictZeros ? ', strictZeros' : ''}, ${known} values: ${arguments_.map((a) => `${a.dtype}[${(batch === null ? a.shape : [batch, ...a.shape]).join(', ')}] layout ${a.layout}`).join('; ')}; outside ${outsideShapes.map((s) => `[${s.join(', ')}]`).join(' ')}`,
    ...steps.map((step) => `  ${step.text}`),
    `  return ${outputs.map((i) => `v${i}`).join(', ')}`,
  ];
  return {
    text: lines.join('\n'),
    strictZeros,
    ignoresNonFinite: !strictZeros || hasLayerNorm || hasProd,
    ignoresStrides: wrap !== null && !['jacfwd', 'jvp', 'vmap', 'vmap(jacfwd)'].includes(wrap[0]),
    tolerance,
    inputs: (valueSeed) => inputs(valueSeed),
    outside,
    build: (from) => {
      const f = (...given: Tensor[]): Tensor[] => body(from, given);
      return wrap === null ? f : wrap[1](torch, f);
    },
  };
}
