import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { ZipWriter } from '../../lib/zip/writer';
import { type TensorBits, allBits, bitsOf, makeFolder } from '../support/files';
import { python } from '../support/parity/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

// NumPy has no counterpart of the others.
const PREPARE = `
names = [d for d in DTYPES if not d.startswith("float8") and d not in ("bfloat16", "complex32")]
arrays = {f"{d}-{len(shape)}-{shape[0] if shape else 0}": sample(d, shape).numpy() for d in names for shape in [(), (3,), (0, 2), (2, 3)]}
arrays["ключ"] = numpy.arange(3)
arrays["__proto__"] = numpy.arange(4)
arrays["fortran"] = numpy.asfortranarray(numpy.arange(6).reshape(2, 3))
arrays["big-endian"] = numpy.array([1.5, -2], ">f8")
arrays["zeros"] = numpy.zeros(10000)
bits = {name: described(torch.from_numpy(x.astype(x.dtype.newbyteorder("="), order="C"))) for name, x in arrays.items()}
`;

test.each(['savez', 'savez_compressed'])('load reads what numpy.%s wrote', async (save) => {
  const bits = await python<Record<string, TensorBits>>(
    folder,
    `${PREPARE}
numpy.${save}(f"{folder}/python.npz", **arrays)
result = bits`,
  );
  const loaded = torch.npz.load(at('python.npz'));
  expect(allBits(loaded)).toEqual(bits);
  expect(Object.keys(loaded)).toEqual(Object.keys(bits));
  expect(loaded.fortran.stride()).toEqual([1, 2]);
  expect(Object.keys(torch.npz.load(at('python.npz'), { names: ['zeros'] }))).toEqual(['zeros']);
});

const READ = `
with numpy.load(f"{folder}/ours.npz") as file:
    result = {name: described(torch.from_numpy(file[name])) for name in file.files}`;

test.each([false, true])('NumPy reads what save wrote, compress: %s', async (compress) => {
  const tensors = {
    x: torch.arange(6, { dtype: 'float64' }).reshape([2, 3]).t(),
    bool: torch.tensor([true, false]),
    half: torch.tensor([1.5, -0], { dtype: 'float16' }),
    complex: torch.tensor({ re: 1, im: 2 }),
    empty: torch.empty([0, 3], { dtype: 'int8' }),
    ключ: torch.ones(1000, { requiresGrad: true }),
    ['__proto__']: torch.tensor(1),
  };
  torch.npz.save(at('ours.npz'), tensors, { compress });
  expect(await python<Record<string, TensorBits>>(folder, READ)).toEqual(allBits(tensors));
  expect(allBits(torch.npz.load(at('ours.npz')))).toEqual(allBits(tensors));
});

test('ZIP64 records are written and read, in both directions', async () => {
  torch.npy.save(at('x.npy'), torch.arange(3));
  using writer = ZipWriter.create(at('ours.npz'), { alignment: 64, forcesZip64: true });
  writer.add('x.npy', [fs.readFileSync(at('x.npy'))]);
  writer.finish();
  const x = bitsOf(torch.arange(3));
  expect(await python(folder, READ)).toEqual({ x });
  expect(allBits(torch.npz.load(at('ours.npz')))).toEqual({ x });
  // Python writes ZIP64 fields in local headers and, with this limit, everywhere.
  await python(
    folder,
    `
import zipfile
zipfile.ZIP64_LIMIT = 10
zipfile.ZIP_FILECOUNT_LIMIT = 0
numpy.savez(f"{folder}/python.npz", x=numpy.arange(3))`,
  );
  expect(allBits(torch.npz.load(at('python.npz')))).toEqual({ x });
});
