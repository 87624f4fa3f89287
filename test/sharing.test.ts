/** Tokens of tensors, and tensors over buffers, on one thread; test/sharing.process.test.ts has the threads. */

import * as torch from '../lib';
import type { SharedTensor, Tensor } from '../lib';
import { native } from '../lib/native';
import { slowFunction } from './support/compile/slow';

const sent = <T>(message: T): T => structuredClone(message);
const received = (x: Tensor): Tensor => torch.fromShared(sent(x.share()));
const storageId = (x: Tensor): number => native.storageOf(x).id;

describe('a tensor from a token', () => {
  test('has the memory of the tensor that was shared', () => {
    const x = torch.arange(6, { dtype: 'float64' }).reshape(2, 3);
    const y = received(x);
    expect([y.shape, y.dtype, y.device.toString(), y.toArray()]).toEqual([[2, 3], 'float64', 'cpu', x.toArray()]);
    y.index(0).fill_(7);
    x.index(1).mul_(2);
    expect(x.toArray()).toEqual([
      [7, 7, 7],
      [6, 8, 10],
    ]);
    expect(y.toArray()).toEqual(x.toArray());
  });

  test('has its shape, strides and offset', () => {
    const x = torch.arange(24).reshape(2, 3, 4);
    const view = x.select(0, 1).transpose(0, 1).narrow(0, 1, 2);
    const y = received(view);
    expect([y.shape, y.strides, y.storageOffset()]).toEqual([view.shape, view.strides, view.storageOffset()]);
    y.zero_();
    expect(x.sum().item()).toBe(276 - (13 + 14 + 17 + 18 + 21 + 22));
  });

  test('may have no elements, no dimensions and no data', () => {
    expect(received(torch.empty([0, 3])).shape).toEqual([0, 3]);
    expect(received(torch.tensor(5)).item()).toBe(5);
    expect(received(torch.empty([2], { device: 'meta' })).isMeta).toBe(true);
  });

  test.each(['bool', 'int64', 'float16', 'bfloat16', 'complex64', 'float8_e4m3fn'] as const)('of %s', (dtype) => {
    const x = torch.tensor([0, 1, 1, 0]).to(dtype);
    const y = received(x);
    expect(y.dtype).toBe(dtype);
    expect(y.data()).toEqual(x.data());
  });

  test('has a pending conjugation, and is an inference tensor if that was one', () => {
    const z = torch.tensor([new torch.Complex(1, 2)]);
    expect(received(z.conj()).item()).toEqual(new torch.Complex(1, -2));
    const inference = torch.inferenceMode(() => torch.ones(2));
    expect(received(inference).isInference()).toBe(true);
  });

  test('requires a gradient if a leaf did, and has one of its own', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    const y = received(x);
    expect([y.requiresGrad, y.isLeaf]).toEqual([true, true]);
    y.pow(2).sum().backward();
    expect(y.grad!.toArray()).toEqual([2, 4]);
    expect(x.grad).toBeNull();
  });

  test('shares the version counter, which backward checks', () => {
    const x = torch.tensor([1, 2]);
    const y = received(x);
    const weight = torch.tensor([3, 4], { requiresGrad: true });
    const loss = weight.mul(x).sum();
    y.add_(1);
    expect([x._version, y._version]).toEqual([1, 1]);
    expect(() => loss.backward()).toThrow(/modified by an inplace operation.*is at version 1; expected version 0/);
  });

  test('has one storage, however it was reached', () => {
    const x = torch.ones(4);
    const [a, b] = [received(x), received(x.narrow(0, 1, 2))];
    expect(new Set([x, a, b, received(a), torch.frombuffer(x.sharedData())].map(storageId)).size).toBe(1);
  });

  test('enters an active transform as one from outside', () => {
    const token = torch.tensor([1, 2]).share();
    const gradient = torch.func.grad((x: Tensor) => x.mul(torch.fromShared(token)).sum())(torch.tensor([5, 6]));
    expect(gradient.toArray()).toEqual([1, 2]);
    // A tensor from outside that has not entered cannot be written to.
    const zeros = torch.zeros(2).share();
    const sum = (x: Tensor): Tensor => torch.fromShared(zeros).add_(x).sum();
    expect(
      torch.func
        .grad(sum)(torch.tensor([5, 6]))
        .toArray(),
    ).toEqual([1, 1]);
    const rows = torch.vmap((x: Tensor) => torch.fromShared(token).add_(0).mul(x))(torch.tensor([1, 3]));
    expect(rows.toArray()).toEqual([
      [1, 2],
      [3, 6],
    ]);
  });
});

