import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { readPickle } from '../../lib/pickle/reader';
import { ZipWriter } from '../../lib/zip/writer';
import { bitsOf, makeFolder } from '../support/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

interface Parts {
  pickle?: Buffer | string;
  data?: Uint8Array[];
  version?: string;
  byteorder?: string;
  deflates?: boolean;
}

/** A file of torch.save of any parts. */
function fileOf({ pickle = 'N.', data = [], version = '3\n', byteorder = 'little', deflates = false }: Parts): string {
  using archive = ZipWriter.create(at('x.pt'), { alignment: 64 });
  archive.add('x/data.pkl', [Buffer.from(pickle as string, 'latin1')], { deflates });
  archive.add('x/byteorder', [Buffer.from(byteorder)]);
  data.forEach((bytes, key) => archive.add(`x/data/${key}`, [bytes]));
  archive.add('x/version', [Buffer.from(version)]);
  archive.finish();
  return at('x.pt');
}

const load = (parts: Parts): unknown => torch.load(fileOf(parts));

// --- pieces of pickles ---

const text = (value: string): string => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
const tuple = (...items: string[]): string => `(${items.join('')}t`;
const int = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString('latin1')}`;
};
const long = (value: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return `\x8a\x08${bytes.toString('latin1')}`;
};
const storage = (count: number, { type = 'FloatStorage', key = '0', location = 'cpu' } = {}): string =>
  `${tuple(text('storage'), `ctorch\n${type}\n`, text(key), text(location), int(count))}Q`;
const ordered = 'ccollections\nOrderedDict\n)R';
const tensor = (stored: string, offset: string, shape: string, strides: string, more = '\x89'): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n${tuple(stored, offset, shape, strides, more, ordered)}R`;
const [two, one] = [tuple(int(2)), tuple(int(1))];
const data = [Buffer.from(Float32Array.of(1, 2).buffer)];

test('the pieces make a file that is read', () => {
  const x = load({ pickle: `${tensor(storage(2), int(0), two, one)}.`, data }) as torch.Tensor;
  expect(x.toArray()).toEqual([1, 2]);
});

