/** The levels of functorch's interpreter stack: each is popped even after an exception. */

import { native } from '../native';

/** The error of saved tensor hooks where the derivative cannot call them. */
export const HOOKS_MESSAGE =
  "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with your use case.";

/**
 * Runs `body` on a new Grad level with gradients enabled. The order matters: the level is pushed before grad mode
 * changes, because it records the mode that it finds, and popped after the mode is restored.
 */
export function atGradLevel<T>(body: (level: number) => T): T {
  const hooks = native.disableSavedTensorHooks(HOOKS_MESSAGE);
  try {
    const level = native.pushGrad();
    try {
      const gradMode = native.gradMode();
      native.setGradMode(true);
      try {
        return body(level);
      } finally {
        native.setGradMode(gradMode);
      }
    } finally {
      native.popLevel(level);
    }
  } finally {
    native.enableSavedTensorHooks(hooks);
  }
}

// The number of active jvp levels on this thread. Nested levels share one dual level, as in PyTorch.
// See Note [One dual level per process] (native/functorch/dual_level.h).
let jvpNesting = 0;

/** Whether a jvp level is active on this thread. */
export function isInJvp(): boolean {
  return jvpNesting > 0;
}

/** Runs `body` on a new Jvp level with forward-mode gradients enabled. */
export function atJvpLevel<T>(body: (level: number) => T): T {
  const level = native.pushJvp();
  try {
    const forwardGradMode = native.forwardGradMode();
    native.setForwardGradMode(true);
    try {
      const dualLevel = jvpNesting === 0 ? native.enterDualLevel() : undefined;
      jvpNesting++;
      try {
        return body(level);
      } finally {
        jvpNesting--;
        if (dualLevel !== undefined) native.exitDualLevel(dualLevel);
      }
    } finally {
      native.setForwardGradMode(forwardGradMode);
    }
  } finally {
    native.popLevel(level);
  }
}

/** Runs `body` on a new Vmap level. */
export function atVmapLevel<T>(batchSize: number, randomness: string, body: (level: number) => T): T {
  const level = native.pushVmap(batchSize, randomness);
  try {
    return body(level);
  } finally {
    native.popLevel(level);
  }
}
