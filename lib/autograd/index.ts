/** `torch.autograd`. */

export { detectAnomaly, isAnomalyCheckNanEnabled, isAnomalyEnabled, setDetectAnomaly } from './anomaly';
export type { DetectAnomalyOptions } from './anomaly';
export { backward } from './backward';
export type { BackwardOptions } from './backward';
export * as forwardAd from './forward-ad';
export { AutogradFunction as Function, FunctionCtx, onceDifferentiable } from './function';
export type { VmapInfo } from './function';
export * as functional from './functional';
export { grad } from './grad';
export * as graph from './graph';
export { gradcheck, GradcheckError, gradgradcheck } from './gradcheck';
export type { GradcheckOptions, GradgradcheckOptions } from './gradcheck';
export type { AutogradGradOptions } from './grad';
export type { RemovableHandle, TensorHook } from './hooks';
export type { GraphNode, NodeHook, NodePrehook } from './node';
export { enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, noGrad, setGradEnabled } from './modes';
export type { ModeGuard } from './modes';
