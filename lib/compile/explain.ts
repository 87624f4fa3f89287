/** What became of a compiled function, as data and as a log. */

import { nameOf } from '../describe';
import { native } from '../native';
import type { CompiledEntry } from '../native';

/** What was compiled for one signature. */
export interface Explanation {
  /** The dtypes and shapes of the tensors. */
  signature: string;
  /** Whether calls run compiled code; else they run the function, for the first of the reasons. */
  isCompiled: boolean;
  /** Why a call through `async` blocks the event loop; null if it does not. */
  blocking: string | null;
  /** Why a call is not compiled, its operators are replayed one by one, or some of them are library calls. */
  reasons: string[];
  /** The operators that were recorded. */
  nodes: number;
  /** Which operators these are. */
  operators: { name: string; isElementwise: boolean; isView: boolean }[];
  /** The passes over the graph, with the number of nodes before and after. */
  passes: { name: string; before: number; after: number; milliseconds: number }[];
  /** What runs: fused groups, generated kernels, matrix products, library calls, planned memory; one line each. */
  steps: string[];
  /** The time that passes and planning took, after the function had run. */
  milliseconds: number;
}

function explain({
  signature,
  isCompiled,
  blocking,
  reasons,
  nodes,
  operators,
  passes,
  steps,
  milliseconds,
}: CompiledEntry): Explanation {
  const lines = steps.split('\n').filter((line) => line !== '');
  return { signature, isCompiled, blocking, reasons, nodes, operators, passes, steps: lines, milliseconds };
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

/** Prints what was compiled last, as `TORCH_FUNC_LOGS` wants it. */
export function logCompilation(func: { readonly name: string }, handle: unknown): void {
  if (process.env.TORCH_FUNC_LOGS === undefined) return;
  const logs = logged();
  const [entry] = native.describeEntries(handle);
  const parts: [string, string][] = [
    ['guards', entry.signature],
    ['graph', `recorded:\n${entry.recordedGraph}after the passes:\n${entry.optimizedGraph}`],
    [
      'passes',
      entry.passes
        .map(({ name, before, after, milliseconds }) => `${name}: ${before} -> ${after}, ${milliseconds.toFixed(2)} ms`)
        .join('\n'),
    ],
    ['fusion', [...entry.reasons, entry.steps, entry.sources].join('\n')],
  ];
  for (const [name, text] of parts) {
    if (logs.has(name)) process.stderr.write(`torch.compile ${nameOf(func)}, ${name}:\n${text.trimEnd()}\n`);
  }
}
