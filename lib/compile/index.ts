/** Compiled functions: `torch.compile` and `torch.compiler`. */

export { asyncQueue, setAsyncQueue } from './async';
export type { AsyncArguments, AsyncOptions, AsyncQueue, AsyncResult } from './async';
export { callAsync } from './call-async';
export type { OperatorArguments, OperatorResult } from './call-async';
export { compile } from './compile';
export type { Backend, Compiled, CompileOptions } from './compile';
export type { CompiledStep, Explanation } from './explain';
export type { SharedFunction } from './share';
export * as compiler from './compiler';
