/** Stops a command on Ctrl-C, SIGTERM and SIGHUP: between two pieces of work, and within one. */

import os from 'node:os';
import vm from 'node:vm';

import { native } from '../native';
import { Interrupted, type StopSignal } from './failure';

const REDIRECTED: readonly StopSignal[] = ['SIGTERM', 'SIGHUP'];

/** The code of the error by which Node.js ends a script on SIGINT. */
const STOPPED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';

/**
 * Runs `work` with an abort signal that is aborted, with an {@link Interrupted}, when the process is asked
 * to stop. Meanwhile such requests do not end the process: `work` has to check the abort signal.
 */
export async function withStopSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort(interruption());
  };
  process.on('SIGINT', stop);
  // Node.js ends running JavaScript on SIGINT only.
  native.redirectStopSignals(true);
  try {
    return await work(controller.signal);
  } finally {
    native.redirectStopSignals(false);
    process.off('SIGINT', stop);
  }
}

/** The signal that arrived, if one arrived as SIGINT. */
function interruption(): Interrupted {
  const number = native.redirectedSignal();
  return new Interrupted(REDIRECTED.find((name) => os.constants.signals[name] === number) ?? 'SIGINT');
}

interface WorkSlot {
  work?: () => unknown;
}

const SLOT = "globalThis[Symbol.for('torch-func.interruptible-work')]";

/**
 * Calls `work` so that a stop signal ends it even in an endless loop, where signal handlers do not run. The
 * `finally` blocks inside `work` are then skipped, so the process should do nothing after it but clean up.
 *
 * @throws Interrupted on such a signal.
 */
export function callInterruptibly<T>(work: () => T): T {
  const slot = vm.runInThisContext(`${SLOT} ??= {}`) as WorkSlot;
  slot.work = work;
  try {
    return vm.runInThisContext(`${SLOT}.work()`, { breakOnSigint: true }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code === STOPPED) throw interruption();
    throw error;
  } finally {
    delete slot.work;
  }
}
