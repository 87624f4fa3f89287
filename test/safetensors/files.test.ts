import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { bitsOf, makeFolder } from '../support/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

/** A file with any text as its header, whose length may be wrong. */
function fileWith(header: string | Buffer, data: Uint8Array = Buffer.alloc(0), length?: bigint): string {
  const text = Buffer.from(header as string);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  fs.writeFileSync(at('x.safetensors'), Buffer.concat([prefix, text, data]));
  return at('x.safetensors');
}

const entry = (dtype: string, shape: string, start: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${start},${end}]}`;

describe('open', () => {
  test('gives names, dtypes and shapes without values, and tensors that outlive the file', () => {
    torch.safetensors.saveFile({ a: torch.ones(2, 3), b: torch.tensor(5, { dtype: 'int16' }) }, at('a.safetensors'));
    const file = torch.safetensors.open(at('a.safetensors'));
    expect(file.keys()).toEqual(['a', 'b']);
    expect([file.has('a'), file.has('c')]).toEqual([true, false]);
    expect([file.dtype('b'), file.shape('b'), file.shape('a')]).toEqual(['int16', [], [2, 3]]);
    expect(file.metadata).toEqual({});
    const a = file.get('a');
    file.close();
    file.close();
    expect(a.sum().item()).toBe(6);
    expect(() => file.get('b')).toThrow(/a\.safetensors: tensor "b": it was closed/);
    expect(() => file.get('c')).toThrow(torch.KeyError);
  });

  test('a write to a tensor reaches neither the file nor another tensor', () => {
    torch.safetensors.saveFile({ a: torch.zeros(2), b: torch.zeros(2) }, at('b.safetensors'));
    const { a, b } = torch.safetensors.loadFile(at('b.safetensors'));
    const version = b._version;
    a.add_(1);
    expect(a.toArray()).toEqual([1, 1]);
    expect(b.toArray()).toEqual([0, 0]);
    expect(b._version).toBe(version);
    expect(torch.safetensors.loadFile(at('b.safetensors')).a.toArray()).toEqual([0, 0]);
  });

  test('a tensor that is not aligned for its dtype is copied', () => {
    // The header has 6 bytes more than a multiple of 8, and the values start at byte 1.
    const header = `{"b":${entry('U8', '[1]', 0, 1)},"f":${entry('F32', '[2]', 1, 9)}}`;
    const data = Buffer.concat([Buffer.from([7]), Buffer.from(Float32Array.of(1.5, -2).buffer)]);
    const { b, f } = torch.safetensors.loadFile(fileWith(header, data));
    expect([b.toArray(), f.toArray()]).toEqual([[7], [1.5, -2]]);
  });

  test('tensors load inside transforms and keep derivatives', () => {
    torch.safetensors.saveFile({ w: torch.tensor([2, 3]) }, at('w.safetensors'));
    const dot = (x: torch.Tensor): torch.Tensor => x.dot(torch.safetensors.loadFile(at('w.safetensors')).w);
    expect(torch.func.grad(dot)(torch.ones(2)).toArray()).toEqual([2, 3]);
    expect(torch.vmap(dot)(torch.ones(3, 2)).toArray()).toEqual([5, 5, 5]);
    const functional = torch.func.functionalize((x: torch.Tensor) => dot(x).add_(1));
    expect(functional(torch.ones(2)).item()).toBe(6);
  });
});

describe('a checkpoint of several files', () => {
  const index = (map: unknown): string => {
    fs.writeFileSync(at('model.safetensors.index.json'), JSON.stringify(map));
    return at('model.safetensors.index.json');
  };

  test('is opened by its index', () => {
    torch.safetensors.saveFile({ a: torch.tensor(1), c: torch.tensor(3) }, at('1.safetensors'), { format: 'pt' });
    torch.safetensors.saveFile({ b: torch.tensor(2), extra: torch.tensor(4) }, at('2.safetensors'));
    const map = { b: '2.safetensors', a: '1.safetensors', c: '1.safetensors' };
    const file = index({ metadata: { total_size: 12, nested: [{}, 1.5e3, null, true] }, weight_map: map });
    using opened = torch.safetensors.open(file);
    expect(opened.keys()).toEqual(['b', 'a', 'c']);
    expect(opened.metadata).toEqual({ format: 'pt' });
    const loaded = torch.safetensors.loadFile(file);
    expect(Object.entries(loaded).map(([name, x]) => [name, x.item()])).toEqual([['b', 2], ['a', 1], ['c', 3]]); // prettier-ignore
  });

  test.each([
    [{ weight_map: { a: '../1.safetensors' } }, /index\.json: .*"\.\.\/1\.safetensors"; expected a file in the same/],
    [{ weight_map: { a: '/etc/passwd' } }, /a file in the same folder/],
    [{ weight_map: { a: '..' } }, /a file in the same folder/],
    [{ weight_map: { a: 1 } }, /expected a string at character 19/],
    [{ weight_map: { missing: '1.safetensors' } }, /tensor "missing" is not in 1\.safetensors/],
    [{ weight_map: { a: 'absent.safetensors' } }, /ENOENT.*absent\.safetensors/],
    [{}, /it has no 'weight_map'/],
  ])('%j is refused', (map, message) => {
    torch.safetensors.saveFile({ a: torch.tensor(1) }, at('1.safetensors'));
    expect(() => torch.safetensors.open(index(map))).toThrow(message);
  });
});

describe('a malformed file is refused with its name and the place', () => {
  const deep = (depth: number): string => '['.repeat(depth);
  test.each<[string, () => string, RegExp]>([
    ['empty', () => fileWith('', undefined, 0n), /the header does not start with '\{'/],
    ['no length', () => (fs.writeFileSync(at('x.safetensors'), 'abc'), at('x.safetensors')), /it has 3 bytes/],
    ['a length beyond the end', () => fileWith('{}', undefined, 3n), /the header ends at byte 11 of 10/],
    ['a huge length', () => fileWith('{}', undefined, 2n ** 64n - 1n), /a length of 18446744073709551615 bytes; the limit/],
    ['no JSON', () => fileWith('{"a"'), /the header: expected ':' at character 4, found the end/],
    ['text after JSON', () => fileWith('{}x'), /expected the end of the text at character 2, found "x"/],
    ['no UTF-8', () => fileWith(Buffer.from('{"\xff":1}', 'latin1')), /the header: it is not UTF-8/],
    ['a nested value', () => fileWith(`{"a":${deep(100_000)}`), /tensor "a": expected '\{' at character 5/],
    ['a duplicate', () => fileWith(`{"a":${entry('U8', '[0]', 0, 0)},"a":${entry('U8', '[0]', 0, 0)}}`), /"a" occurs twice/],
    ['a duplicate key', () => fileWith('{"a":{"dtype":"U8","dtype":"U8"}}'), /the key "dtype" occurs twice, at character 19/],
    ['an unknown key', () => fileWith('{"a":{"x":1}}'), /not "x"/],
    ['a missing key', () => fileWith('{"a":{"dtype":"U8"}}'), /tensor "a": it needs dtype, shape and two data_offsets/],
    ['an unknown dtype', () => fileWith(`{"a":${entry('F4', '[2]', 0, 1)}}`), /tensor "a": the dtype "F4" has no counterpart/],
    ['a negative size', () => fileWith(`{"a":${entry('U8', '[-1]', 0, 0)}}`), /expected a non-negative integer/],
    ['a fraction', () => fileWith(`{"a":${entry('U8', '[1.5]', 0, 0)}}`), /expected a non-negative integer/],
    ['65 dimensions', () => fileWith(`{"a":${entry('U8', `[${Array(65).fill(1)}]`, 0, 1)}}`), /expected at most 64 numbers/],
    ['a huge size', () => fileWith(`{"a":${entry('U8', '[99999999999999999999]', 0, 0)}}`), /999 is too large/],
    ['a huge shape', () => fileWith(`{"a":${entry('U8', `[${Array(9).fill(2 ** 40)}]`, 0, 0)}}`), /is too large/],
    ['a huge shape with 0', () => fileWith(`{"a":${entry('U8', `[0,${Array(9).fill(2 ** 40)}]`, 0, 0)}}`), /is too large/],
    ['a wrong size', () => fileWith(`{"a":${entry('F32', '[2]', 0, 4)}}`, Buffer.alloc(4)), /take 8 bytes, but data_offsets are \[0, 4\]/],
    ['reversed offsets', () => fileWith(`{"a":${entry('U8', '[2]', 2, 0)}}`, Buffer.alloc(2)), /data_offsets are \[2, 0\]/],
    ['an overlap', () => fileWith(`{"a":${entry('U8', '[4]', 0, 4)},"b":${entry('U8', '[4]', 2, 6)}}`, Buffer.alloc(6)), /tensor "b" overlaps tensor "a": it starts at byte 2 of the values, not 4/],
    ['the same range', () => fileWith(`{"a":${entry('U8', '[4]', 0, 4)},"b":${entry('U8', '[4]', 0, 4)}}`, Buffer.alloc(4)), /tensor "b" overlaps tensor "a"/],
    ['a hole', () => fileWith(`{"a":${entry('U8', '[4]', 1, 5)}}`, Buffer.alloc(5)), /leaves a hole after the start/],
    ['values missing', () => fileWith(`{"a":${entry('U8', '[4]', 0, 4)}}`, Buffer.alloc(3)), /take 4 bytes, but 3 follow/],
    ['values left', () => fileWith(`{"a":${entry('U8', '[4]', 0, 4)}}`, Buffer.alloc(5)), /take 4 bytes, but 5 follow/],
    ['metadata of numbers', () => fileWith('{"__metadata__":{"a":1}}'), /expected a string at character 21/],
    ['a bool of 2', () => fileWith(`{"a":${entry('BOOL', '[2]', 0, 2)}}`, Buffer.from([1, 2])), /tensor "a": a bool value is stored as 2/],
  ])('%s', (_, make, message) => {
    const file = make();
    expect(() => torch.safetensors.loadFile(file)).toThrow(torch.ValueError);
    expect(() => torch.safetensors.loadFile(file)).toThrow(message);
    expect(() => torch.safetensors.loadFile(file)).toThrow(file);
  }); // prettier-ignore

  test('a folder and a file that does not exist', () => {
    expect(() => torch.safetensors.open(folder)).toThrow(/it is not a regular file/);
    expect(() => torch.safetensors.open(at('absent'))).toThrow(/ENOENT/);
  });
});

describe('saveFile', () => {
  test.each<[string, unknown, unknown, RegExp]>([
    ['an array', [torch.ones(1)], {}, /argument 'tensors' must be an object of tensors, not array/],
    ['a number', { a: 1 }, {}, /tensor "a" is not a Tensor but number/],
    ['complex128', { a: torch.ones(1, { dtype: 'complex128' }) }, {}, /tensor "a" has the dtype complex128, which/],
    ['a reserved name', { __metadata__: torch.ones(1) }, {}, /has a name that the format does not allow/],
    ['half a surrogate pair', { '\ud800': torch.ones(1) }, {}, /has a name that the format does not allow/],
    ['a sparse tensor', { a: torch.ones(2, 2).toSparse() }, {}, /tensor "a" has the layout sparse_coo/],
    ['a number in metadata', { a: torch.ones(1) }, { a: 1 }, /argument 'metadata' must be an object of strings/],
  ])('refuses %s and leaves no file', (_, tensors, metadata, message) => {
    const save = (): void => torch.safetensors.saveFile(tensors as never, at('bad.safetensors'), metadata as never);
    expect(save).toThrow(TypeError);
    expect(save).toThrow(message);
    expect(fs.readdirSync(folder).filter((name) => name.includes('bad'))).toEqual([]);
  });

  test('refuses tensors that share memory, but not parts that do not overlap', () => {
    const x = torch.arange(6, { dtype: 'float32' });
    const [a, b] = [x.narrow(0, 0, 3), x.narrow(0, 3, 3)];
    torch.safetensors.saveFile({ a, b }, at('parts.safetensors'));
    expect(bitsOf(torch.safetensors.loadFile(at('parts.safetensors')).b)).toEqual(bitsOf(torch.tensor([3, 4, 5])));
    const tied = (): void => torch.safetensors.saveFile({ a, x }, at('tied.safetensors'));
    expect(tied).toThrow(torch.RuntimeError);
    expect(tied).toThrow(/Some tensors share memory.*"a" and "x"/);
  });

  test('inside vmap it is an error, and no file is left behind', () => {
    const save = (x: torch.Tensor): torch.Tensor => (torch.safetensors.saveFile({ x }, at('vmap.safetensors')), x);
    expect(() => torch.vmap(save)(torch.ones(2))).toThrow(torch.RuntimeError);
    expect(fs.existsSync(at('vmap.safetensors'))).toBe(false);
    expect(
      torch.func
        .grad((x) => save(x).sum())(torch.ones(2))
        .toArray(),
    ).toEqual([1, 1]);
    expect(torch.safetensors.loadFile(at('vmap.safetensors')).x.toArray()).toEqual([1, 1]);
  });
});
