/**
 * A file that appears under its name when it is complete, and replaces a file of that name atomically. Until
 * then it is a temporary file in the same directory.
 */

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { ValueError } from '../errors';
import type { Tensor } from '../tensor';
import { type Steps, runNow, step } from './steps';
import { copyTo } from './tensor-bytes';

/** The size of one write call; a system call cannot take more than 2 GiB. */
const MAX_WRITE = 64 * 1024 * 1024;

/** The size of the pieces in which the values of a tensor are written, in bytes. */
const WRITE_PIECE = 1024 * 1024;

/** A file name has at most 255 bytes; the rest of a temporary name takes up to 45. */
const MAX_LABEL = 200;

/** Milliseconds without a write after which a temporary file of another machine counts as abandoned. */
const ABANDONED = 7 * 24 * 60 * 60 * 1000;

/** What follows the label in a temporary name: machine, process, and a random part. */
const TEMPORARY = /^\.([0-9a-f]{8})\.(\d+)\.[0-9a-f]{8}\.tmp$/;

const [write, fsync] = [promisify(fs.write), promisify(fs.fsync)];

/** A file that is being written. */
export class AtomicFile implements Disposable {
  /** What {@link writeTensor} copies through: new memory for each tensor would take as long as the write. */
  private buffer: Buffer | undefined;

  private constructor(
    /** The path of the finished file, after symbolic links. */
    readonly path: string,
    /** The path until {@link commit}. */
    readonly temporaryPath: string,
    private descriptor: number,
  ) {}

  /**
   * Creates the temporary file, and removes those of the same target that killed processes left behind.
   *
   * @throws ValueError if `path` names something other than a regular file; the operating system's error
   * if its directory cannot be written to.
   */
  static create(path: string): AtomicFile {
    const target = resolveTarget(path);
    const directory = dirname(target);
    const label = `.${labelOf(basename(target))}`;
    removeAbandoned(directory, label);
    const name = `${label}.${machine()}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    const temporaryPath = join(directory, name);
    return new AtomicFile(target, temporaryPath, fs.openSync(temporaryPath, 'wx'));
  }

  /** Writes all bytes at a position of the file. */
  writeAt(position: number, bytes: Uint8Array): void {
    runNow(this.write(position, bytes));
  }

  /** {@link writeAt} in steps. */
  *write(position: number, bytes: Uint8Array): Steps<void> {
    this.checkOpen();
    let done = 0;
    while (done < bytes.byteLength) {
      const args = [bytes, done, Math.min(MAX_WRITE, bytes.byteLength - done), position + done] as const;
      done += yield* step(
        () => fs.writeSync(this.descriptor, ...args),
        async () => (await write(this.descriptor, ...args)).bytesWritten,
      );
    }
  }

  /** Writes the bytes of a flat uint8 tensor, in steps. Returns where they end. */
  *writeTensor(position: number, bytes: Tensor): Steps<number> {
    const size = bytes.numel();
    if (size > 0) this.buffer ??= Buffer.allocUnsafeSlow(WRITE_PIECE);
    for (let start = 0; start < size; start += WRITE_PIECE) {
      const piece = (this.buffer as Buffer).subarray(0, size - start);
      yield* copyTo(piece, bytes, start);
      yield* this.write(position + start, piece);
    }
    return position + size;
  }

  /** Flushes the file to the disk and gives it its name. If that fails, no file is left behind. */
  commit(): void {
    runNow(this.committing());
  }

  /** {@link commit} in steps. */
  *committing(): Steps<void> {
    this.checkOpen();
    try {
      yield* step(
        () => fs.fsyncSync(this.descriptor),
        () => fsync(this.descriptor),
      );
      this.close();
      fs.renameSync(this.temporaryPath, this.path);
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Removes the temporary file. No effect after {@link commit} or a second time. */
  abort(): void {
    if (this.descriptor >= 0) this.close();
    fs.rmSync(this.temporaryPath, { force: true });
  }

  [Symbol.dispose](): void {
    this.abort();
  }

  private checkOpen(): void {
    if (this.descriptor < 0) throw new ValueError(`${this.path} was already closed`);
  }

  private close(): void {
    const { descriptor } = this;
    this.descriptor = -1;
    this.buffer = undefined;
    fs.closeSync(descriptor);
  }
}

/**
 * Resolves symbolic links, which a rename would replace by a file. Refuses what a rename would destroy,
 * such as `/dev/null`.
 */
function resolveTarget(path: string): string {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    // A link to a file that does not exist yet: the file is created where the link leads to.
    const isLink = fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
    return isLink ? resolveTarget(resolve(fs.realpathSync(dirname(path)), fs.readlinkSync(path))) : path;
  }
  if (!stat.isFile()) throw new ValueError(`cannot write ${path}: it is not a regular file`);
  return fs.realpathSync(path);
}

function labelOf(name: string): string {
  return Buffer.byteLength(name) <= MAX_LABEL ? name : hash(name);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Identifies the set of processes in which a process id is unique: the host and its PID namespace. */
function machine(): string {
  let namespace = '';
  try {
    namespace = fs.readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: the host has one set of processes.
  }
  return hash(`${os.hostname()} ${namespace}`);
}

/**
 * Removes temporary files of this target whose process has ended without removing them, as after `kill -9`.
 * A process of another machine or container cannot be looked up; its file counts as abandoned after a week
 * without a write.
 */
function removeAbandoned(directory: string, label: string): void {
  for (const name of namesIn(directory)) {
    const match = name.startsWith(label) ? TEMPORARY.exec(name.slice(label.length)) : null;
    if (match === null) continue;
    const [, host, pid] = match;
    const file = join(directory, name);
    try {
      const ended = host === machine() && !isRunning(Number(pid));
      if (ended || Date.now() - fs.statSync(file).mtimeMs > ABANDONED) fs.rmSync(file, { force: true });
    } catch {
      // Another process removed it first, or it belongs to another user.
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    // A directory may be writable and not readable; one that does not exist is reported when the file is created.
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
