import { inspect } from 'node:util';

import * as torch from '../lib';

const { Device, device } = torch;

function expectRefusal(call: () => unknown, name: string, message: string | RegExp): void {
  const expected = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message);
  expect(call).toThrow(expect.objectContaining({ name, message: expected }));
}

test('streams and events say what to use', () => {
  expect(torch.cuda.Stream).toBe(torch.Stream);
  expect(torch.cuda.Event).toBe(torch.Event);
  expectRefusal(() => new torch.Stream(), 'NotImplementedError', 'torch.cuda.synchronize() waits for all queued work');
  expectRefusal(() => new torch.Stream('cuda'), 'NotImplementedError', /^Stream is not supported: /);
  expectRefusal(() => new torch.cuda.Event({ enableTiming: true }), 'NotImplementedError', 'performance.now()');
});

describe('Device', () => {
  test.each<[unknown, string, number | null]>([
    ['cpu', 'cpu', null],
    ['cuda', 'cuda', null],
    ['cuda:0', 'cuda', 0],
    ['cuda:127', 'cuda', 127],
    ['meta', 'meta', null],
    [{ type: 'cuda' }, 'cuda', null],
    [{ type: 'cuda', index: 1 }, 'cuda', 1],
    [{ type: 'cuda', index: null }, 'cuda', null],
    [new Device('cuda:2'), 'cuda', 2],
  ])('%p', (like, type, index) => {
    const made = device(like as string);
    expect(made).toBeInstanceOf(Device);
    expect([made.type, made.index]).toEqual([type, index]);
    expect(String(made)).toBe(index === null ? type : `${type}:${index}`);
    expect(JSON.stringify(made)).toBe(`"${made}"`);
  });

  test('with the index apart', () => {
    expect(String(device('cuda', 1))).toBe('cuda:1');
    expect(String(new Device({ type: 'cuda', index: 0 }, 3))).toBe('cuda:3');
  });

  test('equals, and prints as in Python', () => {
    expect(device('cuda:1').equals('cuda:1')).toBe(true);
    expect(device('cuda:1').equals(device('cuda'))).toBe(false);
    expect(device('cpu').equals({ type: 'cuda' })).toBe(false);
    expect(inspect(device('cuda:1'))).toBe("device(type='cuda', index=1)");
    expect(inspect(device('cpu'))).toBe("device(type='cpu')");
  });

  // PyTorch's words.
  test.each<[unknown, string, string]>([
    ['', 'RuntimeError', 'Device string must not be empty'],
    ['foo', 'RuntimeError', /privateuseone device type at start of device string: foo$/.source],
    ['CPU', 'RuntimeError', 'Expected one of cpu, cuda, ipu, xpu'],
    ['cuda:-1', 'RuntimeError', "Invalid device string: 'cuda:-1'"],
    ['cuda:01', 'RuntimeError', "Invalid device string: 'cuda:01'"],
    ['cuda:', 'RuntimeError', "Invalid device string: 'cuda:'"],
    [' cuda', 'RuntimeError', "Invalid device string: ' cuda'"],
    ['cuda:1.5', 'RuntimeError', "Invalid device string: 'cuda:1.5'"],
    ['cuda:128', 'RuntimeError', 'Device index must be at most 127, got 128'],
    [{ type: 'cuda', index: -1 }, 'RuntimeError', 'Device index must not be negative'],
    [{ type: 'cuda', index: 0.5 }, 'TypeError', "argument 'index' must be int, not 0.5"],
    [{ type: 'cuda', index: 'a' }, 'TypeError', "argument 'index' must be int, not 'a'"],
    [{ type: 5 }, 'TypeError', "argument 'device' must be a string, a Device or"],
    [3, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not 3"],
    [null, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not null"],
    [undefined, 'TypeError', "argument 'device' must be a string, a Device or { type, index }, not undefined"],
  ])('refuses %p', (like, name, message) => {
    expectRefusal(
      () => device(like as string),
      name,
      new RegExp(message.startsWith('private') ? message : escape(message)),
    );
  });

  test('refuses an index that is wrong or doubled', () => {
    expectRefusal(
      () => device('cuda:0', 1),
      'RuntimeError',
      'type (string) must not include an index because index was passed explicitly: cuda:0',
    );
    expectRefusal(() => device('cuda', -1), 'RuntimeError', 'Device index must not be negative');
    expectRefusal(() => device('cuda', 1.5), 'TypeError', "argument 'index' must be int, not 1.5");
  });

  test('of tensors', () => {
    const x = torch.zeros([2], { device: 'meta' });
    expect(x.device).toEqual(device('meta'));
    expect(torch.zeros([2], { device: x.device }).device.type).toBe('meta');
    expect(torch.zeros([2], { device: { type: 'cpu' } }).device.type).toBe('cpu');
    expect(torch.zeros([2]).device).toBeInstanceOf(Device);
  });
});

describe('creation on meta, of operators whose meta kernel PyTorch lacks', () => {
  const meta = { device: 'meta' } as const;
  test('randperm', () => {
    const order = torch.randperm(5, { ...meta, dtype: 'int32' });
    expect([order.shape, order.dtype, order.isMeta]).toEqual([[5], 'int32', true]);
    expect(() => torch.randperm(-1, meta)).toThrow(/negative/);
  });

  test.each([
    [3, 4, 0],
    [3, 4, 2],
    [3, 4, -2],
    [4, 2, 1],
    [2, 3, 9],
    [2, 3, -9],
    [0, 3, 0],
  ])('the indices of triangles of %i by %i, offset %i', (rows, columns, offset) => {
    for (const create of [torch.trilIndices, torch.triuIndices]) {
      const indices = create(rows, columns, offset, meta);
      expect([indices.shape, indices.dtype]).toEqual([create(rows, columns, offset).shape, 'int64']);
    }
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
