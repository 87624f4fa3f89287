/** A stand-in for Python, for the tests of the setup. */

import path from 'node:path';
import { writeProgram } from './folder';

/** A Python that creates environments, and whose pip does what `install` says. */
export function fakePython(folder: string, { has = 'exit 1', install = 'exit 0' } = {}): string {
  const file = path.join(folder, 'python3');
  writeProgram(
    file,
    [
      'case "$*" in',
      `  *find_spec*) ${has} ;;`,
      `  *version_info*) echo "3 11 ${file}" ;;`,
      '  *--version*) echo "pip 25.0 from here" ;;',
      '  *venv*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;',
      `  *install*) ${install} ;;`,
      'esac',
    ].join('\n'),
  );
  return file;
}
