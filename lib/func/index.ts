/** `torch.func`: composable function transforms. */

export { getBatchingFallback, setBatchingFallback } from './batching-fallback';
export type { BatchingFallback } from './batching-fallback';
export { debugUnwrap } from './debug-unwrap';
export type { DebugUnwrapOptions } from './debug-unwrap';
export { describeLevels } from './describe-levels';
export type { LevelDescription } from './describe-levels';
export { functionalCall } from './functional-call';
export type { CallArguments, FunctionalCallOptions, TensorDict } from './functional-call';
export { functionalize } from './functionalize';
export type { FunctionalizeOptions } from './functionalize';
export { grad, gradAndValue } from './grad';
export type { GradOptions } from './grad';
export { hessian } from './hessian';
export { jacfwd } from './jacfwd';
export type { HessianOptions, JacfwdOptions, JacrevOptions } from './jacobian-options';
export { jacrev } from './jacrev';
export { jvp } from './jvp';
export type { JvpOptions } from './jvp';
export { linearize } from './linearize';
export { replaceAllBatchNormModules_ } from './replace-batch-norm';
export { stackModuleState } from './stack-module-state';
export { rearrange } from './rearrange';
export { vjp } from './vjp';
export type { VjpFunction, VjpFunctionOptions, VjpOptions } from './vjp';
export { vmap } from './vmap';
export type { Dims, Randomness, VmapOptions } from './vmap';
