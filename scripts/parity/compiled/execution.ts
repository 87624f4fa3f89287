/** How a compiled function runs, from its description. */

import type { Compiled, CompiledStep } from 'torch-func';

/** What runs the calls with a signature. */
export interface Execution {
  /** `machine`, `chain`, `product`, `library` or `replay`: those that are used; none if nothing is computed. */
  parts: string[];
  /** The operators that the library runs, each with the reason. */
  library: [operator: string, reason: string][];
  /** The recorded operators. */
  operators: string[];
  /** Why operators are replayed or run by the library. */
  reasons: string[];
  /** Why the call is not compiled; null if it is. */
  refusal: string | null;
  /** Whether all recorded operators are elementwise, or move elements, or make constant tensors. */
  isElementwise: boolean;
}

const MOVES =
  /^aten::(?:_?to_copy|clone|copy_?|cat|stack|repeat|flip|roll|empty.*|zeros.*|ones.*|full.*|new_.*|fill_?|zero_?|scalar_tensor|arange|eye|lift_fresh.*|_unsafe_view|_reshape_copy|tril|triu|.*_copy)(?:\.\w+)?$/;

const PARTS = { program: 'machine', chain: 'chain', product: 'product', library: 'library', replay: 'replay' };

const NONE: Execution = { parts: [], library: [], operators: [], reasons: [], refusal: null, isElementwise: false };

const withParts = (step: CompiledStep): CompiledStep[] => [step, ...step.steps];

/** What was compiled for the first call of a function. */
export function executionOf(compiled: Compiled): Execution {
  const call = compiled.explain().at(-1);
  if (call === undefined) return { ...NONE, refusal: 'it was not recorded' };
  const operators = call.operators.map(({ name }) => name);
  if (!call.isCompiled) return { ...NONE, operators, refusal: call.reasons[0] };
  const steps = call.steps.flatMap(withParts);
  const library = steps
    .filter(({ kind }) => kind === 'library')
    .map((step): [string, string] => [step.operators[0], step.reason ?? '']);
  return {
    parts: [...new Set(steps.map(({ kind }) => PARTS[kind]))],
    library: [...new Map(library.map((item) => [item.join(), item])).values()],
    operators,
    refusal: null,
    reasons: call.reasons,
    isElementwise: call.operators.every((op) => op.isElementwise || op.isView || MOVES.test(op.name)),
  };
}
