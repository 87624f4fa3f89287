/** Writes the `.pt2` archive: what archive.ts reads. */

import { ValueError } from '../errors';
import { IS_LITTLE_ENDIAN, itemsizeOf } from '../files/element-layout';
import { type JsonValue, jsonText } from '../files/json-text';
import type { Steps } from '../files/steps';
import type { Take } from '../files/tensor-bytes';
import { native } from '../native';
import { Parameter } from '../nn/parameter';
import { scope } from '../scope';
import type { Tensor } from '../tensor';
import { ZipWriter } from '../zip/writer';
import { tensorMetaJson } from './tensor-meta';

/** The folder that everything is in; PyTorch takes the name of the file, and accepts any. */
const ROOT = 'archive/';

/** Storages start at a multiple of this, as in PyTorch. */
const ALIGNMENT = 64;

/** The tensors of one folder of the archive. */
export interface Payloads {
  /** Where each tensor is, by name. */
  readonly config: JsonValue;
  readonly storages: readonly { readonly path: string; readonly bytes: number; readonly taken: () => Tensor }[];
}

/**
 * Collects the storages of tensors; those that share memory, and have one dtype, share a storage. PyTorch reads a storage
 * with the dtype of the first tensor in it.
 */
export function collectPayloads(
  tensors: Readonly<Record<string, Tensor>>,
  prefix: 'weight_' | 'tensor_',
  take: Take,
): Payloads {
  const storages: { path: string; bytes: number; taken: () => Tensor }[] = [];
  const known = new Map<string, string>();
  const entries = Object.entries(tensors).map(([name, tensor]) => {
    if (tensor.layout !== 'strided' || tensor.isMeta) {
      const found = tensor.isMeta ? 'on the device meta' : `of the layout ${tensor.layout}`;
      throw new ValueError(`the tensor '${name}' is ${found}; a program can only hold dense tensors with values`);
    }
    const value = native.storedValue(tensor);
    const { id, bytes } = native.storageOf(value);
    const isEmpty = value.numel() === 0;
    const key = isEmpty ? name : `${id} ${value.dtype}`;
    let path = known.get(key);
    if (path === undefined) {
      path = `${prefix}${storages.length}`;
      known.set(key, path);
      // Memory of another dtype may end with a part of an element.
      const whole = bytes - (bytes % itemsizeOf(value.dtype));
      storages.push({ path, bytes: isEmpty ? 0 : whole, taken: take(native.storageBytes(value)) });
    }
    const meta = tensorMetaJson({
      dtype: value.dtype,
      shape: value.shape,
      strides: native.strides(value),
      device: native.device(value),
      requiresGrad: tensor.requiresGrad,
      offset: isEmpty ? 0 : value.storageOffset(),
    });
    return [name, { path_name: path, is_param: tensor instanceof Parameter, use_pickle: false, tensor_meta: meta }];
  });
  return { config: { config: Object.fromEntries(entries) as JsonValue }, storages };
}

/** What an archive with one program contains. */
export interface ArchiveContent {
  readonly program: JsonValue;
  readonly weights: Payloads;
  readonly constants: Payloads;
  /** Texts by name. */
  readonly extraFiles: Readonly<Record<string, string>>;
}

/** Writes the file, which appears when it is complete. */
export function* writingArchive(file: string, content: ArchiveContent): Steps<void> {
  const { program, weights, constants, extraFiles } = content;
  using archive = ZipWriter.create(file, { alignment: ALIGNMENT });
  const add = (name: string, part: string | Tensor): Steps<void> =>
    archive.adding(ROOT + name, [typeof part === 'string' ? Buffer.from(part) : part]);
  yield* add('archive_format', 'pt2');
  yield* add('archive_version', '0');
  yield* add('byteorder', IS_LITTLE_ENDIAN ? 'little' : 'big');
  for (const [folder, { config, storages }] of Object.entries({ weights, constants })) {
    for (const { path, bytes, taken } of storages) {
      using values = scope(() => taken().narrow(0, 0, bytes).cpu());
      yield* add(`data/${folder}/${path}`, values);
    }
    yield* add(`data/${folder}/model_${folder}_config.json`, jsonText(config));
  }
  yield* add('models/model.json', jsonText(program));
  // Python's example arguments: an empty entry means that the file has none.
  yield* add('data/sample_inputs/model.pt', '');
  for (const [name, text] of Object.entries(extraFiles)) yield* add(`extra/${name}`, text);
  yield* add('.data/version', '3\n');
  yield* archive.finishing();
}
