/** Reads the corpus that corpus/main.py writes: samples, and for the parity run cases with PyTorch's outcomes. */

import * as fs from 'node:fs';
import * as path from 'node:path';

/**
 * A tensor argument: its dtype, its shape, and the offset of its elements. A non-contiguous tensor also has strides, and
 * the length of its memory in elements.
 */
export type LeafSpec = [
  dtype: string,
  shape: number[],
  offset: number,
  strided?: { strides: number[]; length: number },
];

/** A value in JSON. An object has one key, which is the kind of the value. */
export type Encoded =
  | null
  | boolean
  | string
  | number
  | Encoded[]
  /** A tensor argument, by its position. */
  | { t: number }
  /** The result of an earlier step: the number of the step, then indices into nested results. */
  | { r: number[] }
  /** A tensor of the result: dtype, shape and offset. The offset is -1 if the elements are not compared. */
  | { T: [string, number[], number]; layout?: string }
  | { i: string }
  | { f: number | string }
  | { c: [Encoded, Encoded] }
  | { e: 1 }
  | { s: [number | null, number | null, number | null] }
  | { d: Record<string, Encoded> };

export interface Call {
  fn: string;
  args: Encoded[];
  kwargs: Record<string, Encoded>;
}

export type Program = Call | { steps: (Call | { seed: number })[]; result: Encoded };

export interface Case {
  mode: string;
  /** The batch dimension of each tensor, in the mode `vmap_mixed`. */
  dims?: (number | null)[];
  /** The dtype and shape of the tensors passed as `out`, in the mode `out`. */
  out?: [string, number[]][];
  ok?: Encoded;
  error?: string;
  message?: string;
  /** The operators for which PyTorch used the vmap fallback, which runs one example at a time. */
  slow?: string[];
}

export interface Sample {
  dtype: string;
  /** The position among the samples of the entry. */
  sample: number;
  leaves: LeafSpec[];
  /** The positions of the tensors that are differentiated. */
  diff: number[];
  /** The dtype and shape of each floating-point or complex output. */
  outs: [string, number[]][];
  program: Program;
  /**
   * Other programs with the same arguments: `method`, `inplace`, and `differentiable`. The last one is the function
   * that the database differentiates, if it is not the operator itself but a function of a Hermitian matrix, or of
   * results up to their sign.
   */
  variants: Record<string, Program>;
  tolerance?: [number, number];
  cases: Case[];
}

export interface Skipped {
  mode: string;
  why: string;
}

export interface Entry {
  op: string;
  variant: string;
  /** The derivatives that the database tests. */
  marks: { forward: boolean; reverse: boolean; reverseTwice: boolean; forwardOverReverse: boolean };
  samples: Sample[];
  skipped: Skipped[];
}

interface IndexEntry {
  op: string;
  variant: string;
  cases: number;
  line: [number, number];
  values: [number, number];
}

export interface Manifest {
  torch: string;
  seed: number;
  entries: IndexEntry[];
}

/** An entry with the elements of its tensors. */
export interface LoadedEntry {
  entry: Entry;
  values: Uint8Array;
}

/** Reads the entries of a corpus from a folder on demand. */
export class Corpus {
  readonly manifest: Manifest;

  constructor(private readonly folder: string) {
    this.manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
  }

  entry(position: number): LoadedEntry {
    const { line, values } = this.manifest.entries[position];
    return {
      entry: JSON.parse(this.read('cases.jsonl', line).toString()) as Entry,
      values: this.read('values.bin', values),
    };
  }

  private read(name: string, [offset, length]: [number, number]): Buffer {
    const file = fs.openSync(path.join(this.folder, name), 'r');
    try {
      // A separate buffer, so that the elements are aligned as they are in the file.
      const buffer = Buffer.from(new ArrayBuffer(length));
      fs.readSync(file, buffer, 0, length, offset);
      return buffer;
    } finally {
      fs.closeSync(file);
    }
  }
}

/** The name of an entry: the name of the operator, and of the variant if the operator has several. */
export function titleOf({ op, variant }: { op: string; variant: string }): string {
  return variant === '' ? op : `${op}.${variant}`;
}
