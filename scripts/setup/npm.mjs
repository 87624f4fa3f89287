// Installs npm's packages, which every other step needs.

import fs from 'node:fs';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { SetupFailure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { root } from './project.mjs';
import { since } from './report.mjs';
import { readJson } from './stamp.mjs';

/** @param {import('./report.mjs').Report} report */
export async function installPackages(report, place = root) {
  if (isInstalled(place)) return;
  await withLock(
    path.join(place, 'build', '.npm-lock'),
    async () => {
      if (!isInstalled(place)) await install(report, place);
    },
    { onWait: (owner) => report.line(`npm: waiting for ${owner}, which is installing packages`) },
  );
}

/** Whether node_modules has the versions in package-lock.json. @param {string} place */
export function isInstalled(place) {
  const wanted = readJson(path.join(place, 'package-lock.json'))?.packages;
  const present = readJson(path.join(place, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted) return fs.existsSync(path.join(place, 'node_modules'));
  if (!present) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '') return true;
    // The lock file also names packages of other systems, which are never installed.
    if (!(name in present)) return entry.optional === true || entry.peer === true;
    return present[name].version === entry.version;
  });
}

/** @param {import('./report.mjs').Report} report @param {string} place */
async function install(report, place) {
  const from = performance.now();
  report.line('npm: installing packages');
  // No scripts: this package's install script is the setup itself.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const cli = process.env.npm_execpath;
  const result = cli?.endsWith('.js')
    ? await run(process.execPath, [cli, ...args], { cwd: place, env: cleanEnvironment() })
    : await run('npm', args, { cwd: place, env: cleanEnvironment() });
  if (!result.ok) {
    const offline = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/.test(result.stderr);
    throw new SetupFailure('npm could not install the packages', {
      details: result.error ? result.error.message : errorLines(result.stderr),
      tried: [`npm ${args.join(' ')} in ${place}`],
      advice: [
        offline
          ? 'the registry could not be reached: check the network and the proxy settings (HTTPS_PROXY, npm config get registry)'
          : 'read the message above',
        'run npm ci, then repeat the setup',
      ],
    });
  }
  report.line(`npm: packages installed (${since(from)})`);
}

/** Without the variables that npm passes to scripts: they would change how another npm runs. */
function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (
      /^npm_(lifecycle|package|command|config_(ignore_scripts|global|omit|production|include|local_prefix|workspace))/i.test(
        name,
      )
    )
      delete env[name];
  }
  return env;
}

/** The first error lines of npm; the last ones are always general advice. @param {string} text */
function errorLines(text) {
  const lines = text.split('\n').filter((line) => /^npm (error|ERR!) ?\S/.test(line));
  return lines.length > 0 ? lines.slice(0, 12).join('\n') : tail(text);
}
