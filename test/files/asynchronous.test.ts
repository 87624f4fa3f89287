/** Reads and writes off the event loop. The oracles are the values that were written, and the synchronous functions. */

import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { makeFolder } from '../support/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

type Options = { signal?: AbortSignal };

interface Format {
  name: string;
  save(x: Tensor, file: string): void;
  saveAsync(x: Tensor, file: string, options?: Options): Promise<void>;
  load(file: string): Tensor;
  loadAsync(file: string, options?: Options): Promise<Tensor>;
}

const { npy, npz, safetensors } = torch;

const FORMATS: Format[] = [
  {
    name: 'x.npy',
    save: (x, file) => npy.save(file, x),
    saveAsync: (x, file, options) => npy.save.async(file, x, options),
    load: (file) => npy.load(file),
    loadAsync: (file, options) => npy.load.async(file, options),
  },
  {
    name: 'x.npz',
    save: (x, file) => npz.save(file, { x }),
    saveAsync: (x, file, options) => npz.save.async(file, { x }, options),
    load: (file) => npz.load(file).x,
    loadAsync: async (file, options) => (await npz.load.async(file, options)).x,
  },
  {
    name: 'compressed.npz',
    save: (x, file) => npz.save(file, { x }, { compress: true }),
    saveAsync: (x, file, options) => npz.save.async(file, { x }, { ...options, compress: true }),
    load: (file) => npz.load(file, { maxExpandedBytes: 1e9 }).x,
    loadAsync: async (file, options) => (await npz.load.async(file, { ...options, maxExpandedBytes: 1e9 })).x,
  },
  {
    name: 'x.safetensors',
    save: (x, file) => safetensors.saveFile({ x }, file),
    saveAsync: (x, file, options) => safetensors.saveFile.async({ x }, file, {}, options),
    load: (file) => safetensors.loadFile(file).x,
    loadAsync: async (file, options) => (await safetensors.loadFile.async(file, options)).x,
  },
  {
    name: 'x.pt',
    save: (x, file) => torch.save([x], file),
    saveAsync: (x, file, options) => torch.save.async([x], file, options),
    load: (file) => torch.load<[Tensor]>(file)[0],
    loadAsync: async (file, options) => (await torch.load.async<[Tensor]>(file, options))[0],
  },
];

/** More than one piece of each kind. */
const LARGE = 20 * 1024 * 1024;

const errorOf = (body: () => unknown): Error => {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error');
};

const rejectionOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('expected a rejection')),
    (error: Error) => error,
  );

/** How often the event loop turns until the Promise is settled. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let [turns, done] = [0, false];
  const turn = (): void => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await promise.finally(() => {
    done = true;
  });
  return turns;
}

/** The process id and a random part of temporary names follow the target's name. */
const filesOf = (name: string): string[] => fs.readdirSync(folder).filter((file) => file.includes(name));

