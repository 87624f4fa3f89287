/** The methods that a custom function has unless it overrides them. */

import { NotImplementedError } from '../../errors';
import type { CustomFunction } from './types';

const backward = (): never => {
  throw new NotImplementedError(
    'You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.',
  );
};

export const defaults = {
  forward: (): never => {
    throw new NotImplementedError('You must implement the forward function for custom autograd.Function.');
  },
  setupContext: (): never => {
    throw new NotImplementedError(
      'You must implement the setupContext function, or a forward that takes the context as its first argument.',
    );
  },
  backward,
  vjp: backward,
  jvp: (): never => {
    throw new NotImplementedError(
      'You must implement the jvp function for custom autograd.Function to use it with forward mode AD.',
    );
  },
  vmap: (): never => {
    throw new NotImplementedError(
      'To use autograd.Function with vmap, you must either override the vmap staticmethod or set generateVmapRule=true.',
    );
  },
};

/** Whether a custom function overrides this method. */
export function overrides(custom: CustomFunction, method: keyof typeof defaults): boolean {
  return custom[method] !== defaults[method];
}
