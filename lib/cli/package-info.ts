import fs from 'node:fs';
import path from 'node:path';

/** The folder of the package, which contains package.json. */
export const packageRoot = path.resolve(__dirname, '..', '..');

/** The version in package.json. */
export function packageVersion(): string {
  const text = fs.readFileSync(path.join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
