/** Rows of messages.json that cannot be tried here, or whose outcome is another; and how names are translated. */

import type { Difference } from '../../support/messages';

export const impossible: Record<string, string> = {
  'vmap data set': 'data() reads the values; there is no way to give a tensor other data',
  'fc jit': 'there is no TorchScript',
  'jacrev kwargs': 'there are no keyword arguments; an argument too many is one that the function ignores',
};

const LIST: Difference = {
  because: 'there is one kind of array: it is what a tuple is in PyTorch, and accepted',
  exception: 'NO ERROR',
};
const COUNTED = "counts arguments in place of printing PyTorch's TreeSpec";
const BOOLEAN = 'Python takes a boolean for an integer; here it is refused by name';

export const different: Record<string, Difference> = {
  'vmap in_dims list': LIST,
  'grad has_aux list': LIST,
  'grad argnums list': LIST,
  'jvp primals list': LIST,
  'jvp tangents list': LIST,
  'jacfwd argnums list': LIST,
  'vmap structure mismatch': {
    because: COUNTED,
    message:
      'vmap(ff, inDims=[0], ...)(<inputs>): inDims is not compatible with the structure of `inputs`. inDims has 1 entry, but the function got 2 arguments.',
  },
  'vmap structure mismatch dict': {
    because: COUNTED,
    message:
      "vmap(anonymous function, inDims=[{b: 0}], ...)(<inputs>): inDims is not compatible with the structure of `inputs`. inDims[0] is {b: 0}, but argument 0 is {'a': *}.",
  },
  'vmap out_dims struct mismatch tensor': {
    because: COUNTED,
    message:
      'vmap(f1, ..., outDims=[0, 0])(<inputs>): outDims is not compatible with the structure of `outputs`. outDims has 2 entries, but the function returned 1 output.',
  },
  'vmap out_dims struct mismatch tuple': {
    because: COUNTED,
    message:
      'vmap(anonymous function, ..., outDims=[0, 0, 0])(<inputs>): outDims is not compatible with the structure of `outputs`. outDims has 3 entries, but the function returned 2 outputs.',
  },
  'vmap bool in_dim': {
    because: BOOLEAN,
    exception: 'ValueError',
    message: 'vmap(f1, inDims=[true], ...)(<inputs>): Got inDim=true for an input but inDim must be either an integer',
  },
  'grad argnums bool': {
    because: BOOLEAN,
    exception: 'RuntimeError',
    message: 'argnums must be int or Tuple[int, ...], got: boolean',
  },
  'jvp unsupported op': { because: 'pdist has a forward derivative here', exception: 'NO ERROR' },
  'vmap chunk size0': { because: 'an empty batch is one empty chunk', exception: 'NO ERROR' },
  'vmap chunk None out_dims': { because: 'what is not mapped over needs no joining', exception: 'NO ERROR' },
  'vmap torch.tensor of batched': {
    because: 'torch.tensor stacks the tensors in its data, and reads no values',
    exception: 'NO ERROR',
  },
  'vmap escaped tensor': {
    because: 'the tensor is known to have escaped, so there is no other possibility to name',
    message:
      "Either your tensor may have escaped from inside a function being vmapped and this is a user error (see https://pytorch.org/functorch/stable/ux_limitations.html): argument 'input' is a Tensor from a call of vmap that has ended.",
  },
  'grad numpy inside': {
    because: 'data() copies the values, so that no gradient is lost by writing to them',
    exception: 'NO ERROR',
  },
  'jacfwd non tensor': {
    because: 'the number is refused before it is asked for an attribute',
    exception: 'TypeError',
    message: 'jacfwd: Expected the selected arguments to hold only Tensors, got number',
  },
  'linearize in vmap': { because: 'it is made of transforms that compose', exception: 'NO ERROR' },
  "rearrange '(a b) c -> a b c' {}": {
    because: 'DimensionBindError belongs to functorch.dim, of which nothing else is offered; and the names say more',
    exception: 'ValueError',
    message: 'cannot infer the sizes of two dimensions at once a and b',
  },
  "rearrange '(a b) c -> a b c' {'a': 3}": {
    because: 'DimensionBindError belongs to functorch.dim, of which nothing else is offered',
    exception: 'ValueError',
    message: "inferred dimension does not evenly fit into larger dimension: 2 vs (3, '?')",
  },
  "rearrange 'a b -> a c' {}": {
    because: "the order of Python's sets is arbitrary",
    message: "Identifiers only on one side of rearrange expression (should be on both): {'b', 'c'}",
  },
};

