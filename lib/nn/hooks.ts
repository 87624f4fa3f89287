/** The hooks of modules: where they are kept, and how calls and state dicts run them. */

import { copyDense } from '../arguments';
import { keepWith } from '../autograd/callbacks';
import type { RemovableHandle } from '../autograd/hooks';
import { describeType } from '../describe';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { refusePromise } from '../synchronous';
import type { Tensor } from '../tensor';
import { emitLibtorchWarning } from '../warnings';
import type { Module } from './module';
import type { IncompatibleKeys, LoadContext, StateDict } from './module-state';

type Gradients = (Tensor | null)[];

/** The hooks of a module by kind. */
export interface HookTypes {
  forwardPre: (module: Module, args: unknown[]) => unknown;
  forward: (module: Module, args: unknown[], output: unknown) => unknown;
  backwardPre: (module: Module, gradOutputs: Gradients) => readonly (Tensor | null)[] | undefined | void;
  backward: (
    module: Module,
    gradInputs: Gradients,
    gradOutputs: Gradients,
  ) => readonly (Tensor | null)[] | undefined | void;
  stateDictPre: (module: Module, prefix: string, keepVars: boolean) => void;
  stateDictPost: (module: Module, state: StateDict, prefix: string) => void;
  loadPre: (module: Module, state: Record<string, unknown>, prefix: string, context: LoadContext) => void;
  loadPost: (module: Module, keys: IncompatibleKeys) => void;
}

type Kind = keyof HookTypes;

interface Entry<K extends Kind> {
  hook: HookTypes[K];
  alwaysCall: boolean;
  /** Whether it is a hook of all modules. */
  isGlobal: boolean;
}

type Hooks = { [K in Kind]?: Entry<K>[] };

const hooksOf = new WeakMap<Module, Hooks>();

/** The hooks of all modules. They run before those of a module. */
const globalHooks: Hooks = {};
let hasGlobal = false;

// Most programs have no hooks: their calls of modules look no further.
let hasAny = false;

/** Whether a module has ever had a hook. */
export function mayHaveHooks(): boolean {
  return hasAny;
}

/** Adds a hook of a module, or with null of all modules, at the end, or with `prepend` at the start. */
export function addHook<K extends Kind>(
  module: Module | null,
  kind: K,
  hook: HookTypes[K],
  { prepend = false, alwaysCall = false }: { prepend?: boolean; alwaysCall?: boolean } = {},
): RemovableHandle {
  const hooks = module === null ? globalHooks : (hooksOf.get(module) ?? {});
  if (module !== null) hooksOf.set(module, hooks);
  hasAny = true;
  const entry: Entry<K> = { hook, alwaysCall, isGlobal: module === null };
  // New lists, because a run may be in progress.
  const list = (hooks[kind] ?? []) as Entry<K>[];
  const replace = (entries: Entry<K>[]): void => {
    (hooks as Record<Kind, unknown>)[kind] = entries;
    hasGlobal = Object.values(globalHooks).some(({ length }) => length > 0);
    // Compiled functions have recorded what the hooks did.
    native.moduleChanged();
  };
  replace(prepend ? [entry, ...list] : [...list, entry]);
  const remove = (): void => {
    replace(((hooks[kind] ?? []) as Entry<K>[]).filter((other) => other !== entry));
  };
  return { remove, [Symbol.dispose]: remove };
}

function entriesOf<K extends Kind>(module: Module, kind: K): readonly Entry<K>[] {
  const own = (hooksOf.get(module)?.[kind] ?? []) as Entry<K>[];
  const common = (globalHooks[kind] ?? []) as Entry<K>[];
  return common.length === 0 ? own : [...common, ...own];
}

/** The hooks of a kind, in the order of their calls. */
export function hooksFor<K extends Kind>(module: Module, kind: K): HookTypes[K][] {
  return entriesOf(module, kind).map(({ hook }) => hook);
}

const METHODS = {
  forwardPre: 'ForwardPreHook',
  forward: 'ForwardHook',
  backwardPre: 'FullBackwardPreHook',
  backward: 'FullBackwardHook',
} as const;