describe('a malformed file is refused with its name and the place', () => {
  const float = (count: number): string => storage(count);
  test.each<[string, Parts, RegExp]>([
    ['an empty pickle', { pickle: '' }, /entry 'x\/data\.pkl': byte 0: the pickle ends here/],
    ['no end', { pickle: 'N' }, /byte 1: the pickle ends here/],
    ['two values', { pickle: 'NN.' }, /byte 2: 1 values are left on the stack/],
    ['no value', { pickle: '.' }, /byte 0: a value is missing on the stack/],
    ['a string beyond the end', { pickle: 'X\xff\xff\xff\xffab.' }, /byte 0: the pickle ends here/],
    ['a name without an end', { pickle: 'ctorch.' }, /byte 0: the pickle ends inside a name/],
    ['a string that is not UTF-8', { pickle: 'X\x01\0\0\0\xff.' }, /byte 0: a string is not UTF-8/],
    ['no mark', { pickle: 't.' }, /byte 0: there is no mark on the stack/],
    ['no memo', { pickle: 'h\x07.' }, /byte 0: there is no value 7 in the memo/],
    ['a key without a value', { pickle: '}(Nu.' }, /byte 3: a key has no value/],
    ['items of a number', { pickle: 'K\x01NNs.' }, /byte 4: cannot set items of 1/],
    ['an append to a tuple', { pickle: ')Na.' }, /byte 2: cannot append to a tuple/],
    ['a list as a key', { pickle: '}]Ns.' }, /byte 3: a list cannot be a key/],
    ['an unknown protocol', { pickle: '\x80\x09N.' }, /byte 0: protocol 9 is unknown/],
    ['a function', { pickle: `cos\nsystem\n${tuple(text('true'))}R.` }, /byte 0: "os\.system" is not allowed/],
    ['a function by the stack', { pickle: `${text('builtins')}${text('eval')}\x93.` }, /"builtins\.eval" is not allowed/],
    ['a class', { pickle: '(cos\nPathLike\no.' }, /"os\.PathLike" is not allowed/],
    ['INST', { pickle: '(ios\nsystem\n.' }, /byte 1: the opcode INST \(0x69\) is not allowed/],
    ['OBJ', { pickle: '(No.' }, /the opcode OBJ \(0x6f\) is not allowed/],
    ['NEWOBJ', { pickle: ')\x81.' }, /the opcode NEWOBJ \(0x81\) is not allowed/],
    ['EXT1', { pickle: '\x82\x01.' }, /the opcode EXT1 \(0x82\) is not allowed/],
    ['PERSID', { pickle: 'Pa\n.' }, /the opcode PERSID \(0x50\) is not allowed/],
    ['a call of a dtype', { pickle: 'ctorch\nfloat32\n)R.' }, /torch\.float32 may not be called/],
    ['a call of a value', { pickle: 'N)R.' }, /None may not be called/],
    ['arguments in a list', { pickle: 'ctorch\nSize\n]R.' }, /the arguments of a call are not a tuple/],
    ['the state of a dict', { pickle: '}}b.' }, /byte 2: the state of a dict may not be set/],
    ['the state of a tensor', { pickle: `${tensor(float(2), int(0), two, one)}}b.`, data }, /the state of .* may not be set/],
    ['a class as a value', { pickle: 'ctorch\nTensor\n.' }, /torch\.Tensor is not a value that JavaScript has/],
    ['a storage as a value', { pickle: `${float(2)}.`, data }, /an object is not a value that JavaScript has/],
    ['deep nesting', { pickle: `${'('.repeat(5000)}${'t'.repeat(5000)}.` }, /nested more than 500 times/],
    ['another persistent id', { pickle: `${tuple(text('module'))}Q.` }, /the persistent id is not that of a storage: the string "module"/],
    ['a missing record', { pickle: `${storage(2, { key: '7' })}.`, data }, /there is no entry 'x\/data\/7'/],
    ['a record outside', { pickle: `${storage(2, { key: '../version' })}.`, data }, /there is no entry/],
    ['a short record', { pickle: `${float(3)}.`, data }, /entry 'x\/data\/0' has 8 bytes; the storage takes 12/],
    ['a long record', { pickle: `${float(1)}.`, data }, /has 8 bytes; the storage takes 4/],
    ['a negative storage', { pickle: `${float(-1)}.`, data }, /the storage is described by/],
    ['one storage in two ways', { pickle: `${float(2)}${storage(1, { type: 'DoubleStorage' })}\x86.`, data }, /storage '0' is described in two ways/],
    ['an unknown device', { pickle: `${storage(2, { location: 'moon' })}.`, data }, /device string: moon/],
    ['a negative offset', { pickle: `${tensor(float(2), int(-1), two, one)}.`, data }, /_rebuild_tensor_v2: expected a size, found -1/],
    ['an offset beyond the end', { pickle: `${tensor(float(2), int(1), two, one)}.`, data }, /does not fit into 2 elements/],
    ['a huge offset', { pickle: `${tensor(float(2), long(2n ** 53n - 1n), two, one)}.`, data }, /does not fit into 2 elements/],
    ['a negative size', { pickle: `${tensor(float(2), int(0), tuple(int(-2)), one)}.`, data }, /expected a size, found -2/],
    ['a huge size', { pickle: `${tensor(float(2), int(0), tuple(long(2n ** 53n - 1n)), one)}.`, data }, /does not fit into 2 elements/],
    ['an overflow', { pickle: `${tensor(float(2), int(0), tuple(...Array<string>(3).fill(long(2n ** 40n))), tuple(...Array<string>(3).fill(long(2n ** 40n))))}.`, data }, /does not fit into 2 elements/],
    ['many elements of stride 0', { pickle: `${tensor(float(2), int(0), tuple(...Array<string>(3).fill(long(2n ** 40n))), tuple(int(0), int(0), int(0)))}.`, data }, /does not fit into 2 elements/],
    ['a huge stride', { pickle: `${tensor(float(2), int(0), two, tuple(long(2n ** 53n - 1n)))}.`, data }, /does not fit into 2 elements/],
    ['a size that is not an integer', { pickle: `${tensor(float(2), int(0), tuple('G?\xf8\0\0\0\0\0\0'), one)}.`, data }, /expected a size, found 1\.5/],
    ['65 dimensions', { pickle: `${tensor(float(2), int(0), tuple(...Array<string>(65).fill(int(1))), one)}.`, data }, /a tensor of 65 dimensions; the limit is 64/],
    ['more strides than sizes', { pickle: `${tensor(float(2), int(0), one, tuple(int(1), int(1)))}.`, data }, /as many strides as dimensions/],
    ['a tensor of a tuple', { pickle: `${tensor(')', int(0), two, one)}.`, data }, /expected a storage, found a tuple/],
    ['a bool of 2', { pickle: `${tensor(storage(8, { type: 'BoolStorage' }), int(0), two, one)}.`, data }, /a bool value is stored as 128/],
    ['another version', { version: '99' }, /entry 'x\/version': the version of the format is "99"; expected 1 to 10/],
    ['another byte order', { byteorder: 'middle' }, /entry 'x\/byteorder': the byte order is "middle"/],
    ['a compressed entry', { pickle: `${'('.repeat(500)}.`, deflates: true }, /entry 'x\/data\.pkl' is compressed/],
  ])('%s', (_, parts, message) => {
    const file = fileOf(parts);
    expect(() => torch.load(file)).toThrow(message);
    expect(() => torch.load(file)).toThrow(file);
    expect(() => torch.load(file, { mmap: true })).toThrow(message);
  }); // prettier-ignore

  test('another archive', () => {
    torch.npz.save(at('a.npz'), { a: torch.ones(1) });
    expect(() => torch.load(at('a.npz'))).toThrow(/a\.npz: it is a ZIP file, but not one of torch\.save/);
    expect(() => torch.load(at('absent.pt'))).toThrow(/ENOENT/);
  });
});

