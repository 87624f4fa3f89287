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

describe('a checkpoint of several files, with the index that Hugging Face writes', () => {
  // As `save_pretrained` and `save_torch_state_dict`: sorted keys, an indentation of two, a line break at the end.
  const STATE = `
state = {f"layers.{i}.{name}": x for i in range(3) for name, x in [
    ("weight", sample("bfloat16", (4, 3))), ("bias", sample("float32", (4,))), ("steps", sample("int64", ()))]}
state["lm_head.weight"] = sample("float16", (5, 2))
`;

  test('loadFile reads what Python wrote', async () => {
    const bits = await python<Record<string, TensorBits>>(
      folder,
      `${STATE}
import json
shards = {}
for number, names in enumerate([list(state)[:4], list(state)[4:9], list(state)[9:]], 1):
    shards[f"model-{number:05}-of-00003.safetensors"] = names
for shard, names in shards.items():
    safetensors.torch.save_file({name: state[name] for name in names}, f"{folder}/{shard}", {"format": "pt"})
index = {
    "metadata": {"total_parameters": sum(x.numel() for x in state.values()), "total_size": sum(x.nbytes for x in state.values())},
    "weight_map": {name: shard for shard, names in shards.items() for name in names},
}
with open(f"{folder}/model.safetensors.index.json", "w", encoding="utf-8") as file:
    file.write(json.dumps(index, indent=2, sort_keys=True) + "\\n")
result = {name: described(x) for name, x in state.items()}`,
    );
    const loaded = load('model.safetensors.index.json');
    expect(allBits(loaded)).toEqual(bits);
    expect(Object.keys(loaded)).toEqual(Object.keys(bits).sort());
    using file = torch.safetensors.open(at('model.safetensors.index.json'));
    expect(file.metadata).toEqual({ format: 'pt' });
    expect([file.shape('layers.2.weight'), file.dtype('lm_head.weight')]).toEqual([[4, 3], 'float16']);
    expect(allBits(await torch.safetensors.loadFile.async(at('model.safetensors.index.json')))).toEqual(bits);
  });

  test('Python reads files of ours by their index, and they load into a module there and here', async () => {
    const make = (): torch.nn.Sequential =>
      new torch.nn.Sequential(new torch.nn.Linear(3, 4), new torch.nn.BatchNorm1d(4), new torch.nn.Linear(4, 2));
    const net = make();
    const state = net.stateDict({ names: 'python' });
    const map: Record<string, string> = {};
    for (const [i, layer] of ['0', '1', '2'].entries()) {
      const shard = `net-0000${i + 1}-of-00003.safetensors`;
      const part = Object.fromEntries(Object.entries(state).filter(([name]) => name.startsWith(`${layer}.`)));
      for (const name of Object.keys(part)) map[name] = shard;
      torch.safetensors.saveFile(part, at(shard), { format: 'pt' });
    }
    const index = { metadata: { total_size: 100 }, weight_map: map };
    fs.writeFileSync(at('net.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
    const bits = await python<Record<string, TensorBits>>(
      folder,
      `
import json
with open(f"{folder}/net.safetensors.index.json", encoding="utf-8") as file:
    index = json.load(file)
state = {}
for shard in sorted(set(index["weight_map"].values())):
    with safetensors.safe_open(f"{folder}/{shard}", framework="pt") as opened:
        assert opened.metadata()["format"] == "pt"
        state |= {name: opened.get_tensor(name) for name in opened.keys()}
assert sorted(state) == sorted(index["weight_map"])
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
net.load_state_dict(state)
result = {name: described(x) for name, x in net.state_dict().items()}`,
    );
    expect(bits).toEqual(allBits(state));
    const other = make();
    other.loadStateDict(torch.safetensors.loadFile(at('net.safetensors.index.json')));
    expect(allBits(other.stateDict({ names: 'python' }))).toEqual(bits);
  });
});
