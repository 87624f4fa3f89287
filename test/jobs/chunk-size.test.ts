/** The default chunk size of a job: 64 MiB on the CPU, and 16,384 samples at most. */

import * as torch from '../../lib';
import { tryChunk } from '../../lib/jobs/jacobian/chunk-size';

const device = torch.device('cpu');
const KiB = 1024;

/** What is chosen for a function that holds `parts` blocks of `partBytes` for each sample, and the size of the trial. */
function choose(parts: number, partBytes: number, sampleBytes = 4, most = Infinity) {
  let trial = 0;
  const { chunkSize } = tryChunk(
    (samples) => {
      trial = samples;
      const held = Array.from({ length: parts }, () => torch.zeros(samples, partBytes / 4));
      held.forEach((part) => part.dispose());
      return torch.zeros(samples);
    },
    { most, sampleBytes, device },
  );
  return { chunkSize, trial };
}

describe('the default chunk size', () => {
  test('small functions get large chunks, large ones get small chunks', () => {
    expect(choose(4, 16).chunkSize).toBe(16_384);
    expect(choose(15, KiB).chunkSize).toBe(4096);
    expect(choose(250, 64 * KiB, 64 * KiB).chunkSize).toBe(4);
  });

  test('a sample that exceeds the budget is computed alone', () => {
    expect(choose(1, 65 * 2 ** 20, 2 ** 20)).toEqual({ chunkSize: 1, trial: 1 });
  });

  test('a trial is small, and smaller for large samples', () => {
    expect(choose(1, 4, 8).trial).toBe(1024);
    expect(choose(1, 4, 4 * KiB).trial).toBe(16);
    expect(choose(1, 4, 40 * KiB).trial).toBe(1);
    expect(choose(1, 4, 8, 10).trial).toBe(10);
  });

  test('nothing to compute', () => {
    expect(choose(0, 0, 0)).toEqual({ chunkSize: 16_384, trial: 1024 });
  });
});
