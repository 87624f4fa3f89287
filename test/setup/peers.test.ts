/** The Python environments of the packages that the benchmark compares with. */

import fs from 'node:fs';
import path from 'node:path';
import { peerVersions, preparePeer } from '../../scripts/setup/peers.mjs';
import { Report } from '../../scripts/setup/report.mjs';
import { fakePython } from '../support/setup/fake-python';
import { temporaryFolder } from '../support/setup/folder';

const prepare = (folder: string, python: string) =>
  preparePeer(new Report({ quiet: true }), { python, cache: path.join(folder, 'cache') }, 'jax');

test('a peer is installed once, in the version of the benchmark, into an environment in the cache', async () => {
  const folder = temporaryFolder();
  const log = path.join(folder, 'log');
  const python = fakePython(folder, { install: `echo "$*" >> "${log}"` });
  const answer = await prepare(folder, python);
  expect(answer.path).toMatch(
    new RegExp(`^${folder}/cache/python/jax-${peerVersions.jax}-python3\\.11-.*/bin/python$`),
  );
  expect(await prepare(folder, python)).toEqual(answer);
  const calls = fs.readFileSync(log, 'utf8').trim().split('\n');
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatch(new RegExp(`--retries 0 .* jax==${peerVersions.jax} numpy$`));
});

test('the user’s own Python is used if it has the peer', async () => {
  const folder = temporaryFolder();
  const python = fakePython(folder, { has: 'exit 0', install: 'exit 1' });
  expect(await prepare(folder, python)).toEqual({ path: python });
});

test('a peer that cannot be installed is missing, with a reason', async () => {
  const folder = temporaryFolder();
  const python = fakePython(folder, { install: 'echo "ERROR: no such package" >&2; exit 1' });
  const problem = `pip install jax==${peerVersions.jax}: ERROR: no such package`;
  expect(await prepare(folder, python)).toEqual({ path: null, problem });
  expect((await prepare(folder, '/missing/python3')).problem).toBe('/missing/python3 (TORCH_FUNC_PYTHON): not there');
});
