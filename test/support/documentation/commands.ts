/** The shell commands that a page shows. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { markdownBlocks, root } from './blocks';
import { makeProject } from './check-blocks';

/** The `npx torch-func` commands of a page, each once. */
export function packageCommands(file: string): string[] {
  const lines = markdownBlocks(file)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, ''));
  return [...new Set(lines.filter((line) => line.startsWith('npx torch-func ')))];
}

/** A project with the files that a page's commands read: the examples that begin with a file name, and `states.npy`. */
export function makeCommandProject(file: string): string {
  const project = makeProject();
  for (const { code } of markdownBlocks(file)) {
    const name = /^\/\/ ([\w-]+\.ts)\b/.exec(code)?.[1];
    if (name !== undefined) fs.writeFileSync(path.join(project, name), code);
  }
  const make = "require('torch-func').npy.save('states.npy', require('torch-func').rand(5, 2))";
  execFileSync(process.execPath, ['-e', make], { cwd: project });
  return project;
}

/** Runs a command of a page; true unless it names an output file that it does not write. */
export function runCommand(line: string, project: string): boolean {
  const args = line.split(/\s+/).slice(2);
  const program = path.join(root, 'dist', 'cli', 'main.js');
  execFileSync(process.execPath, [program, ...args], { cwd: project, stdio: 'pipe' });
  const output = args.indexOf('--output');
  return output < 0 || fs.existsSync(path.join(project, args[output + 1]));
}
