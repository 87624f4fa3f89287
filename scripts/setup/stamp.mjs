// Digests of inputs, which tell whether an output is out of date.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/**
 * The digest of files, folders and other values.
 *
 * @param {string} base paths are recorded relative to this folder
 * @param {string[]} entries files or folders below it; a missing one is skipped
 * @param {{ accept?: (name: string) => boolean, values?: unknown[] }} [options]
 */
export function digest(base, entries, { accept = () => true, values = [] } = {}) {
  const hash = crypto.createHash('sha256');
  for (const entry of entries) {
    for (const file of list(path.join(base, entry))) {
      if (!accept(file)) continue;
      hash.update(`${path.relative(base, file)}\0`);
      hash.update(fs.readFileSync(file));
      hash.update('\0');
    }
  }
  hash.update(JSON.stringify(values));
  return hash.digest('hex');
}

/** Every file under `entry`, in a fixed order. @param {string} entry @returns {string[]} */
function list(entry) {
  const stat = fs.statSync(entry, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isFile()) return [entry];
  return fs
    .readdirSync(entry)
    .sort()
    .flatMap((name) => list(path.join(entry, name)));
}

/** @param {string} file */
export function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Writes a draft and renames it, so that no reader sees a partial file. @param {string} file @param {unknown} value */
export function writeJson(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  fs.rmSync(draft, { force: true });
  fs.writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx' });
  fs.renameSync(draft, file);
}
