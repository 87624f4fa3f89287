/**
 * Kernels generated from fused groups. A C++ compiler makes functions of the host from their text, which compute what
 * eager execution computes; NVRTC compiles the same text for GPUs.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { KernelSource } from '../../lib/native';
import { elementwiseCallsOf } from '../support/compile/elementwise-calls';
import { FLOATS, layouts, numbers } from '../support/compile/elementwise-inputs';
import type { Float } from '../support/compile/elementwise-inputs';
import {
  compileForHost,
  describeCubin,
  findNvrtc,
  joined,
  testKernels,
  testNvrtc,
} from '../support/compile/host-kernels';

const { vmap, grad, jacrev, hessian } = torch.func;

type Func = (inputs: Tensor[]) => Tensor[];

interface Case {
  name: string;
  func: Func;
  inputs: Tensor[];
  expected: Tensor[];
  /** The largest difference in units in the last place. */
  ulps: number;
}

const asList = (value: unknown) => (Array.isArray(value) ? (value as Tensor[]) : [value as Tensor]);

/** Operators whose results are rounded like eager execution's: no functions, and no formulas of several roundings. */
const EXACT =
  /^(add|sub|rsub|mul|div\.Tensor$|div\.Tensor_mode|fmod|addcmul|lerp|maximum|minimum|fmax|fmin|nextafter|heaviside|copysign|clamp|mse_loss|huber_loss|neg|abs|sign|sgn|reciprocal|floor$|ceil|round|trunc|frac|deg2rad|rad2deg|nan_to_num|l[te]\.|g[te]\.|eq|ne\.|logical|isnan|signbit|bitwise|bool|where|masked_fill|relu|leaky_relu|threshold|hardtanh|hardshrink|clone|_to_copy|zeros|ones|full|fill|_prelu)/;

/** ATen's CUDA kernels round the exponent of a power to the type of the base and join sums and products; its scalar loops do not. */
const ulpsOf = (name: string) => (EXACT.test(name) ? 0 : /^(pow\.Tensor_Scalar|gelu_backward$)/.test(name) ? 16 : 4);

const LAYOUTS = ['every second number', 'transposed', 'broadcast'];

/** The same numbers, for which eager execution runs scalar loops, as CUDA does: vector loops treat some NaN differently. */
const spread = (x: Tensor) => torch.stack([x, x], -1).select(-1, 0);

const cases: Case[] = [];
const sources: KernelSource[] = [];
let folder: string;
let library: string;

