// clang-format and ruff: pip wheels of fixed versions, in a virtual environment in the setup's cache.

import fs from 'node:fs';
import path from 'node:path';
import { tail } from '../setup/commands.mjs';
import { explainFileError, messageOf } from '../setup/failure.mjs';
import { findPip } from '../setup/pip.mjs';
import { root } from '../setup/project.mjs';
import { digest } from '../setup/stamp.mjs';
import { isComplete, makeEnvironment } from '../setup/virtual-environment.mjs';

const requirements = path.join(root, 'scripts', 'style', 'requirements.txt');

/**
 * The folder that holds the programs, or why there is none.
 *
 * @param {import('../setup/report.mjs').Report} report
 * @param {import('../setup/environment.mjs').Environment} environment
 * @returns {Promise<{ programs: string } | { problem: string }>}
 */
export async function prepareTools(report, environment) {
  const name = `${digest(root, [path.relative(root, requirements)]).slice(0, 16)}-${process.platform}-${process.arch}`;
  const folder = path.join(environment.cache, 'tools', name);
  const answer = { programs: path.join(folder, 'bin') };
  // Checked first, because finding pip takes longer than most style checks.
  if (isComplete(folder)) return answer;
  try {
    const { pip, tried } = await findPip(environment.python);
    if (!pip) return { problem: tried.join('; ') };
    const problem = await makeEnvironment(report, pip, folder, {
      what: 'Style',
      packages: fs.readFileSync(requirements, 'utf8').trim().split('\n'),
      install: async (python, onProgress) => {
        const { ok, stderr } = await pip.install(python, ['-r', requirements], onProgress);
        return ok ? null : `pip install -r ${path.relative(root, requirements)}: ${tail(stderr, 3)}`;
      },
    });
    return problem === null ? answer : { problem };
  } catch (error) {
    return { problem: messageOf(explainFileError(error, environment.cache)) };
  }
}
