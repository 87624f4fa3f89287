// Builds the addon with cmake-js from CMakeLists.txt, if a source, a tool or libtorch has changed.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { run, tail } from './commands.mjs';
import { SetupFailure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { addonPath, buildFolder, root } from './project.mjs';
import { since } from './report.mjs';
import { digest, readJson, writeJson } from './stamp.mjs';
import { findToolchain } from './toolchain.mjs';

/** @param {Debug} debug */
const stampPath = (debug) => path.join(buildFolder(debug), 'native.json');

/** @typedef {import('./inspect.mjs').Libtorch} Libtorch */
/** @typedef {boolean | import('./project.mjs').Sanitizer} Debug with debugging information, or with a sanitizer as well */

/**
 * @param {import('./report.mjs').Report} report
 * @param {Libtorch} libtorch
 * @param {{ debug?: Debug, tidy?: boolean }} [options] debug: with debugging information; tidy: keep only the
 *   addon, for an installation, which builds once
 */
export async function buildAddon(report, libtorch, { debug = false, tidy = false } = {}) {
  if (isCurrent(libtorch, debug)) return;
  await withLock(
    path.join(root, 'build', '.lock'),
    async () => {
      if (isCurrent(libtorch, debug)) return;
      await compile(report, libtorch, debug);
      if (tidy) removeIntermediates();
    },
    { onWait: (owner) => report.line(`Build: waiting for ${owner}, which is building`) },
  );
}

/** @param {Libtorch} libtorch @param {Debug} debug */
function isCurrent(libtorch, debug) {
  const stamp = readJson(stampPath(debug));
  return stamp !== null && fs.existsSync(addonPath(debug)) && stamp.digest === inputs(libtorch, debug);
}

/** The precompiled headers alone take 400 MB. */
function removeIntermediates() {
  const folder = path.join(root, 'build');
  for (const name of fs.readdirSync(folder)) {
    if (name !== 'Release' && name !== '.lock' && !name.endsWith('.json'))
      fs.rmSync(path.join(folder, name), { recursive: true });
  }
  fs.rmSync(path.join(folder, 'compile_commands.json'), { force: true });
}

/** @param {Libtorch} libtorch @param {Debug} debug */
function inputs(libtorch, debug) {
  return digest(root, ['CMakeLists.txt', 'native'], {
    values: [
      libtorch.path,
      libtorch.version,
      ...['cmake-js', 'node-addon-api', 'node-api-headers'].map(versionOf),
      process.env.CXX ?? '',
      debug,
    ],
  });
}

/** @param {import('./report.mjs').Report} report @param {Libtorch} libtorch @param {Debug} debug */
async function compile(report, libtorch, debug) {
  const from = performance.now();
  // Computed first: a source that changes during the build must be out of date afterwards.
  const wanted = inputs(libtorch, debug);
  const tools = await findToolchain();
  report.line(
    `Build: ${tools.compilerVersion}, CMake ${tools.cmakeVersion}, ${tools.generator}, libtorch ${libtorch.version}`,
  );
  const previous = readJson(stampPath(debug));
  fs.rmSync(stampPath(debug), { force: true });
  // CMake's cache would keep the previous libtorch, compiler or generator.
  const setting = {
    libtorch: libtorch.path,
    version: libtorch.version,
    compiler: tools.compiler,
    generator: tools.generator,
    ...(debug ? { debug } : {}),
  };
  if (JSON.stringify(previous?.setting) !== JSON.stringify(setting)) {
    fs.rmSync(path.join(buildFolder(debug), 'CMakeCache.txt'), { force: true });
    fs.rmSync(path.join(buildFolder(debug), 'CMakeFiles'), { recursive: true, force: true });
  }
  const args = [
    cmakeJs(),
    'build',
    ...[
      '--directory',
      root,
      '--out',
      buildFolder(debug),
      '--config',
      'Release',
      '--generator',
      tools.generator,
      '--cmake-path',
      tools.cmake,
    ],
    ...['--parallel', String(jobs()), '--cxx', tools.compiler, '--log-level', 'error'],
    ...[`--CDLIBTORCH=${libtorch.path}`, `--CDDEBUG_INFO=${debug ? 'ON' : 'OFF'}`],
    ...(typeof debug === 'string' ? [`--CDSANITIZE=${debug}`] : []),
  ];
  writeJson(stampPath(debug), { setting });
  const result = await run(process.execPath, args, {
    cwd: root,
    onLine: (line) => {
      if (/^\[\s*\d+[%/]/.test(line)) report.progress(`  ${line}`);
    },
  });
  report.clear();
  if (!result.ok) {
    throw new SetupFailure('the addon could not be built', {
      details: errorLines(result.stdout + result.stderr),
      tried: [`cmake-js build with ${tools.compilerVersion} against ${libtorch.path}`],
      advice: [
        'read the first error above; after a change of compiler or libtorch, remove the folder build and try again',
        'on a machine with little memory, run fewer compilers at once: set CMAKE_BUILD_PARALLEL_LEVEL=1',
      ],
    });
  }
  writeJson(stampPath(debug), { setting, digest: wanted, tools });
  report.line(`Build: ${path.relative(root, addonPath(debug))} (${since(from)})`);
}

/** One compiler process takes up to 2 GB for ATen's headers. */
function jobs() {
  const wanted = Number(process.env.CMAKE_BUILD_PARALLEL_LEVEL);
  if (Number.isInteger(wanted) && wanted > 0) return wanted;
  return Math.max(1, Math.min(os.availableParallelism(), Math.floor(os.totalmem() / 2e9)));
}

/** The lines from the first compiler error on, or the end of the output if no line looks like one. @param {string} text */
function errorLines(text) {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => /error[: ]|Error at/i.test(line));
  return first < 0 ? tail(text, 30) : lines.slice(first, first + 40).join('\n');
}

/** cmake-js may be in this package's node_modules or in one of a parent folder. */
function cmakeJs() {
  const require = createRequire(path.join(root, 'package.json'));
  try {
    const manifest = require.resolve('cmake-js/package.json');
    const { bin } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin['cmake-js']);
  } catch (cause) {
    throw new SetupFailure('cmake-js is not installed', { advice: ['run npm ci in the package folder'], cause });
  }
}

/** @param {string} name */
function versionOf(name) {
  try {
    const require = createRequire(path.join(root, 'package.json'));
    return require(`${name}/package.json`).version;
  } catch {
    return null;
  }
}
