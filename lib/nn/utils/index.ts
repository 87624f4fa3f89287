/** `torch.nn.utils`: gradients, parameters as vectors, parametrizations, fused layers, packed sequences. */

export { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm } from './clip-grad';
export type { NormOptions, Tensors } from './clip-grad';
export { parametersToVector, vectorToParameters } from './convert-parameters';
export { fuseConvBnEval, fuseConvBnWeights, fuseLinearBnEval, fuseLinearBnWeights } from './fusion';
export { skipInit } from './skip-init';
export * as parametrizations from './parametrizations';
export * as parametrize from './parametrize';
export * as rnn from './rnn';
