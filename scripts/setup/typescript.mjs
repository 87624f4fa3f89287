// Compiles lib/ to dist/ if it has changed, and writes the entry for ES modules.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { run } from './commands.mjs';
import { SetupFailure } from './failure.mjs';
import { withLock } from './lock.mjs';
import { root } from './project.mjs';
import { since } from './report.mjs';
import { digest, readJson, writeJson } from './stamp.mjs';

const stampPath = path.join(root, 'build', 'typescript.json');

// The ES module re-exports the CommonJS one, so the package's state exists once.
const entries = {
  'index.mjs': "export * from './index.js';\nexport { default } from './index.js';\n",
  'index.d.mts': "export * from './index.js';\nimport * as torch from './index.js';\nexport default torch;\n",
};

/** @param {import('./report.mjs').Report} report */
export async function compileTypeScript(report) {
  if (!fs.existsSync(path.join(root, 'lib', 'index.ts'))) {
    // The published package has dist/ and no sources.
    return;
  }
  if (isCurrent()) return;
  await withLock(
    path.join(root, 'build', '.typescript-lock'),
    async () => {
      if (!isCurrent()) await compile(report);
    },
    { onWait: (owner) => report.line(`TypeScript: waiting for ${owner}, which is compiling`) },
  );
}

function inputs() {
  const version = readJson(path.join(root, 'node_modules', 'typescript', 'package.json'))?.version;
  return digest(root, ['lib', 'tsconfig.base.json', 'tsconfig.build.json'], { values: [version, entries] });
}

function isCurrent() {
  return (
    ['index.js', ...Object.keys(entries)].every((name) => fs.existsSync(path.join(root, 'dist', name))) &&
    readJson(stampPath)?.digest === inputs()
  );
}

/** @param {import('./report.mjs').Report} report */
async function compile(report) {
  const from = performance.now();
  const wanted = inputs();
  report.line('TypeScript: compiling lib/ to dist/');
  fs.rmSync(stampPath, { force: true });
  const require = createRequire(path.join(root, 'package.json'));
  const compiler = require.resolve('typescript/lib/tsc.js');
  if (!fs.existsSync(path.join(root, 'dist', 'index.js'))) {
    fs.rmSync(path.join(root, 'build', 'typescript.tsbuildinfo'), { force: true });
  }
  const result = await run(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.build.json')], { cwd: root });
  if (!result.ok) {
    throw new SetupFailure('the TypeScript of lib/ does not compile', {
      details: result.stdout.split('\n').slice(0, 40).join('\n'),
    });
  }
  removeOrphans(path.join(root, 'dist'), path.join(root, 'lib'));
  for (const [name, text] of Object.entries(entries)) fs.writeFileSync(path.join(root, 'dist', name), text);
  const command = path.join(root, 'dist', 'cli', 'main.js');
  if (fs.existsSync(command)) fs.chmodSync(command, 0o755);
  writeJson(stampPath, { digest: wanted });
  report.line(`TypeScript: compiled (${since(from)})`);
}

/** Removes the output of deleted sources, which could still be imported and would be published. @param {string} outputs @param {string} sources */
function removeOrphans(outputs, sources) {
  for (const entry of fs.readdirSync(outputs, { withFileTypes: true })) {
    const output = path.join(outputs, entry.name);
    if (entry.isDirectory()) {
      const source = path.join(sources, entry.name);
      if (fs.existsSync(source)) removeOrphans(output, source);
      else fs.rmSync(output, { recursive: true });
      continue;
    }
    const stem = entry.name.replace(/\.(d\.ts|js)$/, '');
    if (stem !== entry.name && !fs.existsSync(path.join(sources, `${stem}.ts`))) fs.rmSync(output);
  }
}
