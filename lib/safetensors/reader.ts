/** Reads `.safetensors` files, one or a checkpoint of several. */

import { dirname, join } from 'node:path';

import { nameText } from '../describe';
import { KeyError, ValueError } from '../errors';
import type { Dtype } from '../dtype';
import { BinaryFile } from '../files/binary-file';
import { IS_LITTLE_ENDIAN } from '../files/element-layout';
import { at, readingFile, stepsAt, stepsReading } from '../files/failure';
import type { Steps } from '../files/steps';
import { tensorOver, toMemoryLayout } from '../files/tensor-bytes';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { type Header, MAX_HEADER_LENGTH, PREFIX_LENGTH, type TensorInfo, parseHeader } from './header';
import { JsonCursor } from '../files/json';

/** The end of the name of an index: a JSON file that says which file has which tensor. */
const INDEX_SUFFIX = '.index.json';

/** One file, with its header. */
interface Part {
  readonly file: BinaryFile;
  readonly header: Header;
  /** Where the values start. */
  readonly dataStart: number;
}

/**
 * An open `.safetensors` file, or a checkpoint of several files. The values of a tensor are mapped from the file and
 * read when they are used; nothing is copied. Python: `safetensors.safe_open(file, framework='pt')`.
 *
 * Tensors stay valid after {@link close}. A write to a tensor does not reach the file.
 *
 * @example
 * ```ts
 * torch.safetensors.saveFile({ w: torch.ones(2, 3) }, 'model.safetensors', { format: 'pt' });
 * using file = torch.safetensors.open('model.safetensors');
 * file.keys(); // ['w']
 * file.shape('w'); // [2, 3]
 * file.get('w').sum().item(); // 6
 * ```
 */
export class SafetensorsFile implements Disposable {
  /** The metadata, names and values are strings. Of several files: those of all of them. */
  readonly metadata: Readonly<Record<string, string>>;

  private constructor(
    /** The path, as it was given. */
    readonly path: string,
    private readonly parts: readonly Part[],
    private readonly partOf: ReadonlyMap<string, Part>,
  ) {
    if (!(partOf instanceof Map)) throw new TypeError('SafetensorsFile: open files with torch.safetensors.open(path)');
    this.metadata = Object.fromEntries(parts.flatMap(({ header }) => Object.entries(header.metadata)));
  }

  /** @internal {@link open} of the namespace. */
  static open(path: string): SafetensorsFile {
    return path.endsWith(INDEX_SUFFIX) ? SafetensorsFile.openIndex(path) : SafetensorsFile.openFile(path);
  }

  private static openFile(path: string): SafetensorsFile {
    const part = openPart(path);
    return new SafetensorsFile(path, [part], new Map([...part.header.tensors.keys()].map((name) => [name, part])));
  }

  private static openIndex(path: string): SafetensorsFile {
    const fileOf = readIndex(path);
    const parts = new Map<string, Part>();
    try {
      for (const name of new Set(fileOf.values())) {
        parts.set(
          name,
          readingFile(path, () => at('a file of weight_map', () => openPart(join(dirname(path), name)))),
        );
      }
      const partOf = new Map<string, Part>();
      for (const [tensor, name] of fileOf) {
        const part = parts.get(name) as Part;
        if (!part.header.tensors.has(tensor)) {
          readingFile(path, () => refuse(`tensor ${nameText(tensor)} is not in ${name}`));
        }
        partOf.set(tensor, part);
      }
      return new SafetensorsFile(path, [...parts.values()], partOf);
    } catch (error) {
      for (const { file } of parts.values()) file.close();
      throw error;
    }
  }

  /** The names of the tensors, in the order of the header. */
  keys(): string[] {
    return [...this.partOf.keys()];
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.partOf.has(name);
  }

  /** The dtype of a tensor. Nothing is read. A KeyError for a name that the file lacks. */
  dtype(name: string): Dtype {
    return this.locate(name).info.dtype;
  }

