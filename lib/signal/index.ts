/** `torch.signal`: window functions. */

export * as windows from './windows';
