/** Python code that writes and reads the files of a test. */

import { runPython } from './python';

/** Runs Python code in which `folder` and the names of run_files.py are defined, and returns its `result`. */
export function python<T>(folder: string, code: string): Promise<T> {
  return runPython('run_files.py', { folder, code }) as Promise<T>;
}
