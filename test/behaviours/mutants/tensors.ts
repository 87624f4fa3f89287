/** Faults of what a tensor says about itself. */

import type { Fault } from '../../../scripts/mutants/mutants';

const TENSOR = 'lib/tensor.ts';
const FORMAT = 'lib/format/tensor.ts';

export const mutants: Fault[] = [
  {
    name: 'shape: transforms show the shape of the batch',
    edits: [
      [
        TENSOR,
        '  get shape(): number[] {\n    return native.shape(this);',
        '  get shape(): number[] {\n    return native.wrapperInfo(this) === null ? native.shape(this) : [1, ...native.shape(this)];',
      ],
    ],
  },
  {
    name: 'dtype: wrapped tensors are float32',
    edits: [
      [
        TENSOR,
        'return native.dtype(this);',
        "return native.wrapperInfo(this) === null ? native.dtype(this) : 'float32';",
      ],
    ],
  },
  {
    name: 'device: wrapped tensors are on meta',
    edits: [
      [
        TENSOR,
        'return Device.parse(native.device(this));',
        "return Device.parse(native.wrapperInfo(this) === null ? native.device(this) : 'meta');",
      ],
    ],
  },
  {
    name: 'numel: wrapped tensors count the batch',
    edits: [
      [
        TENSOR,
        '  numel(): number {\n    return native.numel(this);',
        '  numel(): number {\n    return native.numel(this) + (native.wrapperInfo(this) === null ? 0 : 1);',
      ],
    ],
  },
  {
    name: 'toString: captured tensors are printed as wrapped',
    edits: [
      [
        TENSOR,
        '    return formatTensor(this);',
        '    return (native.levelDepth() > 0 && native.wrapperInfo(this) === null ? "GradTrackingTensor()" : "") + formatTensor(this);',
      ],
    ],
  },
  {
    name: 'toString: all levels have the number of the outermost one',
    edits: [[FORMAT, 'wrapper.level < 0 ? DEAD_LEVEL : wrapper.level', 'wrapper.level < 0 ? DEAD_LEVEL : 1']],
  },
  {
    name: 'toArray: wrapped matrices are transposed',
    edits: [
      [
        TENSOR,
        'return toNestedArray(this);',
        'return toNestedArray(native.wrapperInfo(this) !== null && this.dim() === 2 ? this.t() : this);',
      ],
    ],
  },
];
