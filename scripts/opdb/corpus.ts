/** The corpus that corpus/main.py writes: samples, and for the parity run cases with PyTorch's outcomes. */

import * as fs from 'node:fs';
import * as path from 'node:path';

/** A tensor of the arguments: dtype, shape, offset; then its strides and the length of its memory, if not contiguous. */
export type LeafSpec = [
  dtype: string,
  shape: number[],
  offset: number,
  strided?: { strides: number[]; length: number },
];

/** A value as JSON holds it; an object has one key, which says its kind. */
export type Encoded =
  | null
  | boolean
  | string
  | number
  | Encoded[]
  /** A tensor among the arguments, by its position. */
  | { t: number }
  /** The result of an earlier step, and the way into it. */
  | { r: number[] }
  /** A tensor with its elements; -1 in place of the offset where they do not count. */
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
  /** Where the batch is in each tensor, in the mode `vmap_mixed`. */
  dims?: (number | null)[];
  /** Dtype and shape of the tensors to write into, in the mode `out`. */
  out?: [string, number[]][];
  ok?: Encoded;
  error?: string;
  message?: string;
  /** The operators that PyTorch ran example by example. */
  slow?: string[];
}

export interface Sample {
  dtype: string;
  /** Its position among the samples of the entry. */
  sample: number;
  leaves: LeafSpec[];
  /** The positions of the tensors that are differentiated. */
  diff: number[];
  /** Dtype and shape of each floating output. */
  outs: [string, number[]][];
  program: Program;
  /**
   * Other programs of the same arguments: `method`, `inplace`, and `differentiable`, the function that the database
   * differentiates where it is not the operator itself (of a Hermitian matrix, of results up to their sign).
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
  /** What the database says that its derivatives are tested for. */
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

/** An entry with its elements. */
export interface LoadedEntry {
  entry: Entry;
  values: Uint8Array;
}

/** Reads entries from a folder, each when it is asked for. */
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
      // A buffer of its own, so that elements are aligned as they are in the file.
      const buffer = Buffer.from(new ArrayBuffer(length));
      fs.readSync(file, buffer, 0, length, offset);
      return buffer;
    } finally {
      fs.closeSync(file);
    }
  }
}

/** The name of an entry: the operator's, and the variant's if it has several. */
export function titleOf({ op, variant }: { op: string; variant: string }): string {
  return variant === '' ? op : `${op}.${variant}`;
}
