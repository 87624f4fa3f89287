/** Cuts a small corpus out of a large one: what the tests have without Python. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Case, Corpus, Encoded, Entry, LeafSpec, Manifest, Sample } from '../opdb/corpus';
import { MODE_NAMES } from './modes';
import { bytesOf, elementsOf } from '../opdb/tensors';

/** The largest number of elements of all tensors of a case. */
const MAX_ELEMENTS = 120;

type TensorSpec = [string, number[], number];

/** The tensors of an outcome. */
function tensorsOf(value: Encoded | undefined): TensorSpec[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(tensorsOf);
  if ('T' in value) return [value.T];
  return 'd' in value ? Object.values(value.d).flatMap(tensorsOf) : [];
}

function sizeOf(sample: Sample, description: Case): number {
  const leaves = sample.leaves.map(([, shape, , strided]) => strided?.length ?? elementsOf(shape));
  const results = tensorsOf(description.ok).map(([, shape]) => elementsOf(shape));
  return [...leaves, ...results].reduce((sum, size) => sum + size, 0);
}

/** The bytes of a small corpus; equal ones are kept once, as in values.py. */
class Values {
  private readonly parts: Buffer[] = [];
  private readonly known = new Map<string, number>();
  size = 0;

  add(bytes: Uint8Array): number {
    const key = Buffer.from(bytes).toString('latin1');
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const padding = -this.size & 15;
    this.parts.push(Buffer.alloc(padding), Buffer.from(bytes));
    const offset = this.size + padding;
    this.size = offset + bytes.length;
    this.known.set(key, offset);
    return offset;
  }

  finish(): Buffer {
    this.parts.push(Buffer.alloc(-this.size & 15));
    return Buffer.concat(this.parts);
  }
}

function withOffsets(value: Encoded, move: (spec: TensorSpec) => number): Encoded {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withOffsets(item, move));
  if ('T' in value) return { ...value, T: [value.T[0], value.T[1], move(value.T)] };
  if ('d' in value) {
    return { d: Object.fromEntries(Object.entries(value.d).map(([key, item]) => [key, withOffsets(item, move)])) };
  }
  return value;
}

/** One case of an entry, in a mode that comes round with the number of those chosen; null if all are too large. */
function choose(entry: Entry, position: number): [Sample, Case] | null {
  const all = entry.samples.flatMap((sample) =>
    sample.cases.map((description): [Sample, Case] => [sample, description]),
  );
  const small = all.filter((pair) => sizeOf(...pair) <= MAX_ELEMENTS);
  for (let i = 0; i < MODE_NAMES.length; i++) {
    const mode = MODE_NAMES[(position + i) % MODE_NAMES.length];
    const found = small.filter(([, description]) => description.mode === mode);
    if (found.length > 0) return found[position % found.length];
  }
  return null;
}

function cut(entry: Entry, values: Uint8Array, [sample, description]: [Sample, Case]): { entry: Entry; bytes: Buffer } {
  const blob = new Values();
  const move = ([dtype, shape, offset]: TensorSpec): number =>
    offset < 0 ? offset : blob.add(bytesOf(values, dtype, offset, elementsOf(shape)));
  const leaves = sample.leaves.map((leaf): LeafSpec => {
    const [dtype, shape, offset, strided] = leaf;
    if (strided === undefined) return [dtype, shape, move([dtype, shape, offset])];
    return [dtype, shape, move([dtype, [strided.length], offset]), strided];
  });
  const kept = description.ok === undefined ? description : { ...description, ok: withOffsets(description.ok, move) };
  const variant = sample.variants[description.mode];
  return {
    entry: {
      ...entry,
      samples: [{ ...sample, leaves, variants: variant ? { [description.mode]: variant } : {}, cases: [kept] }],
      skipped: [],
    },
    bytes: blob.finish(),
  };
}

/** Writes one small case of every `step`th entry that has one into a folder. */
export function writeSample(corpus: Corpus, folder: string, step: number): number {
  const { torch, seed, entries } = corpus.manifest;
  const manifest: Manifest = { torch, seed, entries: [] };
  const lines: Buffer[] = [];
  const values: Buffer[] = [];
  let [lineOffset, offset] = [0, 0];
  for (let position = 0; position < entries.length; position += step) {
    const loaded = corpus.entry(position);
    const chosen = choose(loaded.entry, manifest.entries.length);
    if (chosen === null) continue;
    const { entry, bytes } = cut(loaded.entry, loaded.values, chosen);
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    const { op, variant } = entry;
    manifest.entries.push({
      op,
      variant,
      cases: 1,
      line: [lineOffset, line.length],
      values: [offset, bytes.length],
    });
    lines.push(line);
    values.push(bytes);
    lineOffset += line.length;
    offset += bytes.length;
  }
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'cases.jsonl'), Buffer.concat(lines));
  fs.writeFileSync(path.join(folder, 'values.bin'), Buffer.concat(values));
  fs.writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
  return manifest.entries.length;
}
