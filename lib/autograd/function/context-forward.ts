/** Where functions whose `forward` takes the context can be called inside transforms. */

import { native } from '../../native';

// The depth of the level stack at which gradcheck calls the user's function; -1 outside of it.
let allowedDepth = -1;

/**
 * Runs `body`, in which custom functions whose `forward` takes the context can be called at the current level, a `jvp`
 * level. For gradcheck alone: it uses only the values of their tangents, and no derivative at the levels below.
 */
export function allowContextForward<T>(body: () => T): T {
  const before = allowedDepth;
  allowedDepth = native.levelDepth();
  try {
    return body();
  } finally {
    allowedDepth = before;
  }
}

/** Whether such functions can be called at the current level. */
export function isContextForwardAllowed(): boolean {
  return native.levelDepth() === allowedDepth;
}
