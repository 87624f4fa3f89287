/** `torch.optim.lr_scheduler`: schedulers of learning rates. */

export { ChainedScheduler, SequentialLR } from './compose';
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine';
export type { CosineAnnealingLROptions, CosineAnnealingWarmRestartsOptions } from './cosine';
export { CyclicLR, OneCycleLR } from './cyclic';
export type { CyclicLROptions, OneCycleLROptions } from './cyclic';
export { ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, StepLR } from './decay';
export type { ConstantLROptions, LinearLROptions, PolynomialLROptions, StepLROptions } from './decay';
export { LambdaLR, MultiplicativeLR } from './lambda';
export type { LrLambda } from './lambda';
export { ReduceLROnPlateau } from './plateau';
export type { ReduceLROnPlateauOptions } from './plateau';
export { LRScheduler } from './scheduler';
export type { SchedulerOptions } from './scheduler';
export type { AnyScheduler } from './state';
