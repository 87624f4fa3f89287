/**
 * Functions of `torch` and members of `Tensor` that PyTorch implements in Python. They call the same
 * operators as the Python code.
 */

import './tensor-members';

export * from './aliases';
export { asarray, getDevice, numel } from './asarray';
export type { AsarrayOptions } from './asarray';
export type { DimOrderOptions } from './dim-order';
export { einsum } from './einsum';
export type { Sublist } from './einsum';
export { lu, pcaLowrank, svdLowrank } from './factorizations';
export type { LowRankFactors, LuOptions, LuResult, PcaLowrankOptions, SvdLowrankOptions } from './factorizations';
export { lobpcg } from './lobpcg';
export type { LobpcgOptions } from './lobpcg';
export type { LobpcgSolver } from './lobpcg-solver';
export { norm } from './norm';
export type { NormOptions, NormOrder, TensorNormOptions } from './norm';
export { cdist, chainMatmul, tensordot } from './products';
export type { CdistMode, CdistOptions, TensordotDims, TensordotOptions } from './products';
export {
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  meshgrid,
} from './broadcasting';
export type { MeshgridOptions } from './broadcasting';
export {
  sparseBscTensor,
  sparseBsrTensor,
  sparseCompressedTensor,
  sparseCooTensor,
  sparseCscTensor,
  sparseCsrTensor,
} from './sparse';
export { split, unravelIndex } from './splitting';
export { stft } from './stft';
export type { StftOptions } from './stft';
export { nonzero, unique, uniqueConsecutive } from './unique';
export type { UniqueConsecutiveOptions, UniqueOptions, UniqueResult } from './unique';
