/** Functions of `torch` that are aliases of other operators. */

import { torchFunctions } from '../operators';

/** `torch.spmm`, an alias of `torch.mm`. */
export const spmm = torchFunctions.mm;
/** `torch.dsmm`, an alias of `torch.mm`. */
export const dsmm = torchFunctions.mm;
/** `torch.hsmm`, an alias of `torch.hspmm`. */
export const hsmm = torchFunctions.hspmm;
/** `torch.saddmm`, an alias of `torch.sspaddmm`. */
export const saddmm = torchFunctions.sspaddmm;
