// A lock between processes: a file that only one of them can create.

import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './failure.mjs';

const heartbeat = 5_000;
/** A lock of another machine (in a shared home folder) is stale after this time without a heartbeat. */
const silence = 60_000;
/** A recovery reads and removes one small file, which takes less. */
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

/** Writes a draft and links it, so that no process reads a partial lock. @param {string} file @param {string} content */
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
  // Another process may have the same id by now.
  return owner.started !== null && owner.started !== (await startTime(owner.pid));
}

/**
 * Removes a stale lock. If two processes found the same lock stale and both removed it, the second could remove the new lock
 * of the first. So a recovery holds a lock of its own, and reads the file again before it removes it.
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

/** When a process started, in the kernel's clock ticks; null if unknown. @param {number} pid */
async function startTime(pid) {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may contain any character.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
