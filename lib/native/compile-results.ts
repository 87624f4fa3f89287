/** What the addon tells of compiled functions. */

import type { CompiledStep } from '../compile/explain';
import type { Dtype } from '../dtype';
import type { Tensor } from '../tensor';
import type { Scalar } from '../types';

/** What was compiled for one signature. */
export interface CompiledEntry {
  signature: string;
  isCompiled: boolean;
  blocking: string | null;
  deviceGraph: string | null;
  nodes: number;
  operators: { name: string; isElementwise: boolean; isView: boolean }[];
  recording: number;
  planning: number;
  run: number | null;
  plannedBytes: number;
  steps: CompiledStep[];
  /** Generated kernels. */
  sources: string;
  recordedGraph: string;
  optimizedGraph: string;
  reasons: string[];
  passes: { name: string; before: number; after: number; milliseconds: number }[];
}

/** An argument of a recorded operator: a value of the graph, a constant, or a list. */
export type GraphArgument = { readonly value: number } | RecordedNumber | string | null | readonly GraphArgument[];

/** A number. A float that is integral is an object, because the number alone would be an integer. */
export type RecordedNumber = Scalar | { readonly float: number };

/** A recorded graph: values, and the operators that compute them, in order. */
export interface GraphData {
  values: readonly {
    kind: 'input' | 'closure' | 'constant' | 'result';
    dtype: Dtype;
    device: string;
    shape: readonly number[];
    strides: readonly number[];
    /** The value whose memory this one shares: itself if it has its own. */
    base: number;
    /** Of a constant that is a number. */
    number?: RecordedNumber;
    /** Of a constant or a tensor from outside. */
    tensor?: Tensor;
  }[];
  nodes: readonly {
    name: string;
    overload: string;
    args: readonly GraphArgument[];
    kwargs: Readonly<Record<string, GraphArgument>>;
    /** The value of each result, -1 for none. */
    results: readonly number[];
    writes: boolean;
    random: boolean;
  }[];
  inputs: readonly number[];
  outputs: readonly number[];
  /** Of a graph without writes: what its caller must copy into inputs and tensors from outside, at the end. */
  writeBacks: readonly (readonly [target: number, value: number])[];
}
