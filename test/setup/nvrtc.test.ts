/** NVRTC for the tests of generated kernels. */

import fs from 'node:fs';
import path from 'node:path';
import { installNvrtc } from '../../scripts/setup/nvrtc.mjs';
import { Report } from '../../scripts/setup/report.mjs';
import { fakePython } from '../support/setup/fake-python';
import { temporaryFolder } from '../support/setup/folder';

const install = (folder: string, python: string) =>
  installNvrtc(new Report({ quiet: true }), { python, cache: path.join(folder, 'cache') });

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('is installed once into an environment in the cache, and its folder is the answer', async () => {
  const folder = temporaryFolder();
  const log = path.join(folder, 'log');
  const library = 'lib/python3.11/site-packages/nvidia/cu13/lib';
  const make = `to="$(dirname "$(dirname "$4")")/${library}"; mkdir -p "$to"; touch "$to/libnvrtc.so.13"`;
  const python = fakePython(folder, { install: `echo "$*" >> "${log}"; ${make}` });
  const answer = await install(folder, python);
  expect(answer.path).toMatch(new RegExp(`^${folder}/cache/python/nvrtc-13\\.[\\d.]+-python3\\.11-.*/${library}$`));
  expect(await install(folder, python)).toEqual(answer);
  expect(fs.readFileSync(log, 'utf8').trim().split('\n')).toEqual([
    expect.stringMatching(/--retries 0 .* nvidia-cuda-nvrtc==13\.[\d.]+$/),
  ]);
});

onLinux('is missing, with a reason, if it cannot be installed', async () => {
  const folder = temporaryFolder();
  const python = fakePython(folder, { install: 'echo "ERROR: no such package" >&2; exit 1' });
  const answer = await install(folder, python);
  expect(answer).toEqual({ path: null, problem: expect.stringMatching(/pip install nvidia-cuda-nvrtc==.*no such/) });
});
