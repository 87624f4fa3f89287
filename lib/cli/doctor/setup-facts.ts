/** What the setup found or would find, from the modules of the setup. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { packageRoot } from '../package-info';

/** Loads a module of the setup, which the package contains. */
async function setupModule<T>(name: string): Promise<T> {
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

interface SetupRecord {
  readonly libtorch: {
    readonly path: string;
    readonly version: string;
    readonly source?: string;
    readonly cuda?: boolean;
  };
}

/** The libtorch that the addon was built with. */
export async function describeLibtorch(): Promise<string> {
  const { recordPath } = await setupModule<ProjectModule>('project');
  const { readJson } = await setupModule<StampModule>('stamp');
  const record = readJson(recordPath) as SetupRecord | null;
  if (record === null) return 'not set up yet; run npm run setup';
  const { path: folder, version, source, cuda } = record.libtorch;
  const notes = [source, cuda === true ? 'with CUDA' : undefined].filter(Boolean).join(', ');
  return `${version} at ${folder}${notes === '' ? '' : ` (${notes})`}`;
}

/** The compiler that a build would use. */
export async function describeCompiler(): Promise<string> {
  const { findToolchain } = await setupModule<ToolchainModule>('toolchain');
  const { compiler, compilerVersion, cmakeVersion } = await findToolchain();
  return `${compilerVersion} (${compiler}), CMake ${cmakeVersion}`;
}

/** The folder of downloaded libtorch builds, and the variant that would be downloaded. */
export async function describeCache(): Promise<string> {
  const { readEnvironment } = await setupModule<EnvironmentModule>('environment');
  const { cache, variant } = readEnvironment();
  return `${cache} (variant ${variant})`;
}
