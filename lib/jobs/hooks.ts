/** How a job interacts with the program that runs it. */

/** All are optional. */
export interface JobHooks {
  /** Called after each slice of work with the number of samples done and the number in all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Checked between slices of work. When it is aborted, the job throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Calls all work that may take long, so that the program can interrupt it. */
  readonly invoke?: <T>(work: () => T) => T;
}

/** The default of {@link JobHooks.invoke}. */
export function invokeDirectly<T>(work: () => T): T {
  return work();
}
