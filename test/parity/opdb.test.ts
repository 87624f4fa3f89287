/**
 * A part of the parity run over PyTorch's operator database (`npm run parity` is the whole): one sample
 * of every operator in every mode, made by Python's PyTorch, and the few cases that are kept here.
 */

import * as path from 'node:path';
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { prepareCorpus } from '../../scripts/opdb/cache.mjs';
import { explain, readCauses } from '../../scripts/opdb/causes';
import { Corpus, titleOf, type LoadedEntry } from '../../scripts/opdb/corpus';
import { leftBehind } from '../../scripts/opdb/left-behind';
import { MODE_NAMES, ParitySubject } from '../../scripts/parity/modes';
import { CAUSES } from '../../scripts/parity/run';
import { runCase, watchWarnings } from '../../scripts/parity/run-case';
import { casesOf } from '../../scripts/parity/suite';

const causes = readCauses(CAUSES);

// The operators whose derivatives PyTorch does not take all of.
const NORMALISATION = new RegExp(`^(?:${causes.find(({ op }) => op.includes('layer_norm'))!.op})$`);

/** The cases of a mode that differ for no known cause, and how many there are. */
function run(entries: readonly LoadedEntry[], modes: readonly string[]): { count: number; failed: string[] } {
  const failed: string[] = [];
  let count = 0;
  for (const loaded of entries) {
    for (const [sample, description] of casesOf(loaded)) {
      const { mode } = description;
      if (!modes.includes(mode)) continue;
      count++;
      const why = torch.scope(() => runCase(sample, description, loaded.values));
      if (why === null) continue;
      const failure = { ...loaded.entry, mode, sample: `${sample.dtype} ${sample.sample}`, why };
      if (explain(causes, failure) === null) failed.push(`${titleOf(failure)} ${mode} (${failure.sample}): ${why}`);
    }
  }
  return { count, failed };
}

function load(folder: string): LoadedEntry[] {
  const corpus = new Corpus(folder);
  return corpus.manifest.entries.map((_, position) => corpus.entry(position));
}

/** The derivatives of `f` with respect to input `i`, from differences of its values. */
function slopes(f: (inputs: Tensor[]) => Tensor, inputs: Tensor[], i: number): Tensor {
  const step = 1e-6;
  const x = inputs[i];
  const at = (element: number, by: number): Tensor => {
    const moved = x.clone();
    moved.view(-1).select(0, element).add_(by);
    return f([...inputs.slice(0, i), moved, ...inputs.slice(i + 1)]);
  };
  const columns = Array.from({ length: x.numel() }, (_, e) =>
    at(e, step)
      .sub(at(e, -step))
      .div(2 * step),
  );
  return torch.stack(columns, -1).reshape([...columns[0].shape, ...x.shape]);
}

let restore: () => void;

beforeAll(() => {
  torch.setNumThreads(1);
  restore = watchWarnings();
});

afterAll(() => {
  restore();
});

test('the cases that are kept here', () => {
  const entries = load(path.join(__dirname, 'opdb'));
  const { count, failed } = run(entries, MODE_NAMES);
  expect(failed).toEqual([]);
  expect(count).toBeGreaterThan(250);
  // Every mode is among them.
  const modes = new Set(entries.flatMap((loaded) => [...casesOf(loaded)].map(([, { mode }]) => mode)));
  expect([...modes].sort()).toEqual([...MODE_NAMES].sort());
});

describe('one sample of every operator', () => {
  let entries: LoadedEntry[] = [];
  let total = 0;

  beforeAll(async () => {
    entries = load(await prepareCorpus(0, 'parity-small'));
  }, 300_000);

  test.each(MODE_NAMES)('%s', (mode) => {
    const { count, failed } = run(entries, [mode]);
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(100);
    total += count;
  });

  // Where the causes say that PyTorch is wrong, what holds the results instead: differences of the function's values,
  // and the same derivative in another order, which is another formula.
  test('derivatives of normalisations are the right ones', () => {
    const { jacfwd, jacrev, hessian } = torch.func;
    let count = 0;
    for (const { entry, values } of entries.filter((loaded) => NORMALISATION.test(titleOf(loaded.entry)))) {
      const sample = entry.samples.find(({ cases, dtype }) => dtype === 'float64' && cases.length > 10);
      const has = (mode: string) => sample?.cases.some((description) => description.mode === mode);
      if (sample === undefined || !has('jacfwd') || !has('hessian')) continue;
      count++;
      const { f, s, inputs, argnums } = new ParitySubject(sample, values);
      const [forward, mixed, twice] = [
        jacfwd(f, { argnums }),
        hessian(s, { argnums }),
        jacrev(jacrev(s, { argnums }), { argnums }),
      ].map((derivative) => (derivative(...inputs) as Tensor[][]).flat());
      const differences = f(...inputs).flatMap((_, k) => inputs.map((_, i) => slopes((x) => f(...x)[k], inputs, i)));
      const close = (a: Tensor[], b: Tensor[], options: { rtol: number; atol: number }) =>
        a.every((x, i) => torch.allclose(x, b[i], options));
      expect({
        name: titleOf(entry),
        forward: close(forward, differences, { rtol: 1e-5, atol: 1e-6 }),
        hessian: close(mixed, twice, { rtol: 1e-9, atol: 1e-9 }),
      }).toEqual({ name: titleOf(entry), forward: true, hessian: true });
    }
    expect(count).toBeGreaterThan(4);
  });

  test('at least 2,000 cases in all', () => {
    expect(total).toBeGreaterThan(2000);
    expect(leftBehind()).toBeNull();
  });
});
