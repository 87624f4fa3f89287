/** `torch.utils`. */

export { checkpoint, CheckpointError } from './checkpoint';
export type { CheckpointOptions } from './checkpoint';
