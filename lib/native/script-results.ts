/** What the addon takes and returns of TorchScript programs (native/jit/exports.cpp). */

import type { Tensor } from '../tensor';

/** A pickle, and the bytes of the storages that it refers to. */
export interface JitPickle {
  readonly bytes: Uint8Array;
  readonly storages: readonly [key: string, bytes: Tensor][];
}

/** The parts of a TorchScript file. */
export interface JitArchive {
  readonly code: readonly [path: string, text: string][];
  readonly constants: JitPickle;
  readonly data: JitPickle;
  readonly version: number;
  readonly device: string | null;
}

/** A module of a program. */
export interface ScriptDescription {
  readonly handle: unknown;
  /** The name of its class in Python. */
  readonly name: string;
  /** Its attribute `training`; null if it has none. */
  readonly training: boolean | null;
  /** The parameters and buffers, with their index among the tensors of the program; -1 for None. */
  readonly tensors: readonly [name: string, index: number, kind: 'parameter' | 'buffer'][];
  /** The submodules, with their index among the modules of the program. */
  readonly children: readonly [name: string, index: number][];
  readonly attributes: readonly string[];
  readonly methods: readonly string[];
}

/** A program: its modules, the root first, and their tensors. */
export interface ScriptProgram {
  readonly modules: readonly ScriptDescription[];
  readonly tensors: readonly Tensor[];
}

type Tensors = readonly unknown[];
type Modes = readonly boolean[];

/** The arguments of a call of a method. */
export type ScriptCall = [module: unknown, method: string, tensors: Tensors, modes: Modes, args: readonly unknown[]];

/** The result of a call, and what the script assigned to parameters and buffers, with their positions. */
export type ScriptResult = [value: unknown, assigned: [index: number, tensor: Tensor | null][]];

/** The arguments that read an attribute. */
export type ScriptGet = [module: unknown, name: string, tensors: Tensors, modes: Modes];

/** The arguments that make a file of a module. */
export type ScriptSave = [
  module: unknown,
  tensors: Tensors,
  modes: Modes,
  extraFiles: readonly [name: string, content: Uint8Array][],
];
