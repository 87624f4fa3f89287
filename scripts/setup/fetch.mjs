// Downloads libtorch into the cache: with pip, or without Python as PyTorch's archive. It is unpacked in a staging folder,
// and one rename puts the complete folder in its place.

import fs from 'node:fs';
import path from 'node:path';
import { withoutSecrets } from './address.mjs';
import { archiveFor } from './archives.mjs';
import { cachedLibtorch, cacheEntry } from './cache.mjs';
import { download } from './download.mjs';
import { SetupFailure, explainFileError } from './failure.mjs';
import { inspectLibtorch } from './inspect.mjs';
import { withLock } from './lock.mjs';
import { findPip } from './pip.mjs';
import { torchVersion } from './project.mjs';
import { since } from './report.mjs';
import { ZipError, readEntries, readText, unzip } from './zip.mjs';

/** Free space that a download needs, in bytes: the packed and the unpacked files together. */
const spaceNeeded = { cpu: 0.9e9, cuda: 9e9 };

/**
 * @typedef {object} Context
 * @property {import('./report.mjs').Report} report
 * @property {import('./environment.mjs').Environment} environment
 * @property {(text: string) => void} say reports what is tried, and keeps it in `tried`
 * @property {string[]} tried
 * @property {NodeJS.ProcessEnv} [env]
 */

/**
 * @param {Context} context
 * @returns {Promise<import('./inspect.mjs').Libtorch>}
 */
export async function fetchLibtorch(context) {
  const { environment, report } = context;
  const entry = cacheEntry(environment);
  try {
    fs.mkdirSync(path.dirname(entry), { recursive: true });
    return await withLock(`${entry}.lock`, () => fetchLocked(context, entry), {
      onWait: (owner) => report.line(`libtorch: waiting for ${owner}, which is downloading it`),
    });
  } catch (error) {
    throw explainFileError(error, environment.cache);
  }
}

