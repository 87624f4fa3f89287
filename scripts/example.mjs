// Runs examples by name: `npm run example -- jacobians`, or all with `--all`. Without a name it lists the examples. The
// exit code is 1 if one of them finds an error in its own results.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'examples');
const jiti = path.join(root, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');

/** The examples by name: every TypeScript file in the folder, and every folder in it with a main.ts. */
const examples = new Map(
  fs
    .readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const isFolder = entry.isDirectory();
      const file = path.join(folder, entry.name, isFolder ? 'main.ts' : '');
      return /** @type {const} */ ([path.basename(entry.name, '.ts'), file]);
    })
    .filter(([, file]) => file.endsWith('.ts') && fs.existsSync(file))
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The first sentence of the comment at the top of an example. @param {string} file */
function summary(file) {
  const comment = /^\/\*\*([^]*?)\*\//.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? '';
  const plain = comment
    .replace(/^\s*\*\s?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain;
}

const wanted = process.argv.slice(2).map((argument) => path.basename(argument, '.ts'));
const unknown = wanted.filter((name) => name !== '--all' && !examples.has(name));

if (wanted.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`There is no example named ${name}.`);
  console.log('Examples, for `npm run example -- NAME` (or `--all`):\n');
  const width = Math.max(...[...examples.keys()].map((name) => name.length));
  for (const [name, file] of examples) console.log(`  ${name.padEnd(width)}  ${summary(file)}`);
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  const chosen = [...examples].filter(([name]) => wanted.includes('--all') || wanted.includes(name));
  for (const [name, file] of chosen) {
    console.log(`== ${name}`);
    const { status, signal } = spawnSync(process.execPath, [jiti, file], { stdio: 'inherit' });
    if (signal !== null) console.error(`${name} ended with ${signal}`);
    if (status !== 0) process.exitCode = 1;
  }
}
