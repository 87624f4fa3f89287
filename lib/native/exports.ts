/** What the addon exports: mechanical functions, from which the other files of lib/ make the public API. */

import type { Dtype } from '../dtype';
import type { ElementValues } from '../format/elements';
import type { PrintingInfo } from '../format/tensor';
import type { Index } from '../indexing';
import type { MemoryUsage } from '../memory';
import type { Tensor } from '../tensor';
import type { Layout, MemoryFormat, Scalar } from '../types';
import type { CompiledEntry, GraphData } from './compile-results';
import type { OperatorSchema } from './operator-schema';
import type { JitArchive, ScriptCall, ScriptGet, ScriptProgram, ScriptResult, ScriptSave } from './script-results';
import type { KernelTest, MachineTest, PassTest, ScalarizeTest } from './test-results';

/** What functorch has wrapped a tensor in. */
export interface WrapperInfo {
  kind: 'grad' | 'batched' | 'functional';
  /** The interpreter level; -1 for a gradient wrapper whose level is gone. */
  level: number;
  /** The batch dimension; only for `batched`. */
  bdim?: number;
  value: Tensor;
}

/** An active level of the interpreter stack. */
export type Level =
  | { kind: 'grad' | 'jvp'; level: number; previousMode: boolean }
  | { kind: 'vmap'; level: number; batchSize: number; randomness: 'error' | 'same' | 'different' }
  | { kind: 'functionalize'; level: number };

/** A node of the graph, and the index of the gradient among those that it receives. */
export type EdgeOfGraph = readonly [node: unknown, index: number];

/** A function that the autograd graph calls. */
export type GraphCallback = (...args: never[]) => unknown;

/** A call of a custom function, after its forward has run. */
export interface WrapRequest {
  inputs: readonly (Tensor | null)[];
  outputs: readonly (Tensor | null)[];
  toSave: readonly (Tensor | null)[];
  forForward: readonly (Tensor | null)[];
  dirty: readonly Tensor[];
  nonDifferentiable: readonly Tensor[];
  separateContext: boolean;
  materialize: boolean;
}

export type TypedArray =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- typed by the generated declarations
export type OperatorFunction = (...args: any[]) => any;

/** What a thread allocates on the CPU, in bytes: in use now, the most at a time, and the largest block. */
export interface AllocationMeter {
  /** The epoch from which on blocks count. */
  readonly start: number;
  readonly live: number;
  readonly peak: number;
  readonly largest: number;
}

