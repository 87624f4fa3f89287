/** Thrown values of any kind and realm: their messages and stacks. */

import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

import { textOf } from '../describe';

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is exhausted',
  EFBIG: 'the file exceeds the size limit of the system or of this process',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'the operation is not permitted',
  EPIPE: 'the reader has closed the pipe',
  EROFS: 'the file system is read-only',
};

/** Whether a thrown value is an error, of this realm or another: user code may run in its own. */
export function isError(thrown: unknown): thrown is Error {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

/** The stack frames of a thrown value as lines, without the message; none for a value that is not an error. */
export function stackLines(thrown: unknown): string[] {
  const stack = isError(thrown) ? (thrown.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}

/** Whether a stack frame lies in this file, named by its path or its URL. */
export function liesIn(line: string, file: string): boolean {
  return line.includes(`${file}:`) || line.includes(`${pathToFileURL(file).href}:`);
}

/** The message of a thrown value; errors of the operating system in words. */
export function messageOf(thrown: unknown): string {
  if (!isError(thrown)) return `${textOf(thrown)} was thrown`;
  const { code } = thrown as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : SYSTEM_MESSAGES[code];
  return words === undefined ? thrown.message : `${words} (${String(code)})`;
}
