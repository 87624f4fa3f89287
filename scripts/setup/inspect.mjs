// Checks whether a folder is a usable libtorch.

import fs from 'node:fs';
import path from 'node:path';
import { isSupportedVersion, supportedSeries, torchVersion } from './project.mjs';

/**
 * @typedef {object} Libtorch
 * @property {string} path the folder that has include/ and lib/
 * @property {string} version as in `2.13.0`
 * @property {boolean} cuda whether it includes the CUDA library
 * @property {string} [source] how it was found
 */

/** @type {Record<string, number>} */
const elfMachines = { x64: 62, arm64: 183 };
/** @type {Record<string, number>} */
const machoCpus = { x64: 0x01000007, arm64: 0x0100000c };

/**
 * @param {string} folder
 * @returns {{ libtorch: Libtorch } | { problem: string }}
 */
export function inspectLibtorch(folder, arch = process.arch) {
  let place = path.resolve(folder);
  // Naming the parent folder, of an unpacked archive or a wheel, is a common mistake.
  for (const inner of ['libtorch', 'torch']) {
    if (
      !fs.existsSync(path.join(place, 'include', 'ATen')) &&
      fs.existsSync(path.join(place, inner, 'include', 'ATen'))
    ) {
      place = path.join(place, inner);
    }
  }
  if (!fs.existsSync(place)) return { problem: `there is no folder ${place}` };
  const version = readVersion(place);
  if (version === null)
    return { problem: `${place} has no include/torch/headeronly/version.h, so it is not libtorch ${supportedSeries}` };
  if (!isSupportedVersion(version)) {
    return { problem: `${place} is libtorch ${version}; ${supportedSeries} (such as ${torchVersion}) is needed` };
  }
  if (!fs.existsSync(path.join(place, 'include', 'ATen', 'ATen.h')))
    return { problem: `${place} has no C++ headers (include/ATen)` };
  for (const name of ['torch_cpu', 'c10']) {
    const file = libraryFile(place, name);
    if (!fs.existsSync(file)) return { problem: `${place} has no ${path.join('lib', path.basename(file))}` };
    const problem = libraryProblem(file, arch);
    if (problem) return { problem: `${file} is ${problem}` };
  }
  return { libtorch: { path: place, version, cuda: fs.existsSync(libraryFile(place, 'torch_cuda')) } };
}

/** @param {string} place @param {string} name */
export function libraryFile(place, name) {
  return path.join(place, 'lib', process.platform === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`);
}

/** @param {string} place */
function readVersion(place) {
  for (const file of ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h']) {
    let text;
    try {
      text = fs.readFileSync(path.join(place, file), 'utf8');
    } catch {
      continue;
    }
    const part = (/** @type {string} */ name) => new RegExp(`#define TORCH_VERSION_${name} (\\d+)`).exec(text)?.[1];
    const [major, minor, patch] = [part('MAJOR'), part('MINOR'), part('PATCH')];
    if (major !== undefined && minor !== undefined && patch !== undefined) return `${major}.${minor}.${patch}`;
  }
  return null;
}

/** Says why a file is no complete library for this machine; null if it is one. @param {string} file @param {string} arch */
function libraryProblem(file, arch) {
  const fd = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(64);
    const length = fs.readSync(fd, head, 0, 64, 0);
    if (length < 20) return 'truncated';
    const here = `${process.platform} ${arch}`;
    if (head.readUInt32BE(0) === 0x7f454c46) {
      const machine = head.readUInt16LE(18);
      if (process.platform !== 'linux') return `a Linux library, and this is ${here}`;
      if (elfMachines[arch] !== machine) return `for ${nameOf(elfMachines, machine)}, and this Node.js is ${arch}`;
      return elfEnd(fd, head) > fs.fstatSync(fd).size ? 'truncated' : null;
    }
    if (head.readUInt32LE(0) === 0xfeedfacf) {
      const cpu = head.readUInt32LE(4);
      if (process.platform !== 'darwin') return `a macOS library, and this is ${here}`;
      return machoCpus[arch] === cpu ? null : `for ${nameOf(machoCpus, cpu)}, and this Node.js is ${arch}`;
    }
    // A universal macOS library holds several architectures.
    if (head.readUInt32BE(0) === 0xcafebabe) return null;
    return 'not a shared library of this system';
  } finally {
    fs.closeSync(fd);
  }
}

/** Where the segments and the table of sections of a 64-bit ELF file end. @param {number} fd @param {Buffer} head */
function elfEnd(fd, head) {
  const word = (/** @type {Buffer} */ bytes, /** @type {number} */ at) => Number(bytes.readBigUInt64LE(at));
  const segments = Buffer.alloc(56 * head.readUInt16LE(56));
  const length = fs.readSync(fd, segments, 0, segments.length, word(head, 32));
  let end = Math.max(word(head, 32) + segments.length, word(head, 40) + head.readUInt16LE(58) * head.readUInt16LE(60));
  for (let at = 0; at + 56 <= length; at += 56) end = Math.max(end, word(segments, at + 8) + word(segments, at + 32));
  return end;
}

/** @param {Record<string, number>} table @param {number} code */
function nameOf(table, code) {
  return Object.keys(table).find((name) => table[name] === code) ?? `another processor (${code})`;
}
