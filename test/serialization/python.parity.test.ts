import path from 'node:path';

import * as torch from '../../lib';
import { versionsOf } from '../../lib/nn/module-state';
import { bitsOf, described, makeFolder } from '../support/files';
import { python } from '../support/parity/files';

const folder = makeFolder();
const at = (name: string): string => path.join(folder, name);

const TENSORS = `
tensors = {f"{d} {shape}": sample(d, shape) for d in DTYPES for shape in [(), (3,), (2, 0), (2, 3, 5)]}
base = torch.arange(12.0).reshape(3, 4)
z = torch.view_as_complex(torch.arange(4.0).reshape(2, 2))
tensors |= {
    "base": base, "transposed": base.t(), "part": base[1:, 2], "expanded": torch.ones(1, 1).expand(2, 3),
    "conjugated": z.conj(), "negative": z.clone().conj().imag, "sparse steps": torch.arange(20)[3::4],
    "parameter": torch.nn.Parameter(torch.ones(2)), "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
    "grad": torch.ones(2, requires_grad=True), "meta": torch.empty(2, 3, device="meta"),
    "odd": torch.arange(10, dtype=torch.uint8)[:8].view(torch.float32),
}
`;

// Every kind of value; the int keys make a Map.
const VALUES = `
values = {
    "integers": [0, 1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -1, -(2**31), -(2**31) - 1, 2**53 - 1, 2**63, -(2**70), 2**200],
    "floats": [0.5, -1.25, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")],
    "others": [None, True, False, "", "text", "ключ \\U0001f600", "x" * 300, 1 + 2j, b"", b"\\x00\\xff", bytearray(b"ab")],
    "containers": [[], (), {}, set(), {"a": {"b": [{"c": (1,)}]}}, (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {1}, OrderedDict(a=1)],
    "many": list(range(2500)), "keys": {i: str(i) for i in range(1200)},
    "mixed keys": {1: 2, "a": 3, (1, 2): 4, None: 5, 1.5: 6, True: 7},
    "names": {"__proto__": 1, "constructor": 2, "": 3},
    "torch": [torch.Size([2, 3]), torch.float32, torch.float8_e5m2, torch.device("cpu"), torch.device("cuda:1"), torch.strided],
}
`;

test.each([2, 4])(
  'load reads every tensor and value that torch.save writes, with pickle protocol %d',
  async (protocol) => {
    const expected = await python<[unknown, unknown]>(
      folder,
      `${TENSORS}${VALUES}
torch.save(tensors, f"{folder}/tensors.pt", pickle_protocol=${protocol})
torch.save(values, f"{folder}/values.pt", pickle_protocol=${protocol})
result = [described(tensors), described(values)]`,
    );
    expect(described(torch.load(at('tensors.pt')))).toEqual(expected[0]);
    expect(described(torch.load(at('tensors.pt'), { mmap: true }))).toEqual(expected[0]);
    expect(described(torch.load(at('values.pt')))).toEqual(expected[1]);
  },
);

test('Python reads what save wrote: all that load returned, and the file is the same when it is saved again', async () => {
  const expected = await python<[unknown, unknown]>(
    folder,
    `${TENSORS}${VALUES}
del values["torch"]  # dtypes become strings
torch.save(tensors, f"{folder}/tensors.pt")
torch.save(values, f"{folder}/values.pt")
result = [described(tensors), described(values)]`,
  );
  for (const name of ['tensors', 'values']) torch.save(torch.load(at(`${name}.pt`)), at(`ours-${name}.pt`));
  const found = await python<[unknown, unknown]>(
    folder,
    `
result = [described(torch.load(f"{folder}/ours-{name}.pt", weights_only=True)) for name in ["tensors", "values"]]
mapped = described(torch.load(f"{folder}/ours-tensors.pt", weights_only=True, mmap=True))
assert mapped == result[0]`,
  );
  expect(found).toEqual(expected);
  expect(described(torch.load(at('ours-tensors.pt')))).toEqual(expected[0]);
  expect(described(torch.load(at('ours-values.pt')))).toEqual(expected[1]);
});

