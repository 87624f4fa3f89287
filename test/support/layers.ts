/** The import graph of TypeScript sources, held against an ordered list of floors. */

import { posix } from 'node:path';
import * as ts from 'typescript';

/** A name, and what lies on the floor: files without their extension, and folders with a slash at the end. */
export type Floor = readonly [name: string, ...contents: string[]];

/** Sources by their path from the root of the repository. */
export type Sources = ReadonlyMap<string, string>;

type Graph = ReadonlyMap<string, readonly string[]>;

/** Whether nothing of an import or export remains at run time. */
function isTypeOnly(clause: ts.ImportClause | ts.ExportDeclaration): boolean {
  if (clause.isTypeOnly) return true;
  if (ts.isImportClause(clause) && clause.name !== undefined) return false;
  const bindings = ts.isImportClause(clause) ? clause.namedBindings : clause.exportClause;
  if (bindings === undefined || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return false;
  return bindings.elements.every((element) => element.isTypeOnly);
}

/** The modules that a source loads: `import`, `export from`, `import()` and `require`, without those for types alone. */
export function importsOf(source: string): string[] {
  const found: string[] = [];
  const add = (node: ts.Node | undefined): void => {
    if (node !== undefined && ts.isStringLiteral(node)) found.push(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      if (node.importClause === undefined || !isTypeOnly(node.importClause)) add(node.moduleSpecifier);
    } else if (ts.isExportDeclaration(node)) {
      if (!isTypeOnly(node)) add(node.moduleSpecifier);
    } else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const isRequire = ts.isIdentifier(expression) && expression.text === 'require';
      if (isRequire || expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest));
  return found;
}

function graphOf(sources: Sources): Graph {
  const resolve = (file: string, specifier: string): string[] => {
    if (specifier === 'torch-func') return ['lib/index.ts'];
    if (!specifier.startsWith('.')) return [];
    const target = posix.join(posix.dirname(file), specifier);
    return [`${target}.ts`, `${target}/index.ts`].filter((path) => sources.has(path));
  };
  return new Map(
    [...sources].map(([file, source]) => [file, importsOf(source).flatMap((specifier) => resolve(file, specifier))]),
  );
}

/** The number of the floor that a file lies on: that of the longest entry which names it; -1 if none does. */
function floorOf(file: string, floors: readonly Floor[]): number {
  const path = file.replace(/\.ts$/, '');
  let longest = '';
  let found = -1;
  floors.forEach(([, ...contents], number) => {
    for (const entry of contents) {
      const isIn = entry.endsWith('/') ? path.startsWith(entry) : path === entry;
      if (isIn && entry.length > longest.length) [longest, found] = [entry, number];
    }
  });
  return found;
}

/** The files that no floor names. */
export function withoutFloor(sources: Sources, floors: readonly Floor[]): string[] {
  return [...sources.keys()].filter((file) => floorOf(file, floors) < 0);
}

/** The entries of floors that no file belongs to. */
export function emptyEntries(sources: Sources, floors: readonly Floor[]): string[] {
  const paths = [...sources.keys()].map((file) => file.replace(/\.ts$/, ''));
  return floors
    .flatMap(([, ...contents]) => contents)
    .filter((entry) => !paths.some((path) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry)));
}

/** The imports from a higher floor than the importing file's own. */
export function upwardImports(sources: Sources, floors: readonly Floor[]): string[] {
  const nameOf = (file: string): string => `${file} (floor '${floors[floorOf(file, floors)]?.[0]}')`;
  return [...graphOf(sources)].flatMap(([file, targets]) =>
    targets
      .filter((target) => floorOf(target, floors) > floorOf(file, floors))
      .map((target) => `${nameOf(file)} imports ${nameOf(target)}, which is above it`),
  );
}

/** The cycles of files that import each other, each once, as `a.ts -> b.ts -> a.ts`. */
export function cycles(sources: Sources): string[] {
  const graph = graphOf(sources);
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' -> '));
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}
