/** Reads damaged files, in a process of its own, and reports what must not happen. */

import fs from 'node:fs';
import path from 'node:path';
import * as torch from '../../lib';
import { bytesOfValues } from '../../lib/files/tensor-bytes';
import { native } from '../../lib/native';
import { Choices } from '../fuzz/random';
import { mutate } from './mutations';
import { type Format, makeFormats } from './samples';

/** What a worker is to do. */
export interface Task {
  readonly format: string;
  readonly folder: string;
  readonly seed: number;
  readonly count: number;
}

/** What a worker says. */
export type Report =
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'fault'; readonly seed: number; readonly why: string }
  | {
      readonly kind: 'end';
      readonly read: number;
      readonly refused: number;
      readonly peak: number;
      readonly growth: number;
      readonly slowest: number;
    };

/** Files between two garbage collections. */
const STEP = 500;

/** Milliseconds between two reports: a machine that is busy with other work takes long for many files. */
const REPORT_EVERY = 1000;

/** What a reader may take besides twice the size of the file: typed arrays of one read, and the pool of the allocator. */
const SLACK = 1 << 16;

/** A compressed file may expand up to here; see npz.load. */
const FREE_EXPANSION = 1 << 26;

/** A message says where: in which entry, tensor or header, or at which byte or character. */
const PLACE =
  /entry '|entries '|tensor "|header|byte|directory|ZIP|weight_map|file in the same folder|regular file|character|array|dtype|shape|fortran_order|version|npy file/;

/** The seconds of processor time that a small file may take. */
const LIMIT = 1;

const send = (report: Report): void => void process.send?.(report);

export function work({ format: name, folder, seed, count }: Task): void {
  const format = makeFormats(folder)[name];
  const file = path.join(folder, format.name);
  const totals = { read: 0, refused: 0, peak: 0, slowest: 0, base: 0 };
  let reported = performance.now();
  for (let i = 0; i < count; i++) {
    const bytes = damaged(format, new Choices(seed + i));
    fs.writeFileSync(file, bytes);
    const start = process.cpuUsage();
    const outcome = readOne(format, file, bytes.length);
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    totals[outcome.isRead ? 'read' : 'refused']++;
    totals.peak = Math.max(totals.peak, outcome.excess);
    totals.slowest = Math.max(totals.slowest, seconds);
    const why = outcome.fault ?? (seconds > LIMIT ? `reading took ${seconds.toFixed(1)} seconds` : null);
    if (why !== null) {
      fs.copyFileSync(file, path.join(folder, `fault-${name}-${seed + i}`));
      send({ kind: 'fault', seed: seed + i, why });
    }
    if (i % STEP === STEP - 1) {
      global.gc?.();
      if (totals.base === 0) totals.base = process.resourceUsage().maxRSS;
    }
    if (performance.now() - reported > REPORT_EVERY) {
      reported = performance.now();
      send({ kind: 'progress', done: i + 1 });
    }
  }
  const growth = Math.max(0, process.resourceUsage().maxRSS - (totals.base || Infinity)) * 1024;
  const { read, refused, peak, slowest } = totals;
  send({ kind: 'end', read, refused, peak, growth, slowest });
  process.disconnect();
}

function damaged(format: Format, random: Choices): Buffer {
  const file = random.of(format.files);
  // Half of the archives are intact around a damaged entry.
  if (format.repack === undefined || random.chance(0.5)) return mutate(file, random);
  // The pickle, or the program, matters most.
  const choose = (names: string[]): string =>
    names.find((name) => /data\.pkl$|model\.json$|__torch__\.py$/.test(name) && random.chance(0.8)) ?? random.of(names);
  return format.repack(file, (entry) => mutate(entry, random), choose);
}

interface Outcome {
  isRead: boolean;
  /** Bytes of tensors beyond twice the size of the file, at their peak. */
  excess: number;
  fault: string | null;
}

function readOne(format: Format, file: string, size: number): Outcome {
  const outer = native.beginMeter();
  let [isRead, fault]: [boolean, string | null] = [false, null];
  try {
    torch.scope(() => void touch(format.read(file), new Set()));
    isRead = true;
  } catch (error) {
    fault = faultOf(error, file);
  }
  const { peak } = native.endMeter(outer.start, outer.live, outer.peak, outer.largest);
  const excess = Math.max(0, peak - 2 * size);
  const limit = format.name.endsWith('.npz') ? FREE_EXPANSION : SLACK;
  if (excess > limit) fault ??= `it took ${peak} bytes of tensors for a file of ${size}`;
  if (Object.keys(Object.prototype).length > 0) fault ??= 'it changed Object.prototype';
  return { isRead, excess, fault };
}

/** Why an error is not the one that a damaged file deserves. */
function faultOf(error: unknown, file: string): string | null {
  const isExpected = error instanceof torch.ValueError || error instanceof torch.RuntimeError;
  if (!isExpected || error instanceof torch.OutOfMemoryError)
    return `unexpected error: ${String((error as Error).stack)}`;
  if (!error.message.includes(file)) return `the message does not name the file: ${error.message}`;
  const rest = error.message.replaceAll(file, '');
  return PLACE.test(rest) || /CUDA device/.test(rest) ? null : `the message names no place: ${error.message}`;
}

/** Reads every byte of every tensor, and checks that there is nothing but data. */
function touch(value: unknown, seen: Set<unknown>): void {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new Error(`a ${typeof value} came out of a file`);
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  if (native.isTensor(value)) {
    // A tensor of strides 0 may have more elements than memory.
    if (value.isMeta || value.numel() > 1 << 20) return;
    (native.data(bytesOfValues(value)) as Uint8Array).at(-1);
    return;
  }
  const isCollection = Array.isArray(value) || value instanceof Set || value instanceof Map;
  const items: unknown[] = isCollection ? [...(value as Iterable<unknown>)].flat() : Object.values(value);
  for (const item of items) touch(item, seen);
}
