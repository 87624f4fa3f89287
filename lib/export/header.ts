/** What a program says beside its graph and its signature. */

import type { JsonValue } from '../files/json-text';
import { native } from '../native';
import type { JsonReader } from './json-reader';

/** The version of torch/_export/serde/schema.py in PyTorch 2.13 and 2.14. Another major version is another format. */
export const SCHEMA_VERSION = { major: 8, minor: 20 };

/** The version of the ATen operators, which `torch.export` does not read. */
const OPERATOR_VERSION = 10;

/** The fields of the program and of its graph module that are written as they were read. */
export interface ProgramHeader {
  readonly program: Readonly<Record<string, JsonValue>>;
  readonly module: Readonly<Record<string, JsonValue>>;
}

const PROGRAM_FIELDS = ['opset_version', 'range_constraints', 'verifiers', 'torch_version', 'guards_code'] as const;
const MODULE_FIELDS = ['module_call_graph', 'treespec_namedtuple_fields'] as const;

function pick(reader: JsonReader, names: readonly string[]): Record<string, JsonValue> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = reader.optional(name);
      return value === null ? [] : [[name, value.json]];
    }),
  );
}

export function readHeader(root: JsonReader): ProgramHeader {
  return { program: pick(root, PROGRAM_FIELDS), module: pick(root.field('graph_module'), MODULE_FIELDS) };
}

/** The header of a program that was recorded here. */
export function makeHeader(given: {
  readonly inSpec: string;
  readonly outSpec: string;
  /** Whether no operator writes in place. */
  readonly isFunctional: boolean;
}): ProgramHeader {
  const { inSpec, outSpec, isFunctional } = given;
  const signature = { inputs: [], outputs: [], in_spec: inSpec, out_spec: outSpec, forward_arg_names: null };
  return {
    program: {
      opset_version: { aten: OPERATOR_VERSION },
      range_constraints: {},
      verifiers: [isFunctional ? 'ATEN' : 'TRAINING'],
      torch_version: native.libtorchVersion(),
      guards_code: [],
    },
    module: { module_call_graph: [{ fqn: '', signature }], treespec_namedtuple_fields: {} },
  };
}

export function withRanges({ program, module }: ProgramHeader, ranges: JsonValue): ProgramHeader {
  return { program: { ...program, range_constraints: ranges }, module };
}
