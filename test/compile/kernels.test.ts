/** What is planned for tensors on CUDA, which needs no GPU. The tests of the kernels themselves start processes. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { native } from '../../lib/native';

const { testKernels } = native;

const planned = (func: (inputs: Tensor[]) => Tensor[], ...inputs: Tensor[]) => testKernels(func, inputs, '');
const lines = (text: string) => text.trim().split('\n');

test('fused groups are kernels, and everything else is a library call', () => {
  const { steps, sources, reasons } = planned(
    ([x, w, b]) => [x!.sin().mul(2).matmul(w!).add(b!).tanh().cumsum(1)],
    torch.randn([400, 200]),
    torch.randn([200, 300]),
    torch.randn([300]),
  );
  const [first, product, second, scan] = lines(steps);
  expect(first).toMatch(/^fused group of 2 operators: 80000 points, kernel fused_[0-9a-f]{16} of \d+ instructions/);
  expect(product).toMatch(/^library call aten::mm/);
  expect(second).toMatch(/^fused group of 2 operators: 120000 points, kernel fused_/);
  expect(scan).toMatch(/^library call aten::cumsum/);
  expect(sources).toHaveLength(2);
  for (const { name, text } of sources) {
    expect(steps).toContain(name);
    expect(text).toContain(`extern "C" __global__ void __launch_bounds__(128) ${name}(const long long points, `);
  }
  expect(reasons.join()).toMatch(/not number by number/);
});

test('a function of few numbers per sample is one kernel, with a thread for each sample', () => {
  const f = (v: Tensor) => torch.stack([v.select(0, 0).mul(v.select(0, 1)).sin(), v.select(0, 1).exp()]);
  const { vmap, jacrev } = torch.func;
  const { steps, sources } = planned(([x]) => [vmap(jacrev(f))(x!) as Tensor], torch.randn([300, 2]));
  expect(sources).toHaveLength(1);
  expect(lines(steps)[0]).toMatch(/^number by number: 300 points, kernel fused_/);
});

test('one kernel serves all numbers of samples, and another one other strides', () => {
  const name = (...shape: number[]) =>
    planned(([x]) => [x!.mul(x!.select(1, 0).unsqueeze(1))], torch.randn(shape)).sources[0]!.name;
  expect(name(500, 3)).toBe(name(300, 3));
  expect(name(300, 4)).not.toBe(name(300, 3));
});

test('positions have 64 bits where 32 are not enough', () => {
  const text = (x: Tensor) => planned(([y]) => [y!.to('float32').add(1)], x).sources[0]!.text;
  const wide = torch.empty([2, 2 ** 31], { dtype: 'int8' }).select(1, 0);
  expect(text(wide)).toContain('const long long i = (long long)blockIdx.x');
  expect(text(torch.empty([2], { dtype: 'int8' }))).toContain('const int i = (int)blockIdx.x');
});

test('a number is part of the kernel, and division by it a multiplication, as in ATen', () => {
  const { sources } = planned(([x]) => [x!.div(10), x!.mul(0.5)], torch.randn([1000]));
  expect(sources).toHaveLength(1);
  expect(sources[0]!.text).toContain('* 0x1.99999ap-4f');
  expect(sources[0]!.text).toContain('* 0x1p-1f');
  expect(sources[0]!.text).not.toContain('/ ');
});

test('tensors on other devices are refused', () => {
  const reasons = (second: Tensor) => {
    const compiled = torch.compile((x: Tensor, y: Tensor) => [x.add(1), y.add(1)]);
    compiled(torch.ones([3]), second);
    return compiled.explain()[0]!.reasons;
  };
  expect(reasons(torch.ones([3], { device: 'meta' }))).toEqual([
    'a tensor lies on a device for which nothing is compiled',
  ]);
  expect(reasons(torch.ones([3]))).toEqual([]);
});

const withoutCuda = native.cudaIsBuilt() ? test.skip : test;
withoutCuda('without the CUDA libraries, the operators are replayed, and the reason is given', () => {
  const { steps, reasons } = testKernels(([x]) => [x!.sin()], [torch.randn([3])], null);
  expect(steps).toBe('');
  expect(reasons).toEqual([
    expect.stringMatching(/^NVRTC and the CUDA driver could not be loaded: .*libcaffe2_nvrtc\.so: cannot open/),
  ]);
});
