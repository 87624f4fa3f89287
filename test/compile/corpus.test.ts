/** `npm run parity -- --compiled`: what it must notice, and the cases of the operator database that are kept here. */

import * as fs from 'node:fs';
import * as path from 'node:path';
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { explain, readCauses } from '../../scripts/opdb/causes';
import { Corpus } from '../../scripts/opdb/corpus';
import { compareCalls } from '../../scripts/parity/compiled/calls';
import { report } from '../../scripts/parity/compiled/report';
import { classOf, summarize, type CompiledOutcome } from '../../scripts/parity/compiled/results';
import { CAUSES, problemsOf, readOptions } from '../../scripts/parity/compiled/run';
import { runCase } from '../../scripts/parity/compiled/run-case';
import { MODE_NAMES } from '../../scripts/parity/modes';
import { casesOf } from '../../scripts/parity/suite';

const FOLDER = path.join(__dirname, '..', 'parity', 'opdb');

beforeAll(() => {
  torch.setNumThreads(1);
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});

describe('a compiled function differs', () => {
  const args = (other: boolean): Tensor[] => [torch.ones(3).mul(other ? 2 : 1)];
  const whyOf = (f: (x: Tensor) => unknown): string | null => compareCalls(f, { args }).why;

  test('in the last bit of an elementwise result, and not of a sum within the tolerance', () => {
    let calls = 0;
    const drifts = (by: number, more: (x: Tensor) => Tensor) => (x: Tensor) => more(x.add(calls++ === 1 ? by : 0));
    expect(whyOf(drifts(1e-6, (x) => x.sin()))).toMatch(/element 0 is/);
    calls = 0;
    expect(whyOf(drifts(1e-8, (x) => x.sum()))).toBeNull();
    calls = 0;
    expect(whyOf(drifts(1e-4, (x) => x.sum()))).toMatch(/element 0 is/);
  });

  test.each<[string, (calls: number, x: Tensor) => unknown, RegExp]>([
    ['in the shape', (calls, x) => x.expand(calls, 3), /the shape is/],
    ['in the dtype', (calls, x) => x.to(calls > 2 ? 'float64' : 'float32'), /dtype is/],
    ['in the strides', (calls, x) => (calls > 2 ? x.view(3, 1).mul(1) : x.view(3, 1).expand(3, 2)), /shape|strides/],
    ['in a number', (calls) => calls, /got/],
    ['in the structure', (calls, x) => (calls > 2 ? [x] : { x }), /got/],
    ['in an error', (calls, x) => (calls > 2 ? x.view(7) : x), /eagerly/],
    ['in which tensors are one', (calls, x) => [x, calls > 2 ? x.view(3) : x], /the same one/],
    ['in what is written', (calls, x) => (x.add_(calls), 0), /arguments/],
    ['in what shares memory', (calls, x) => (calls > 2 ? x.clone() : x.view(3)), /after writing/],
  ])('%s', (_, f, why) => {
    let calls = 0;
    expect(whyOf((x) => f(++calls, x))).toMatch(why);
  });
});

test('the cases that are kept here', () => {
  const corpus = new Corpus(FOLDER);
  const causes = readCauses(CAUSES);
  const outcomes = corpus.manifest.entries.flatMap((_, position) => {
    const { entry, values } = corpus.entry(position);
    return [...casesOf({ entry, values })].map(([sample, description]): CompiledOutcome => {
      const finding = torch.scope(() => runCase(sample, description, values));
      return { position, mode: description.mode, sample: `${sample.dtype} ${sample.sample}`, ...finding };
    });
  });
  const results = summarize(corpus, outcomes);
  expect(results.failed.filter((failure) => explain(causes, failure) === null)).toEqual([]);
  expect(results.total).toBeGreaterThan(250);
  expect(results.compiled).toBeGreaterThan(0.95);
  expect(results.classes.machine).toBeGreaterThan(50);
  // Every mode is among them, and the report has every entry.
  expect(new Set(outcomes.map(({ mode }) => mode))).toEqual(new Set(MODE_NAMES));
  const text = report(corpus, outcomes, results, causes);
  for (const { op } of corpus.manifest.entries) expect(text).toContain(`| \`${op}`);
}, 120_000);

test('the class of a case is the least that runs', () => {
  const execution = { parts: [], library: [], operators: [], reasons: [], refusal: null, isElementwise: true };
  const of = (parts: string[], more: object = {}) =>
    classOf({ position: 0, mode: 'eager', sample: '', why: null, execution: { ...execution, parts, ...more } });
  expect(of([])).toBe('machine');
  expect(of(['machine'])).toBe('machine');
  expect(of(['machine', 'library'])).toBe('fused');
  expect(of(['chain'])).toBe('fused');
  expect(of(['product', 'library'])).toBe('library');
  expect(of(['replay'])).toBe('replay');
  expect(of([], { refusal: 'no' })).toBe('refused');
});

test('a run fails for a difference without a cause, for cases not run, and below 99 %', () => {
  const whole = { ops: null, modes: null, every: 1 };
  expect(problemsOf({ total: 10, compiled: 0.99 }, 0, whole, 10)).toEqual([]);
  expect(problemsOf({ total: 10, compiled: 0.98 }, 0, whole, 10)).toEqual(['only 98.00 % of the cases compile']);
  expect(problemsOf({ total: 9, compiled: 1 }, 0, whole, 10)).toEqual(['9 of 10 cases were run']);
  expect(problemsOf({ total: 10, compiled: 1 }, 2, whole, 10)).toEqual(['differences without a known cause: 2']);
  expect(problemsOf({ total: 1, compiled: 0 }, 0, { ops: /sin/, modes: ['jvp'], every: 1 }, 10)).toEqual([]);
});

test('the command line', () => {
  expect(readOptions(['--ops', '^sin$', '--modes', 'vmap'])).toMatchObject({ ops: /^sin$/, modes: ['vmap'] });
  expect(fs.existsSync(CAUSES)).toBe(true);
});