/** The function that has registered a hook, for messages. */
function registrar(kind: keyof typeof METHODS, { isGlobal }: { isGlobal: boolean }): string {
  return `${isGlobal ? 'nn.registerModule' : 'register'}${METHODS[kind]}()`;
}

/** The gradients that a hook of the backward pass has returned, or null. */
function checked(result: unknown, name: string): Gradients | null {
  refusePromise(result, `${name}: the hook`);
  if (result === undefined || result === null) return null;
  if (Array.isArray(result)) return result as Gradients;
  throw new TypeError(
    `${name}: a hook must return an array of gradients or nothing, but it returned ${describeType(result)}`,
  );
}

/** Gradients of all values from those of the tensors at `positions`. */
function spread(gradients: readonly (Tensor | null)[], positions: readonly number[], size: number): Gradients {
  const all: Gradients = new Array<Tensor | null>(size).fill(null);
  positions.forEach((position, i) => (all[position] = gradients[i]));
  return all;
}

/** Passes tensors through one node of the graph, which is given to `register`; null if no gradients are recorded. */
function throughNode(
  values: readonly unknown[],
  register: (node: NonNullable<Tensor['gradFn']>) => void,
): { values: unknown[]; positions: number[] } | null {
  const positions = values.flatMap((value, i) => (native.isTensor(value) ? [i] : []));
  const tensors = positions.map((position) => values[position] as Tensor);
  if (!native.gradMode() || !tensors.some((tensor) => tensor.requiresGrad)) return null;
  const pass = (_: 'backward' | 'jvp', gradients: Gradients): Gradients => gradients;
  const wrapped = native.functionWrap(pass, 'BackwardHookFunction', {
    inputs: tensors,
    outputs: tensors,
    toSave: [],
    forForward: [],
    dirty: [],
    nonDifferentiable: tensors.filter((tensor) => !tensor.requiresGrad),
    separateContext: false,
    materialize: false,
  });
  const outputs = tensors.map((_, i) => wrapped[i] as Tensor);
  for (const output of outputs) keepWith(output, pass);
  register(outputs.find((output) => output.gradFn !== null)!.gradFn!);
  const passed = [...values];
  positions.forEach((position, i) => (passed[position] = outputs[i]));
  return { values: passed, positions };
}

/** The backward hooks of one call of a module. */
class BackwardHooks {
  readonly #module: Module;
  readonly #hooks: readonly Entry<'backward'>[];
  readonly #preHooks: readonly Entry<'backwardPre'>[];
  #gradOutputs: Gradients | null = null;
  #inputCount = 0;
  #inputPositions: number[] | null = null;

  constructor(module: Module) {
    this.#module = module;
    this.#hooks = entriesOf(module, 'backward');
    this.#preHooks = entriesOf(module, 'backwardPre');
  }

