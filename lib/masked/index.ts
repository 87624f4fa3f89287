/** `torch.masked` for strided tensors: operations over the elements that a mask selects. */

export type { MaskOptions, MaskedReductionOptions } from './mask';
export * from './normalizations';
export * from './reductions';
