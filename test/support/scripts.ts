/** TorchScript files that Python writes: test/jit/scripts.py. */

import path from 'node:path';

import { python } from './parity/files';

/** Calls functions of test/jit/scripts.py with the folder, and returns the last result. */
export function writeScripts<T>(folder: string, ...calls: string[]): Promise<T> {
  const lines = calls.map((call) =>
    call.includes('(') ? `result = scripts.${call}` : `result = scripts.${call}(folder)`,
  );
  return python<T>(
    folder,
    `
import sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, ${JSON.stringify(path.join(__dirname, '..', 'jit'))})
import scripts
${lines.join('\n')}`,
  );
}