describe.each(FORMATS)('$name', ({ name, save, saveAsync, load, loadAsync }) => {
  const file = at(name);

  test.each<[string, () => Tensor]>([
    [
      'float32',
      () =>
        torch.tensor([
          [1.5, -0],
          [Infinity, 4],
        ]),
    ],
    ['int64', () => torch.tensor([2 ** 40, -1], { dtype: 'int64' })],
    ['bool', () => torch.tensor([true, false, true])],
    ['a transpose', () => torch.arange(6).reshape([2, 3]).T],
    ['a part of a larger tensor', () => torch.arange(100).narrow(0, 7, 5)],
    ['no elements', () => torch.zeros([0, 3])],
    ['a number', () => torch.tensor(3)],
    ['requires a gradient', () => torch.ones(2, { requiresGrad: true }).detach()],
    ['several pieces', () => torch.arange(LARGE / 4, { dtype: 'int32' })],
  ])('%s: the file and the tensor are those of the synchronous functions', async (_, make) => {
    const x = make();
    save(x, at(`sync-${name}`));
    await saveAsync(x, file);
    expect(fs.readFileSync(file).equals(fs.readFileSync(at(`sync-${name}`)))).toBe(true);
    const read = await loadAsync(file);
    expect([read.dtype, read.shape, read.stride()]).toEqual([x.dtype, x.shape, load(file).stride()]);
    expect(read.equal(x)).toBe(true);
  });

  test('what is written is what the tensor held at the call', async () => {
    const x = torch.ones(LARGE / 4);
    const view = x.narrow(0, 0, 10);
    const saved = torch.scope(() => ({ promise: saveAsync(x.view([-1]), file) })).promise;
    view.fill_(2);
    x.mul_(3);
    x.dispose();
    await saved;
    expect(load(file).equal(torch.ones(LARGE / 4))).toBe(true);
    expect(view.toArray()).toEqual(Array(10).fill(6));
  });

  test('tensors that are read are writable, and belong to no scope', async () => {
    save(torch.tensor([1, 2]), file);
    const { promise } = torch.scope(() => ({ promise: loadAsync(file) }));
    const x = await promise;
    expect(x.add_(1).toArray()).toEqual([2, 3]);
    expect(load(file).toArray()).toEqual([1, 2]);
  });

  test('the event loop goes on', async () => {
    const x = torch.arange(LARGE / 4, { dtype: 'int32' });
    expect(await turnsDuring(saveAsync(x, file))).toBeGreaterThanOrEqual(3);
    expect(await turnsDuring(loadAsync(file))).toBeGreaterThanOrEqual(2);
  });

  test('errors are those of the synchronous functions', async () => {
    const compared = async (now: () => unknown, later: () => Promise<unknown>): Promise<void> => {
      const [expected, found] = [errorOf(now), await rejectionOf(later())];
      expect(found.constructor).toBe(expected.constructor);
      expect(found.message).toBe(expected.message);
    };
    await compared(() => load(at('missing')), () => loadAsync(at('missing')));
    await compared(() => load(folder), () => loadAsync(folder));
    const missing = path.join(folder, 'no-folder', 'x');
    const masked = (error: Error): string => error.message.replace(/\.x\..*\.tmp/, 'TEMPORARY');
    expect(masked(await rejectionOf(saveAsync(torch.ones(1), missing)))).toBe(masked(errorOf(() => save(torch.ones(1), missing))));
    await compared(() => save((() => 1) as never, file), () => saveAsync((() => 1) as never, file));
    save(torch.ones(10), file);
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(at('short'), bytes.subarray(0, bytes.length - 5));
    await compared(() => load(at('short')), () => loadAsync(at('short')));
    let promise: Promise<void> | undefined;
    const inside = torch.func.vmap((x: Tensor) => {
      promise = saveAsync(x, file);
      const error = errorOf(() => save(x, file));
      expect(error).toBeInstanceOf(torch.RuntimeError);
      return x;
    });
    inside(torch.ones(2));
    expect((await rejectionOf(promise!)).message).toMatch(/vmap/);
  }); // prettier-ignore

  test('a signal ends a call, and no file is left behind', async () => {
    const x = torch.arange(LARGE / 4, { dtype: 'int32' });
    const reason = new Error('enough');
    fs.rmSync(file, { force: true });
    const aborted = AbortSignal.abort(reason);
    expect(await rejectionOf(saveAsync(x, file, { signal: aborted }))).toBe(reason);
    const during = new AbortController();
    const saved = saveAsync(x, file, { signal: during.signal });
    setImmediate(() => during.abort(reason));
    expect(await rejectionOf(saved)).toBe(reason);
    expect(filesOf(name).filter((found) => found !== `sync-${name}`)).toEqual([]);
    save(x, file);
    const reading = new AbortController();
    const read = loadAsync(file, { signal: reading.signal });
    setImmediate(() => reading.abort(reason));
    expect(await rejectionOf(read)).toBe(reason);
  });

  test('a failed write leaves the old file and no other', async () => {
    save(torch.ones(1), file);
    const spy = jest.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw new Error('no rename');
    });
    const error = await rejectionOf(saveAsync(torch.zeros(1), file)).finally(() => spy.mockRestore());
    expect(error.message).toBe('no rename');
    expect(load(file).item()).toBe(1);
    expect(filesOf(name).filter((found) => found.endsWith('.tmp'))).toEqual([]);
  });

  test('nothing is held afterwards', async () => {
    const x = torch.ones(LARGE / 4);
    const { tensors } = torch.memoryUsage();
    await saveAsync(x, file);
    expect(torch.memoryUsage().tensors).toBeLessThanOrEqual(tensors + 2);
    const data = x.narrow(0, 0, 1);
    // Without a snapshot a write copies nothing.
    const before = torch.memoryUsage().bytes;
    data.fill_(2);
    expect(torch.memoryUsage().bytes - before).toBeLessThan(LARGE / 2);
  });

  test('options', async () => {
    const wrong = await rejectionOf(loadAsync(file, { signal: 5 as never }));
    expect([wrong.constructor, wrong.message]).toEqual([
      TypeError,
      expect.stringMatching(
        /^(npy\.|npz\.|safetensors\.)?load(File)?\.async\(\): option 'signal' must be an AbortSignal, not/,
      ),
    ]);
    expect(await rejectionOf(saveAsync(torch.ones(1), file, { signl: 5 } as never))).toBeInstanceOf(TypeError);
  });
});

test('options of the synchronous functions', async () => {
  npz.save(at('two.npz'), { x: torch.ones(1), y: torch.zeros(1) });
  expect(Object.keys(await npz.load.async(at('two.npz'), { names: ['y'] }))).toEqual(['y']);
  torch.save(torch.ones(2), at('one.pt'));
  const meta = await torch.load.async<Tensor>(at('one.pt'), { mapLocation: 'meta' });
  expect(meta.device.type).toBe('meta');
  expect((await torch.load.async<Tensor>(at('one.pt'), { mmap: true })).toArray()).toEqual([1, 1]);
  safetensors.saveFile({ x: torch.ones(1) }, at('one.safetensors'));
  expect((await safetensors.loadFile.async(at('one.safetensors'), { device: 'meta' })).x.device.type).toBe('meta');
});

test('tensors that share memory share it in the file of torch.save.async', async () => {
  const x = torch.zeros(4);
  await torch.save.async({ x, part: x.narrow(0, 1, 2) }, at('shared.pt'));
  const read = await torch.load.async<{ x: Tensor; part: Tensor }>(at('shared.pt'));
  read.part.fill_(5);
  expect(read.x.toArray()).toEqual([0, 5, 5, 0]);
});

test('a checkpoint of several files', async () => {
  safetensors.saveFile({ a: torch.ones(1) }, at('a.safetensors'));
  safetensors.saveFile({ b: torch.zeros(1) }, at('b.safetensors'));
  const index = { weight_map: { a: 'a.safetensors', b: 'b.safetensors' } };
  fs.writeFileSync(at('m.safetensors.index.json'), JSON.stringify(index));
  const { a, b } = await safetensors.loadFile.async(at('m.safetensors.index.json'));
  expect([a.item(), b.item()]).toEqual([1, 0]);
});

test('many at once', async () => {
  const saves = Array.from({ length: 20 }, (_, i) => npy.save.async(at(`many-${i}.npy`), torch.tensor([i])));
  await Promise.all(saves);
  const read = await Promise.all(saves.map((_, i) => npy.load.async(at(`many-${i}.npy`))));
  expect(read.map((x) => x.item())).toEqual(saves.map((_, i) => i));
});
