/** `torch.masked` for strided tensors: operations over the elements that a mask lets through. */

export type { MaskOptions, MaskedReductionOptions } from './mask';
export * from './normalizations';
export * from './reductions';
