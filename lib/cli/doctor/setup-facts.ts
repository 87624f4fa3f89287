/** What the set-up found or would find, by the set-up's own means. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { packageRoot } from '../package-info';

/** Loads a module of the set-up, which is shipped beside the compiled package. */
async function setUpModule<T>(name: string): Promise<T> {
  const file = path.join(packageRoot, 'scripts', 'setup', `${name}.mjs`);
  return (await import(pathToFileURL(file).href)) as T;
}

interface ProjectModule {
  readonly recordPath: string;
}

interface StampModule {
  readJson(file: string): unknown;
}

interface EnvironmentModule {
  readEnvironment(): { readonly cache: string; readonly variant: string };
}

interface ToolchainModule {
  findToolchain(): Promise<{
    readonly compiler: string;
    readonly compilerVersion: string;
    readonly cmakeVersion: string;
  }>;
}

interface SetUpRecord {
  readonly libtorch: {
    readonly path: string;
    readonly version: string;
    readonly source?: string;
    readonly cuda?: boolean;
  };
}

/** The libtorch that the addon was built for. */
export async function describeLibtorch(): Promise<string> {
  const { recordPath } = await setUpModule<ProjectModule>('project');
  const { readJson } = await setUpModule<StampModule>('stamp');
  const record = readJson(recordPath) as SetUpRecord | null;
  if (record === null) return 'none was set up yet; npm run setup does that';
  const { path: folder, version, source, cuda } = record.libtorch;
  const notes = [source, cuda === true ? 'with CUDA' : undefined].filter(Boolean).join(', ');
  return `${version} at ${folder}${notes === '' ? '' : ` (${notes})`}`;
}

/** The compiler that a build would use. */
export async function describeCompiler(): Promise<string> {
  const { findToolchain } = await setUpModule<ToolchainModule>('toolchain');
  const { compiler, compilerVersion, cmakeVersion } = await findToolchain();
  return `${compilerVersion} (${compiler}), CMake ${cmakeVersion}`;
}

/** Where fetched libtorch builds are kept, and which build would be fetched. */
export async function describeCache(): Promise<string> {
  const { readEnvironment } = await setUpModule<EnvironmentModule>('environment');
  const { cache, variant } = readEnvironment();
  return `${cache} (variant ${variant})`;
}
