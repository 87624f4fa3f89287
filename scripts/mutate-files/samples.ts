/** The files that are damaged: one or two of each format, with every kind of content. */

import fs from 'node:fs';
import path from 'node:path';
import * as torch from '../../lib';
import { runNow } from '../../lib/files/steps';
import { ZipReader } from '../../lib/zip/reader';
import { ZipWriter } from '../../lib/zip/writer';

/** A format: its files, and how one is read. */
export interface Format {
  readonly files: readonly Buffer[];
  /** The name of the damaged file; readers choose by it. */
  readonly name: string;
  read(file: string): unknown;
  /** For an archive: the same archive with one entry changed, and checksums that are right. */
  repack?(file: Buffer, change: (entry: Buffer) => Buffer, choose: (names: string[]) => string): Buffer;
}

const FIXTURES = path.resolve(__dirname, '..', '..', 'test', 'fixtures');

const DTYPES = ['bool', 'uint8', 'int16', 'int64', 'float16', 'bfloat16', 'float32', 'float64', 'complex64'] as const;

function tensors(dtypes: readonly torch.Dtype[]): Record<string, torch.Tensor> {
  const entries = dtypes.map((dtype, i) => [dtype, torch.arange(i + 2).to(dtype)] as const);
  return { ...Object.fromEntries(entries), matrix: torch.ones(2, 3), number: torch.tensor(7), none: torch.empty(0, 4) };
}

function values(): unknown {
  const w = new torch.nn.Parameter(torch.ones(2, 2));
  const net = new torch.nn.Sequential(new torch.nn.Linear(2, 1), new torch.nn.BatchNorm1d(1));
  const rest = [1, -2, 2.5, 2n ** 70n, null, true, 'text', Uint8Array.of(1, 2), new torch.Complex(1, 2), new Set([1])];
  return {
    ...tensors([...DTYPES, 'uint16', 'float8_e5m2', 'complex32']),
    model: net.stateDict({ names: 'python' }),
    tied: [w, w, w.detach().t()],
    map: new Map<unknown, unknown>([[0, { step: 1 }], [null, Object.freeze([1, 'a'])]]), // prettier-ignore
    meta: torch.empty(3, { device: 'meta' }),
    device: torch.device('cuda:1'),
    rest,
  };
}

/** Makes the formats; `folder` is for their files. */
export function makeFormats(folder: string): Record<string, Format> {
  const made = (name: string, write: (file: string) => void): Buffer => {
    const file = path.join(folder, `sample-${name}`);
    write(file);
    return fs.readFileSync(file);
  };
  const safe = made('1.safetensors', (file) => torch.safetensors.saveFile(tensors(DTYPES), file, { format: 'pt' }));
  const map = Object.fromEntries(Object.keys(tensors(DTYPES)).map((name) => [name, 'sample-1.safetensors']));
  const index = Buffer.from(JSON.stringify({ metadata: { total_size: 100 }, weight_map: map }));
  const arrays = tensors(DTYPES.filter((dtype) => dtype !== 'bfloat16'));
  const npz = [false, true].map((compress) => made('x.npz', (file) => torch.npz.save(file, arrays, { compress })));
  const npy = [torch.ones(3, 4), torch.tensor([true, false])].map((x) =>
    made('x.npy', (file) => torch.npy.save(file, x)),
  );
  const pt = made('x.pt', (file) => torch.save(values(), file));
  const programs = [
    ...['model', 'sample'].map((name) => fs.readFileSync(path.join(FIXTURES, `${name}.pt2`))),
    made('own.pt2', (file) => torch.export.save(makeProgram(), file)),
  ];
  const scripted = fs.readFileSync(path.join(FIXTURES, 'scripted.pt'));
  const readArchive = { repack: repackIn(folder) };
  return {
    safetensors: { files: [safe], name: 'x.safetensors', read: (file) => torch.safetensors.loadFile(file) },
    index: { files: [index], name: 'x.safetensors.index.json', read: (file) => torch.safetensors.loadFile(file) },
    npz: { files: npz, name: 'x.npz', read: (file) => torch.npz.load(file), ...readArchive },
    npy: { files: npy, name: 'x.npy', read: (file) => torch.npy.load(file) },
    torch: { files: [pt], name: 'x.pt', read: (file) => torch.load(file), ...readArchive },
    pt2: { files: programs, name: 'x.pt2', read: readProgram, ...readArchive },
    jit: { files: [scripted], name: 'x.pt', read: readScript, ...readArchive },
    'torch-mmap': { files: [pt], name: 'x.pt', read: (file) => torch.load(file, { mmap: true }), ...readArchive },
  };
}

/** A program that was recorded here: with parameters, buffers that it writes to, constants and nested arguments. */
function makeProgram(): torch.export.ExportedProgram<never, unknown> {
  const net = new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.BatchNorm1d(3));
  const calls = net.registerBuffer('calls', torch.tensor(0n));
  const table = torch.tensor([1.5, NaN, Infinity]);
  class Sample extends torch.nn.Module {
    net = net;
    override forward({ x }: { x: torch.Tensor }, [factor]: [number, string]): unknown {
      calls.add_(1);
      const jacobian = torch.func.jacrev((row: torch.Tensor) => net[0](row).mul(table))(x.select(0, 0));
      return { y: net(x).mul(factor), best: [x.topk(1)], jacobian, nothing: null };
    }
  }
  return torch.export.export(new Sample(), [{ x: torch.ones(4, 2) }, [2, 'text']]) as never;
}

/** The tensors of a program, whose graph is prepared. */
function readProgram(file: string): unknown {
  const program = torch.export.load(file);
  program.module();
  return [program.stateDict, program.constants, String(program)];
}

/** The tensors and attributes of a model; none of its methods is called. */
function readScript(file: string): unknown {
  const module = torch.jit.load(file);
  const attributes = module.modules().flatMap((child) => {
    const properties = Object.entries(Object.getOwnPropertyDescriptors(child));
    return properties.filter(([, { get }]) => get !== undefined).map(([name]) => Reflect.get(child, name) as unknown);
  });
  return [module.stateDict(), attributes, String(module)];
}

function repackIn(folder: string): Format['repack'] {
  const [from, to] = [path.join(folder, 'repack-from'), path.join(folder, 'repack-to')];
  return (file, change, choose) => {
    fs.writeFileSync(from, file);
    using reader = ZipReader.open(from);
    using writer = ZipWriter.create(to, { alignment: 64 });
    const chosen = choose([...reader.entries.keys()]);
    for (const [name, entry] of reader.entries) {
      const bytes = Buffer.from(runNow(reader.read(entry)).data().buffer);
      writer.add(name, [name === chosen ? change(bytes) : bytes], { deflates: entry.isDeflated });
    }
    writer.finish();
    return fs.readFileSync(to);
  };
}
