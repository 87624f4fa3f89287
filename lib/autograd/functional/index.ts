/** `torch.autograd.functional`: derivatives of a function at a point, without any state left behind. */

export { hessian } from './hessian';
export type { HessianOptions } from './hessian';
export { hvp } from './hvp';
export { jacobian } from './jacobian';
export type { JacobianOptions, Strategy } from './jacobian';
export { jvp } from './jvp';
export type { ProductOptions } from './options';
export type { Tensors } from './tensors';
export { vhp } from './vhp';
export { vjp } from './vjp';
