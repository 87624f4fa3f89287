/** What memoryUsage() counts. */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import * as torch from '../../lib';
import * as pytree from '../../lib/pytree';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

// What other tests of this process left must not be freed in the middle of one here.
beforeEach(async () => {
  for (let i = 0; i < 2; i++) {
    collect();
    await setImmediate();
  }
});

/** The tensors and bytes that `body` leaves behind while its result is held. */
function added(body: () => unknown): { tensors: number; bytes: number } {
  const before = torch.memoryUsage();
  const held = body();
  const after = torch.memoryUsage();
  expect(held).toBeDefined();
  return { tensors: after.tensors - before.tensors, bytes: after.bytes - before.bytes };
}

const MB = 1024 * 1024;
// What a tensor costs beside its data.
const overhead = (bytes: number, tensors: number): boolean => bytes >= 0 && bytes <= 1024 * tensors;

describe('memoryUsage', () => {
  test('a tensor is counted with its bytes', () => {
    const { tensors, bytes } = added(() => torch.zeros(256, 1024));
    expect(tensors).toBe(1);
    expect(overhead(bytes - MB, 1)).toBe(true);
  });
  test('views of one storage are counted once', () => {
    const { tensors, bytes } = added(() => {
      const x = torch.zeros(256, 1024);
      return [x, x.t(), x.index(0), x.view(-1), ...x.split(64)];
    });
    expect(tensors).toBe(8);
    expect(overhead(bytes - MB, 8)).toBe(true);
  });
  test('the bytes go with the last view', () => {
    const x = torch.zeros(256, 1024);
    const y = x.t();
    const { tensors, bytes } = torch.memoryUsage();
    x.dispose();
    expect(torch.memoryUsage().tensors).toBe(tensors - 1);
    expect(overhead(bytes - torch.memoryUsage().bytes, 1)).toBe(true);
    y.dispose();
    const after = torch.memoryUsage();
    expect(after.tensors).toBe(tensors - 2);
    expect(overhead(bytes - MB - after.bytes, 2)).toBe(true);
    y.dispose();
    expect(torch.memoryUsage()).toEqual(after);
  });
  test('scopes give back everything but what they return', () => {
    const kept = added(() => torch.scope(() => torch.zeros(256, 1024).add(1).mul(2).t()));
    expect(kept.tensors).toBe(1);
    expect(overhead(kept.bytes - MB, 1)).toBe(true);
    expect(added(() => torch.scope(() => torch.zeros(256, 1024).numel()))).toEqual({ tensors: 0, bytes: 0 });
  });
  test('a transform leaves its result', () => {
    const x = torch.zeros(256, 1024);
    const { bytes } = added(() => torch.scope(() => torch.func.grad((t: torch.Tensor) => t.mul(2).sum())(x)));
    expect(overhead(bytes - MB, 1)).toBe(true);
  });
  describe('nothing keeps the memory of a Jacobian when its blocks are disposed', () => {
    const flat = torch.zeros(512);
    const matrix = torch.zeros(16, 32);
    const f = (t: torch.Tensor): torch.Tensor => t.mul(2);
    const g = (s: torch.Tensor, t: torch.Tensor): torch.Tensor[] => [s.mul(t), t.mul(2)];
    const { jacobian } = torch.autograd.functional;
    test.each<[string, () => unknown]>([
      ['jacrev of a vector', () => torch.func.jacrev(f)(flat)],
      ['jacrev of a matrix', () => torch.func.jacrev(f)(matrix)],
      ['jacrev in chunks', () => torch.func.jacrev(f, { chunkSize: 100 })(matrix)],
      ['jacrev row by row', () => torch.func.jacrev(f, { chunkSize: 1 })(flat)],
      ['jacrev of two inputs and outputs', () => torch.func.jacrev(g, { argnums: [0, 1] })(matrix, matrix)],
      ['autograd.functional.jacobian, vectorized', () => jacobian(g, [matrix, matrix], { vectorize: true })],
      ['autograd.functional.jacobian, row by row', () => jacobian(f, matrix)],
    ])('%s', (_, compute) => {
      const before = torch.memoryUsage().bytes;
      const blocks = compute();
      // The largest block is 512×512 float32 numbers.
      expect(torch.memoryUsage().bytes - before).toBeGreaterThanOrEqual(MB);
      pytree.flatten(blocks).leaves.forEach((block) => (block as torch.Tensor).dispose());
      expect(torch.memoryUsage().bytes - before).toBeLessThan(MB / 2);
    });
  });
  test('tensors that JavaScript data became are counted as any', () => {
    const { bytes } = added(() => torch.tensor(new Float64Array(MB / 8)));
    expect(overhead(bytes - MB, 1)).toBe(true);
  });
});