  /** The shape of a tensor. Nothing is read. A KeyError for a name that the file lacks. */
  shape(name: string): number[] {
    return [...this.locate(name).info.shape];
  }

  /**
   * A CPU tensor over the values in the file. They are copied only if they are not aligned for their dtype.
   *
   * @throws KeyError for a name that the file lacks; ValueError if the file is closed, or a bool value is not 0 or 1.
   */
  get(name: string): Tensor {
    const { part, info } = this.locate(name);
    return readingFile(part.file.path, () => at(`tensor ${nameText(name)}`, () => read(part, info)));
  }

  /** @internal {@link get} in steps; the values are read, not mapped. */
  *reading(name: string): Steps<Tensor> {
    const { part, info } = this.locate(name);
    return yield* stepsReading(part.file.path, stepsAt(`tensor ${nameText(name)}`, reading(part, info)));
  }

  /** Closes the file. Tensors stay valid. No effect a second time. */
  close(): void {
    for (const { file } of this.parts) file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private locate(name: string): { part: Part; info: TensorInfo } {
    const part = this.partOf.get(name);
    const info = part?.header.tensors.get(name);
    if (part === undefined || info === undefined) {
      throw new KeyError(`${this.path} has no tensor ${nameText(name)}`);
    }
    return { part, info };
  }
}

function openPart(path: string): Part {
  const file = BinaryFile.open(path);
  try {
    return readingFile(path, () => {
      if (file.size < PREFIX_LENGTH) refuse(`it has ${file.size} bytes; a header needs more`);
      const length = file.read(0, PREFIX_LENGTH).readBigUInt64LE();
      if (length > MAX_HEADER_LENGTH)
        refuse(`the header has a length of ${length} bytes; the limit is ${MAX_HEADER_LENGTH}`);
      const dataStart = PREFIX_LENGTH + Number(length);
      if (dataStart > file.size) refuse(`the header ends at byte ${dataStart} of ${file.size}`);
      const header = parseHeader(file.read(PREFIX_LENGTH, Number(length)), file.size - dataStart);
      return { file, header, dataStart };
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

function read({ file, dataStart }: Part, info: TensorInfo): Tensor {
  const [start, end] = info.range;
  return tensorOf(file.tensor(dataStart + start, end - start, { mmap: true }), info, dataStart + start);
}

function* reading({ file, dataStart }: Part, info: TensorInfo): Steps<Tensor> {
  const [start, end] = info.range;
  return tensorOf(yield* file.readingTensor(dataStart + start, end - start), info, 0);
}

function tensorOf(bytes: Tensor, { dtype, shape }: TensorInfo, position: number): Tensor {
  using _ = bytes;
  return scope(() => tensorOver(toMemoryLayout(bytes, dtype, !IS_LITTLE_ENDIAN, position), dtype, shape));
}

/** Which file has which tensor. */
function readIndex(path: string): Map<string, string> {
  using file = BinaryFile.open(path);
  return readingFile(path, () => {
    if (file.size > MAX_HEADER_LENGTH)
      refuse(`it has ${file.size} bytes; the limit for an index is ${MAX_HEADER_LENGTH}`);
    const fileOf = new Map<string, string>();
    const cursor = new JsonCursor(file.read(0, file.size).toString('utf8'));
    let hasMap = false;
    cursor.object((key) => {
      if (key !== 'weight_map') return cursor.skip();
      hasMap = true;
      cursor.object((tensor) => void fileOf.set(tensor, checkName(cursor.string())));
    });
    cursor.end();
    if (!hasMap) refuse("it has no 'weight_map'");
    return fileOf;
  });
}

/** An index may only name files of its own folder. */
function checkName(name: string): string {
  if (/^[^/\\\0]+$/.test(name) && name !== '.' && name !== '..') return name;
  return refuse(`weight_map names the file ${nameText(name)}; expected a file in the same folder`);
}

function refuse(message: string): never {
  throw new ValueError(message);
}
