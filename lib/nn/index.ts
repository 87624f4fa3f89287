/** `torch.nn`: modules, their parameters, layers, and the functions of neural networks. */

import './module-hooks';
import { defineMissingClasses } from './missing';

export * as functional from './functional';
export {
  registerModuleForwardHook,
  registerModuleForwardPreHook,
  registerModuleFullBackwardHook,
  registerModuleFullBackwardPreHook,
} from './global-hooks';
export type { ModuleForwardHookOptions } from './global-hooks';
export * as init from './init';
export { Module } from './module';
export type { ForwardHookOptions, HookOptions, ModuleGradients } from './module-hooks';
export type { IncompatibleKeys, StateDict } from './module-state';
export type { NamedMembersOptions, NamedModulesOptions } from './module-walk';
export * from './modules';
export { Buffer, Parameter } from './parameter';
export { UninitializedBuffer, UninitializedParameter } from './uninitialized';
export type { UninitializedOptions } from './uninitialized';
export * as utils from './utils';

defineMissingClasses(exports as object);