  #call(gradInputs: Gradients, gradOutputs: Gradients): Gradients {
    return this.#hooks.reduce((current, entry) => {
      const replaced = checked(entry.hook(this.#module, current, gradOutputs), registrar('backward', entry));
      if (replaced === null) return current;
      if (replaced.length === current.length) return [...replaced];
      throw new RuntimeError(
        `Backward hook returned an invalid number of grad_input, got ${replaced.length}, but expected ${current.length}`,
      );
    }, gradInputs);
  }

  #callPre(given: Gradients): Gradients {
    return this.#preHooks.reduce((current, entry) => {
      const replaced = checked(entry.hook(this.#module, current), registrar('backwardPre', entry));
      if (replaced === null) return current;
      if (replaced.length === current.length) return [...replaced];
      throw new RuntimeError(
        `Backward pre hook returned an invalid number of grad_output, got ${replaced.length}, but expected ${current.length}`,
      );
    }, given);
  }

  /** The arguments, with a node whose hook calls those for the gradients of the inputs. */
  inputs(args: unknown[]): unknown[] {
    this.#inputCount = args.length;
    let positions: readonly number[] = [];
    const passed = throughNode(args, (node) => {
      node.registerHook((gradients) => {
        const gradOutputs = this.#gradOutputs;
        if (gradOutputs === null) {
          throw new RuntimeError(
            "Module backward hook for grad_input is called before the grad_output one. This happens because the gradient in your nn.Module flows to the Module's input without passing through the Module's output. Make sure that the output depends on the input and that the loss is computed based on the output.",
          );
        }
        this.#gradOutputs = null;
        const results = this.#call(spread(gradients, positions, this.#inputCount), gradOutputs);
        return positions.map((position) => results[position]);
      });
    });
    if (passed === null) return args;
    positions = passed.positions;
    this.#inputPositions = passed.positions;
    return passed.values;
  }

  /** The result, with a node whose hook has the gradients of the outputs. */
  outputs(result: unknown): unknown {
    const values = Array.isArray(result) ? copyDense(result) : [result];
    let positions: readonly number[] = [];
    const passed = throughNode(values, (node) => {
      node.registerPrehook((gradients) => {
        const gradOutputs = this.#callPre(spread(gradients, positions, values.length));
        this.#gradOutputs = gradOutputs;
        if (this.#inputPositions === null) this.#callWithoutInputs(gradOutputs);
        return positions.map((position) => gradOutputs[position]);
      });
    });
    if (passed === null) return result;
    positions = passed.positions;
    return Array.isArray(result) ? passed.values : passed.values[0];
  }

  #callWithoutInputs(gradOutputs: Gradients): void {
    const results = this.#call(spread([], [], this.#inputCount), gradOutputs);
    this.#gradOutputs = null;
    if (results.every((gradient) => gradient === null)) return;
    throw new RuntimeError(
      'Backward hook for Modules where no input requires gradient should always return None or None for all gradients.',
    );
  }
}

/** Prepares the backward hooks of this call. Returns null for a module without backward hooks. */
function backwardHooks(module: Module): BackwardHooks | null {
  const count = entriesOf(module, 'backward').length + entriesOf(module, 'backwardPre').length;
  if (count === 0) return null;
  if (native.levelDepth() > 0) {
    throw new RuntimeError(
      'backward hooks of modules cannot be called inside transforms such as grad and vmap, which have no backward pass of their own; remove them, or use hooks of forward',
    );
  }
  return new BackwardHooks(module);
}

/** Calls a module with its hooks. */
export function callWithHooks(module: Module, given: unknown[]): unknown {
  if (!hasGlobal && !hooksOf.has(module)) return module.forward(...given) as unknown;
  const hooks = entriesOf(module, 'forward');
  const called = new Set<Entry<'forward'>>();
  let args = given;
  let output: unknown = null;
  try {
    for (const entry of entriesOf(module, 'forwardPre')) {
      const result = entry.hook(module, args);
      refusePromise(result, `${registrar('forwardPre', entry)}: the hook`);
      if (result !== undefined && result !== null) args = Array.isArray(result) ? copyDense(result) : [result];
    }
    const backward = backwardHooks(module);
    if (backward !== null) args = backward.inputs(args);
    output = module.forward(...args) as unknown;
    for (const entry of hooks) {
      called.add(entry);
      const result = entry.hook(module, args, output);
      refusePromise(result, `${registrar('forward', entry)}: the hook`);
      if (result !== undefined && result !== null) output = result;
    }
    return backward === null ? output : backward.outputs(output);
  } catch (error) {
    for (const entry of hooks) {
      if (entry.alwaysCall && !called.has(entry)) output = callAfterError(entry, module, args, output);
    }
    throw error;
  }
}

/** Calls a hook after an error of the module, which stays the one that is reported. Returns the result for the next hook. */
function callAfterError(entry: Entry<'forward'>, module: Module, args: unknown[], output: unknown): unknown {
  try {
    return entry.hook(module, args, output) ?? output;
  } catch (error) {
    emitLibtorchWarning(
      'UserWarning',
      `${entry.isGlobal ? 'global ' : ''}module forward hook with \`alwaysCall: true\` raised an exception that was silenced as another error was raised in forward: ${String(error)}`,
    );
    return output;
  }
}
