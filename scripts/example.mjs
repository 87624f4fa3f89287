// Runs examples by name: `npm run example -- jacobians`, or all of them with `--all`. Without a name it lists
// what there is. The exit code is 1 if one of them finds a result of its own wrong.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'examples');
const jiti = path.join(root, 'node_modules', 'jiti', 'lib', 'jiti-cli.mjs');

/** Every TypeScript file that lies in the folder itself is an example; folders hold what they share. */
const names = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

/** The first sentence of the comment at the top of an example. */
function summary(name) {
  const text = fs.readFileSync(path.join(folder, `${name}.ts`), 'utf8');
  const comment = /^\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? '';
  const plain = comment
    .replace(/^\s*\*\s?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0].replace(/:$/, '.') ?? plain;
}

const wanted = process.argv.slice(2).map((argument) => path.basename(argument, '.ts'));
const unknown = wanted.filter((name) => name !== '--all' && !names.includes(name));

if (wanted.length === 0 || unknown.length > 0) {
  for (const name of unknown) console.error(`There is no example of the name ${name}.`);
  console.log('The examples, for `npm run example -- NAME` (or `--all`):\n');
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) console.log(`  ${name.padEnd(width)}  ${summary(name)}`);
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  for (const name of wanted.includes('--all') ? names : wanted) {
    console.log(`== ${name}`);
    const { status, signal } = spawnSync(process.execPath, [jiti, path.join(folder, `${name}.ts`)], {
      stdio: 'inherit',
    });
    if (signal !== null) console.error(`${name} ended with ${signal}`);
    if (status !== 0) process.exitCode = 1;
  }
}
