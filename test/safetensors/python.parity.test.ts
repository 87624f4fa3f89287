import fs from 'node:fs';
import path from 'node:path';

import * as torch from '../../lib';
import { type TensorBits, allBits, bitsOf, makeFolder } from '../support/files';
import { python } from '../support/parity/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

// The dtypes that the format and Python's package have.
const PREPARE = `
names = [d for d in DTYPES if d not in ("complex32", "complex128")]
tensors = {f"{d} {shape}": sample(d, shape) for d in names for shape in [(), (3,), (2, 0), (2, 3, 5)]}
tensors |= {name: torch.ones(2) for name in ["__proto__", "constructor", "ключ", "a\\"b\\\\c\\n", "", "10", "9"]}
`;

const load = (name: string): Record<string, torch.Tensor> => torch.safetensors.loadFile(at(name));

test('loadFile reads what Python wrote, and saveFile writes the same file, byte for byte', async () => {
  const bits = await python<Record<string, TensorBits>>(
    folder,
    `${PREPARE}
def save(tensors, name):
    try:
        safetensors.torch.save_file(tensors, f"{folder}/{name}")
        return True
    except Exception:
        return False
# Python's package may lack dtypes that the format has.
tensors = {name: x for name, x in tensors.items() if save({name: x}, "one")}
assert save(tensors, "python.safetensors")
safetensors.torch.save_file({"x": torch.arange(3)}, f"{folder}/metadata.safetensors", {"format": "pt"})
result = {name: described(x) for name, x in tensors.items()}`,
  );
  const loaded = load('python.safetensors');
  expect(allBits(loaded)).toEqual(bits);
  expect(Object.keys(loaded)).toContain('__proto__');
  expect(new Set(Object.values(bits).map(({ tensor }) => tensor)).size).toBeGreaterThanOrEqual(15);

  torch.safetensors.saveFile(loaded, at('ours.safetensors'));
  expect(fs.readFileSync(at('ours.safetensors'))).toEqual(fs.readFileSync(at('python.safetensors')));
  torch.safetensors.saveFile(load('metadata.safetensors'), at('ours.safetensors'), { format: 'pt' });
  expect(fs.readFileSync(at('ours.safetensors'))).toEqual(fs.readFileSync(at('metadata.safetensors')));
});

test('Python reads what saveFile wrote: strided and conjugated tensors, parameters, metadata', async () => {
  const base = torch.arange(12, { dtype: 'float32' }).reshape([3, 4]);
  const z = torch.tensor([{ re: 1, im: 2 }, { re: 3, im: -4 }]); // prettier-ignore
  const tensors = {
    transposed: base.t(),
    slice: torch.arange(12, { dtype: 'int64' }).reshape([3, 4]).narrow(1, 1, 2),
    expanded: torch.ones(1, 1).expand([2, 3]),
    conjugated: z.conj(),
    parameter: new torch.nn.Parameter(torch.ones(2)),
    half: torch.tensor([1.5, -0], { dtype: 'bfloat16' }),
  };
  torch.safetensors.saveFile(tensors, at('ours.safetensors'), { a: 'b', ключ: 'значение' });
  const result = await python<{ bits: Record<string, TensorBits>; metadata: Record<string, string> }>(
    folder,
    `
file = f"{folder}/ours.safetensors"
tensors = safetensors.torch.load_file(file)
with safetensors.safe_open(file, framework="pt") as opened:
    metadata = opened.metadata()
result = {"bits": {name: described(x) for name, x in tensors.items()}, "metadata": metadata}`,
  );
  expect(result.bits).toEqual(allBits(tensors));
  expect(result.bits.transposed.shape).toEqual([4, 3]);
  expect(result.metadata).toEqual({ a: 'b', ключ: 'значение' });
  using opened = torch.safetensors.open(at('ours.safetensors'));
  expect(opened.metadata).toEqual(result.metadata);
  expect(bitsOf(opened.get('conjugated'))).toEqual(bitsOf(torch.tensor([{ re: 1, im: -2 }, { re: 3, im: 4 }]))); // prettier-ignore
});
