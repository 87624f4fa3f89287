/** What became of a compiled function, as data and as a log. */

import { nameOf } from '../describe';
import { native } from '../native';
import type { CompiledEntry } from '../native';

/** A step of what a compiled function runs. */
export interface CompiledStep {
  /**
   * `program`: fused operators, or the function number by number, on the vector machine or as a generated kernel; `product`: a call of BLAS;
   * `library`: a call of libtorch; `chain`: steps that run for some samples at a time; `replay`: a recorded operator.
   */
  kind: 'program' | 'product' | 'library' | 'chain' | 'replay';
  /** One line: the sizes, where results lie. */
  description: string;
  /** The operators that it computes, each once; none for copies and for what is the same for all samples. */
  operators: string[];
  /** Why libtorch runs the operator; null for other kinds. */
  reason: string | null;
  /**
   * Floating-point operations. A product of m×k and k×n numbers has 2mkn, a convolution as many as its sums of products,
   * a sum of n numbers n - 1. A program has one for each instruction and element; a multiply-add has two; transfers and
   * conversions have none. null for other calls of libtorch: unknown.
   */
  flops: number | null;
  /** The bytes of the operands, each once, without what broadcasting repeats; of a chain, of whole tensors. */
  bytesRead: number;
  /** The bytes of the results. */
  bytesWritten: number;
  /** The least time of five runs, if `explain` was called with arguments; else null. */
  milliseconds: number | null;
  /** Of a chain: the steps for one chunk of the samples. */
  steps: CompiledStep[];
}

/** What was compiled for one signature. */
export interface Explanation {
  /** The dtypes and shapes of the tensors. */
  signature: string;
  /** Whether calls run compiled code; else they run the function, for the first of the reasons. */
  isCompiled: boolean;
  /** Why a call through `async` blocks the event loop; null if it does not. */
  blocking: string | null;
  /** Whether calls replay a CUDA graph, or why not; null on a CPU. */
  deviceGraph: string | null;
  /** Why a call is not compiled, its operators are replayed one by one, or it does not run number by number. */
  reasons: string[];
  /** The number of recorded operators. */
  nodes: number;
  /** Which operators these are. */
  operators: { name: string; isElementwise: boolean; isView: boolean }[];
  /** The passes over the graph, with the number of nodes before and after. */
  passes: { name: string; before: number; after: number; milliseconds: number }[];
  /** What runs, in this order. */
  steps: CompiledStep[];
  /** The sum of all steps; null if that of a step is unknown. */
  flops: number | null;
  /** The sum of all steps. */
  bytesRead: number;
  bytesWritten: number;
  /** The memory for intermediate results, which all calls share. Library calls may allocate more. */
  plannedBytes: number;
  /** In milliseconds. */
  times: {
    /** The first call of the function, which is recorded: eager execution is part of it. */
    recording: number;
    /** The passes. */
    passes: number;
    /** From the graph to the steps. */
    planning: number;
    /** A compiled call without that of JavaScript, the least of five, if `explain` was called with arguments; else null. */
    run: number | null;
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function explain(entry: CompiledEntry): Explanation {
  const { signature, isCompiled, blocking, deviceGraph, reasons, nodes, operators, passes, steps, plannedBytes } =
    entry;
  const { recording, planning, run } = entry;
  const flops = steps.map((step) => step.flops);
  return {
    signature,
    isCompiled,
    blocking,
    deviceGraph,
    reasons,
    nodes,
    operators,
    passes,
    steps,
    flops: flops.includes(null) ? null : sum(flops as number[]),
    bytesRead: sum(steps.map((step) => step.bytesRead)),
    bytesWritten: sum(steps.map((step) => step.bytesWritten)),
    plannedBytes,
    times: { recording, passes: sum(passes.map((pass) => pass.milliseconds)), planning, run },
  };
}

export function explanationOf(handle: unknown): Explanation[] {
  return native.describeEntries(handle).map(explain);
}

function logged(): ReadonlySet<string> {
  return new Set((process.env.TORCH_FUNC_LOGS ?? '').split(',').map((name) => name.trim()));
}

/** Whether the log shows graphs, whose text must be kept for it. */
export function logsGraphs(): boolean {
  return logged().has('graph');
}

const milliseconds = (time: number): string => `${time.toFixed(2)} ms`;

const work = (step: Pick<CompiledStep, 'flops' | 'bytesRead' | 'bytesWritten'>): string =>
  `${step.flops ?? 'unknown'} flop, ${step.bytesRead} B read, ${step.bytesWritten} B written`;

function stepLines(step: CompiledStep, indent = ''): string[] {
  const reason = step.reason === null ? '' : `: ${step.reason}`;
  const operators = step.kind === 'program' && step.operators.length > 0 ? ` (${step.operators.join(', ')})` : '';
  const line = `${indent}${step.description}${operators}${reason}; ${work(step)}`;
  return [line, ...step.steps.flatMap((part) => stepLines(part, `${indent}  `))];
}

/** Prints what was compiled last, as `TORCH_FUNC_LOGS` wants it. */
export function logCompilation(func: { readonly name: string }, handle: unknown): void {
  if (process.env.TORCH_FUNC_LOGS === undefined) return;
  const logs = logged();
  const [entry] = native.describeEntries(handle);
  const { passes, reasons, steps, times, plannedBytes, deviceGraph, ...totals } = explain(entry);
  const parts: [string, string[]][] = [
    ['guards', [entry.signature]],
    ['graph', [`recorded:\n${entry.recordedGraph}after the passes:\n${entry.optimizedGraph}`]],
    [
      'passes',
      [
        `recorded call: ${milliseconds(times.recording)}`,
        ...passes.map((pass) => `${pass.name}: ${pass.before} -> ${pass.after}, ${milliseconds(pass.milliseconds)}`),
        `planning: ${milliseconds(times.planning)}`,
      ],
    ],
    [
      'fusion',
      [
        ...reasons,
        ...steps.flatMap((step) => stepLines(step)),
        `${steps.length} steps, ${plannedBytes} B of planned memory; ${work(totals)}`,
        ...(deviceGraph === null ? [] : [deviceGraph]),
        entry.sources,
      ],
    ],
  ];
  for (const [name, lines] of parts) {
    if (logs.has(name))
      process.stderr.write(`torch.compile ${nameOf(func)}, ${name}:\n${lines.join('\n').trimEnd()}\n`);
  }
}
