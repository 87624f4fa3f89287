/** `torch.autograd`. */

export { backward } from './backward';
export type { BackwardOptions } from './backward';
export * as forwardAd from './forward-ad';
export * as functional from './functional';
export { grad } from './grad';
export type { AutogradGradOptions } from './grad';
export type { RemovableHandle, TensorHook } from './hooks';
export { enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled, noGrad, setGradEnabled } from './modes';
export type { ModeGuard } from './modes';
