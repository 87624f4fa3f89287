/** `torch.nn.init`: initialisation of parameters. For a given seed, the values equal those of Python's PyTorch. */

export { calculateGain } from './fans';
export type { FanMode, Nonlinearity } from './fans';
export { kaimingNormal_, kaimingUniform_, xavierNormal_, xavierUniform_ } from './scaled';
export type { KaimingOptions, XavierOptions } from './scaled';
export { constant_, dirac_, eye_, normal_, ones_, uniform_, zeros_ } from './simple';
export type { GeneratorOptions, NormalOptions } from './simple';
export { orthogonal_, sparse_, truncNormal_ } from './structured';
export type { TruncNormalOptions } from './structured';
