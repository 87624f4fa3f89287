/**
 * Modes for the time of a function call, or of a block with `using`.
 *
 * The modes of a thread form a stack, because each restores the state that it found. A library cannot detect that a
 * block with `using` is suspended by `await`. So a guard lasts only for the synchronous run that created it: a
 * microtask leaves the mode before any awaited code continues, and disposing of the guard later is an error. The
 * synchronous code of the caller, up to its own end, still runs in the mode; this cannot be prevented, only reported.
 */

import { checkFunction } from '../arguments';
import { RuntimeError } from '../errors';
import { refusePromise } from '../synchronous';

/** An active mode, for `using`. */
export interface ModeGuard {
  /**
   * Leaves the mode and restores the previous state.
   *
   * @throws RuntimeError if the block was suspended by `await`, or if modes entered later are still active; the state
   * is restored even then.
   */
  [Symbol.dispose](): void;
}

interface Entry {
  name: string;
  leave: () => void;
  /** Whether the mode stays active if its guard is never disposed of. */
  persistent: boolean;
  /** Why the mode was left, if not by its own guard; null while it is active. */
  ended: 'await' | 'outer' | null;
}

const stack: Entry[] = [];

/** Leaves this mode and all modes entered after it, in reverse order. */
function unwind(entry: Entry, reason: 'await' | 'outer'): void {
  while (entry.ended === null) {
    const top = stack.pop();
    if (top === undefined) return;
    top.ended = reason;
    top.leave();
  }
}

function enterEntry(name: string, enter: () => () => void, persistent = false): Entry {
  const entry: Entry = { name, leave: enter(), persistent, ended: null };
  stack.push(entry);
  return entry;
}

/**
 * Enters a mode until its guard is disposed of.
 *
 * @param name - For messages.
 * @param enter - Enters the mode and returns a function that leaves it.
 * @param persistent - Whether the mode stays active when the synchronous run ends, as after `setGradEnabled(false)`
 * without `using`.
 */
export function enterMode(name: string, enter: () => () => void, persistent = false): ModeGuard {
  const entry = enterEntry(name, enter, persistent);
  let awaited = false;
  queueMicrotask(() => {
    awaited = true;
    if (persistent) {
      // A persistent mode is not undone when outer modes end, because its guard may never be disposed of.
      const at = stack.indexOf(entry);
      if (at >= 0) stack.splice(at, 1);
    } else {
      unwind(entry, 'await');
    }
  });
  let disposed = false;
  return {
    [Symbol.dispose]() {
      if (disposed) return;
      disposed = true;
      if (awaited && (persistent || entry.ended === 'await')) {
        if (persistent && entry.ended === null) entry.leave();
        throw new RuntimeError(
          `${name}(): the block was left through an await while the mode was in force. A mode covers synchronous code only, because other code would run in it during the await: enter it again after each await`,
        );
      }
      // An outer mode was left first, and this one with it.
      if (entry.ended !== null) return;
      const later = stack.slice(stack.indexOf(entry) + 1).filter((inner) => !inner.persistent);
      unwind(entry, 'outer');
      if (later.length > 0) {
        throw new RuntimeError(
          `${name}(): left before ${later.map((inner) => `${inner.name}()`).join(', ')}, entered later. Modes must be left in the reverse order; those entered later have been left too`,
        );
      }
    },
  };
}

/**
 * Runs `body` in a mode and leaves the mode afterwards, also after an exception.
 *
 * @throws TypeError if `body` is not a function, or returns a Promise: other code would run in the mode.
 */
export function runInMode<T>(name: string, enter: () => () => void, body: () => T): T {
  checkFunction(name, body, 'body');
  const entry = enterEntry(name, enter);
  try {
    const result = body();
    refusePromise(result, `${name}(): the body`);
    return result;
  } finally {
    unwind(entry, 'outer');
  }
}
