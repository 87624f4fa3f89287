/** Compiles the examples of the documentation and runs them against the built package. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ts from 'typescript';

import { root } from './blocks';
import type { Block } from './blocks';
import { withClaims } from './claims';

const IMPORT = "import * as torch from 'torch-func'; ";

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.Node20,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  typeRoots: [path.join(root, 'node_modules', '@types')],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

/** A project in which `torch-func` is this package, with the model of the examples. */
export function makeProject(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-examples-')));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  fs.symlinkSync(root, path.join(folder, 'node_modules', 'torch-func'), 'junction');
  for (const name of ['model.pt', 'model.safetensors', 'model.pt2', 'scripted.pt']) {
    fs.copyFileSync(path.join(root, 'test', 'fixtures', name), path.join(folder, name));
  }
  return folder;
}

/** The error of each block, or null: its type errors (`stricter` adds compiler options), or else the error of running it. */
export function checkBlocks(blocks: readonly Block[], stricter: ts.CompilerOptions = {}): (string | null)[] {
  const folder = makeProject();
  try {
    const sources = blocks.map((block, i) => {
      const file = path.join(folder, `block-${i}.${block.language === 'cjs' ? 'cts' : 'mts'}`);
      const isWhole = /\bfrom 'torch-func'|require\('torch-func'\)/.test(block.code);
      fs.writeFileSync(file, `${isWhole ? '' : IMPORT}${block.code}\nexport {};\n`);
      return file;
    });
    const failures = typeErrors(sources, { ...options, ...stricter });
    const programs = sources.map((source, i) => {
      const { outputText } = ts.transpileModule(withClaims(fs.readFileSync(source, 'utf8')), {
        fileName: source,
        compilerOptions: { ...options, noEmit: false, verbatimModuleSyntax: false },
      });
      const file = source.replace(/\.([cm])ts$/, '.$1js');
      // A type error is reported itself, not its consequences at run time.
      fs.writeFileSync(file, failures[i] === null ? outputText : '');
      return pathToFileURL(file).href;
    });
    const runner = path.join(__dirname, 'run-modules.mjs');
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [runner, ...programs], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (status !== 0)
      throw new Error(`the examples ended their process (${signal ?? status}): ${stderr.slice(0, 800)}`);
    const errors = JSON.parse(stdout) as (string | null)[];
    return failures.map((failure, i) => failure ?? errors[i]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function typeErrors(sources: readonly string[], compilerOptions: ts.CompilerOptions): (string | null)[] {
  const program = ts.createProgram([...sources], compilerOptions);
  return sources.map((source) => {
    const file = program.getSourceFile(source);
    const problems = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    if (problems.length === 0) return null;
    return problems
      .map(({ messageText, start = 0 }) => {
        const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
        return `line ${line} of the block: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
      })
      .join('\n');
  });
}
