/** The addon's exports are declared in lib/native/exports.ts, under the native file that defines them. */

import fs from 'node:fs';
import path from 'node:path';

import { native } from '../lib/native';

const root = path.resolve(__dirname, '..');
const folder = path.join(root, 'native');

type NamesByFile = Record<string, string[]>;

function defined(): NamesByFile {
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cpp'));
  const entries = files.map((file) => {
    const source = fs.readFileSync(path.join(folder, file), 'utf8');
    return [file, [...source.matchAll(/\bdefine<[^>]+>\(exports, "(\w+)"\)/g)].map(([, name]) => name).sort()] as const;
  });
  return Object.fromEntries(entries.filter(([, names]) => names.length > 0));
}

function declared(): NamesByFile {
  const source = fs.readFileSync(path.join(root, 'lib', 'native', 'exports.ts'), 'utf8');
  const body = source.slice(source.indexOf('export interface Native {'));
  const sections = body.split(/^ {2}\/\/ (\S+\.cpp)$/m).slice(1);
  const names = (section: string): string[] => [...section.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name).sort();
  return Object.fromEntries(
    sections.flatMap((file, i) => (i % 2 === 0 ? [[file, names(sections[i + 1])] as const] : [])),
  );
}

test('each native file defines what is declared under its name', () => {
  expect(declared()).toEqual(defined());
});

test('the loaded addon has the declared functions and no others', () => {
  expect(Object.keys(native).sort()).toEqual(Object.values(declared()).flat().sort());
});
