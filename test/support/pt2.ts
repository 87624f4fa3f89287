/** The `.pt2` files of test/fixtures, whole and with changes. */

import path from 'node:path';

import { runNow } from '../../lib/files/steps';
import { ZipReader } from '../../lib/zip/reader';
import { ZipWriter } from '../../lib/zip/writer';

const FIXTURES = path.resolve(__dirname, '..', 'fixtures');

/** The path of `model.pt2` or `sample.pt2`. */
export const fixture = (name: 'model' | 'sample'): string => path.join(FIXTURES, `${name}.pt2`);

/** Writes a copy of a file in which the entries whose names end so are changed, or missing for null. */
export function rewrite(from: string, to: string, changes: Record<string, ((bytes: Buffer) => Buffer) | null>): string {
  using reader = ZipReader.open(from);
  using writer = ZipWriter.create(to, { alignment: 64 });
  for (const [name, entry] of reader.entries) {
    const bytes = Buffer.from(runNow(reader.read(entry)).data().buffer);
    const change = Object.entries(changes).find(([end]) => name.endsWith(end))?.[1];
    if (change !== null) writer.add(name, [change === undefined ? bytes : change(bytes)], { deflates: false });
  }
  writer.finish();
  return to;
}

/** Any part of the JSON may change. */
export type Program = any;

/** Writes a copy of a fixture whose program is changed. */
export function withProgram(name: 'model' | 'sample', to: string, change: (program: Program) => void): string {
  return rewrite(fixture(name), to, {
    'models/model.json': (bytes) => {
      const program = JSON.parse(bytes.toString()) as Program;
      change(program);
      return Buffer.from(JSON.stringify(program));
    },
  });
}