test('references to one value stay references, and do not multiply', () => {
  // A list of two references to a list of two references ...: 2 ** 60 elements, if they were copied.
  const code = (i: number): string => String.fromCharCode(i);
  const levels = Array.from({ length: 60 }, (_, i) => `](h${code(i)}h${code(i)}eq${code(i + 1)}0`);
  const value = load({ pickle: `]q\x000${levels.join('')}h${code(60)}.` }) as unknown[][];
  expect(value[0]).toBe(value[1]);
});

test('a list that contains itself', () => {
  const list = load({ pickle: ']q\x00h\x00a.' }) as unknown[];
  expect(list).toHaveLength(1);
  expect(list[0]).toBe(list);
  torch.save(list, at('cycle.pt'));
  const again = torch.load<unknown[]>(at('cycle.pt'));
  expect(again[0]).toBe(again);
});

test('a pickle of many containers is refused before it fills the memory', () => {
  const context = { globals: new Map(), persistent: (): never => { throw new Error(); } }; // prettier-ignore
  expect(() => readPickle(Buffer.alloc(5_000_000, ']'), context)).toThrow(/more than 4194304 values/);
  expect(() => readPickle(Buffer.alloc((1 << 26) + 1), context)).toThrow(/has 67108865 bytes; the limit is 67108864/);
});

describe('save', () => {
  class Custom {
    x = 1;
  }
  const cycle: Record<string, unknown> = {};
  let deep: unknown[] = [];
  for (let i = 0; i < 600; i++) deep = [deep];
  test.each<[string, unknown, RegExp]>([
    ['undefined', { a: [undefined] }, /value\["a"\]\[0\] is undefined, which a weight file cannot hold/],
    ['a function', [() => 1], /value\[0\] is function/],
    ['a symbol', Symbol('x'), /value is symbol/],
    ['a module', { net: new torch.nn.Linear(1, 1) }, /value\["net"\] is Linear, .*save its stateDict\(\)/],
    ['an instance of a class', new Map([[1, new Custom()]]), /value\.get\(1\) is Custom/],
    ['a date', new Date(), /value is Date/],
    ['a typed array', new Float32Array(2), /value is Float32Array/],
    ['a sparse tensor', torch.ones(2, 2).toSparse(), /value has the layout sparse_coo; convert it/],
    ['half a surrogate pair', ['\ud800'], /value\[0\] has half of a surrogate pair/],
    ['deep nesting', deep, /is nested more than 500 times/],
    ['two dtypes of one memory', [torch.ones(2), torch.ones(2)].flatMap((x) => [x, x.view('int32')]), /value\[1\] views the memory of another tensor as int32/],
  ])('refuses %s, and leaves no file', (_, value, message) => {
    expect(() => torch.save(value, at('bad.pt'))).toThrow(message);
    expect(fs.readdirSync(folder).filter((name) => name.includes('bad'))).toEqual([]);
  }); // prettier-ignore

  test('an object that contains itself is saved as such', () => {
    cycle.self = cycle;
    torch.save(cycle, at('cycle.pt'));
    const again = torch.load<typeof cycle>(at('cycle.pt'));
    expect(again.self).toBe(again);
  });

  test('inside transforms: values of grad, and an error in vmap', () => {
    const save = (x: torch.Tensor): torch.Tensor => (torch.save({ x }, at('t.pt')), x);
    expect(
      torch.func
        .grad((x) => save(x).sum())(torch.ones(2))
        .toArray(),
    ).toEqual([1, 1]);
    expect(torch.load<{ x: torch.Tensor }>(at('t.pt')).x.toArray()).toEqual([1, 1]);
    expect(() => torch.vmap(save)(torch.ones(2))).toThrow(torch.RuntimeError);
    torch.func.functionalize((x: torch.Tensor) => save(x.add(1).mul_(2)))(torch.ones(2));
    expect(torch.load<{ x: torch.Tensor }>(at('t.pt')).x.toArray()).toEqual([4, 4]);
  });

  test('the same value gives the same file', () => {
    torch.save({ a: torch.ones(3), b: [1, 'x'] }, at('1.pt'));
    torch.save({ a: torch.ones(3), b: [1, 'x'] }, at('2.pt'));
    expect(fs.readFileSync(at('1.pt'))).toEqual(fs.readFileSync(at('2.pt')));
  });
});

test('tensors load inside transforms and outlive the file, also mapped ones', () => {
  torch.save({ w: torch.tensor([2, 3]) }, at('w.pt'));
  for (const mmap of [false, true]) {
    const read = (): torch.Tensor => torch.load<{ w: torch.Tensor }>(at('w.pt'), { mmap }).w;
    expect(
      torch.func
        .grad((x: torch.Tensor) => x.dot(read()))(torch.ones(2))
        .toArray(),
    ).toEqual([2, 3]);
    expect(torch.vmap((x: torch.Tensor) => x.mul(read()))(torch.ones(3, 2)).shape).toEqual([3, 2]);
    const w = read();
    fs.renameSync(at('w.pt'), at('moved.pt'));
    expect(bitsOf(w)).toEqual(bitsOf(torch.tensor([2, 3])));
    fs.renameSync(at('moved.pt'), at('w.pt'));
  }
});