/** @param {Context} context @param {string} entry @returns {Promise<import('./inspect.mjs').Libtorch>} */
async function fetchLocked(context, entry) {
  const { environment, report, tried } = context;
  const present = inspectLibtorch(cachedLibtorch(environment));
  if ('libtorch' in present) return { ...present.libtorch, source: 'cache' };
  await checkSpace(environment);

  const staging = `${entry}.partial`;
  // This process holds the lock, so the folder was left by an interrupted setup.
  fs.rmSync(staging, { recursive: true, force: true });
  fs.mkdirSync(staging, { recursive: true });
  try {
    const tree = path.join(staging, 'tree');
    const source = (await byPip(context, staging, tree)) ?? (await byArchive(context, entry, tree));
    const found = inspectLibtorch(path.join(tree, 'torch'));
    if ('problem' in found) {
      throw new SetupFailure('the download is not a usable libtorch', {
        tried: [...tried, found.problem],
        advice: ['check TORCH_FUNC_VARIANT', 'or set LIBTORCH to an existing libtorch'],
      });
    }
    fs.rmSync(entry, { recursive: true, force: true });
    fs.renameSync(tree, entry);
    report.line(`libtorch: kept in ${entry}`);
    return { ...found.libtorch, path: cachedLibtorch(environment), source };
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

/** @param {{ cache: string, variant: string }} environment */
export async function checkSpace({ cache, variant }, statfs = fs.promises.statfs) {
  const needed = variant.startsWith('cu') ? spaceNeeded.cuda : spaceNeeded.cpu;
  const { bavail, bsize } = await statfs(cache);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new SetupFailure(`not enough disk space for libtorch in ${cache}`, {
    tried: [
      `free: ${(free / 1e9).toFixed(1)} GB; needed for the download and unpacking: ${(needed / 1e9).toFixed(1)} GB`,
    ],
    advice: [
      'free some space',
      'or set TORCH_FUNC_CACHE to a folder on another disk',
      'or set LIBTORCH to an existing libtorch',
    ],
  });
}

/**
 * @param {Context} context
 * @param {string} staging
 * @param {string} tree
 * @returns {Promise<string | null>} the source, or null if pip cannot download it
 */
async function byPip({ environment, report, say, tried, env }, staging, tree) {
  const { variant } = environment;
  const search = await findPip(environment.python, env);
  if (!search.pip) {
    for (const line of search.tried) say(`pip: ${line}`);
    return null;
  }
  const from = performance.now();
  // macOS wheels have no variant in their version.
  const requirement = process.platform === 'darwin' ? `torch==${torchVersion}` : `torch==${torchVersion}+${variant}`;
  report.line(`libtorch: downloading with pip download ${requirement} (Python ${search.pip.python.version})`);
  const onProgress = report.bytes('downloading');
  const { wheels, problem } = await search.pip.download([requirement], path.join(staging, 'wheels'), {
    variant,
    onProgress,
  });
  if (wheels.length === 0) {
    say(`pip download ${requirement} (${search.pip.python.path}): ${problem}`);
    return null;
  }
  const [wheel] = wheels;
  try {
    await unzip(wheel, tree, { place: placeOfWheelEntry, onProgress: report.bytes('unpacking') });
    if (variant.startsWith('cu'))
      await addCudaLibraries(search.pip, wheel, path.join(staging, 'cuda'), tree, { variant, report });
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    tried.push(`pip download ${requirement}: ${error.message}`);
    throw new SetupFailure('the wheel that pip downloaded is damaged', { tried, advice: ['try again'], cause: error });
  }
  report.clear();
  report.line(`libtorch: downloaded with pip and unpacked (${since(from)})`);
  return `pip download ${requirement}`;
}

/**
 * Adds NVIDIA's libraries. Those of a CUDA wheel look for them in the folder nvidia beside torch, where pip would install
 * the dependencies.
 *
 * @param {import('./pip.mjs').Pip} pip
 * @param {string} wheel
 * @param {string} staging
 * @param {string} tree
 * @param {{ variant: string, report: import('./report.mjs').Report }} options
 */
async function addCudaLibraries(pip, wheel, staging, tree, { variant, report }) {
  const entries = await readEntries(wheel);
  const metadata = entries.find(({ name }) => /^[^/]+\.dist-info\/METADATA$/.test(name));
  const requirements = metadata ? cudaRequirements(await readText(wheel, metadata)) : [];
  if (requirements.length === 0) return;
  report.line(`libtorch: downloading ${requirements.length} packages of NVIDIA's libraries`);
  const { wheels, problem } = await pip.download(requirements, staging, {
    variant,
    dependencies: true,
    onProgress: report.bytes('downloading'),
  });
  if (problem !== null) {
    throw new SetupFailure("NVIDIA's libraries for this variant could not be downloaded", {
      details: problem,
      tried: requirements,
      advice: ['try again with a network connection'],
    });
  }
  for (const file of wheels)
    await unzip(file, tree, { place: (name) => (/^nvidia\/.*\/lib\/[^/]+$/.test(name) ? name : null) });
}

/** @param {string} metadata a wheel's METADATA */
export function cudaRequirements(metadata) {
  return [...metadata.matchAll(/^Requires-Dist:\s*((?:nvidia-|cuda-toolkit)[^;\n]*)/gm)].map(([, requirement]) =>
    requirement.replace(/[()\s]/g, ''),
  );
}

/** Which entries of a torch wheel are kept: headers and libraries, without those for Python and for tests. @param {string} name */
export function placeOfWheelEntry(name) {
  if (
    /^torch\/lib\/lib(torch_python|shm|aoti_custom_ops|backend_with_compiler|jitbackend_test|torchbind_test|c10d_)/.test(
      name,
    )
  )
    return null;
  if (/^torch\/lib\/libshm/.test(name)) return null;
  return /^torch\/(include|lib|share)\//.test(name) || /^torch\/\.dylibs\//.test(name) ? name : null;
}

/** The same for an archive, whose folder libtorch becomes torch in the cache. @param {string} name */
export function placeOfArchiveEntry(name) {
  const inner = placeOfWheelEntry(name.replace(/^libtorch\//, 'torch/'));
  return name.startsWith('libtorch/') ? inner : null;
}

/** @param {Context} context @param {string} entry @param {string} tree @returns {Promise<string>} the source */
async function byArchive({ environment, report, say, tried, env }, entry, tree) {
  const { url, sha256 } = archiveFor(environment);
  const from = performance.now();
  // Outside the staging folder, so that an interrupted download can be resumed.
  const file = path.join(environment.cache, 'downloads', `${path.basename(entry)}.zip`);
  say(`downloading ${withoutSecrets(url)}`);
  if (sha256 === null) {
    report.warn(
      `no SHA-256 checksum is known for this archive; ${url.startsWith('https:') ? 'only HTTPS' : 'nothing'} protects the download (TORCH_FUNC_ARCHIVE_SHA256 provides one)`,
    );
  }
  try {
    const { sha256: sum } = await download(url, file, { sha256, env, onProgress: report.bytes('downloading') });
    await unzip(file, tree, { place: placeOfArchiveEntry, onProgress: report.bytes('unpacking') });
    fs.rmSync(file, { force: true });
    report.clear();
    report.line(
      `libtorch: downloaded and unpacked (${since(from)}), SHA-256 ${sum}${sha256 === null ? ', not verified' : ', as expected'}`,
    );
  } catch (error) {
    if (error instanceof ZipError) {
      fs.rmSync(file, { force: true });
      throw new SetupFailure('the libtorch archive is damaged and was removed', {
        tried: [...tried, error.message],
        advice: ['try again'],
        cause: error,
      });
    }
    if (error instanceof SetupFailure) {
      throw new SetupFailure(error.message, {
        tried: [...tried, ...error.tried],
        advice: [...error.advice, 'or install Python 3.10 or newer with pip, which the setup then uses'],
        cause: error,
      });
    }
    throw error;
  }
  return `archive ${withoutSecrets(url)}`;
}
