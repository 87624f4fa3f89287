// NVRTC, with which the tests compile generated kernels: that needs no GPU. With a CUDA build of libtorch, its own is used.

import fs from 'node:fs';
import path from 'node:path';
import { tail } from './commands.mjs';
import { explainFileError, messageOf } from './failure.mjs';
import { findPip } from './pip.mjs';
import { root } from './project.mjs';
import { writeJson } from './stamp.mjs';
import { makeEnvironment } from './virtual-environment.mjs';

/** The one that the CUDA build of libtorch asks for. */
const version = '13.0.88';

/** What the last setup found: the folder of the library as `path`, or `{ path: null, problem }`. */
const nvrtcRecord = path.join(root, 'build', 'nvrtc.json');

/** @typedef {{ path: string | null, problem?: string }} Answer */

/** @typedef {Pick<import('./environment.mjs').Environment, 'python' | 'cache'>} Environment */

/** @param {import('./report.mjs').Report} report @param {Environment} environment */
export async function prepareNvrtc(report, environment) {
  const answer = await installNvrtc(report, environment);
  if (answer.path === null) report.warn(`no NVRTC for the tests of generated kernels: ${answer.problem}`);
  writeJson(nvrtcRecord, answer);
}

/** @param {import('./report.mjs').Report} report @param {Environment} environment @returns {Promise<Answer>} */
export async function installNvrtc(report, { python, cache }) {
  if (process.platform !== 'linux')
    return { path: null, problem: `NVRTC is only available for Linux, not for ${process.platform}` };
  try {
    const { pip, tried } = await findPip(python);
    if (!pip) return { path: null, problem: tried.join('; ') };
    const name = `nvrtc-${version}-python${pip.python.version}-${process.platform}-${process.arch}`;
    const folder = path.join(cache, 'python', name);
    const problem = await makeEnvironment(report, pip, folder, {
      what: 'NVRTC',
      packages: [`nvidia-cuda-nvrtc ${version}`],
      install: async (target, onProgress) => {
        const result = await pip.install(target, [`nvidia-cuda-nvrtc==${version}`], onProgress);
        return result.ok ? null : `pip install nvidia-cuda-nvrtc==${version}: ${tail(result.stderr, 1)}`;
      },
    });
    if (problem !== null) return { path: null, problem };
    const library = fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .find((file) => /libnvrtc\.so/.test(file));
    if (library === undefined) return { path: null, problem: `${folder} has no libnvrtc.so` };
    return { path: path.join(folder, path.dirname(library)) };
  } catch (error) {
    return { path: null, problem: messageOf(explainFileError(error, cache)) };
  }
}