const READ_LATER =
  'Inside vmap a tensor stands for all samples at once. Continue with the tensor (most functions that take a number also take a 0-d tensor, and torch.stack joins several), or return it and read its value after vmap. A value that is the same for all samples can be read before vmap and captured.';
const SAME_SHAPE =
  'The shape of the result would differ between samples. Keep the shape and mask instead: torch.where(mask, x, 0), x.mul(mask), x.maskedFill(mask, value); or call the operator outside vmap.';

const WRITE =
  'A tensor that is made inside the mapped function is the same for all samples, and a mapped value cannot be written into it. Make it from a mapped tensor, for example x.newZeros(3), or build the result from its parts with torch.stack, torch.cat or torch.where.';
const INTEGER = 'It is argument 0. Its dtype is int64.';

export const remedies: Record<string, string> = {
  'vmap inplace unbatched': WRITE,
  'vmap inplace fallback unbatched': WRITE,
  'vmap inplace copy_ captured': WRITE,
  'vmap inplace index put': WRITE,
  'grad int input': INTEGER,
  'vjp int primal': INTEGER,
  'grad python scalar input': 'It is argument 0.',
  'vjp non tensor primal': 'It is argument 0.',
  'grad arg containing None leaf': "It is 'b' of argument 0.",
  'vmap item': READ_LATER,
  'vmap numpy': `${READ_LATER} torch.func.debugUnwrap(x) shows all samples while debugging.`,
  'vmap tolist': `${READ_LATER} torch.func.debugUnwrap(x) shows all samples while debugging.`,
  'vmap if':
    'Inside vmap a condition has a value for each sample. Compute both branches and select with torch.where(condition, a, b); a condition that is the same for all samples can be read before vmap and captured.',
  'vmap nonzero': SAME_SHAPE,
  'vmap masked_select': SAME_SHAPE,
  'vmap unique': SAME_SHAPE,
  'vmap allclose': 'Use a.sub(b).abs().le(tolerance).all(), whose result is a tensor.',
  'vmap equal': 'Use a.eq(b).all(), whose result is a tensor.',
  'fc value non tensor': "It was given for 'weight'.",
  'vmap disabled fallback':
    "torch.func.setBatchingFallback('error') has disabled it; with 'warn' the operator runs sample by sample, slowly.",
};

// libtorch's own messages stay as they are, and so do those of hasAux, strict and remove.
export const translations: [RegExp | string, string][] = [
  // The table holds line breaks as two characters.
  [String.raw`\n`, '\n'],
  ['retain_graph=True', 'retainGraph=true'],
  [/\bchunk_size\b/g, 'chunkSize'],
  [/\b(in|out)_dim(s?)\b/g, '$1Dim$2'],
  [/Dims=\((.*?),?\)(?=, \.\.\.\)|\)|:)/g, 'Dims=[$1]'],
  ["{'b': 0}", '{b: 0}'],
  ['Dims=[0.0]', 'Dims=[0.5]'],
  [/(Dims?)=0\.0/g, '$1=0.5'],
  ['Dims=None', 'Dims=null'],
  ['parameter_and_buffer_dicts', 'parameterAndBufferDicts'],
  ['tie_weights=False', 'tieWeights=false'],
  ['setup_context', 'setupContext'],
  ['generate_vmap_rule=True', 'generateVmapRule=true'],
  ['1.0 is not', '1.5 is not'],
  ['output = [None]', 'output = [null]'],
  ['be None or greater', 'be null or greater'],
  ['an int, None or a python collection', 'an int, null or a collection'],
  ['dimension or None', 'dimension or null'],
  ['use None as', 'use null as'],
  ['to None for output', 'to null for output'],
  ['outDim is None', 'outDim is null'],
  ['<lambda>', 'anonymous function'],
  [/<class '(?:int|float)'>/g, 'number'],
  ["<class 'tuple'>", 'array'],
  ["<class 'str'>", 'string'],
  ["<class 'NoneType'>", 'null'],
];
