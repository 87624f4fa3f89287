/** gridSample: its values as written out, forward mode, second derivatives, and vmap. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, expectDerivatives, expectVmapped, float64 } from '../support/derivatives';

const { gridSample } = torch.nn.functional;
const { jvp, vjp } = torch.func;

const image = torch
  .arange(2 * 2 * 4 * 5, float64)
  .view(2, 2, 4, 5)
  .mul(1.7)
  .sin();
// Places inside, outside and far outside, none at a pixel.
const grid = torch
  .arange(2 * 3 * 2 * 2, float64)
  .view(2, 3, 2, 2)
  .mul(2.3)
  .add(0.4)
  .sin()
  .mul(1.9);
const volume = torch
  .arange(2 * 3 * 4 * 3, float64)
  .view(1, 2, 3, 4, 3)
  .mul(1.7)
  .sin();
const places = torch
  .arange(2 * 2 * 2 * 3, float64)
  .view(1, 2, 2, 2, 3)
  .mul(2.3)
  .add(0.5)
  .sin()
  .mul(1.6);

const cases = (['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
  (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
    [true, false].map((alignCorners) => ({ mode, paddingMode, alignCorners })),
  ),
);

test.each(cases)('$mode, $paddingMode, alignCorners $alignCorners', (options) => {
  // With a tangent the value comes from what is written out, without one from libtorch's kernel.
  const [value] = jvp((g: Tensor) => gridSample(image, g, options), [grid], [torch.onesLike(grid)]) as [Tensor, Tensor];
  expectClose('value', value, gridSample(image, grid, options), 1e-12);
  if (options.mode === 'nearest') return;
  const [one, part] = [image.narrow(0, 0, 1).narrow(1, 0, 1), grid.narrow(0, 0, 1).narrow(1, 0, 1)];
  expectDerivatives((g) => gridSample(one, g, options).sin().sum(), part);
});

test('both arguments, and the image under vmap', () => {
  const part = grid.narrow(0, 0, 1).narrow(1, 0, 1);
  const f = (x: Tensor): Tensor => {
    const g = x.narrow(2, 0, 1).narrow(3, 0, 2).add(1).tanh().view(1, 1, 1, 2).mul(part);
    return gridSample(x, g, { alignCorners: false }).sin().sum();
  };
  const small = image.narrow(0, 0, 1).narrow(1, 0, 1).narrow(2, 0, 2).narrow(3, 0, 3);
  expectDerivatives(f, small);
  expectVmapped(f, [small, small.cos()]);
});

test('every argument mapped or not, in the first or in the last dimension', () => {
  const samples = [image, image.cos(), image.square()].map((x) => x.narrow(0, 0, 1));
  const grids = [grid, grid.cos(), grid.square()].map((x) => x.narrow(0, 0, 1));
  const weights = grids.map((x) => x.narrow(3, 0, 1).permute(0, 3, 1, 2).expand(1, 2, 3, 2).sin());
  const columns = [samples, grids, weights];
  const pullback = (x: Tensor, g: Tensor, w: Tensor): Tensor[] => {
    const [y, back] = vjp((a: Tensor, b: Tensor) => gridSample(a, b, { alignCorners: false }), x, g);
    return [y as Tensor, ...(back(w) as Tensor[])];
  };
  const dims = [0, -1, null];
  for (const inDims of dims.flatMap((a) => dims.flatMap((b) => dims.map((c) => [a, b, c])))) {
    if (inDims.every((dim) => dim === null)) continue;
    const args = columns.map((column, k) => (inDims[k] === null ? column[0] : torch.stack(column, inDims[k])));
    const loop = [0, 1, 2].map((i) => {
      const [x, g, w] = columns.map((column, k) => (inDims[k] === null ? column[0] : column[i]));
      return pullback(x, g, w);
    });
    const got = torch.vmap(pullback as (...args: Tensor[]) => Tensor[], { inDims })(...args);
    got.forEach((tensor, k) => {
      expectClose(
        `result ${k}, inDims ${JSON.stringify(inDims)}`,
        tensor,
        torch.stack(loop.map((row) => row[k])),
        1e-12,
      );
    });
  }
});

test.each(cases.filter(({ mode }) => mode !== 'bicubic'))('volumes: $mode, $paddingMode, $alignCorners', (options) => {
  const [value] = jvp((g: Tensor) => gridSample(volume, g, options), [places], [torch.onesLike(places)]) as [
    Tensor,
    Tensor,
  ];
  expectClose('value', value, gridSample(volume, places, options), 1e-12);
  if (options.mode === 'bilinear')
    expectDerivatives((g) => gridSample(volume, g, options).sin().sum(), places.narrow(1, 0, 1).narrow(2, 0, 1));
});

describe('a grid of NaN', () => {
  const [three] = [torch.arange(12, float64).view(1, 1, 3, 4)];
  const cube = torch.arange(24, float64).view(1, 1, 2, 3, 4);
  const flat = torch.tensor([NaN, 0.2, 0.1, NaN, NaN, NaN], float64).view(1, 1, 3, 2);
  const solid = torch.tensor([NaN, 0.2, 0.1, 0.1, NaN, 0.1, NaN, NaN, NaN], float64).view(1, 1, 1, 3, 3);

  test.each(cases)('$mode, $paddingMode, alignCorners $alignCorners: gradients, and equal values', (options) => {
    for (const [input, grid] of [
      [three, flat],
      [cube, solid],
    ]) {
      if (options.mode === 'bicubic' && input === cube) continue;
      const value = gridSample(input, grid, options);
      const [again] = jvp((y: Tensor) => gridSample(y, grid, options), [input], [input]) as Tensor[];
      expectClose('value', again.nanToNum(-100), value.nanToNum(-100), 1e-12);
      const [, pull] = vjp((y: Tensor, g: Tensor) => gridSample(y, g, options), input, grid);
      const [dInput, dGrid] = pull(torch.ones(value.shape, float64)) as Tensor[];
      expect([dInput.shape, dGrid.shape]).toEqual([input.shape, grid.shape]);
      // The padding clips NaN to a pixel. The result is linear in the input.
      if (options.paddingMode === 'zeros' || options.mode === 'bicubic') continue;
      const infinite = grid.maskedFill(grid.isnan(), Infinity);
      const [far, back] = vjp((g: Tensor) => gridSample(input, g, options), infinite);
      expect(far.isfinite().all().item()).toBe(true);
      expect((back(torch.ones(value.shape, float64)) as unknown as Tensor[])[0].isfinite().all().item()).toBe(true);
      expectClose('input', dInput.mul(input).sum(), value.sum(), 1e-12);
      expect(dGrid.maskedSelect(grid.isnan()).abs().sum().item()).toBe(0);
    }
  });
});

test('wrong arguments are errors under transforms too', () => {
  const forward = (input: Tensor, grid: Tensor) => (): unknown =>
    jvp((y: Tensor) => gridSample(y, grid), [input], [input]);
  expect(forward(image, torch.zeros(2, 3, 3, 3, float64))).toThrow('expected grid to have size 2 in last dimension');
  expect(forward(image, torch.zeros(1, 3, 3, 2, float64))).toThrow('expected grid and input to have same batch size');
  expect(forward(image, torch.zeros(2, 3, 3, 2))).toThrow('expected scalar type Double but found Float');
  const sampler = (interpolation: number, padding: number): Tensor =>
    torch.gridSampler2d(image, grid, interpolation, padding, false);
  expect(() => sampler(7, 0)).toThrow('interpolation_mode must be 0 (bilinear), 1 (nearest) or 2 (bicubic), got 7');
  expect(() => sampler(0, -1)).toThrow('padding_mode must be 0 (zeros), 1 (border) or 2 (reflection), got -1');
});

test('an empty grid has a tangent', () => {
  const empty = torch.zeros(2, 0, 3, 2, float64);
  const [value, tangent] = jvp((y: Tensor) => gridSample(y, empty), [image], [image]) as Tensor[];
  expect([value.shape, tangent.shape]).toEqual([
    [2, 2, 0, 3],
    [2, 2, 0, 3],
  ]);
});
