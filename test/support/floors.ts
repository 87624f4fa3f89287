/**
 * The floors of the code, which CONTRIBUTING.md explains: a file imports from its own floor and from lower ones. Files
 * without their extension, and folders with a slash at the end; the longest entry that fits a file decides.
 */

import type { Floor } from './layers';

/** The lowest first. */
export const FLOORS: readonly Floor[] = [
  [
    'ground', // knows neither the addon nor tensors
    'lib/describe',
    'lib/shapes',
    'lib/synchronous',
    'lib/arguments',
    'lib/errors',
    'lib/types',
    'lib/dtype',
    'lib/device',
    'lib/streams',
    'lib/complex',
    'lib/float',
    'lib/constants',
    'lib/indexing',
    'lib/pytree',
    'lib/generated/table',
  ],
  ['addon', 'lib/native/'],
  [
    'tensor', // what is made of the addon's exports without an operator
    'lib/tensor',
    'lib/operator',
    'lib/tensor-arguments',
    'lib/to-arguments',
    'lib/values',
    'lib/format/',
    'lib/type-info',
    'lib/warnings',
    'lib/runtime',
    'lib/generator',
    'lib/random',
    'lib/cuda',
    'lib/memory',
    'lib/scope',
    'lib/sharing',
  ],
  ['operators', 'lib/operators', 'lib/generated/', 'lib/ops', 'lib/creation'],
  ['compiler', 'lib/compile/', 'lib/fx/'],
  ['interpreter', 'lib/interpreter/'],
  ['engine', 'lib/autograd/'],
  [
    'helpers',
    'lib/functional/',
    'lib/masked/',
    'lib/signal/',
    'lib/files/',
    'lib/npy/',
    'lib/npz/',
    'lib/pickle/',
    'lib/safetensors/',
    'lib/zip/',
  ],
  ['modules', 'lib/nn/'],
  ['optimisers', 'lib/optim/'],
  ['transforms', 'lib/func/'],
  ['autograd', 'lib/autograd/index', 'lib/autograd/function/', 'lib/autograd/functional/', 'lib/autograd/gradcheck/'],
  ['jobs', 'lib/jobs/', 'lib/utils/', 'lib/serialization/', 'lib/export/', 'lib/jit/'],
  ['library', 'lib/index'],
  ['terminal', 'lib/terminal/'],
  ['programs', 'lib/cli/', 'scripts/mutants/', 'scripts/opdb/', 'scripts/parity/', 'scripts/truth/', 'examples/'],
];

/**
 * Those of native/, from the lowest on, as prefixes of paths; the lowest floor that has a file decides. `core/` is above
 * a few files of `functorch/` that know only libtorch.
 */
export const NATIVE_FLOORS: readonly (readonly string[])[] = [
  [
    'addon/exports.h',
    'addon/pch.h',
    'shim/',
    'functorch/wrappers.h',
    'functorch/batch_levels.',
    'functorch/dual_level.',
    'runtime/cuda_library.',
  ],
  ['core/'],
  ['kernels/'],
  ['functorch/'],
  ['compile/'],
  ['operators/'],
  ['autograd/'],
  ['tensor/'],
  ['jit/'],
  ['runtime/'],
  ['addon/'],
];