describe('tokens', () => {
  test('keep the tensor, and can be used and sent again', () => {
    const x = torch.tensor([1, 2]);
    const token = x.share();
    x.dispose();
    const [first, second] = [torch.fromShared(sent(token)), torch.fromShared(sent(sent(token)))];
    first.dispose();
    expect(second.toArray()).toEqual([1, 2]);
    expect(torch.fromShared(token).toArray()).toEqual([1, 2]);
  });

  test('give tensors that are independent of each other but for their memory and version', () => {
    const token = torch.tensor([1, 2]).share();
    const [first, second] = [torch.fromShared(token), torch.fromShared(token)];
    first.requiresGrad_(true);
    second.unsqueeze_(0);
    expect([first.requiresGrad, second.requiresGrad]).toEqual([true, false]);
    expect([first.shape, second.shape, torch.fromShared(token).shape]).toEqual([[2], [1, 2], [2]]);
  });

  test('keep the tensor in a message that nobody has received yet', async () => {
    const { port1, port2 } = new MessageChannel();
    for (let i = 0; i < 3; i++) torch.scope(() => port1.postMessage(torch.full([1000], i).share()));
    const received = await new Promise<SharedTensor[]>((resolve) => {
      const messages: SharedTensor[] = [];
      port2.on('message', (token: SharedTensor) => {
        if (messages.push(token) === 3) resolve(messages);
      });
    });
    expect(received.map((token) => torch.fromShared(token).sum().item())).toEqual([0, 1000, 2000]);
    port1.close();
  });

  test('are plain and small', () => {
    const token = torch.ones(1000).share();
    expect(Object.keys(token)).toEqual(['sharedTensor']);
    expect(token.sharedTensor.byteLength).toBe(1);
    new Uint8Array(token.sharedTensor)[0] = 255;
    expect(torch.fromShared(token).sum().item()).toBe(1000);
  });

  test.each([
    ['a number', 5, /argument 'token' must be a token from share\(\), or a pytree with tokens, not number/],
    ['undefined', undefined, /not undefined/],
    ['null', null, /not null/],
    ['text', '{}', /not string/],
    ['a token as text', 'json', /the token has Object in the place of its memory.*not as text/],
    ['a forged token', { sharedTensor: new SharedArrayBuffer(1) }, /there is no tensor for this token/],
    ['a forged token without memory', { sharedTensor: new SharedArrayBuffer(0) }, /there is no tensor for this token/],
    ['an ArrayBuffer', [{ sharedTensor: new ArrayBuffer(1) }], /the token has ArrayBuffer in the place/],
  ])('%s is refused as a token', (_, given, message) => {
    const value = given === 'json' ? (JSON.parse(JSON.stringify(torch.ones(1).share())) as unknown) : given;
    expect(() => torch.fromShared(value)).toThrow(message);
  });
});

describe('what cannot be shared', () => {
  test('the result of operators that requires a gradient', () => {
    const y = torch.tensor([1, 2], { requiresGrad: true }).mul(2);
    expect(() => y.share()).toThrow(
      /share\(\): a tensor that requires a gradient and is not a leaf cannot be shared.*call detach\(\)/,
    );
    expect(received(y.detach()).toArray()).toEqual([2, 4]);
  });

  test.each([
    ['grad', (f: (x: Tensor) => Tensor) => torch.func.grad(f)(torch.tensor(1))],
    ['vmap', (f: (x: Tensor) => Tensor) => torch.vmap(f)(torch.ones(2))],
    ['functionalize', (f: (x: Tensor) => Tensor) => torch.func.functionalize(f)(torch.ones(2))],
  ])('a tensor of %s', (_, transformed) => {
    for (const share of [(x: Tensor) => x.share(), (x: Tensor) => x.sharedData()]) {
      expect(() =>
        transformed((x) => {
          share(x);
          return x;
        }),
      ).toThrow(/a tensor of a transform that has not ended cannot be shared/);
    }
  });

  test('a sparse tensor, a disposed tensor, and a non-tensor value', () => {
    expect(() => torch.eye(2).toSparse().share()).toThrow(/only a strided tensor can be shared/);
    const x = torch.ones(2);
    x.dispose();
    expect(() => x.share()).toThrow(/has been disposed of/);
    const { share } = torch.Tensor.prototype;
    expect(() => share.call({} as Tensor)).toThrow(/must be Tensor, not object/);
  });

  test('memory that is to be resized', () => {
    const x = torch.ones(2);
    expect(() => received(x).resize_([100])).toThrow(/not resizable/);
    expect(() => torch.add(torch.ones(100), 1, { out: received(x) })).toThrow(/not resizable/);
    expect(x.toArray()).toEqual([1, 1]);
    expect(x.resize_([1]).toArray()).toEqual([1]);
    expect(() => x.resize_([100])).toThrow(/not resizable/);
  });
});

