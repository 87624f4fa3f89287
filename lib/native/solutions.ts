/** What can be done when no addon loads, by the cause that each error names. */

import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { glibcVersion, loadedLibraries } from './platform';

/** A candidate that did not load. */
export interface Failure {
  readonly name: string;
  /** Null if it could not be located. */
  readonly file: string | null;
  readonly error: NodeJS.ErrnoException;
}

const BUILD =
  'build the addon: npm run setup (in a checkout) or npm rebuild torch-func --foreground-scripts (as a dependency)';

/** Each solution once, the specific ones first. */
export function possibleSolutions(failures: readonly Failure[], installation: string): string[] {
  const solutions = failures.flatMap((failure) => solve(failure) ?? []);
  if (process.env.TORCH_FUNC_ADDON) solutions.push('set TORCH_FUNC_ADDON to the addon of this version, or unset it');
  return [...new Set([...oldNode(installation), ...solutions, BUILD])];
}

function solve({ file, error }: Failure): string | null {
  if (error.code === 'ERR_DLOPEN_DISABLED') {
    return 'allow addons: start Node.js without --no-addons (also in NODE_OPTIONS), and with --allow-addons if it has --permission';
  }
  if (file === null) return null;
  const wrongFile = describeWrongFile(file);
  if (wrongFile !== null) return `replace ${file}: ${wrongFile}`;
  for (const [pattern, advise] of causes) {
    const match = pattern.exec(error.message);
    if (match !== null) return advise(match, file);
  }
  return null;
}

/** The messages of glibc's loader, of macOS's loader and of Node.js. */
const causes: readonly (readonly [RegExp, (match: RegExpExecArray, file: string) => string])[] = [
  [
    /version [`']GLIBC_([\d.]+)' not found/,
    ([, needed]) =>
      `use a system with glibc ${needed} or later (this one has ${glibcVersion() ?? 'another C library'})`,
  ],
  [
    /version [`']((?:GLIBCXX|CXXABI)_[\d.]+)' not found/,
    ([, needed]) => `update libstdc++: ${needed} is needed, and the libstdc++ of this system does not have it`,
  ],
  [
    /NODE_MODULE_VERSION (\d+).*NODE_MODULE_VERSION (\d+)/s,
    ([, built, needed], file) =>
      `replace ${file}: it is built for NODE_MODULE_VERSION ${built}, and this Node.js has ${needed}`,
  ],
  [/^(.*) is truncated/, ([, truncated], file) => adviseOnTruncated(truncated, file)],
  [/(?:cannot open shared object file|Library not loaded)/, adviseOnMissingLibrary],
  [/(?:undefined symbol|Symbol not found)/, adviseOnUndefinedSymbol],
];

function adviseOnMissingLibrary({ input }: RegExpExecArray, file: string): string {
  const library = /(?:Library not loaded: \S*?|^)(lib[^/\s:]+)/m.exec(input)?.[1] ?? 'the library that the error names';
  if (!/^lib(torch|c10)/.test(library)) return `install the package of your system that has ${library}`;
  const built = builtFor(file);
  const places = built === null ? '' : `; ${file} was built for ${path.join(built.libtorch, 'lib')}`;
  return `put libtorch back where it was, or set LIBTORCH to its new folder and build the addon again${places}`;
}

function adviseOnTruncated(truncated: string, file: string): string {
  const replace = `replace ${truncated}: a copy or a download of it was interrupted`;
  const ofLibtorch = path.dirname(path.dirname(truncated)) === builtFor(file)?.libtorch;
  return ofLibtorch ? `${replace}. If the setup downloaded it, npm run setup replaces it` : replace;
}

function adviseOnUndefinedSymbol({ input }: RegExpExecArray, file: string): string {
  if (/(?:node_api|napi)_\w+$/m.test(input))
    return `use a newer Node.js: this one (${process.versions.node}) lacks a function of Node-API that ${file} uses`;
  const built = builtFor(file);
  const found = foundLibtorch() ?? built?.libtorch;
  const expected = built === null ? 'the libtorch that the addon was built for' : `libtorch ${built.version}`;
  if (found === undefined) return `use ${expected}`;
  return `use ${expected}: libtorch ${versionOf(found)} was found in ${found}`;
}

/** Which libtorch the setup built the addon for; null for an addon from elsewhere. */
function builtFor(file: string): { libtorch: string; version: string } | null {
  const stamp = readJson(path.join(path.dirname(file), '..', 'native.json')) as {
    setting?: { libtorch: string; version: string };
  } | null;
  return stamp?.setting ?? null;
}

/** The folder of the libtorch that came before the one that the addon was built for. */
function foundLibtorch(): string | undefined {
  const name = process.platform === 'darwin' ? 'libtorch_cpu.dylib' : 'libtorch_cpu.so';
  const searchPath = (process.env.LD_LIBRARY_PATH ?? process.env.DYLD_LIBRARY_PATH ?? '').split(':');
  const library =
    loadedLibraries().find((file) => path.basename(file) === name) ??
    searchPath
      .filter((folder) => folder !== '')
      .map((folder) => path.resolve(folder, name))
      .find(existsSync);
  return library === undefined ? undefined : path.dirname(path.dirname(library));
}

function versionOf(libtorch: string): string {
  const header = readText(path.join(libtorch, 'include', 'torch', 'headeronly', 'version.h')) ?? '';
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(header)?.[1],
  );
  return parts.includes(undefined) ? 'of unknown version' : parts.join('.');
}

function oldNode(installation: string): string[] {
  const description = readJson(path.join(installation, 'package.json')) as { engines?: { node: string } } | null;
  const needed = description?.engines?.node.match(/[\d.]+/)?.[0];
  if (needed === undefined || process.versions.node.localeCompare(needed, 'en', { numeric: true }) >= 0) return [];
  return [`use Node.js ${needed} or later (this is ${process.versions.node})`];
}

const elfMachines: Record<number, string> = { 62: 'x64', 183: 'arm64' };

/** Says why a file cannot be an addon of this platform, which loaders report badly; null if it can. */
function describeWrongFile(file: string): string | null {
  if (process.platform !== 'linux') return null;
  const header = readText(file, 'latin1');
  if (header === null) return 'it cannot be read';
  if (!header.startsWith('\x7fELF')) return 'it is not a Linux library (ELF)';
  const machine = header.charCodeAt(18) + 256 * header.charCodeAt(19);
  const arch = elfMachines[machine] ?? 'another processor';
  return arch === process.arch ? null : `it is built for ${arch}, and this Node.js is ${process.arch}`;
}

function readText(file: string, encoding: BufferEncoding = 'utf8'): string | null {
  try {
    return readFileSync(file, encoding);
  } catch {
    return null;
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file) ?? 'null');
  } catch {
    return null;
  }
}
