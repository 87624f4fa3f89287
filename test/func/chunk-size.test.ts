/** The rules behind `chunkSize: 'auto'`, on figures. */

import { chunkSizeFor, nextChunkSize, trialSize } from '../../lib/interpreter/chunk-size';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const cache = 32 * MiB;

describe('how many samples to compute at a time', () => {
  const sample = { peak: 16 * KiB, largest: 4 * KiB, results: KiB };

  test.each([
    ['all, where they fit the cache', sample, 8192, 8192],
    ['a largest block of half the cache, where it does not fit', sample, 8193, 4096],
    ['all, where most of the memory is results', { ...sample, results: 4 * KiB }, 100_000, 100_000],
    ['what fits the memory', { ...sample, results: 4 * KiB }, 1_000_000, 131_072],
    ['a power of two', { ...sample, results: 4 * KiB, peak: 17 * KiB }, 1_000_000, 65_536],
    ['at least one', { peak: 8 * GiB, largest: 4 * GiB, results: 0 }, 100, 1],
    ['all of a function that allocates nothing', { peak: 0, largest: 0, results: 0 }, 100, 100],
  ])('%s', (_, memory, total, expected) => {
    expect(chunkSizeFor(memory, total, { memory: 2 * GiB, cache })).toBe(expected);
  });

  test('a GPU has no cache to fit', () => {
    expect(chunkSizeFor(sample, 100_000, { memory: 2 * GiB, cache: Infinity })).toBe(100_000);
  });

  test('a trial takes little', () => {
    expect([0, 8, 4 * KiB, GiB].map(trialSize)).toEqual([1024, 1024, 16, 1]);
  });
});

describe('the chunk after one that was measured', () => {
  const limits = { available: 8 * GiB, cache };
  const chunk = (count: number, { shared = 0, peak = 16 * KiB, largest = 4 * KiB, results = KiB } = {}) => ({
    count,
    peak: shared + count * peak,
    largest: Math.max(shared, count * largest),
    results: count * results,
  });

  test('is the rest, if that is not much more', () => {
    expect(nextChunkSize(undefined, chunk(256), 1000, limits)).toEqual({ size: 1000, final: false });
  });

  test('is at most sixteen times as large, to be measured again', () => {
    expect(nextChunkSize(undefined, chunk(1), 1000, limits)).toEqual({ size: 16, final: false });
    expect(nextChunkSize(chunk(1), chunk(16), 1000, limits)).toEqual({ size: 256, final: false });
    expect(nextChunkSize(chunk(16), chunk(256), 1000, limits)).toEqual({ size: 1000, final: true });
  });

  test('fits the cache, and so do all that follow; they are alike', () => {
    expect(nextChunkSize(chunk(256), chunk(2048), 100_000, limits)).toEqual({ size: 4000, final: true });
  });

  test('does not count what is allocated once for all samples', () => {
    const shared = { shared: 64 * MiB };
    // One chunk does not tell: 64 MiB might be the memory of 256 samples.
    expect(nextChunkSize(undefined, chunk(256, shared), 4000, limits)).toEqual({ size: 512, final: false });
    expect(nextChunkSize(chunk(256, shared), chunk(512, shared), 4000, limits)).toEqual({ size: 4000, final: true });
  });

  test('is small where samples are large', () => {
    const large = { peak: GiB, largest: GiB / 2 };
    expect(nextChunkSize(undefined, chunk(1, large), 99, limits)).toEqual({ size: 2, final: false });
    expect(nextChunkSize(chunk(1, large), chunk(2, large), 97, limits)).toEqual({ size: 1, final: true });
  });

  test('a collection between two measurements does not make samples free', () => {
    const collected = { ...chunk(4096), peak: 4 * MiB };
    const { size } = nextChunkSize(chunk(256), collected, 100_000_000, { available: 4 * GiB, cache: Infinity });
    expect(size).toBeLessThanOrEqual(GiB / KiB);
  });
});
