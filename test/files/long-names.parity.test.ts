/** Names of tensors that a format does not allow, or that would fill an error message. */

import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { makeFolder } from '../support/files';
import { python } from '../support/parity/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

/** The error of a call, whose message is short whatever the names are. */
function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(1000);
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const x = torch.ones(2);
// Of 80,000 bytes.
const long = 'ä'.repeat(40_000);

describe('names that a format does not allow are refused, and the file stays as it was', () => {
  afterEach(() => {
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('npz: 65,535 bytes with the suffix', () => {
    torch.npz.save(at('a.npz'), { x });
    const error = errorOf(() => torch.npz.save(at('a.npz'), { x, [long]: x }));
    expect(error).toBeInstanceOf(torch.ValueError);
    expect(error.message).toMatch(/^entry 'ä{100}\.\.\.': the name takes 80004 bytes; a ZIP file allows 65535$/);
    const longest = 'a'.repeat(65_531);
    expect(() => torch.npz.save(at('a.npz'), { [`${longest}b`]: x })).toThrow('takes 65536 bytes');
    expect(Object.keys(torch.npz.load(at('a.npz')))).toEqual(['x']);
    torch.npz.save(at('a.npz'), { [longest]: x });
    expect(Object.keys(torch.npz.load(at('a.npz')))).toEqual([longest]);
  });

  test('npz: asynchronously too', async () => {
    torch.npz.save(at('b.npz'), { x });
    await expect(torch.npz.save.async(at('b.npz'), { x, [long]: x })).rejects.toThrow('a ZIP file allows 65535');
    expect(Object.keys(torch.npz.load(at('b.npz')))).toEqual(['x']);
  });

  test('safetensors: 100,000,000 bytes of the header', () => {
    torch.safetensors.saveFile({ x }, at('a.safetensors'));
    const error = errorOf(() => torch.safetensors.saveFile({ ['a'.repeat(100_000_000)]: x }, at('a.safetensors')));
    expect(error).toBeInstanceOf(torch.ValueError);
    expect(error.message).toBe(
      'safetensors.saveFile(): the header, which has the names and shapes, takes 100000056 bytes; the format allows 100000000',
    );
    expect(Object.keys(torch.safetensors.loadFile(at('a.safetensors')))).toEqual(['x']);
  });

  test('torch: 64 MiB of names and values, more than load reads', () => {
    torch.save({ x }, at('a.pt'));
    const size = 2 ** 26;
    const error = errorOf(() => torch.save({ ['a'.repeat(size)]: x }, at('a.pt')));
    expect(error).toBeInstanceOf(torch.ValueError);
    expect(error.message).toMatch(
      /^save\(\): the names and the values that are not tensors take 6710\d+ bytes, and load/,
    );
    expect(Object.keys(torch.load<object>(at('a.pt')))).toEqual(['x']);
    // The rest of the pickle takes less than a kilobyte.
    torch.save({ ['a'.repeat(size - 1024)]: x }, at('a.pt'));
    expect(Object.keys(torch.load<object>(at('a.pt')))[0]).toHaveLength(size - 1024);
  });
});

describe('an error does not show the whole name', () => {
  test('npz', () => {
    torch.npz.save(at('c.npz'), { [long.slice(0, 30_000)]: x });
    const bytes = fs.readFileSync(at('c.npz'));
    bytes.write('b', bytes.lastIndexOf('.npy'));
    fs.writeFileSync(at('c.npz'), bytes);
    expect(errorOf(() => torch.npz.load(at('c.npz'))).message).toMatch(/c\.npz: entry 'ä{100}\.\.\.' has no header/);
    torch.npz.save(at('c.npz'), { x });
    expect(errorOf(() => torch.npz.load(at('c.npz'), { names: [long] })).message).toMatch(/no array 'ä{100}\.\.\.'$/);
    expect(errorOf(() => torch.npz.save(at('c.npz'), { [long]: 3 as never })).message).toMatch(/not number$/);
  });

  test('safetensors', () => {
    const write = (header: string): string => {
      const prefix = Buffer.alloc(8);
      prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
      fs.writeFileSync(at('c.safetensors'), Buffer.concat([prefix, Buffer.from(header)]));
      return at('c.safetensors');
    };
    const load = (header: string): string => errorOf(() => torch.safetensors.loadFile(write(header))).message;
    const entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    expect(load(`{"${long}":{"dtype":"F1","shape":[],"data_offsets":[0,0]}}`)).toMatch(
      /tensor "ä{100}\.\.\.": the dtype "F1"/,
    );
    expect(load(`{"${long}":{"${long}":1}}`)).toMatch(/not "ä{100}\.\.\."/);
    expect(load(`{"a":{"dtype":"${long}","shape":[],"data_offsets":[0,0]}}`)).toMatch(/the dtype "ä{100}\.\.\."/);
    expect(load(`{"${long}":${entry},"${long}":${entry}}`)).toMatch(/the key "ä{100}\.\.\." occurs twice/);
    expect(load(`{"${long}":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`)).toMatch(/"ä{100}\.\.\." leaves a hole/);
    torch.safetensors.saveFile({ x }, at('c.safetensors'));
    expect(errorOf(() => torch.safetensors.open(at('c.safetensors')).get(long)).message).toMatch(/no tensor "ä{100}/);
    expect(errorOf(() => torch.safetensors.saveFile({ [long]: 3 as never }, at('c.safetensors'))).message).toMatch(
      /not a Tensor/,
    );
    expect(errorOf(() => torch.safetensors.saveFile({ [long]: x, x }, at('c.safetensors'))).message).toMatch(
      /share memory/,
    );
    const index = at('c.safetensors.index.json');
    for (const map of [{ a: `../${long}` }, { [long]: 'c.safetensors' }]) {
      fs.writeFileSync(index, JSON.stringify({ weight_map: map }));
      expect(errorOf(() => torch.safetensors.loadFile(index)).message).toMatch(/ä{50,100}\.\.\."/);
    }
  });

  test('torch', () => {
    expect(errorOf(() => torch.save({ a: { [long]: () => 1 } }, at('c.pt'))).message).toMatch(
      /value\["a"\]\["ä{100}\.\.\."\]/,
    );
  });
});

test('long names that the formats allow are exchanged with Python', async () => {
  const names = [...'abc'].map((letter) => letter.repeat(60_000));
  const tensors = Object.fromEntries(names.map((name, i) => [name, torch.tensor([i])]));
  torch.npz.save(at('ours.npz'), tensors);
  torch.safetensors.saveFile(tensors, at('ours.safetensors'));
  torch.save(tensors, at('ours.pt'));
  const found = await python<string[][]>(
    folder,
    `
arrays = numpy.load(f"{folder}/ours.npz")
tensors = safetensors.torch.load_file(f"{folder}/ours.safetensors")
numpy.savez(f"{folder}/theirs.npz", **arrays)
safetensors.torch.save_file(tensors, f"{folder}/theirs.safetensors")
torch.save(tensors, f"{folder}/theirs.pt")
result = [sorted(arrays.files), sorted(tensors), sorted(torch.load(f"{folder}/ours.pt"))]`,
  );
  expect(found).toEqual([names, names, names]);
  const loaded = [
    torch.npz.load(at('theirs.npz')),
    torch.safetensors.loadFile(at('theirs.safetensors')),
    torch.load<Record<string, torch.Tensor>>(at('theirs.pt')),
  ];
  for (const values of loaded) expect(names.map((name) => values[name].item())).toEqual([0, 1, 2]);
});
