/**
 * The type tests in test/types, which `npm run typecheck` compiles, find what they are there to find: every type
 * of lib/func that widens to `any`. test/package.process.test.ts compiles them against the published declarations.
 */

import fs from 'node:fs';
import path from 'node:path';
import * as ts from 'typescript';

const root = path.resolve(__dirname, '..');
const folder = path.join(root, 'test', 'types');
const files = fs.readdirSync(folder).map((name) => path.join(folder, name));
const types = path.join(root, 'lib', 'func', 'types.ts');
const source = fs.readFileSync(types, 'utf8');

const config = ts.getParsedCommandLineOfConfigFile(path.join(root, 'tsconfig.json'), undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (problem) => {
    throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
  },
})!;

// Files are parsed once; only what is replaced is parsed anew.
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The errors that the type tests have if lib/func/types.ts has this text. */
function errorsWith(text: string): string[] {
  const host = ts.createCompilerHost(config.options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, target, ...rest) => {
    if (path.resolve(name) === types) return ts.createSourceFile(name, text, target, true);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, target, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram(files, config.options, host);
  return files
    .flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

// The alias with everything behind its name, up to the semicolon at the end of a line.
const aliases = [...source.matchAll(/^(?:export )?type (\w+)(<[^=]*>)? =[^]*?;$/gm)].map(
  ([whole, name, parameters]) => ({
    name,
    widened: source.replace(whole, `export type ${name}${parameters ?? ''} = any;`),
  }),
);

// What a function may be or return is any by its nature: what widens these does not widen a result.
const inputs = ['AnyFunction', 'Anything', 'Nested', 'Transformable', 'Argnums'];
const results = aliases.filter(({ name }) => !inputs.includes(name));

test('they compile as things are', () => {
  expect(errorsWith(source)).toEqual([]);
});

test('there are types to widen', () => {
  expect(results.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Selected', 'Output', 'Aux', 'WithAux', 'WithExtras', 'MapTree', 'JacobianOf', 'Returned']),
  );
});

test.each(results)('they notice that $name widens to any', ({ widened }) => {
  expect(widened).not.toBe(source);
  expect(errorsWith(widened)).not.toEqual([]);
});