/** The largest distance in units in the last place, or what else differs. */
function difference(actual: Tensor, expected: Tensor): number | string {
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype}, not ${expected.dtype}`;
  if (String(actual.shape) !== String(expected.shape)) return `shape ${actual.shape}, not ${expected.shape}`;
  if (expected.numel() === 0) return 0;
  if (!expected.isFloatingPoint()) return torch.equal(actual, expected) ? 0 : 'integers differ';
  const { eps, tiny } = torch.finfo(expected.dtype);
  const [a, e] = [actual.to('float64'), expected.to('float64')];
  const same = a.eq(e).logicalOr(a.isnan().logicalAnd(e.isnan()));
  const unit = e.abs().clamp({ min: tiny }).mul(eps);
  const distance = torch.where(same, torch.zerosLike(e), a.sub(e).abs().div(unit));
  const worst = distance.nanToNum(Infinity).max().item() as number;
  if (worst <= 1e9) return worst;
  const at = distance.nanToNum(Infinity).flatten().argmax().item() as number;
  return `${a.flatten().select(0, at).item()} instead of ${e.flatten().select(0, at).item()}`;
}

function add(name: string, func: Func, inputs: Tensor[], ulps: number): void {
  cases.push({ name, func, inputs, expected: func(inputs), ulps });
}

/** ATen's formulas on CUDA, where they are not those of the CPU. */
const sixth = Math.fround(1 / 6);
const gate = (x: Tensor) => x.add(3).clamp(0, 6);
const FORMULAS: Record<string, (x: Tensor, y: Tensor, z: Tensor) => Tensor> = {
  'addcdiv ({"value":1.3})': (x, y, z) => x.addcmul(y.div(z), torch.fullLike(x, 1.3)),
  hardsigmoid: (x) => gate(x).mul(sixth),
  hardswish: (x) => x.mul(gate(x)).mul(sixth),
};

function addElementwise(dtype: Float): void {
  for (const { name, call } of elementwiseCallsOf(dtype)) {
    for (const [layout, make] of layouts) {
      if (!LAYOUTS.includes(layout)) continue;
      const inputs = make((size, shift) => numbers(size, dtype, shift));
      const func: Func = ([x, y, z]) => asList(call(x!, y!, z!));
      const [x, y, z] = inputs.map(spread);
      const expected = asList((FORMULAS[name] ?? call)(x!, y!, z!));
      cases.push({ name: `${name}, ${dtype}, ${layout}`, func, inputs, expected, ulps: ulpsOf(name) });
    }
  }
}

const stacked = (x: Tensor) => {
  const [a, b, c] = [x.select(0, 0), x.select(0, 1), x.select(0, 2)];
  return torch.stack([a.mul(b).sin(), b.mul(c).add(a).exp(), a.div(c.square().add(1))]);
};

/** Several products, an output that is a library result, one that is a view of another, and one that is a constant. */
function chain([x, w]: Tensor[]): Tensor[] {
  let y = x!;
  for (let i = 0; i < 5; ++i) y = y.sin().matmul(w!).mul(0.1);
  return [y, y.t(), y.cumsum(1), y.argmax(1), torch.eye(2)];
}
const chainInputs = (seed: number) => {
  torch.manualSeed(seed);
  return [torch.randn([300, 200]), torch.randn([200, 200])];
};

function addGraphs(): void {
  add('a chain of products', chain, chainInputs(0), 1e9);
  const rows = torch.randn([300, 3], { dtype: 'float64' });
  add('vmap(jacrev) of few numbers', ([x]) => [vmap(jacrev(stacked))(x!) as Tensor], [rows], 64);
  add('vmap(hessian)', ([x]) => [vmap(hessian((v: Tensor) => stacked(v).sum()))(x!) as Tensor], [rows], 256);
  const [x, w, b] = [torch.randn([40, 20]), torch.randn([20, 30]), torch.randn([30])];
  add('a product between groups', ([p, q, r]) => [p!.sin().matmul(q!).add(r!).tanh().mul(2)], [x, w, b], 2048);
  const loss = (q: Tensor, p: Tensor) => p.matmul(q).tanh().square().mean();
  add('the gradient of a loss', ([p, q]) => [grad(loss)(q!, p!) as Tensor], [x, w], 4096);
  add('sums and a softmax', ([p]) => [p!.exp().sum(1), p!.mul(2).softmax(-1).log()], [x], 64);
  add('several dtypes', ([p]) => [p!.gt(0), p!.mul(3).to('int32'), p!.to('float64').mul(p!)], [x], 0);
  add('a constant output', ([p]) => [p!.add(1), torch.eye(3)], [x], 0);
  add('an output twice, and a view', ([p]) => ((y) => [y, y, y.t()])(p!.cos()), [x], 4);
}

beforeAll(() => {
  torch.manualSeed(0);
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-func-kernels-'));
  for (const dtype of FLOATS) addElementwise(dtype);
  addGraphs();
  for (const { func, inputs } of cases) sources.push(...testKernels(func, inputs, '').sources);
  library = compileForHost(sources, folder);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the host computes with kernels what eager execution computes', () => {
  const found: Record<string, unknown> = {};
  for (const { name, func, inputs, expected, ulps } of cases) {
    const { outputs, reasons } = testKernels(func, inputs, library);
    if (outputs === undefined) {
      found[name] = reasons;
      continue;
    }
    for (const [k, output] of outputs.entries()) {
      const distance = difference(output, expected[k]!);
      if (typeof distance === 'string' || distance > ulps) found[name] = distance;
    }
  }
  expect(found).toEqual({});
}, 300_000);

test('a kernel that cannot be launched leads to a replay of the operators, and the steps say so', () => {
  const { outputs, steps } = testKernels(([x]) => [x!.sin().mul(123)], [torch.ones([5])], library);
  expect(outputs![0]!.toArray()).toEqual(torch.ones([5]).sin().mul(123).toArray());
  expect(steps).toMatch(/^replayed operator by operator in a call: kernel fused_\w+: the library does not have/m);
});

describe('replays of a graph', () => {
  const { steps: before } = testKernels(chain, chainInputs(0), '');
  test('are planned where there are more steps than copies', () => {
    expect(before).toMatch(/^CUDA graph: later calls replay it$/m);
    expect(testKernels(([x]) => [x!.cos()], [torch.ones([5])], '').steps).toMatch(/^no CUDA graph: .*as many copies/m);
    const noise = ([x, w]: Tensor[]) => chain([x!.add(torch.randn([300, 200])), w!]);
    expect(testKernels(noise, chainInputs(0), '').steps).toMatch(/^no CUDA graph: aten::randn allocates its result$/m);
  });

  test('give what the steps one by one give, in new tensors', () => {
    const runs = Array.from({ length: 6 }, (_, i) => chainInputs(i));
    const { runs: results, steps } = testKernels(chain, chainInputs(0), library, runs);
    expect(steps).toMatch(/^CUDA graph: calls replay it$/m);
    for (const [i, outputs] of results!.entries()) {
      // A first call runs the steps one by one.
      for (const [k, expected] of testKernels(chain, runs[i]!, library).outputs!.entries()) {
        expect([i, k, difference(outputs[k]!, expected)]).toEqual([i, k, 0]);
      }
    }
  });
});

const nvrtc = findNvrtc();
const withNvrtc = nvrtc.file === null ? test.skip : test;
const missing = nvrtc.file === null ? ` (there is no NVRTC: ${nvrtc.problem})` : '';
withNvrtc.each([80, 90])(
  `NVRTC compiles all kernels for sm_%d${missing}`,
  (capability) => {
    const names = new Set(sources.map(({ name }) => name));
    expect(names.size).toBeGreaterThan(500);
    const { isCuda, text } = describeCubin(testNvrtc(nvrtc.file!, joined(sources), capability));
    expect(isCuda).toBe(true);
    expect(text).toContain(`sm_${capability}`);
    expect([...names].filter((name) => !text.includes(name))).toEqual([]);
  },
  600_000,
);
