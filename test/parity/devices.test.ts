/** The comparison of a device with the CPU: what it must notice. */

import * as path from 'node:path';
import { Corpus } from '../../scripts/opdb/corpus';
import { runCase } from '../../scripts/parity/device/run-case';
import { readOptions } from '../../scripts/parity/device/run';
import { casesOf } from '../../scripts/parity/suite';

const corpus = new Corpus(path.join(__dirname, 'opdb'));
const loaded = corpus.manifest.entries.map((_, i) => corpus.entry(i));
const titles = corpus.manifest.entries.map(({ op, variant }, i) => [`${op} ${variant}`, loaded[i]!] as const);

describe('the CPU as the device', () => {
  test.each(titles)('%s is as on the CPU', (_, entry) => {
    for (const [sample, description] of casesOf(entry)) {
      expect([description.mode, runCase(sample, description, entry.values, 'cpu')]).toEqual([description.mode, null]);
    }
  });
});

test('a device that computes nothing differs', () => {
  const found = loaded.flatMap((entry) =>
    [...casesOf(entry)].map(([sample, description]) => runCase(sample, description, entry.values, 'meta')),
  );
  const differing = found.filter((why) => why !== null);
  expect(differing.length).toBeGreaterThan(0.5 * found.length);
  expect(differing.join('\n')).toContain('on the CPU no error');
});

test('no report is written', () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(readOptions(['--report'])).toBeNull();
    expect(write.mock.calls.join()).toContain('a comparison of devices writes no report');
  } finally {
    jest.restoreAllMocks();
    process.exitCode = undefined;
  }
});
