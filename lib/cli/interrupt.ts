/** Ctrl-C and its relatives, between two pieces of work and in the middle of one. */

import vm from 'node:vm';

import { Interrupted, type StopSignal } from './failure';

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The code of the error by which Node.js ends a script on Ctrl-C. */
const STOPPED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';

/**
 * Runs `work` with a signal that is aborted, with an {@link Interrupted}, when the process is asked
 * to stop. Meanwhile such requests do not end the process: `work` has to look at the signal.
 */
export async function withStopSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    controller.abort(new Interrupted(signal as StopSignal));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

interface WorkSlot {
  work?: () => unknown;
}

const SLOT = "globalThis[Symbol.for('torch-func.interruptible-work')]";

/**
 * Calls `work` so that Ctrl-C ends it even in an endless loop, where no signal handler gets its
 * turn. The `finally` blocks of what is ended this way do not run, so that the process should do
 * nothing after it but clean up.
 *
 * @throws Interrupted when Ctrl-C was pressed.
 */
export function callInterruptibly<T>(work: () => T): T {
  const slot = vm.runInThisContext(`${SLOT} ??= {}`) as WorkSlot;
  slot.work = work;
  try {
    return vm.runInThisContext(`${SLOT}.work()`, { breakOnSigint: true }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code === STOPPED) {
      throw new Interrupted('SIGINT');
    }
    throw error;
  } finally {
    delete slot.work;
  }
}
