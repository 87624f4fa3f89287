/** `torch.load` and `torch.save`: files of values with tensors in them, as Python's PyTorch reads and writes them. */

export { load } from './load';
export type { LoadOptions } from './load';
export type { MapLocation } from './map-location';
export { save } from './save';
