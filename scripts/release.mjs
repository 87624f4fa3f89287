#!/usr/bin/env node
// `npm run release`: everything that must hold before a version is published, and the tarball. It publishes nothing.
//
//   --rehearse   without a clean tree, a changelog section and .ci/run, to try the packing

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check, install, pack, run } from './release/tarball.mjs';
import { root } from './setup/project.mjs';

const { rehearse } = parseArgs({ options: { rehearse: { type: 'boolean', default: false } } }).values;
const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

/** @param {string[]} args */
function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr.trim()}`);
  return stdout.trim();
}

function requireCleanTree() {
  const changes = git('status', '--porcelain');
  if (changes !== '') throw new Error(`the working tree has changes:\n${changes}`);
  if (git('tag', '--list', `v${version}`) !== '') {
    throw new Error(`the tag v${version} exists; run \`npm version --no-git-tag-version\` for the next version first`);
  }
}

function requireChangelog() {
  const sections = [
    ...fs.readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^## \[([^\]]+)\](.*)\n([^#]*)/gm),
  ];
  const unreleased = sections.find(([, name]) => name === 'Unreleased');
  const section = sections.find(([, name]) => name === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`);
  if (!/ - \d{4}-\d{2}-\d{2}$/.test(section[2])) throw new Error(`CHANGELOG.md: the section [${version}] has no date`);
  if (unreleased?.[3].trim()) throw new Error(`CHANGELOG.md: move the lines under [Unreleased] to [${version}]`);
}

/** @type {[string, () => void][]} */
const requirements = [
  ['a clean working tree and a version without a tag', requireCleanTree],
  [`a section [${version}] in CHANGELOG.md`, requireChangelog],
  // Among all other checks, it compares docs/parity.md with a full run.
  ['CI', () => run(path.join(root, '.ci', 'run'), [])],
];

/** @param {string} name @param {() => unknown} body */
function step(name, body) {
  console.log(`\n== ${name}`);
  return body();
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-release-'));
const project = path.join(folder, 'project');
fs.mkdirSync(project);
try {
  if (!rehearse) for (const [name, body] of requirements) step(name, body);
  const packed = /** @type {string} */ (step('pack', () => pack(folder)));
  step('publint and Are The Types Wrong', () => check(packed));
  step('install the tarball in an empty project', () => install(packed, project));
  if (rehearse) console.log('\nthe tarball is fine; without --rehearse it is kept');
  else {
    const kept = path.join(root, path.basename(packed));
    fs.copyFileSync(packed, kept);
    console.log(`\nready: git tag v${version} && npm publish ${path.relative(process.cwd(), kept)}`);
  }
} catch (error) {
  console.error(`\nnot released: ${/** @type {Error} */ (error).message}`);
  process.exitCode = 1;
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
