import { defaultChunkSize, trialSize } from '../../lib/jobs/jacobian/chunk-size';

describe('the default chunk size', () => {
  const small = { mode: 'rev', inputs: 2, outputs: 3, bytesPerElement: 4, device: 'cpu' } as const;

  test('small functions get large chunks, large ones get small chunks', () => {
    expect(defaultChunkSize(small, 100)).toBe(16_384);
    expect(defaultChunkSize({ ...small, device: 'cuda' }, 100)).toBeGreaterThan(500_000);
    // 64 MiB / (10 kB for the values and for each of three outputs)
    expect(defaultChunkSize(small, 10_000)).toBe(1676);
    expect(defaultChunkSize(small, 1e9)).toBe(1);
  });

  test('forward mode counts inputs', () => {
    const many = { ...small, inputs: 100, outputs: 1 };
    expect(defaultChunkSize({ ...many, mode: 'fwd' }, 5000)).toBeLessThan(defaultChunkSize(many, 5000));
  });

  test('never less than inputs, outputs and the Jacobian take', () => {
    const large = { ...small, inputs: 1000, outputs: 1000 };
    expect(defaultChunkSize(large, 0)).toBe(5);
  });

  test('a trial is small, and smaller for large functions', () => {
    expect(trialSize(small)).toBe(256);
    expect(trialSize({ ...small, inputs: 10_000, outputs: 10_000 })).toBe(1);
  });

  test('nothing to differentiate', () => {
    const nothing = { ...small, inputs: 0, outputs: 0 };
    expect(trialSize(nothing)).toBe(256);
    expect(defaultChunkSize(nothing, 0)).toBe(16_384);
  });
});
