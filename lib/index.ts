/** The public surface of torch-func, and nothing else. */

// The emitted declarations keep this import, and with it the members that operators.ts adds to `Tensor`.
import './operators';

export * from './generated/functions';
export * from './creation';
export * from './constants';
export type { Dtype } from './dtype';
export { Complex } from './complex';
export { Device, device } from './device';
export type { DeviceLike } from './device';
export * from './errors';
export { slice } from './indexing';
export type { Index } from './indexing';
export { getPrintOptions, setPrintOptions } from './format';
export type { PrintOptions } from './format';
// These take precedence over the operators of the same names above, whose arguments differ from Python's.
export {
  asarray,
  atleast1d,
  atleast2d,
  atleast3d,
  blockDiag,
  broadcastShapes,
  broadcastTensors,
  cartesianProd,
  cdist,
  chainMatmul,
  dsmm,
  einsum,
  getDevice,
  hsmm,
  lobpcg,
  lu,
  meshgrid,
  nonzero,
  norm,
  numel,
  pcaLowrank,
  saddmm,
  sparseBscTensor,
  sparseBsrTensor,
  sparseCompressedTensor,
  sparseCooTensor,
  sparseCscTensor,
  sparseCsrTensor,
  split,
  spmm,
  stft,
  svdLowrank,
  tensordot,
  unique,
  uniqueConsecutive,
  unravelIndex,
} from './functional';
export type * from './functional';
export { Generator } from './generator';
export { ops } from './ops';
export { registerPytreeNode } from './pytree';
export * from './random';
export * from './runtime';
export { memoryUsage, setMemoryPool } from './memory';
export type { MemoryUsage } from './memory';
export { scope } from './scope';
export { fromShared, share } from './sharing';
export type { Shared, Unshared } from './sharing';
export { Event, Stream } from './streams';
export { Tensor } from './tensor';
export type { FormatOptions, PutOptions, SharedTensor, ToOptions } from './tensor';
export { finfo, iinfo, typename } from './type-info';
export type { FloatInfo, IntegerInfo } from './type-info';
export type { Layout, MemoryFormat, Scalar, Size } from './types';
export type { NestedArray } from './values';
export { isWarnAlwaysEnabled, setWarnAlways } from './warnings';

export * as autograd from './autograd';
export { isAnomalyCheckNanEnabled, isAnomalyEnabled } from './autograd';
export { enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, noGrad, setGradEnabled } from './autograd';
export * as cuda from './cuda';
export * as fft from './generated/fft';
export * as func from './func';
export { vmap } from './func';
export { asyncQueue, callAsync, compile, compiler, setAsyncQueue } from './compile';
export type {
  AsyncArguments,
  AsyncOptions,
  AsyncQueue,
  AsyncResult,
  Backend,
  Compiled,
  CompiledStep,
  CompileOptions,
  Explanation,
  SharedFunction,
  OperatorArguments,
  OperatorResult,
} from './compile';
export * as export from './export';
export * as fx from './fx';
export * as jit from './jit';
export * as linalg from './generated/linalg';
export * as nn from './nn';
export * as optim from './optim';
export * as masked from './masked';
export * as npy from './npy';
export * as npz from './npz';
export * as safetensors from './safetensors';
export { load, save } from './serialization';
export type { LoadOptions, MapLocation } from './serialization';
export type { AsyncFileOptions } from './files/steps';
export * as signal from './signal';
export * as special from './generated/special';
export * as utils from './utils';