/** The addon's exports; each comes from the native file named above it. */
export interface Native {
  // addon/addon.cpp
  /** Returns the call frame (native/core/call_frame.h). */
  initialize(classes: Record<string, unknown>): Int32Array;
  // core/tensor_handle.cpp
  isTensor(value: unknown): value is Tensor;
  dispose(slot: number): void;
  isDisposed(slot: number): boolean;
  openScope(): number;
  closeScope(depth: number, keptSlots: readonly number[]): void;
  /** Makes all open scopes forget tensors, which then live on when the scopes end. */
  leaveScopes(slots: readonly number[]): void;
  // core/memory.cpp
  memoryUsage(): MemoryUsage;
  setPoolLimit(bytes: number): void;
  /** Returns the bytes of large blocks that are still mapped. */
  trimPool(milliseconds: number): number;
  /** Measures what this thread allocates on the CPU until {@link endMeter}, which takes the measurement that it returns. */
  beginMeter(): AllocationMeter;
  endMeter(start: number, live: number, peak: number, largest: number): AllocationMeter;
  /** The memory that is available and the largest cache of a core, in bytes. */
  memoryLimits(): { available: number; cache: number };
  // operators/operators.cpp
  /** Call the result through operator.ts: its first argument is the Tensor for the result. */
  operator(displayName: string, overloads: string, isMethod: boolean): OperatorFunction;
  /** A function that starts asynchronous calls and returns their numbers; 0 for a call that must be made at once. */
  asyncOperator(displayName: string, overloads: string, queue: unknown): OperatorFunction;
  overloadNames(name: string): string[];
  /** The schema of an overload such as `add.Tensor`; null for an unknown overload. */
  operatorSchema(name: string): OperatorSchema | null;
  /** The operators that have a kernel of their own under a dispatch key. */
  registrations(dispatchKey: string): string[];
  operatorSignatures(displayName: string, overloads: string, isMethod: boolean): string;
  // tensor/properties.cpp
  shape(tensor: Tensor): number[];
  /** The shape, for code that takes it as it is: a recording does not note that it was read. */
  sizes(tensor: Tensor): number[];
  strides(tensor: Tensor): number[];
  dim(tensor: Tensor): number;
  numel(tensor: Tensor): number;
  dtype(tensor: Tensor): Dtype;
  layout(tensor: Tensor): Layout;
  device(tensor: Tensor): string;
  requiresGrad(tensor: Tensor): boolean;
  isLeaf(tensor: Tensor): boolean;
  retainsGrad(tensor: Tensor): boolean;
  isView(tensor: Tensor): boolean;
  version(tensor: Tensor): number;
  storageOffset(tensor: Tensor): number;
  elementSize(tensor: Tensor): number;
  outputNr(tensor: Tensor): number;
  isContiguous(tensor: Tensor, memoryFormat?: MemoryFormat): boolean;
  grad(tensor: Tensor): Tensor | null;
  setGrad(tensor: Tensor, grad: Tensor | null): void;
  // tensor/tensor_data.cpp
  tensorFromBytes(data: unknown, dtype: Dtype, shape: readonly number[], device?: unknown): Tensor;
  data(tensor: Tensor): TypedArray;
  /** The number of an asynchronous call of `data`; 0 if the call takes less time than that. */
  startData(queue: unknown, tensor: Tensor): number;
  dataInto(tensor: Tensor, target: Uint8Array): number;
  doubles(tensor: Tensor): Float64Array;
  item(tensor: Tensor): unknown;
  /** The same, for a value that only the library looks at: a compiled function expects it in later calls. */
  peek(tensor: Tensor): unknown;
  // tensor/background_bytes.cpp
  /** On a thread of libuv, with a part of a uint8 tensor; so are the following. */
  readFileInto(bytes: Tensor, offset: number, length: number, descriptor: number, position: number): Promise<unknown>;
  /** The CRC-32 of bytes that follow those with the checksum `before`. */
  checksumOf(bytes: Tensor, offset: number, length: number, before: number): Promise<number>;
  /** The buffer has the length of the part, here and below. */
  copyFromBuffer(bytes: Tensor, offset: number, length: number, buffer: Uint8Array): Promise<unknown>;
  copyToBuffer(bytes: Tensor, offset: number, length: number, buffer: Uint8Array): Promise<unknown>;
  // tensor/stored_bytes.cpp
  /** A uint8 tensor of these bytes of a file. */
  readFileBytes(descriptor: number, position: number, length: number): Tensor;
  /** A uint8 tensor over a file: pages are read when they are used, and writes do not reach the file. */
  mapFileBytes(descriptor: number, length: number): Tensor;
  /** A uint8 tensor with a storage of its own over part of the memory. */
  sliceBytes(bytes: Tensor, offset: number, length: number): Tensor;
  /** A tensor that shares the memory of a uint8 tensor; the offset counts elements. */
  tensorOverBytes(
    bytes: Tensor,
    dtype: Dtype,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ): Tensor;
  /** The values as they lie in memory: without wrappers, gradient and pending conjugation. Shares memory if it can. */
  storedValue(tensor: Tensor): Tensor;
  /** Tensors with the same id share their memory. Of a result of `storedValue`. */
  storageOf(tensor: Tensor): { id: number; bytes: number };
  /** A uint8 tensor over the whole memory that a result of `storedValue` is a part of. */
  storageBytes(tensor: Tensor): Tensor;
  /** What a tensor holds now, whatever is written to it afterwards. Not disposed of by a scope. */
  takeSnapshot(tensor: Tensor): unknown;
  /** The tensor of a snapshot, which is empty afterwards. */
  openSnapshot(snapshot: unknown): Tensor;
  // tensor/sharing.cpp
  /** The buffer of a new token. */
  shareTensor(tensor: Tensor): SharedArrayBuffer;
  /** The tensor of the token whose buffer the array shows; null if it is of no token. */
  sharedTensor(bytes: Uint8Array): Tensor | null;
  /** A typed array over the memory itself. */
  sharedData(tensor: Tensor): TypedArray;
  /** A tensor over `length` bytes from `start` on, in the buffer that the array shows all of; see `torch.frombuffer`. */
  tensorOverBuffer(
    bytes: Uint8Array,
    dtype: unknown,
    start: number,
    length: number,
    offset: number,
    count: number,
  ): Tensor;
  // tensor/nested_array.cpp
  tensorFromList(data: unknown, dtype?: Dtype | null, device?: unknown): Tensor;
  // operators/indexing.cpp
  /** Call it through operator.ts: its first argument is the Tensor for the result, `this` the tensor to index. */
  index(this: unknown, result: Tensor, ...indices: readonly unknown[]): unknown;
  indexPut_(tensor: Tensor, indices: readonly Index[], value: Tensor | Scalar, accumulate?: boolean): void;
  // autograd/engine.cpp
  runBackward(
    outputs: readonly (Tensor | EdgeOfGraph)[],
    gradOutputs: readonly (Tensor | null)[],
    inputs: readonly (Tensor | EdgeOfGraph)[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
    accumulate: boolean,
  ): (Tensor | null)[];
  gradMode(): boolean;
  setGradMode(enabled: boolean): void;
  differentiateAgain(enabled: boolean): boolean;
  isInferenceMode(): boolean;
  enterInferenceMode(enabled: boolean): unknown;
  exitInferenceMode(guard: unknown): void;
  requiresGrad_(tensor: Tensor, enabled: boolean): Tensor;
  requireGradOfNew(tensor: Tensor): Tensor;
  retainGrad(tensor: Tensor): void;
  disableSavedTensorHooks(message: string): string | null;
  enableSavedTensorHooks(previous: string | null): void;
  // compile/passes/testing.cpp
  testPasses(
    f: (inputs: Tensor[]) => Tensor[],
    inputs: readonly Tensor[],
    runs: readonly (readonly Tensor[])[],
    passes: readonly string[],
    strictZeros: boolean,
  ): PassTest;
  // compile/lowering/testing.cpp
  testScalarize(
    f: (inputs: Tensor[]) => Tensor[],
    inputs: readonly Tensor[],
    runs: readonly (readonly Tensor[])[],
    repeats: number,
    finiteMath: boolean,
  ): ScalarizeTest;
  // functorch/functionalize.cpp
  wrapFunctional(tensor: Tensor, level: number): Tensor;
  unwrapFunctional(tensor: Tensor, reapplyViews: boolean): Tensor;
  syncFunctional(tensor: Tensor): void;
  replaceFunctional(tensor: Tensor, value: Tensor): void;
  propagateMutation(unwrapped: Tensor, wrapped: Tensor): void;
  // autograd/callbacks.cpp
  sweepCallbacks(): number;
  // autograd/hooks.cpp
  tensorHooks(tensor: Tensor): GraphCallback | null;
  setTensorHooks(tensor: Tensor, hooks: GraphCallback): void;
  accumulateHooks(tensor: Tensor): GraphCallback | null;
  setAccumulateHooks(tensor: Tensor, hooks: GraphCallback): void;
  nodeHooks(node: unknown): GraphCallback | null;
  setNodeHooks(node: unknown, hooks: GraphCallback): void;
  nodePrehooks(node: unknown): GraphCallback | null;
  setNodePrehooks(node: unknown, hooks: GraphCallback): void;
  checkHookResult(gradient: Tensor | null, result: Tensor | null): void;
  // autograd/saved_tensor_hooks.cpp
  pushSavedTensorHooks(pack: (tensor: Tensor) => () => Tensor, topLevelOnly: boolean): number;
  popSavedTensorHooks(count: number): void;
  // autograd/graph_node.cpp
  nodeOf(tensor: Tensor): unknown;
  nodeIdentity(node: unknown): number;
  nodeName(node: unknown): string;
  nodeEdges(node: unknown): [node: unknown, index: number][];
  nodeSequence(node: unknown): number;
  nodeSavedTensors(node: unknown): Tensor[];
  nodeVariable(node: unknown): Tensor | null;
  gradientEdge(tensor: Tensor): [node: unknown, index: number];
  edgeMetadata(node: unknown, index: number): [shape: number[], dtype: Dtype, device: string];
  graphTask(): [id: number, runs: number];
  willExecute(node: unknown): boolean;
  incrementVersion(tensor: Tensor): void;
  // autograd/anomaly.cpp
  setAnomalyMode(enabled: boolean, checkNan: boolean, stack: () => string): void;
  anomalyMode(): [enabled: boolean, checkNan: boolean];
  // autograd/function_node.cpp
  /** The outputs, null for non-tensor values, and the node that {@link functionSaved} takes. */
  functionWrap(callback: GraphCallback, name: string, request: WrapRequest): [...(Tensor | null)[], unknown];
  functionSaved(node: unknown, clear: boolean): (Tensor | null)[];
  delayedError(message: string, tensors: readonly (Tensor | null)[]): (Tensor | null)[];
  undefinedGrad(tensor: Tensor): Tensor;
  tensorIdentity(tensor: Tensor): number;
  // functorch/levels.cpp
  pushGrad(): number;
  pushJvp(): number;
  pushVmap(batchSize: number, randomness: string): number;
  pushFunctionalize(reapplyViews: boolean): number;
  popLevel(level: number): void;
  swapInferenceMode(enabled: boolean): boolean;
  levelDepth(): number;
  // functorch/wrapping.cpp
  wrapForGrad(tensor: Tensor, level: number, requiresGrad: boolean): Tensor;
  unwrapForGrad(tensor: Tensor, level: number): Tensor;
  addBatchDim(tensor: Tensor, dim: number, level: number): Tensor;
  removeBatchDim(tensor: Tensor, level: number, batchSize: number, outDim: number): Tensor;
  wrapperInfo(tensor: Tensor): WrapperInfo | null;
  isBatchedAtLevel(tensor: Tensor, level: number): boolean;
  // functorch/forward_mode.cpp
  enterDualLevel(): number;
  exitDualLevel(level: number): void;
  makeDual(primal: Tensor, tangent: Tensor, level: number): Tensor;
  unpackDual(tensor: Tensor, level: number): [Tensor, Tensor | null];
  forwardGradMode(): boolean;
  setForwardGradMode(enabled: boolean): void;
  // functorch/batching_fallback.cpp
  setVmapFallbackEnabled(enabled: boolean): void;
  isVmapFallbackEnabled(): boolean;
  setVmapFallbackWarningEnabled(enabled: boolean): void;
  isVmapFallbackWarningEnabled(): boolean;
  // functorch/level_info.cpp
  topLevel(): Level | null;
  levels(): Level[];
  // functorch/below.cpp
  popLevelTemporarily(): number;
  restoreLevel(number: number): void;
  liftToTop(tensor: Tensor): Tensor;
  unwrapDead(tensor: Tensor): Tensor;
  unwrapBatched(tensor: Tensor, level: number): [Tensor, number | null];
  // runtime/random.cpp
  manualSeed(seed: number | bigint): void;
  seed(): number | bigint;
  generatorInit(object: object, device: unknown): void;
  generatorInitDefault(object: object): void;
  generatorInitClone(object: object, source: object): void;
  generatorManualSeed(generator: object, seed: number | bigint): void;
  generatorSeed(generator: object): number | bigint;
  generatorInitialSeed(generator: object): number | bigint;
  generatorGetState(generator: object): Tensor;
  generatorSetState(generator: object, state: Tensor): void;
  generatorDevice(generator: object): string;
  // runtime/stop_signals.cpp
  redirectStopSignals(enabled: boolean): void;
  redirectedSignal(): number;
  // runtime/cuda.cpp
  cudaIsBuilt(): boolean;
  cudaDeviceCount(): number;
  cudaCurrentDevice(): number;
  cudaSetDevice(index: number): void;
  cudaSynchronize(index: number): void;
  cudaManualSeed(index: number, seed: bigint): void;
  cudaEmptyCache(): void;
  cudaResetPeakMemoryStats(index: number): void;
  cudaMemoryStats(index: number): Record<string, number>;
  cudaDeviceProperties(index: number): { name: string; major: number; minor: number; multiProcessorCount: number };
  cudaMemGetInfo(index: number): [free: number, total: number];
  /** Why libtorch's CUDA libraries could not be loaded; null if there is nothing to report. */
  cudaLoadError(): string | null;
  // runtime/runtime.cpp
  setWarnAlways(always: boolean): void;
  getWarnAlways(): boolean;
  setNumThreads(count: number): void;
  setNumInteropThreads(count: number): void;
  getNumThreads(): number;
  getNumInteropThreads(): number;
  setDefaultDtype(dtype: Dtype): void;
  getDefaultDtype(): Dtype;
  /** null for none. */
  setDefaultDevice(device: string | null): void;
  getDefaultDevice(): string | null;
  /** `base ** exponent` and the cosine of the C library, which Python uses; JavaScript's differ in the last bit. */
  pow(base: number, exponent: number): number;
  cos(x: number): number;
  /** Returns the previous state, for {@link exitAutocast}. A null leaves a part as it is. */
  enterAutocast(
    deviceType: string,
    enabled: boolean,
    dtype: Dtype | null,
    cacheEnabled: boolean | null,
  ): [enabled: boolean, dtype: Dtype, cacheEnabled: boolean];
  exitAutocast(deviceType: string, enabled: boolean, dtype: Dtype, cacheEnabled: boolean): void;
  libtorchVersion(): string;
  libtorchPath(): string;
  cpuCapability(): string;
  showConfig(): string;
  setDeterministicAlgorithms(enabled: boolean, warnOnly: boolean): void;
  deterministicAlgorithms(): boolean;
  deterministicAlgorithmsWarnOnly(): boolean;
  setFloat32MatmulPrecision(precision: string): void;
  float32MatmulPrecision(): 'highest' | 'high' | 'medium';
  // compile/machine/testing.cpp
  testMachine(f: (inputs: Tensor[]) => Tensor[], inputs: readonly Tensor[], repeats: number): MachineTest;
  // compile/cuda/testing.cpp
  testKernels(
    f: (inputs: Tensor[]) => Tensor[],
    inputs: readonly Tensor[],
    library: string | null,
    runs?: readonly (readonly Tensor[])[],
  ): KernelTest;
  testNvrtc(library: string, text: string, capability: number): Uint8Array;
  // jit/exports.cpp
  jitLoad(archive: JitArchive): ScriptProgram;
  jitCall(...args: ScriptCall): ScriptResult;
  jitSignature(module: unknown, method: string): string;
  jitGet(...args: ScriptGet): unknown;
  jitSet(module: unknown, name: string, value: unknown): void;
  jitSave(...args: ScriptSave): Uint8Array;
  // compile/call/exports.cpp
  compiledFunction(): [handle: unknown, call: OperatorFunction];
  /** Compiled functions record their next calls again. */
  moduleChanged(): void;
  beginCapture(this: unknown, result: Tensor, strictApi: string, ...args: readonly unknown[]): unknown;
  stopCapture(capture: unknown): void;
  existedBefore(capture: unknown, tensor: Tensor): boolean;
  /** Why the recording cannot be repeated; `''` if it can. */
  finishCapture(capture: unknown, outputs: readonly Tensor[]): string;
  addEntry(
    compiled: unknown,
    capture: unknown,
    outputs: readonly number[],
    returnsTensor: boolean,
    limit: number,
    backend: string,
    strictZeros: boolean,
    keepsText: boolean,
    dynamic: boolean,
  ): [id: number, dropped: number, variation: string];
  clearEntries(compiled: unknown): void;
  printGraph(capture: unknown): string;
  /** The recorded graph. With `isFunctional`, its functional form, or the reason why it has no functional form. */
  graphOf(capture: unknown, isFunctional: boolean): GraphData | string;
  /** The sizes that JavaScript read during the capture, in their order, and other numbers that follow from sizes. */
  sizesRead(capture: unknown): number[];
  isRecording(): boolean;
  breakRecording(reason: string): void;
  // compile/call/own_tensors.cpp
  shallowCopy(tensor: Tensor): Tensor;
  takeState(tensor: Tensor, copy: Tensor): void;
  // compile/call/explain_exports.cpp
  describeEntries(compiled: unknown): CompiledEntry[];
  timeCall(this: unknown, result: Tensor, compiled: unknown, ...args: readonly unknown[]): unknown;
  // compile/call/async_exports.cpp
  createAsyncQueue(settle: (id: number, outcome: number, value: unknown) => void): unknown;
  asyncFunction(compiled: unknown, queue: unknown): OperatorFunction;
  stopAsync(queue: unknown, id: number): void;
  asyncFigures(queue: unknown): { running: number; waiting: number; limit: number; threads: number };
  setAsyncLimit(queue: unknown, limit: number): void;
  // compile/call/shared_function.cpp
  /** The buffer of a new token, null if there are no entries, and the ids of the entries. */
  shareFunction(compiled: unknown): [buffer: SharedArrayBuffer | null, ids: number[]];
  /** Adds the entries of a token; returns their ids, or null if there is no such token. */
  addShared(compiled: unknown, bytes: Uint8Array): number[] | null;
  // compile/call/linear_exports.cpp
  beginLinear(
    inputs: readonly Tensor[],
    fixed: readonly Tensor[],
    refusesCallbacks: boolean,
  ): [linear: unknown, call: OperatorFunction] | null;
  stopLinear(linear: unknown): void;
  /** Why the recording cannot be repeated; `''` if it can. */
  finishLinear(linear: unknown, outputs: readonly Tensor[], values: readonly Tensor[]): string;
  abandonLinear(linear: unknown): void;
  callDifferentiably(linear: unknown, inputs: readonly Tensor[]): Tensor[];
  // tensor/printing.cpp
  printingInfo(tensor: Tensor): PrintingInfo;
  printedElements(tensor: Tensor, edgeItems: number): ElementValues;
}
