/** The titles of the tests in a file, as far as the source shows them. */

import { readFileSync } from 'node:fs';
import * as ts from 'typescript';

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

// Placeholders of `test.each`: %s, %i, ..., $name.
const PLACEHOLDER = /%[sidfjop#]|\$[A-Za-z_]\w*/;

// A shorter text would match anything.
const LEAST_TEXT = 6;

interface Texts {
  /** Literal texts. */
  whole: Set<string>;
  /** Composed texts: a pattern, and the length of its fixed parts. */
  patterns: { pattern: RegExp; text: number }[];
}

const known = new Map<string, Texts>();

function textsOf(path: string): Texts {
  const cached = known.get(path);
  if (cached !== undefined) return cached;
  const texts: Texts = { whole: new Set(), patterns: [] };
  const add = (parts: readonly string[]): void => {
    const pieces = parts.map((part) => escape(part.replace(/\s+/g, ' ')));
    texts.patterns.push({ pattern: new RegExp(`^${pieces.join('(.*)')}$`, 's'), text: squeeze(parts.join('')).length });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      texts.whole.add(squeeze(node.text));
      if (PLACEHOLDER.test(node.text)) add(node.text.split(PLACEHOLDER));
    }
    // A table of functions by name, for `test.each(Object.keys(table))`.
    if (ts.isPropertyAssignment(node) && ts.isArrowFunction(node.initializer) && ts.isIdentifier(node.name)) {
      texts.whole.add(node.name.text);
    }
    if (ts.isTemplateExpression(node)) add([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)]);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest));
  known.set(path, texts);
  return texts;
}

function stands({ whole, patterns }: Texts, title: string): boolean {
  return whole.has(title) || patterns.some(({ pattern, text }) => text >= LEAST_TEXT && pattern.test(title));
}

/**
 * Whether the file can have a test, a group or a case with this title: it is one of its texts, or one
 * with values for `${...}`, `%s` and `$name`. Where little of the title is fixed, as in
 * `${name}: ${what}`, its end must be such a text itself.
 */
export function hasTitle(path: string, title: string): boolean {
  const texts = textsOf(path);
  const wanted = squeeze(title);
  if (stands(texts, wanted)) return true;
  if (!texts.patterns.some(({ pattern }) => pattern.test(wanted))) return false;
  for (let start = 1; start <= wanted.length - LEAST_TEXT; start++) {
    if (stands(texts, wanted.slice(start).trim())) return true;
  }
  return false;
}
