/**
 * The values that an example claims: `x.shape; // [2, 3]`. A comment after a statement is a claim if it reads as a JavaScript
 * literal or as a printed tensor.
 */

import * as ts from 'typescript';

function isLiteral(text: string): boolean {
  try {
    // In brackets, so that `1, 2` counts as two values and not as the last of them.
    const values = new Function(`'use strict'; return [${text}]`)() as unknown[];
    return values.length === 1 && typeof values[0] !== 'function';
  } catch {
    return false;
  }
}

function claimBehind(source: string, end: number): string | undefined {
  const newline = source.indexOf('\n', end);
  const rest = source.slice(end, newline < 0 ? undefined : newline);
  const text = /^\s*\/\/\s*(.+?)\s*$/.exec(rest)?.[1];
  if (text === undefined) return undefined;
  return /^tensor\(.*\)$/.test(text) || isLiteral(text) ? text : undefined;
}

// The name that a declaration of one value gives it.
function declaredName(statement: ts.VariableStatement): string | undefined {
  const { declarations } = statement.declarationList;
  if (declarations.length !== 1) return undefined;
  const { name } = declarations[0];
  if (ts.isIdentifier(name)) return name.text;
  if (!ts.isArrayBindingPattern(name) || name.elements.length !== 1) return undefined;
  const [element] = name.elements;
  return ts.isBindingElement(element) && ts.isIdentifier(element.name) ? element.name.text : undefined;
}

/** The code with a call of `checkClaim(value, text)` for every claim; lines stay where they are. */
export function withClaims(code: string): string {
  const file = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ESNext, true);
  const edits: { at: number; text: string }[] = [];
  for (const statement of file.statements) {
    const claim = claimBehind(code, statement.end);
    if (claim === undefined) continue;
    const argument = JSON.stringify(claim);
    if (ts.isExpressionStatement(statement)) {
      edits.push({ at: statement.getStart(), text: ';checkClaim(' });
      edits.push({ at: statement.expression.end, text: `, ${argument})` });
    } else if (ts.isVariableStatement(statement)) {
      const name = declaredName(statement);
      if (name !== undefined) edits.push({ at: statement.end, text: ` checkClaim(${name}, ${argument});` });
    }
  }
  return edits.reduceRight((text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.at), code);
}
