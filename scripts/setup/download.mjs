// Downloads one large file: resumable, verified, and renamed to its final name when it is complete.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress, withoutSecrets } from './address.mjs';
import { SetupFailure, codeOf, explainFileError, messageOf } from './failure.mjs';
import { get } from './proxy.mjs';
import { readJson, writeJson } from './stamp.mjs';

const redirectLimit = 5;

/** A connection that was interrupted; the next attempt resumes there. */
class Interrupted extends Error {
  /** @param {string} message @param {boolean} [hopeless] no server was reached, so more attempts will hardly help */
  constructor(message, hopeless = false) {
    super(message);
    this.hopeless = hopeless;
  }
}

/**
 * @param {string} address
 * @param {string} file the final name; NAME.partial and NAME.partial.json exist until the download is complete
 * @param {{ sha256?: string | null, tries?: number, pause?: number, timeout?: number, env?: NodeJS.ProcessEnv,
 *   onProgress?: import('./report.mjs').Progress }} [options]
 * @returns {Promise<{ resumedAt: number, sha256: string }>}
 */
export async function download(
  address,
  file,
  { sha256 = null, tries = 4, pause = 1000, timeout, env, onProgress } = {},
) {
  const partial = `${file}.partial`;
  const url = parseAddress(address, 'the address of the download');
  const shown = withoutSecrets(url.href);
  prepare(partial);
  const resumedAt = sizeOf(partial);
  for (let attempt = 1; ; attempt++) {
    const before = sizeOf(partial);
    try {
      await transfer(url, partial, { timeout, env, onProgress });
      break;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw explainFileError(error, path.dirname(file));
      // Attempts that make progress do not count.
      if (sizeOf(partial) > before) attempt = 1;
      if (attempt >= (error.hopeless ? Math.min(tries, 2) : tries))
        throw unreachable(shown, error, attempt, sizeOf(partial));
      await sleep(pause * attempt);
    }
  }
  const sum = await sumOf(partial);
  if (sha256 !== null && sum !== sha256.toLowerCase()) {
    // Resuming cannot repair it.
    fs.rmSync(partial, { force: true });
    fs.rmSync(`${partial}.json`, { force: true });
    throw new SetupFailure(`the file from ${shown} has the wrong checksum and was removed`, {
      tried: [`SHA-256 expected ${sha256}`, `SHA-256 received ${sum}`],
      advice: [
        'try again',
        'if it happens again, something changes the file on the way: set LIBTORCH to a libtorch that you trust',
      ],
    });
  }
  fs.renameSync(partial, file);
  fs.rmSync(`${partial}.json`, { force: true });
  return { resumedAt, sha256: sum };
}

/**
 * Makes the folder of the partial file. A link or a folder under its name was not made by a download: a link would lead
 * the bytes to another file.
 *
 * @param {string} partial
 */
function prepare(partial) {
  try {
    fs.mkdirSync(path.dirname(partial), { recursive: true });
    const stat = fs.lstatSync(partial, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) fs.rmSync(partial, { recursive: true });
  } catch (error) {
    throw explainFileError(error, path.dirname(partial));
  }
}

/** @typedef {{ timeout?: number, env?: NodeJS.ProcessEnv }} Connection */

/**
 * One request.
 *
 * @param {URL} url
 * @param {string} partial
 * @param {Connection & { onProgress?: import('./report.mjs').Progress }} options
 */
