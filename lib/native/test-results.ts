/** What the hooks of the tests of compiled functions return. */

import type { Tensor } from '../tensor';

/** A graph before and after passes, and what both compute. */
export interface PassTest {
  /** Why a pass refused the graph; empty if none did. */
  reason: string;
  before: string;
  after: string;
  /** Of the whole pipeline. */
  reports: { name: string; before: number; after: number; milliseconds: number }[];
  runs: Record<'expected' | 'actual', { outputs: (Tensor | null)[]; inputs: Tensor[]; memory: number[] }>[];
}

/** A scalarized function: its programs, and what they compute. */
export interface ScalarizeTest {
  /** Why there is no program; empty if there is one. */
  reason: string;
  graph: string;
  /** Nodes before and after the passes. */
  recorded: number;
  nodes: number;
  lanes: number;
  instructions: number;
  uniformInstructions: number;
  isForAnyLanes: boolean;
  /** Of the passes, and of scalarizing. */
  passes: number;
  milliseconds: number;
  /** The shortest of the repeated runs. */
  microseconds: number;
  runs: Tensor[][];
}

/** What the vector machine computes for the operators of a function. */
export interface MachineTest {
  outputs: Tensor[];
  /** The operators without a rule, which ran as usual. */
  refused: string[];
  nodes: number;
  /** Of the last program: the shortest of the repeated runs. */
  nanoseconds: number;
}

/** A kernel generated from a fused group. */
export interface KernelSource {
  name: string;
  text: string;
  /** The number of arrays that it takes after the number of points. */
  parameters: number;
}

/** How a function runs as if its tensors were on CUDA. */
export interface KernelTest {
  sources: KernelSource[];
  steps: string;
  reasons: string[];
  /** If there was a library with the kernels. */
  outputs?: Tensor[];
  runs?: Tensor[][];
}
