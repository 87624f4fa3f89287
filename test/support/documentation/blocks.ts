/** The code blocks of a text: of Markdown, or of the comments of a source file. */

import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '..', '..', '..');

export interface Block {
  /** The file below the repository's root and the line of the block's first line of code. */
  readonly file: string;
  readonly line: number;
  /** The word after the fence: `ts`, `js`, `sh`, ... */
  readonly language: string;
  readonly code: string;
}

function blocksOf(file: string, lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let start = -1;
  let language = '';
  lines.forEach((line, i) => {
    const fence = /^\s*```(\S*)/.exec(line);
    if (fence === null) return;
    if (start < 0) {
      start = i + 1;
      language = fence[1];
    } else {
      blocks.push({ file, line: start + 1, language, code: lines.slice(start, i).join('\n') });
      start = -1;
    }
  });
  if (start >= 0) throw new Error(`${file}:${start}: the code block does not end`);
  return blocks;
}

/** The code blocks of a Markdown file. */
export function markdownBlocks(file: string): Block[] {
  return blocksOf(file, fs.readFileSync(path.join(root, file), 'utf8').split('\n'));
}

/** The code blocks in the doc comments of all TypeScript files below a folder, without generated ones. */
export function commentBlocks(folder: string): Block[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))
    .sort()
    .flatMap((name) => {
      const file = `${folder}/${name}`;
      const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');
      // Lines outside comments become empty, which keeps line numbers and cannot open a fence.
      return blocksOf(
        file,
        lines.map((line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? ''),
      );
    });
}
