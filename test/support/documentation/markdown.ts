/** The hand-written pages: their links, and the npm scripts they name. */

import fs from 'node:fs';
import path from 'node:path';

import { root } from './blocks';

/** The Markdown files of the repository, generated ones included, as paths below its root. */
export function pages(): string[] {
  const folders = ['', 'bench', 'docs', 'examples', 'test', 'test/behaviours'];
  return folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => path.posix.join(folder, name)),
  );
}

export function readPage(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

/** The headings' anchors, spelled as GitHub does. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The links of a page to files or headings that do not exist. */
export function brokenLinks(file: string): string[] {
  const text = readPage(file).replace(/^```.*?^```/gms, '');
  const targets = [...text.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [name, anchor] = target.split('#');
    const linked = name === '' ? file : path.posix.join(path.posix.dirname(file), name);
    if (!fs.existsSync(path.join(root, linked))) return true;
    return anchor !== undefined && !anchors(readPage(linked)).includes(anchor);
  });
}

/** The scripts of package.json that a page names with `npm run` and that do not exist. */
export function missingScripts(file: string): string[] {
  const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
  const named = [...readPage(file).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map((match) => match[1]);
  return named.filter((name) => !(name in scripts));
}
