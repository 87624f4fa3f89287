/** `torch.nn`: the functions of neural networks. */

export * as functional from './functional';