async function transfer(url, partial, { timeout, env, onProgress }) {
  // The notes lie in the cache: the digest identifies the address without its password.
  const origin = crypto.createHash('sha256').update(url.href).digest('hex');
  const notes = readJson(`${partial}.json`);
  let start = sizeOf(partial);
  if (start > 0 && (notes?.origin !== origin || !notes.validator)) start = 0;
  /** @type {Record<string, string>} */
  const headers = { 'user-agent': 'torch-func' };
  if (start > 0) {
    headers.range = `bytes=${start}-`;
    // If the file has changed, the server must send all of it, not the rest.
    headers['if-range'] = notes.validator;
  }
  const response = await follow(url, headers, { timeout, env });
  const status = response.statusCode ?? 0;
  if (status === 416 && notes?.total === start) {
    response.resume();
    return;
  }
  if (status !== 200 && status !== 206) {
    response.resume();
    if (status >= 500 || status === 429 || status === 408)
      throw new Interrupted(`the server answered ${status} ${response.statusMessage}`);
    throw new SetupFailure(`${withoutSecrets(url.href)} answered ${status} ${response.statusMessage}`, {
      advice: [
        'check the variant (TORCH_FUNC_VARIANT) and the address (TORCH_FUNC_ARCHIVE_URL)',
        'or set LIBTORCH to an existing libtorch',
      ],
    });
  }
  if (status === 200) start = 0;
  const length = Number(response.headers['content-length'] ?? NaN);
  const total = Number.isFinite(length) ? start + length : null;
  writeJson(`${partial}.json`, { origin, total, validator: strongValidator(response.headers) });
  let done = start;
  response.on('data', (chunk) => onProgress?.((done += chunk.length), total));
  try {
    await pipeline(response, fs.createWriteStream(partial, { fd: fs.openSync(partial, openFlags(start > 0)) }));
  } catch (error) {
    if (isNetworkError(error)) throw new Interrupted(messageOf(error));
    throw error;
  }
  if (total !== null && sizeOf(partial) !== total)
    throw new Interrupted(`${sizeOf(partial)} of ${total} bytes were received`);
}

/** @param {boolean} append */
function openFlags(append) {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW = 0, O_APPEND, O_TRUNC } = fs.constants;
  return O_WRONLY | O_CREAT | O_NOFOLLOW | (append ? O_APPEND : O_TRUNC);
}

/** @param {URL} url @param {Record<string, string>} headers @param {Connection} options */
async function follow(url, headers, options) {
  let place = url;
  for (let hop = 0; hop <= redirectLimit; hop++) {
    let response;
    try {
      response = await get(place, headers, options);
    } catch (error) {
      const hopeless = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(codeOf(error) ?? '');
      throw new Interrupted(messageOf(error) || (codeOf(error) ?? String(error)), hopeless);
    }
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || !location) return response;
    response.resume();
    const from = withoutSecrets(place.href);
    const next = parseAddress(location, `the address that ${from} leads to`, place);
    if (place.protocol === 'https:' && next.protocol !== 'https:') {
      throw new SetupFailure(`${from} leads to ${withoutSecrets(next.href)}, which is not HTTPS`, {
        advice: ['set TORCH_FUNC_ARCHIVE_URL to an address that stays with HTTPS'],
      });
    }
    place = next;
  }
  throw new SetupFailure(`${withoutSecrets(url.href)} redirects more than ${redirectLimit} times`);
}

/** The validator for a later range request. A weak tag does not promise the same bytes. @param {import('node:http').IncomingHttpHeaders} headers */
function strongValidator(headers) {
  const { etag } = headers;
  if (etag && !etag.startsWith('W/')) return etag;
  return headers['last-modified'] ?? null;
}

/** @param {unknown} error */
function isNetworkError(error) {
  return (
    ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED'].includes(codeOf(error) ?? '') ||
    /aborted|no answer/.test(messageOf(error))
  );
}

/** @param {string} file */
function sizeOf(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** @param {string} file */
async function sumOf(file) {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** @param {string} address @param {Error} error @param {number} attempts @param {number} kept bytes */
function unreachable(address, error, attempts, kept) {
  return new SetupFailure(`could not download ${address}`, {
    tried: [`${attempts} attempts, the last one: ${error.message}`],
    advice: [
      'check the network, and HTTPS_PROXY if there is a proxy',
      ...(kept > 0 ? ['the part that was received is kept: repeat the command to resume'] : []),
      'or download it on another machine, unpack it, and set LIBTORCH to the folder with include/ and lib/',
    ],
    cause: error,
  });
}