describe('structured clone of a tensor', () => {
  test.each([
    ['a tensor', (x: Tensor): unknown => x],
    ['a tensor in an object', (x: Tensor): unknown => ({ list: [x] })],
    ['a parameter', (x: Tensor): unknown => new torch.nn.Parameter(x)],
  ])('%s is an error that says how', (_, message) => {
    expect(() => structuredClone(message(torch.ones(2)))).toThrow(
      /a Tensor: send x\.share\(\) to another thread, and make the tensor there with torch\.fromShared\(token\)/,
    );
  });
});

describe('pytrees', () => {
  test('have tokens in the place of tensors', () => {
    const tree = { layers: [{ w: torch.ones(2), b: torch.zeros(2) }], rate: 0.1, name: 'a', nothing: null };
    const message = torch.share(tree);
    const copy = torch.fromShared(sent(message));
    copy.layers[0].w.fill_(5);
    expect(tree.layers[0].w.toArray()).toEqual([5, 5]);
    expect({ ...copy, layers: [] }).toEqual({ layers: [], rate: 0.1, name: 'a', nothing: null });
  });

  test('keep what is the same tensor', () => {
    const w = torch.ones(2);
    const copy = torch.fromShared(sent(torch.share({ encoder: w, decoder: w, other: w.clone() })));
    expect(copy.encoder).toBe(copy.decoder);
    expect(copy.other).not.toBe(copy.encoder);
  });

  test('are not those of modules, whose state dicts are', () => {
    const { nn } = torch;
    const make = (): torch.nn.Sequential =>
      new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.ReLU());
    const [here, there] = [make(), make()];
    expect(() => torch.share({ model: here })).toThrow(
      /a module \(Sequential\) cannot be shared as it is\. Share module\.stateDict\(\)/,
    );
    there.loadStateDict(torch.fromShared(sent(torch.share(here.stateDict()))), { assign: true });
    torch.noGrad(() => here.parameters()[0].zero_());
    const x = torch.randn(5, 3);
    expect(there(x).toArray()).toEqual(here(x).toArray());
    const weight = there.parameters()[0];
    expect([weight.sum().item(), weight.requiresGrad]).toEqual([0, true]);
    // The running means of one are those of the other.
    expect(there.buffers()[0].toArray()).toEqual(here.buffers()[0].toArray());
  });
});

describe('compiled functions', () => {
  test('read shared memory at each call', () => {
    const weights = torch.ones(3);
    const f = torch.compile((x: Tensor) => x.mul(weights).sum());
    const x = torch.tensor([1, 2, 3]);
    f(x);
    const there = received(weights);
    there.fill_(2);
    expect(f(x).item()).toBe(12);
    received(x).zero_();
    expect(f(x).item()).toBe(0);
  });

  test('do not take shared memory away in asynchronous calls', async () => {
    const weights = torch.ones(3);
    const f = torch.compile((x: Tensor) => x.mul(weights).sum());
    const x = torch.tensor([1, 2, 3]);
    f(x);
    const there = received(weights);
    expect((await f.async(x)).item()).toBe(6);
    weights.fill_(2);
    expect(there.toArray()).toEqual([2, 2, 2]);
    expect((await f.async(received(x))).item()).toBe(12);
  });

  test('shared while an asynchronous call holds a tensor: the call sees what was there before', async () => {
    const f = torch.compile((x: Tensor) => x.sum());
    const x = torch.ones(100);
    f(x);
    const { threads } = torch.asyncQueue();
    torch.setNumThreads(1);
    const { f: slow, x: argument } = slowFunction(300);
    // The call waits until this one has ended.
    const before = slow.async(argument as never);
    const sum = f.async(x);
    const there = received(x);
    there.fill_(3);
    expect(x.sum().item()).toBe(300);
    expect((await sum).item()).toBe(100);
    await before;
    torch.setNumThreads(threads);
  });

  test('refuse a result that read shared memory while it was written to', async () => {
    const f = torch.compile((x: Tensor) => x.sum());
    const x = torch.ones(100);
    f(x);
    const there = received(x);
    const sum = f.async(x);
    there.fill_(3);
    await expect(sum).rejects.toThrow(
      /async\(\): a tensor that is shared .* modified by an inplace operation since the call: its version is 1 instead of 0/,
    );
    expect((await f.async(x)).item()).toBe(300);
  });

  test('return views of shared memory', async () => {
    const f = torch.compile((x: Tensor) => x.narrow(0, 1, 2));
    const x = torch.arange(4);
    f(x);
    const there = received(x);
    const view = await f.async(x);
    there.zero_();
    expect(view.toArray()).toEqual([0, 0]);
  });

  test('are not recorded where they share', () => {
    const f = torch.compile((x: Tensor) => (x.share(), x.sin()), { fullgraph: true });
    expect(() => f(torch.ones(2))).toThrow(/memory is shared with other threads/);
  });
});
