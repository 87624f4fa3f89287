// A lock between processes: a file that is created only if it is not there.

import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './failure.mjs';

const heartbeat = 5_000;
/** A lock of another machine (a shared home folder) is stale when its owner has been silent for so long. */
const silence = 60_000;
/** Long enough to read one small file and remove it, which is all that a recovery does. */
const recoveryLimit = 10_000;

/**
 * Runs `body` while this process alone holds the lock `file`.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} body
 * @param {{ onWait?: (owner: string) => void, poll?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(file, body, { onWait, poll = 200 } = {}) {
  await fs.mkdir(path.dirname(file), { recursive: true });
  const mine = JSON.stringify({
    pid: process.pid,
    host: os.hostname(),
    started: await startTime(process.pid),
    id: Math.random(),
  });
  let told = false;
  while (!(await create(file, mine))) {
    const content = await read(file);
    if (content !== null && (await isStale(file, content))) {
      await recover(file, content);
      continue;
    }
    if (!told && content !== null) {
      told = true;
      onWait?.(ownerOf(content));
    }
    await sleep(poll);
  }
  const beat = setInterval(() => fs.utimes(file, new Date(), new Date()).catch(() => {}), heartbeat);
  beat.unref();
  try {
    return await body();
  } finally {
    clearInterval(beat);
    if ((await read(file)) === mine) await fs.rm(file, { force: true });
  }
}

/** Writes the file beside and links it, so that nobody ever reads half a lock. @param {string} file @param {string} content */
async function create(file, content) {
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await fs.writeFile(draft, content, { flag: 'wx' });
  try {
    await fs.link(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await fs.rm(draft, { force: true });
  }
}

/** @param {string} file */
async function read(file) {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** @param {string} file @param {string} content */
async function isStale(file, content) {
  const owner = parse(content);
  if (owner === null) return (await age(file)) > recoveryLimit;
  if (owner.host !== os.hostname()) return (await age(file)) > silence;
  if (!isAlive(owner.pid)) return true;
  // The process id may have been given to another process since.
  return owner.started !== null && owner.started !== (await startTime(owner.pid));
}

/**
 * Removes a stale lock. Two processes may find the same lock stale; were both to remove it, the
 * second could remove the lock that the first has taken meanwhile. So a recovery is itself
 * exclusive, and looks again at what it is about to remove.
 *
 * @param {string} file
 * @param {string} content
 */
async function recover(file, content) {
  const guard = `${file}.recovery`;
  if (!(await create(guard, content))) {
    if ((await age(guard)) > recoveryLimit) await fs.rm(guard, { force: true });
    await sleep(20);
    return;
  }
  try {
    if ((await read(file)) === content) await fs.rm(file, { force: true });
  } finally {
    await fs.rm(guard, { force: true });
  }
}

/** @param {string} content */
function parse(content) {
  try {
    const owner = JSON.parse(content);
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? owner : null;
  } catch {
    return null;
  }
}

/** @param {string} content */
function ownerOf(content) {
  const owner = parse(content);
  return owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
}

/** @param {string} file */
async function age(file) {
  try {
    return Date.now() - (await fs.stat(file)).mtimeMs;
  } catch {
    return 0;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** When a process started, in the kernel's clock ticks; null where that cannot be told. @param {number} pid */
async function startTime(pid) {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
