/** Which operators have a batching rule or a decomposition for `vmap`: those of Python, and a few more. */

import { native } from '../../../lib/native';
import { parity } from '../../support/parity/cases';

// What native/kernels/batching_decompositions.cpp adds: rules that Python has as decompositions written in Python or not at all,
// and properties that are read of a sample without taking the operator apart.
const OWN = [
  '_is_zerotensor',
  '_neg_view',
  '_pack_padded_sequence',
  '_batch_norm_with_update',
  'addr',
  'batch_norm_backward',
  'column_stack',
  'conj',
  'get_device',
  'glu_jvp',
  'huber_loss_backward',
  'is_conj',
  'is_floating_point',
  'is_inference',
  'is_neg',
  'is_signed',
  'mse_loss_backward',
  'nll_loss2d_backward',
  'nll_loss2d_forward',
  'nll_loss_backward',
  'nll_loss_forward',
  'rrelu',
  'smooth_l1_loss_backward',
  'soft_margin_loss_backward',
].map((name) => `aten::${name}`);
// What native/kernels/ takes apart for vmap, and libtorch computes with the positions or lengths of all samples.
const OWN_DECOMPOSITIONS = [
  '_pad_packed_sequence',
  'ctc_loss.IntList',
  ...['gru', 'lstm', 'rnn_relu', 'rnn_tanh'].flatMap((name) => [`${name}.data`, `${name}.input`, `${name}_cell`]),
  'tensor_split.tensor_indices_or_sections',
].map((name) => `aten::${name}`);
// What libtorch gives a rule of its own though it is made of other operators.
const COMPOSITE_WITH_RULE = [
  'is_nonzero',
  'item',
  'linalg_slogdet',
  'masked_select_backward',
  'one_hot',
  'silu_backward',
  'where',
].map((name) => `aten::${name}`);
const OWN_COMPOSITES = [
  '_is_zerotensor',
  'column_stack',
  'conj',
  'get_device',
  'is_conj',
  'is_floating_point',
  'is_inference',
  'is_neg',
  'is_signed',
  'rrelu',
].map((name) => `aten::${name}`);
// What libtorch takes apart for vmap though it has a kernel of its own elsewhere.
const DECOMPOSED = ['alias_copy', 'as_strided_copy', 'diagonal_copy', 'is_same_size', 'unfold_copy'].map(
  (name) => `aten::${name}`,
);

// Without the operators of torch_func, which take the place of libtorch's.
const registered = (key: string): string[] =>
  native
    .registrations(key)
    .filter((name) => !name.startsWith('torch_func::'))
    .sort();
const rules = registered('FuncTorchBatched');
const decompositions = registered('FuncTorchBatchedDecomposition');
const composites = registered('CompositeImplicitAutograd');

// Operators that a user can call with tensors and take the result of.
const forUsers = (name: string): boolean =>
  /^aten::[^_]/.test(name) && !/\.out$|_out$|dimname|fbgemm|quantize|sparse|::is_/i.test(name);

test('an operator that is made of others is taken apart, and has no rule beside', () => {
  expect(composites.filter((name) => rules.includes(name))).toEqual([...COMPOSITE_WITH_RULE, ...OWN_COMPOSITES].sort());
});

test('only an operator that is made of others is taken apart', () => {
  expect(decompositions.filter((name) => !composites.includes(name))).toEqual(DECOMPOSED);
});

parity('what Python has', (cases) => {
  const python = (key: string): string => `torch._C._dispatch_get_registrations_for_dispatch_key("${key}")`;
  cases.add(`sorted(${python('FuncTorchBatched')})`, () => rules.filter((name) => !OWN.includes(name)), {
    name: 'batching rules',
  });
  const theirs = decompositions.filter((name) => !OWN_DECOMPOSITIONS.includes(name));
  cases.add(`sorted(${python('FuncTorchBatchedDecomposition')})`, () => theirs, { name: 'decompositions' });
  cases.add(
    // One is of torch.distributed, which libtorch alone does not have.
    `sorted(set(${python('CompositeImplicitAutograd')}) - {"aten::get_gradients"})`,
    () => composites,
    { name: 'operators made of others' },
  );
  cases.add(
    `import re
return sorted(name for name in set(${python('CompositeImplicitAutograd')}) - set(${python('FuncTorchBatchedDecomposition')}) - {"aten::get_gradients"}
    if re.match("aten::[^_]", name) and not re.search(r"\\.out$|_out$|dimname|fbgemm|quantize|sparse|::is_", name, re.I))`,
    () => composites.filter((name) => forUsers(name) && !theirs.includes(name)),
    { name: 'operators for users that are made of others and not taken apart' },
  );
});
