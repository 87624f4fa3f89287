/** Pooling, resizing, sampling, windows, padding, convolution. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';
import type { Cases } from '../../support/parity/cases';
import { addFailure, addWithGradients } from '../../support/nn-functional';

const F = torch.nn.functional;

function maxPooling(cases: Cases): void {
  cases.group('max pooling', () => {
    cases.add('F.max_pool1d(seq, 3)', ({ seq }) => F.maxPool1d(seq, 3));
    cases.add('F.max_pool1d(seq, 3, 2, 1, ceil_mode=True, return_indices=True)', ({ seq }) =>
      F.maxPool1d(seq, 3, 2, 1, { ceilMode: true, returnIndices: true }),
    );
    cases.add('F.max_pool1d(seq, 2, 2, 0, 2, False, True)', ({ seq }) => F.maxPool1d(seq, 2, 2, 0, 2, false, true));
    cases.add('F.max_pool1d_with_indices(seq, 2)', ({ seq }) => F.maxPool1dWithIndices(seq, 2));
    cases.add('F.max_pool2d(img, 2)', ({ img }) => F.maxPool2d(img, 2));
    cases.add('F.max_pool2d(img, (2, 3), stride=1, padding=(1, 0))', ({ img }) =>
      F.maxPool2d(img, [2, 3], { stride: 1, padding: [1, 0] }),
    );
    cases.add('F.max_pool2d(img, 2, return_indices=True)', ({ img }) => F.maxPool2d(img, 2, { returnIndices: true }));
    cases.add('F.max_pool2d_with_indices(img[0], 3, 1, dilation=2)', ({ img }) =>
      F.maxPool2dWithIndices(img.select(0, 0), 3, 1, { dilation: 2 }),
    );
    cases.add('F.max_pool3d(vol, 2)', ({ vol }) => F.maxPool3d(vol, 2));
    cases.add('F.max_pool3d(vol, 2, 1, return_indices=True)', ({ vol }) =>
      F.maxPool3d(vol, 2, { stride: 1, returnIndices: true }),
    );
    cases.add('F.max_pool3d_with_indices(vol, 3)', ({ vol }) => F.maxPool3dWithIndices(vol, 3));
    cases.add('grad(lambda v: F.max_pool2d(v, 2).sin().sum())(img)', ({ img }) =>
      torch.func.grad((v: Tensor) => F.maxPool2d(v, 2).sin().sum())(img),
    );
    cases.add('vmap(lambda v: F.max_pool2d(v, 2))(img)', ({ img }) =>
      torch.vmap((v: Tensor) => F.maxPool2d(v, 2))(img),
    );
    cases.add('F.adaptive_max_pool1d(seq, 3)', ({ seq }) => F.adaptiveMaxPool1d(seq, 3));
    cases.add('F.adaptive_max_pool1d(seq, 3, True)', ({ seq }) => F.adaptiveMaxPool1d(seq, 3, true));
    cases.add('F.adaptive_max_pool2d(img, (None, 2))', ({ img }) => F.adaptiveMaxPool2d(img, [null, 2]));
    cases.add('F.adaptive_max_pool2d(img, 4, return_indices=True)', ({ img }) =>
      F.adaptiveMaxPool2d(img, 4, { returnIndices: true }),
    );
    cases.add('F.adaptive_max_pool3d(vol, (3, None, 1))', ({ vol }) => F.adaptiveMaxPool3d(vol, [3, null, 1]));
    cases.add('F.adaptive_max_pool3d(vol, 2, True)', ({ vol }) => F.adaptiveMaxPool3d(vol, 2, true));
    cases.add(
      '[F.adaptive_max_pool1d_with_indices(seq, 2), F.adaptive_max_pool2d_with_indices(img, 2), F.adaptive_max_pool3d_with_indices(vol, 2)]',
      ({ seq, img, vol }) => [
        F.adaptiveMaxPool1dWithIndices(seq, 2),
        F.adaptiveMaxPool2dWithIndices(img, 2),
        F.adaptiveMaxPool3dWithIndices(vol, 2),
      ],
    );
    cases.add('F.fractional_max_pool2d(img, 2, 3)', ({ img }) => F.fractionalMaxPool2d(img, 2, 3));
    cases.add('F.fractional_max_pool2d(img[0], 2, output_ratio=(0.5, 0.7), return_indices=True)', ({ img }) =>
      F.fractionalMaxPool2d(img.select(0, 0), 2, { outputRatio: [0.5, 0.7], returnIndices: true }),
    );
    cases.add('F.fractional_max_pool2d(img, 2, 3, _random_samples=img[:, :, 0, :2].abs() / 2)', ({ img }) =>
      F.fractionalMaxPool2d(img, 2, 3, { _randomSamples: img.select(2, 0).narrow(2, 0, 2).abs().div(2) }),
    );
    // The types know what comes: this compiles.
    const typed = ({ img }: any): Tensor[] => [
      F.maxPool2d(img, 2),
      F.maxPool2d(img, 2, 1, { returnIndices: true })[1],
      F.maxPool2d(img, 2, 1, 0, 1, false, true)[1],
      F.fractionalMaxPool2d(img, 2, 3, { returnIndices: true })[1],
    ];
    cases.add(
      '[F.max_pool2d(img, 2), F.max_pool2d(img, 2, 1, return_indices=True)[1], F.max_pool2d(img, 2, 1, 0, 1, False, True)[1], F.fractional_max_pool2d(img, 2, 3, return_indices=True)[1]]',
      typed,
    );
    cases.add('F.fractional_max_pool2d_with_indices(img, 2, 3)', ({ img }) =>
      F.fractionalMaxPool2dWithIndices(img, 2, 3),
    );
    cases.add(
      'F.fractional_max_pool3d(vol, 2, output_ratio=0.6)',
      ({ vol }) => F.fractionalMaxPool3d(vol, 2, { outputRatio: 0.6 }),
      { name: 'F.fractional_max_pool3d(vol, 2, ratio)' },
    );
    cases.add('F.fractional_max_pool3d(vol, 2, (2, 2, 2), None, True)', ({ vol }) =>
      F.fractionalMaxPool3d(vol, 2, [2, 2, 2], null, true),
    );
    cases.add('F.fractional_max_pool3d_with_indices(vol, 2, 2)', ({ vol }) =>
      F.fractionalMaxPool3dWithIndices(vol, 2, 2),
    );
    addFailure(cases, 'F.max_pool2d(img, 20)', ({ img }) => F.maxPool2d(img, 20));
    addFailure(cases, 'F.adaptive_max_pool2d(row, (2, 2))', ({ row }) => F.adaptiveMaxPool2d(row, [2, 2]));
    addFailure(cases, 'F.fractional_max_pool2d(img, 2)', ({ img }) => F.fractionalMaxPool2d(img, 2));
    addFailure(cases, 'F.fractional_max_pool3d(vol, 2)', ({ vol }) => F.fractionalMaxPool3d(vol, 2));
    addFailure(cases, 'F.fractional_max_pool2d(img, 2, output_ratio=(0.5, 0.5, 0.5))', ({ img }) =>
      F.fractionalMaxPool2d(img, 2, { outputRatio: [0.5, 0.5, 0.5] }),
    );
  });
}

function otherPooling(cases: Cases): void {
  cases.group('other pooling', () => {
    cases.add('F.avg_pool1d(seq, 3, 2, 1, count_include_pad=False)', ({ seq }) =>
      F.avgPool1d(seq, 3, 2, 1, { countIncludePad: false }),
    );
    cases.add('F.avg_pool2d(img, 2, divisor_override=3)', ({ img }) => F.avgPool2d(img, 2, { divisorOverride: 3 }));
    cases.add('F.avg_pool3d(vol, 3, ceil_mode=True)', ({ vol }) => F.avgPool3d(vol, 3, { ceilMode: true }));
    cases.add('F.adaptive_avg_pool1d(seq, 4)', ({ seq }) => F.adaptiveAvgPool1d(seq, 4));
    cases.add('F.adaptive_avg_pool2d(img, (None, 2))', ({ img }) => F.adaptiveAvgPool2d(img, [null, 2]));
    cases.add('F.adaptive_avg_pool2d(img, 4)', ({ img }) => F.adaptiveAvgPool2d(img, 4));
    cases.add('F.adaptive_avg_pool3d(vol, (2, None, 3))', ({ vol }) => F.adaptiveAvgPool3d(vol, [2, null, 3]));
    for (const [dims, input] of [
      [1, 'seq'],
      [2, 'img'],
      [3, 'vol'],
    ] as const) {
      const pool = [F.lpPool1d, F.lpPool2d, F.lpPool3d][dims - 1];
      cases.add(`F.lp_pool${dims}d(${input}, 2, 2)`, (i) => pool(i[input], 2, 2));
      cases.add(`F.lp_pool${dims}d(${input}.abs(), 3, 2, stride=1, ceil_mode=True)`, (i) =>
        pool(i[input].abs(), 3, 2, 1, { ceilMode: true }),
      );
      for (const sign of ['', '-']) {
        cases.add(`F.lp_pool${dims}d(${input}, ${sign}math.inf, 2)`, (i) =>
          pool(i[input], sign === '' ? Infinity : -Infinity, 2),
        );
      }
    }
    cases.add('grad(lambda v: F.lp_pool2d(v, 3, 2).sum())(img.abs())', ({ img }) =>
      torch.func.grad((v: Tensor) => F.lpPool2d(v, 3, 2).sum())(img.abs()),
    );
    cases.add('F.max_unpool1d(*F.max_pool1d(seq, 2, return_indices=True), 2)', ({ seq }) =>
      F.maxUnpool1d(...F.maxPool1d(seq, 2, { returnIndices: true }), 2),
    );
    cases.add('F.max_unpool2d(*F.max_pool2d(img, 2, 1, return_indices=True), 2, 1)', ({ img }) =>
      F.maxUnpool2d(...F.maxPool2d(img, 2, { stride: 1, returnIndices: true }), 2, 1),
    );
    cases.add('F.max_unpool2d(*F.max_pool2d(img, 2, return_indices=True), 2, output_size=(2, 4, 7, 6))', ({ img }) =>
      F.maxUnpool2d(...F.maxPool2d(img, 2, { returnIndices: true }), 2, { outputSize: [2, 4, 7, 6] }),
    );
    cases.add('F.max_unpool3d(*F.max_pool3d(vol, 2, return_indices=True), 2)', ({ vol }) =>
      F.maxUnpool3d(...F.maxPool3d(vol, 2, { returnIndices: true }), 2),
    );
    const unpool = (img: Tensor, options: object) =>
      F.maxUnpool2d(...F.maxPool2d(img, 2, { returnIndices: true }), 2, options);
    addFailure(cases, 'F.max_unpool2d(*F.max_pool2d(img, 2, return_indices=True), 2, output_size=[9])', ({ img }) =>
      unpool(img, { outputSize: [9] }),
    );
    addFailure(cases, 'F.max_unpool2d(*F.max_pool2d(img, 2, return_indices=True), 2, output_size=[9, 9])', ({ img }) =>
      unpool(img, { outputSize: [9, 9] }),
    );
    addFailure(cases, 'F.max_unpool2d(*F.max_pool2d(img, 2, return_indices=True), 2, padding=9)', ({ img }) =>
      unpool(img, { padding: 9 }),
    );
    addFailure(cases, 'F.adaptive_avg_pool3d(row, (2, 2, 2))', ({ row }) => F.adaptiveAvgPool3d(row, [2, 2, 2]));
  });
}

function resizing(cases: Cases): void {
  cases.group('resizing and sampling', () => {
    const modes = [
      ['seq', ['nearest', 'nearest-exact', 'linear', 'area']],
      ['img', ['nearest', 'nearest-exact', 'bilinear', 'bicubic', 'area']],
      ['vol', ['nearest', 'nearest-exact', 'trilinear', 'area']],
    ] as const;
    for (const [input, names] of modes) {
      for (const mode of names) {
        cases.add(`F.interpolate(${input}, 5, mode='${mode}')`, (i) => F.interpolate(i[input], 5, { mode }));
        cases.add(`F.interpolate(${input}, scale_factor=1.7, mode='${mode}')`, (i) =>
          F.interpolate(i[input], { scaleFactor: 1.7, mode }),
        );
        if (mode.endsWith('ear') || mode === 'bicubic') {
          cases.add(`F.interpolate(${input}, None, 1.7, '${mode}', True, True)`, (i) =>
            F.interpolate(i[input], null, 1.7, mode, true, true),
          );
        }
      }
    }
    for (const mode of ['bilinear', 'bicubic', 'lanczos'] as const) {
      cases.add(`F.interpolate(img, (3, 4), mode='${mode}', antialias=True)`, ({ img }) =>
        F.interpolate(img, [3, 4], { mode, antialias: true }),
      );
    }
    cases.add("vmap(lambda v: F.interpolate(v, scale_factor=2, mode='bicubic'))(img[None])", ({ img }) =>
      torch.vmap((v: Tensor) => F.interpolate(v, { scaleFactor: 2, mode: 'bicubic' }))(img.unsqueeze(0)),
    );
    cases.add("grad(lambda v: F.interpolate(v, (3, 9), mode='bilinear').sin().sum())(img)", ({ img }) =>
      torch.func.grad((v: Tensor) => F.interpolate(v, [3, 9], { mode: 'bilinear' }).sin().sum())(img),
    );
    cases.add('F.interpolate(img, scale_factor=(0.5, 2))', ({ img }) => F.interpolate(img, { scaleFactor: [0.5, 2] }));
    cases.add("F.upsample(img, scale_factor=2, mode='bilinear')", ({ img }) =>
      F.upsample(img, { scaleFactor: 2, mode: 'bilinear' }),
    );
    cases.add('F.upsample_nearest(seq, 7)', ({ seq }) => F.upsampleNearest(seq, 7));
    cases.add('F.upsample_bilinear(img, scale_factor=1.5)', ({ img }) => F.upsampleBilinear(img, { scaleFactor: 1.5 }));
    for (const mode of ['bilinear', 'nearest', 'bicubic'] as const) {
      for (const paddingMode of ['zeros', 'border', 'reflection'] as const) {
        cases.add(`F.grid_sample(img, grid, '${mode}', '${paddingMode}', True)`, ({ img, grid }) =>
          F.gridSample(img, grid, mode, paddingMode, true),
        );
      }
    }
    cases.add('F.grid_sample(img, grid)', ({ img, grid }) => F.gridSample(img, grid));
    cases.add('grad(lambda g: F.grid_sample(img, g, align_corners=False).sum())(grid)', ({ img, grid }) =>
      torch.func.grad((g: Tensor) => F.gridSample(img, g, { alignCorners: false }).sum())(grid),
    );
    cases.add('F.affine_grid(seq[:, :2, :3], (2, 1, 2, 3), align_corners=True)', ({ seq }) =>
      F.affineGrid(seq.narrow(1, 0, 2).narrow(2, 0, 3), [2, 1, 2, 3], { alignCorners: true }),
    );
    cases.add('F.affine_grid(seq[:, :3, :4], [2, 1, 2, 3, 2])', ({ seq }) =>
      F.affineGrid(seq.narrow(2, 0, 4), [2, 1, 2, 3, 2]),
    );
    cases.add('[F.GRID_SAMPLE_INTERPOLATION_MODES, F.GRID_SAMPLE_PADDING_MODES]', () => [
      { ...F.GRID_SAMPLE_INTERPOLATION_MODES },
      { ...F.GRID_SAMPLE_PADDING_MODES },
    ]);

    addFailure(cases, 'F.interpolate(img)', ({ img }) => F.interpolate(img));
    addFailure(cases, 'F.interpolate(img, 3, 2)', ({ img }) => F.interpolate(img, 3, 2));
    addFailure(cases, 'F.interpolate(img, [3])', ({ img }) => F.interpolate(img, [3]));
    addFailure(cases, 'F.interpolate(img, [3, 2.5])', ({ img }) => F.interpolate(img, [3, 2.5]));
    addFailure(cases, 'F.interpolate(img, scale_factor=[2])', ({ img }) => F.interpolate(img, { scaleFactor: [2] }));
    addFailure(cases, 'F.interpolate(img, 3, align_corners=True)', ({ img }) =>
      F.interpolate(img, 3, { alignCorners: true }),
    );
    addFailure(cases, 'F.interpolate(img, 3, recompute_scale_factor=True)', ({ img }) =>
      F.interpolate(img, 3, { recomputeScaleFactor: true }),
    );
    addFailure(cases, 'F.interpolate(img, 3, antialias=True)', ({ img }) => F.interpolate(img, 3, { antialias: true }));
    addFailure(cases, "F.interpolate(img, 3, mode='lanczos')", ({ img }) => F.interpolate(img, 3, { mode: 'lanczos' }));
    addFailure(cases, "F.interpolate(img, 3, mode='lanczos', align_corners=True, antialias=True)", ({ img }) =>
      F.interpolate(img, 3, { mode: 'lanczos', alignCorners: true, antialias: true }),
    );
    for (const [input, mode] of [
      ['seq', 'bilinear'],
      ['seq', 'trilinear'],
      ['img', 'linear'],
      ['img', 'trilinear'],
      ['vol', 'linear'],
      ['vol', 'bilinear'],
      ['vol', 'bicubic'],
      ['x', 'linear'],
      ['img', 'magic'],
    ] as const) {
      addFailure(cases, `F.interpolate(${input}, 3, mode='${mode}')`, (i) =>
        F.interpolate(i[input], 3, { mode: mode as any }),
      );
    }
    addFailure(cases, "F.grid_sample(img, grid, 'cubic')", ({ img, grid }) => F.gridSample(img, grid, 'cubic' as any));
    addFailure(cases, "F.grid_sample(img, grid, padding_mode='x')", ({ img, grid }) =>
      F.gridSample(img, grid, { paddingMode: 'x' as any }),
    );
    addFailure(cases, 'F.affine_grid(i, [2, 1, 2, 3])', ({ i }) => F.affineGrid(i, [2, 1, 2, 3]));
    addFailure(cases, 'F.affine_grid(seq, [2, 1, 2, 3])', ({ seq }) => F.affineGrid(seq, [2, 1, 2, 3]));
    addFailure(cases, 'F.affine_grid(seq, [2, 1, 2, 3, 4])', ({ seq }) => F.affineGrid(seq, [2, 1, 2, 3, 4]));
    addFailure(cases, 'F.affine_grid(seq, [2, 1])', ({ seq }) => F.affineGrid(seq, [2, 1]));
    addFailure(cases, 'F.affine_grid(seq[:, :2, :3], [2, 1, 0, 3])', ({ seq }) =>
      F.affineGrid(seq.narrow(1, 0, 2).narrow(2, 0, 3), [2, 1, 0, 3]),
    );
  });
}

function windows(cases: Cases): void {
  cases.group('windows, padding and convolution', () => {
    cases.add('F.pad(x, (1, 2))', ({ x }) => F.pad(x, [1, 2]));
    cases.add('F.pad(x, (1, -1, 0, 2), value=3.5)', ({ x }) => F.pad(x, [1, -1, 0, 2], { value: 3.5 }));
    for (const mode of ['reflect', 'replicate', 'circular'] as const) {
      cases.add(`F.pad(seq, (2, 1), '${mode}')`, ({ seq }) => F.pad(seq, [2, 1], mode));
      cases.add(`F.pad(img, (1, 2, 3, 1), mode='${mode}')`, ({ img }) => F.pad(img, [1, 2, 3, 1], { mode }));
      cases.add(`F.pad(vol, (1, 2, 1, 1, 0, 1), mode='${mode}')`, ({ vol }) =>
        F.pad(vol, [1, 2, 1, 1, 0, 1], { mode }),
      );
    }
    addWithGradients(cases, 'F.pad(x, (1, 1)).sin()', ({ x }) => F.pad(x, [1, 1]).sin());
    cases.add('F.unfold(img, 2)', ({ img }) => F.unfold(img, 2));
    cases.add('F.unfold(img, (2, 3), dilation=2, padding=1, stride=(1, 2))', ({ img }) =>
      F.unfold(img, [2, 3], { dilation: 2, padding: 1, stride: [1, 2] }),
    );
    cases.add('F.fold(F.unfold(img, 2, 1, 0, 2), (6, 6), 2, stride=2)', ({ img }) =>
      F.fold(F.unfold(img, 2, 1, 0, 2), [6, 6], 2, { stride: 2 }),
    );
    cases.add('vmap(lambda v: F.unfold(v, 3, padding=1))(img)', ({ img }) =>
      torch.vmap((v: Tensor) => F.unfold(v, 3, { padding: 1 }))(img),
    );
    cases.add('F.conv1d(seq, seq[:, :, :3], padding="same")', ({ seq }) =>
      F.conv1d(seq, seq.narrow(2, 0, 3), { padding: 'same' }),
    );
    cases.add('F.conv2d(img, img[:, :2, :3, :2], row[:2], 2, 1, groups=2)', ({ img, row }) =>
      F.conv2d(img, img.narrow(1, 0, 2).narrow(2, 0, 3).narrow(3, 0, 2), row.narrow(0, 0, 2), 2, 1, { groups: 2 }),
    );
    cases.add("F.conv3d(vol, vol[:, :, :2, :2, :2], padding='valid', dilation=2)", ({ vol }) =>
      F.conv3d(vol, vol.narrow(2, 0, 2).narrow(3, 0, 2).narrow(4, 0, 2), { padding: 'valid', dilation: 2 }),
    );
    cases.add('F.conv_transpose1d(seq, seq[0, :, None, :3], stride=2, output_padding=1)', ({ seq }) =>
      F.convTranspose1d(seq, seq.select(0, 0).unsqueeze(1).narrow(2, 0, 3), { stride: 2, outputPadding: 1 }),
    );
    cases.add('F.conv_transpose2d(img, img[0, :, None, :2, :2], dilation=2)', ({ img }) =>
      F.convTranspose2d(img, img.select(0, 0).unsqueeze(1).narrow(2, 0, 2).narrow(3, 0, 2), { dilation: 2 }),
    );
    cases.add('F.conv_transpose3d(vol, vol[0, :, None, :2, :2, :2])', ({ vol }) =>
      F.convTranspose3d(vol, vol.select(0, 0).unsqueeze(1).narrow(2, 0, 2).narrow(3, 0, 2).narrow(4, 0, 2)),
    );
    cases.add('F.conv_tbc(seq, seq.permute(0, 2, 1)[:, :, :2], row[:2])', ({ seq, row }) =>
      F.convTbc(seq, seq.permute(0, 2, 1).narrow(2, 0, 2), row.narrow(0, 0, 2)),
    );
    cases.add('F.pixel_shuffle(img, 2)', ({ img }) => F.pixelShuffle(img, 2));
    cases.add('F.pixel_unshuffle(img, 3)', ({ img }) => F.pixelUnshuffle(img, 3));
    cases.add('[F.channel_shuffle(img, 2), F.native_channel_shuffle(img, 2)]', ({ img }) => [
      F.channelShuffle(img, 2),
      F.nativeChannelShuffle(img, 2),
    ]);
    addFailure(cases, 'F.pad(x, (1,))', ({ x }) => F.pad(x, [1]));
    addFailure(cases, "F.pad(x, (1, 1), 'mirror')", ({ x }) => F.pad(x, [1, 1], 'mirror' as any));
    addFailure(cases, "F.pad(seq, (20, 1), 'reflect')", ({ seq }) => F.pad(seq, [20, 1], 'reflect'));
    addFailure(cases, 'F.unfold(img, 9)', ({ img }) => F.unfold(img, 9));
  });
}

export function layers(cases: Cases): void {
  maxPooling(cases);
  otherPooling(cases);
  resizing(cases);
  windows(cases);
}
