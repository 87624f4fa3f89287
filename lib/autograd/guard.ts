/**
 * Modes that are entered and left: as a function around a body, or as a resource with `using`.
 *
 * The modes of a thread form a stack, for each restores what it found. Nothing in JavaScript tells a
 * library that a block has been left through `await` while its `using` is still in force, so a guard
 * does not outlive the synchronous run in which it was made: a microtask leaves it, before anything
 * that was awaited can go on, and disposing of it afterwards is an error that says so. What cannot be
 * prevented is that the synchronous code of the caller, up to its own end, still runs in the mode; the
 * error reports that too.
 */

import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { refusePromise } from '../synchronous';

/** A mode that was entered; leaving restores what was before. For `using`. */
export interface ModeGuard {
  /**
   * Leaves the mode.
   *
   * @throws RuntimeError if the block was left through `await` meanwhile, or if modes that were entered
   * later are still in force; the state is restored all the same.
   */
  [Symbol.dispose](): void;
}

interface Entry {
  name: string;
  leave: () => void;
  /** Whether it may stay in force when its guard is never disposed of. */
  persistent: boolean;
  /** Why it was left by something else than its own guard; null while in force. */
  ended: 'await' | 'outer' | null;
}

const stack: Entry[] = [];

// Leaves this entry and all that were entered after it, the last first.
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
 * @param enter - Enters the mode and returns how to leave it.
 * @param persistent - Whether the mode stays in force when the synchronous run ends, as after a call
 * of `setGradEnabled(false)` whose guard nobody keeps.
 */
export function enterMode(name: string, enter: () => () => void, persistent = false): ModeGuard {
  const entry = enterEntry(name, enter, persistent);
  let awaited = false;
  queueMicrotask(() => {
    awaited = true;
    if (persistent) {
      // What was set for good is not undone by modes below it; nobody may ever dispose of the guard.
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
          `${name}: the block was left through an await while the mode was in force. A mode holds for synchronous code only, other code would run in it meanwhile: enter it anew after each await`,
        );
      }
      // A mode around this one was left first, and this one with it.
      if (entry.ended !== null) return;
      const later = stack.slice(stack.indexOf(entry) + 1).filter((inner) => !inner.persistent);
      unwind(entry, 'outer');
      if (later.length > 0) {
        throw new RuntimeError(
          `${name}: left before ${later.map((inner) => inner.name).join(', ')}, entered later. Modes must be left in the reverse order; those entered later have been left too`,
        );
      }
    },
  };
}

/**
 * Runs `body` in a mode, and leaves it whatever happens.
 *
 * @throws TypeError if `body` is no function, or returns a Promise: other code would run in the mode meanwhile.
 */
export function runInMode<T>(name: string, enter: () => () => void, body: () => T): T {
  if (typeof (body as unknown) !== 'function') {
    throw new TypeError(`${name}: argument 'body' must be a function, not ${describeType(body)}`);
  }
  const entry = enterEntry(name, enter);
  try {
    const result = body();
    refusePromise(result, `${name}: the body must be synchronous, but it returned a Promise`);
    return result;
  } finally {
    unwind(entry, 'outer');
  }
}
