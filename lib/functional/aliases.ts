/** Names of `torch` that are other names of one operator. */

import { torchFunctions } from '../operators';

/** `torch.spmm`: another name of `torch.mm`. */
export const spmm = torchFunctions.mm;
/** `torch.dsmm`: another name of `torch.mm`. */
export const dsmm = torchFunctions.mm;
/** `torch.hsmm`: another name of `torch.hspmm`. */
export const hsmm = torchFunctions.hspmm;
/** `torch.saddmm`: another name of `torch.sspaddmm`. */
export const saddmm = torchFunctions.sspaddmm;
