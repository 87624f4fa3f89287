/** Operators and copies of values off the event loop. The oracles are synchronous calls and closed forms. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { torchFunctions } from '../../lib/operators';
import type { AnyFunction } from '../../lib/types';
import { expectSame } from '../support/compile/expect-same';
import { idle } from '../support/compile/slow';

const { threads } = torch.asyncQueue();
afterEach(async () => {
  torch.setNumThreads(threads);
  await idle();
});

const callAny = torch.callAsync as unknown as (f: unknown, args: unknown, options?: unknown) => Promise<unknown>;

const rejectionOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('expected a rejection')),
    (error: Error) => error,
  );

/** Whether a call goes to the pool, whose only thread is busy. */
async function isQueued(make: () => Promise<unknown>): Promise<boolean> {
  torch.setNumThreads(1);
  const busy = torch.callAsync(torch.linalg.svd, [random([200, 200])]);
  const { waiting, running } = torch.asyncQueue();
  const call = make().catch(() => undefined);
  const after = torch.asyncQueue();
  await Promise.all([busy, call]);
  return after.waiting + after.running > waiting + running;
}

const random = (shape: number[]): Tensor => {
  torch.manualSeed(3);
  return torch.randn(shape, { dtype: 'float64' });
};

describe('results are those of the operator', () => {
  test.each<[string, AnyFunction, () => unknown[]]>([
    ['several tensors', torch.linalg.svd, () => [random([5, 3])]],
    ['options', torch.linalg.svd, () => [random([5, 3]), { fullMatrices: false }]],
    ['two tensors', torch.linalg.solve, () => [random([4, 4]), random([4])]],
    ['complex', torch.fft.fft, () => [random([6])]],
    ['a conjugate', torch.matmul, () => [torch.fft.fft(random([3, 3])).conj(), torch.fft.fft(random([3, 3]))]],
    ['a list of tensors', torch.cat, () => [[random([2, 3]), random([1, 3])], 0]],
    ['a list of results', torchFunctions.broadcastTensors, () => [[random([2, 1]), random([1, 3])]]],
    ['a boolean', torch.equal, () => [random([3]), random([3])]],
    ['nothing but defaults', torch.special.erf, () => [random([3])]],
    ['no elements', torch.sum, () => [torch.zeros([0, 2])]],
    ['a number', torch.add, () => [random([2]), 3]],
    ['a transpose', torch.matmul, () => [random([3, 4]).T, random([3, 2])]],
  ])('%s', async (_, f, make) => {
    expectSame(await callAny(f, make()), f(...make()));
    expect(await isQueued(() => callAny(f, make()))).toBe(true);
  }); // prettier-ignore

  test('of the largest singular values, by a closed form', async () => {
    const { S } = await torch.callAsync(torch.linalg.svd, [torch.tensor([[3, 0], [0, -4]]), { fullMatrices: false }]); // prettier-ignore
    expect(S.toArray()).toEqual([4, 3]);
  });

  test('the event loop goes on', async () => {
    const x = random([300, 300]);
    let [turns, done] = [0, false];
    const turn = (): void => {
      turns++;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await torch.callAsync(torch.linalg.svd, [x]);
    done = true;
    expect(turns).toBeGreaterThan(3);
  });
});

test('a call sees what its arguments held when it was made', async () => {
  torch.setNumThreads(1);
  const x = torch.ones(1000);
  const busy = torch.callAsync(torch.linalg.svd, [random([200, 200])]);
  const sum = torch.callAsync(torch.sum, [x]);
  const stacked = torch.callAsync(torch.stack, [[x, x]]);
  x.zero_();
  x.dispose();
  expect((await sum).item()).toBe(1000);
  expect((await stacked).sum().item()).toBe(2000);
  await busy;
});

test('a result over the memory of an argument is a view of it', async () => {
  const [x, y] = [torch.zeros(2, 1), torch.zeros(1, 3)];
  const [a] = (await callAny(torchFunctions.broadcastTensors, [[x, y]])) as Tensor[];
  x.fill_(7);
  expect(a.toArray()).toEqual([[7, 7, 7], [7, 7, 7]]); // prettier-ignore
});

describe('made at once', () => {
  test.each<[string, () => [AnyFunction, unknown[]], unknown]>([
    ['a gradient is recorded', () => [torch.sin, [torch.zeros(2, { requiresGrad: true })]], [0, 0]],
    ['a view', () => [torch.transpose, [torch.tensor([[1, 2]]), 0, 1]], [[1], [2]]],
    ['out=', () => [torch.sin, [torch.zeros(2), { out: torch.ones(2) }]], [0, 0]],
    ['a random number', () => [torch.bernoulli, [torch.ones(2)]], [1, 1]],
    ['running statistics', () => [torch.batchNorm, [torch.ones(2, 1), null, null, torch.zeros(1), torch.ones(1), true, 0.1, 1e-5, false]], [[0], [0]]],
    ['a factory', () => [torch.zeros, [[2]]], [0, 0]],
    ['a sparse tensor', () => [torch.add, [torch.eye(2).toSparse(), torch.eye(2).toSparse()]], undefined],
    ['a meta tensor', () => [torch.sin, [torch.zeros([2], { device: 'meta' })]], undefined],
  ])('%s', async (_, make, expected) => {
    const [f, args] = make();
    expect(await isQueued(() => callAny(f, args))).toBe(false);
    const result = (await callAny(f, args)) as Tensor;
    if (expected !== undefined) expect(result.detach().toArray()).toEqual(expected);
  }); // prettier-ignore

  test('without gradients, a tensor that requires one does not matter', async () => {
    const x = torch.ones(2, { requiresGrad: true });
    expect(await isQueued(() => torch.noGrad(() => [callAny(torch.sin, [x])])[0])).toBe(true);
    let promise: Promise<unknown> | undefined;
    torch.noGrad(() => {
      promise = callAny(torch.mul, [x, 2]);
    });
    expect(((await promise) as Tensor).requiresGrad).toBe(false);
  });

  test('running statistics are updated', async () => {
    const mean = torch.zeros(1);
    await callAny(torch.batchNorm, [torch.tensor([[1], [3]]), null, null, mean, torch.ones(1), true, 1, 1e-5, false]);
    expect(mean.item()).toBe(2);
  });
});

describe('errors', () => {
  test.each<[string, AnyFunction, unknown[]]>([
    ['of the operator', torch.linalg.inv, [torch.zeros(2, 2)]],
    ['of shapes', torch.matmul, [torch.ones(2), torch.ones(3)]],
    ['of types', torch.sin, ['x']],
  ])('%s', async (_, f, args) => {
    let expected: Error | undefined;
    try {
      f(...args);
    } catch (error) {
      expected = error as Error;
    }
    const found = await rejectionOf(callAny(f, args));
    expect([found.constructor, found.message]).toEqual([expected!.constructor, expected!.message]);
  });

  test('of the call', async () => {
    expect(() => callAny(() => 1, [])).toThrow(/argument 'operator' must be an operator of libtorch, .*not the function ''/);
    expect(() => callAny(5, [])).toThrow(/must be an operator of libtorch.*not (a )?number|int/);
    expect(() => callAny(torch.Tensor.prototype.sin, [])).toThrow(TypeError);
    expect(() => callAny(torch.sin, torch.ones(1))).toThrow(/argument 'args' must be an array of arguments, not Tensor/);
    expect(() => callAny(torch.sin, [torch.ones(1)], { signal: 5 })).toThrow(/option 'signal' must be an AbortSignal/);
    expect(() => callAny(torch.sin, [torch.ones(1)], { sgnal: 5 })).toThrow(TypeError);
    let promise: Promise<unknown> | undefined;
    torch.func.grad((x: Tensor) => {
      promise = callAny(torch.sin, [x]);
      return x.sum();
    })(torch.ones(2));
    const error = await rejectionOf(promise!);
    expect(error).toBeInstanceOf(torch.RuntimeError);
    expect(error.message).toMatch(/^callAsync\(\): inside a transform/);
  }); // prettier-ignore
});

test('a signal drops a call that waits', async () => {
  torch.setNumThreads(1);
  const busy = torch.callAsync(torch.linalg.svd, [random([200, 200])]);
  const controller = new AbortController();
  const waiting = torch.callAsync(torch.sin, [torch.ones(2)], { signal: controller.signal });
  const copy = torch.ones(1 << 20).dataAsync({ signal: controller.signal });
  controller.abort(new Error('enough'));
  expect((await rejectionOf(waiting)).message).toBe('enough');
  expect((await rejectionOf(copy)).message).toBe('enough');
  await busy;
});

describe('dataAsync', () => {
  const large = 300 * 1024;
  test.each<[string, () => Tensor]>([
    ['few values', () => torch.tensor([1, 2])],
    ['many', () => torch.arange(large)],
    ['no values', () => torch.zeros([0])],
    ['float16', () => torch.arange(large).to('float16')],
    ['bfloat16', () => torch.arange(large).to('bfloat16')],
    ['float8', () => torch.arange(4 * large).to('float8_e5m2')],
    ['bool', () => torch.arange(4 * large).gt(10)],
    ['int64', () => torch.arange(large, { dtype: 'int64' })],
    ['uint16', () => torch.arange(large).to('uint16')],
    ['complex64, conjugated', () => torch.complex(torch.arange(large, { dtype: 'float32' }), torch.ones(large)).conj()],
    ['a transpose', () => torch.arange(large).reshape([300, 1024]).T],
    ['expanded', () => torch.ones(1).expand([large])],
    ['requires a gradient', () => torch.ones(large, { requiresGrad: true })],
    ['sparse', () => torch.eye(600).toSparse()],
  ])('%s', async (_, make) => {
    const x = make();
    const data = await x.dataAsync();
    const expected = x.data();
    expect(data.constructor).toBe(expected.constructor);
    expect(Buffer.from(data.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
  });

  test('has what the tensor held at the call', async () => {
    const x = torch.ones(large);
    const copy = x.dataAsync();
    expect(await isQueued(() => x.dataAsync())).toBe(true);
    x.zero_();
    x.dispose();
    expect(await copy).toEqual(new Float32Array(large).fill(1));
  });

  test('errors', async () => {
    const meta = torch.zeros([2], { device: 'meta' });
    expect((await rejectionOf(meta.dataAsync())).message).toMatch(/a tensor on the meta device has no data to read/);
    expect(() => torch.ones(1).dataAsync({ sgnal: 1 } as never)).toThrow(TypeError);
  });
});

test('a tensor that other threads share: a write ends the call with an error, and is not in the copy', async () => {
  torch.setNumThreads(1);
  const x = torch.ones(300 * 1024);
  x.share();
  const busy = torch.callAsync(torch.linalg.svd, [random([200, 200])]);
  const [sum, copy] = [torch.callAsync(torch.sum, [x]), x.dataAsync()];
  x.zero_();
  expect((await rejectionOf(sum)).message).toMatch(
    /^callAsync\(\): a tensor that is shared with other threads.*modified/,
  );
  expect((await copy)[0]).toBe(1);
  await busy;
});