describe('tensors that share memory share it', () => {
  test.each([false, true])('after load, mmap: %s', async (mmap) => {
    await python(
      folder,
      `
x = torch.arange(6.0)
w = torch.nn.Parameter(torch.zeros(2))
torch.save({"x": x, "tail": x[4:], "w": w, "tied": w, "view": w.data}, f"{folder}/shared.pt")`,
    );
    const shared = torch.load<Record<'x' | 'tail' | 'w' | 'tied' | 'view', torch.Tensor>>(at('shared.pt'), { mmap });
    shared.x.add_(10);
    expect(shared.tail.toArray()).toEqual([14, 15]);
    expect(shared.tied).toBe(shared.w);
    expect(shared.tied).toBeInstanceOf(torch.nn.Parameter);
    shared.view.fill_(3);
    expect(shared.w.detach().toArray()).toEqual([3, 3]);
    // A write to a mapped tensor does not reach the file.
    expect(torch.load<typeof shared>(at('shared.pt'), { mmap }).x.toArray()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('after save, in Python', async () => {
    const x = torch.arange(6, { dtype: 'float32' });
    const w = new torch.nn.Parameter(torch.zeros(2));
    torch.save({ x, tail: x.narrow(0, 4, 2), w, tied: w, view: w.detach() }, at('ours.pt'));
    const result = await python(
      folder,
      `
shared = torch.load(f"{folder}/ours.pt", weights_only=True)
shared["x"] += 10
shared["view"].fill_(3)
result = [shared["tail"].tolist(), shared["tied"] is shared["w"], shared["w"].tolist(), type(shared["tied"]).__name__]`,
    );
    expect(result).toEqual([[14, 15], true, [3, 3], 'Parameter']);
  });
});

test('load reads a file of a big-endian machine', async () => {
  const expected = await python(
    folder,
    `
import zipfile
typed = [d for d in DTYPES if d in "bool uint8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()]
tensors = {d: sample(d, (5,)) for d in typed}
tensors["view"] = tensors["float32"][1:3]
torch.save(tensors, f"{folder}/little.pt")
units = [x.element_size() // (2 if x.is_complex() else 1) for x in tensors.values()]
with zipfile.ZipFile(f"{folder}/little.pt") as old, zipfile.ZipFile(f"{folder}/big.pt", "w", zipfile.ZIP_STORED) as new:
    for name in old.namelist():
        data = old.read(name)
        if "/data/" in name:
            data = numpy.frombuffer(data, f"V{units[int(name.split('/')[-1])]}").view(numpy.uint8)
            data = data.reshape(-1, units[int(name.split('/')[-1])])[:, ::-1].tobytes()
        new.writestr(name, b"big" if name.endswith("byteorder") else data)
# Python agrees that this is such a file.
big = torch.load(f"{folder}/big.pt")
assert all(described(big[d]) == described(x) for d, x in tensors.items())
result = described(tensors)`,
  );
  expect(described(torch.load(at('big.pt')))).toEqual(expected);
  expect(described(torch.load(at('big.pt'), { mmap: true }))).toEqual(expected);
});

test('a state dict of Python loads into a module of ours, and back', async () => {
  const MODEL = `
class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear_1 = torch.nn.Linear(3, 3)
        self.batch_norm = torch.nn.BatchNorm1d(3)
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token_embedding = torch.nn.Embedding(5, 3)
        self.layers = torch.nn.ModuleList([Block(), Block()])
        self.register_buffer("attn_mask", torch.ones(2))
        self.out = torch.nn.Linear(3, 5, bias=False)
        self.out.weight = self.token_embedding.weight
`;
  const expected = await python(
    folder,
    `${MODEL}
net = Net()
net.layers[0].batch_norm(torch.randn(4, 3))
torch.save(net.state_dict(), f"{folder}/net.pt")
safetensors.torch.save_model(net, f"{folder}/net.safetensors")
result = described(net.state_dict())`,
  );
  class Block extends torch.nn.Module {
    linear1 = new torch.nn.Linear(3, 3);
    batchNorm = new torch.nn.BatchNorm1d(3);
  }
  class Net extends torch.nn.Module {
    tokenEmbedding = new torch.nn.Embedding(5, 3);
    layers = new torch.nn.ModuleList([new Block(), new Block()]);
    attnMask = new torch.nn.Buffer(torch.zeros(2));
    out = new torch.nn.Linear(3, 5, false);
  }
  const net = new Net();
  net.out.weight = net.tokenEmbedding.weight;
  const state = torch.load<torch.nn.StateDict>(at('net.pt'));
  expect(versionsOf(state)).toMatchObject({ '': 1, 'layers.0.batch_norm.': 2 });
  expect(net.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
  expect((net.layers.at(0) as Block).batchNorm.numBatchesTracked?.item()).toBe(1);
  expect(described(net.stateDict({ names: 'python' }))).toEqual(expected);

  torch.save(net.stateDict({ names: 'python' }), at('ours.pt'));
  const result = await python(
    folder,
    `${MODEL}
net = Net()
state = torch.load(f"{folder}/ours.pt", weights_only=True)
assert dict(state._metadata) == dict(torch.load(f"{folder}/net.pt")._metadata), state._metadata
net.load_state_dict(state)
result = described(net.state_dict())`,
  );
  expect(result).toEqual(expected);

  // The file has only one of the tied weights.
  const { missingKeys, unexpectedKeys } = new Net().loadStateDict(torch.safetensors.loadFile(at('net.safetensors')), {
    strict: false,
  });
  expect([missingKeys.length, unexpectedKeys]).toEqual([1, []]);
});

test('what Python refuses with weights_only is refused by its name', async () => {
  await python(
    folder,
    `
import fractions, os, pathlib
class Evil:
    def __reduce__(self):
        return os.system, (f"touch {folder}/executed",)
torch.save({"a": [Evil()]}, f"{folder}/evil.pt")
torch.save(fractions.Fraction(1, 2), f"{folder}/fraction.pt")
torch.save(torch.nn.Linear(2, 2), f"{folder}/module.pt")
torch.save(torch.eye(2).to_sparse(), f"{folder}/sparse.pt")
torch.save(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), f"{folder}/quantized.pt")
torch.save(torch.ones(2), f"{folder}/old.pt", _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), f"{folder}/script.pt")`,
  );
  for (const [name, message] of [
    ['evil', /evil\.pt: entry 'evil\/data\.pkl': byte \d+: "posix\.system" is not allowed in a weight file/],
    ['fraction', /"fractions\.Fraction" is not allowed/],
    ['module', /"torch\.nn\.modules\.linear\.Linear" is not allowed/],
    ['sparse', /"torch\._utils\._rebuild_sparse_tensor" is not allowed/],
    ['quantized', /"torch\._utils\._rebuild_qtensor" is not allowed/],
    ['old', /old\.pt: it is not a ZIP file/],
    ['script', /script\.pt: it is a TorchScript program/],
  ] as const) {
    expect(() => torch.load(at(`${name}.pt`))).toThrow(message);
    expect(() => torch.load(at(`${name}.pt`))).toThrow(torch.ValueError);
  }
  expect(await python(folder, `import os\nresult = os.path.exists(f"{folder}/executed")`)).toBe(false);
});

test('devices of tensors and mapLocation', async () => {
  await python(
    folder,
    `
import zipfile
torch.save({"a": torch.ones(2), "b": torch.zeros(2)}, f"{folder}/cpu.pt")
# As if b had been saved on a GPU: the location is a string of the pickle, with its length.
with zipfile.ZipFile(f"{folder}/cpu.pt") as old, zipfile.ZipFile(f"{folder}/cuda.pt", "w", zipfile.ZIP_STORED) as new:
    for name in old.namelist():
        data = old.read(name)
        if name.endswith("data.pkl"):
            data = data.replace(b"X\\x03\\x00\\x00\\x00cpu", b"X\\x06\\x00\\x00\\x00cuda:3", 1)
        new.writestr(name, data)`,
  );
  type Pair = { a: torch.Tensor; b: torch.Tensor }; // prettier-ignore
  if (!torch.cuda.isAvailable()) {
    expect(() => torch.load(at('cuda.pt'))).toThrow(torch.RuntimeError);
    expect(() => torch.load(at('cuda.pt'))).toThrow(/Attempting to deserialize object on a CUDA device/);
  }
  const seen: string[] = [];
  const choose = (location: string): string => (seen.push(location), 'cpu');
  for (const mapLocation of ['cpu', torch.device('cpu'), { 'cuda:3': 'cpu' }, choose]) {
    const { a, b } = torch.load<Pair>(at('cuda.pt'), { mapLocation });
    expect([a.device.type, bitsOf(a), bitsOf(b)]).toEqual(['cpu', bitsOf(torch.ones(2)), bitsOf(torch.zeros(2))]);
  }
  expect(seen).toEqual(['cuda:3', 'cuda:3']);
  const meta = torch.load<Pair>(at('cuda.pt'), { mapLocation: 'meta' });
  expect([meta.a.isMeta, meta.a.shape]).toEqual([true, [2]]);
  expect(() => torch.load(at('cuda.pt'), { mapLocation: 'gpu' })).toThrow(/device type at start of device string: gpu/);
  expect(() => torch.load(at('cuda.pt'), { mapLocation: 3 as never })).toThrow(/option 'mapLocation' must be a device/);
});
