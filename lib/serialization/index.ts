/** `torch.load` and `torch.save`: files of values with tensors in them, as Python's PyTorch reads and writes them. */

export { load } from './load';
export type { LoadOptions, MapLocation } from './load';
export { save } from './save';
