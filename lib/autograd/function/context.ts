/** The context of a custom function: `torch.autograd.function.FunctionCtx`. */

import { describeType } from '../../describe';
import { AssertionError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';

/** Where a context keeps what is none of the user's business. */
export const STATE = Symbol('state');

export interface ContextState {
  /** What was given to the methods of the context, unchecked, until the outputs have their history. */
  toSave: readonly unknown[];
  forForward: readonly (Tensor | null)[] | null;
  dirty: readonly unknown[];
  nonDifferentiable: readonly unknown[];
  materializeGrads: boolean;
  /** The node, for what it has saved; null where none was made. */
  node: unknown;
  clearOnAccess: boolean;
  /** What `vmap` notes for the backward that it makes of the user's; by the rule that it made. */
  vmapped: Map<object, VmapNotes>;
}

/** How the tensors of one call were batched. */
export interface VmapNotes {
  backwardDims: unknown;
  forwardDims: unknown;
  inputShapes: (number[] | null)[];
  outDims: unknown;
}

/**
 * What the methods of a custom function share for one call; `torch.autograd.function.FunctionCtx`. Besides
 * the methods here it takes any property: say which with an intersection type,
 * `ctx: FunctionCtx & { power: number }`.
 */
export class FunctionCtx {
  /** @internal */
  readonly [STATE]: ContextState;
  /** Whether each argument of `forward` requires a gradient; `ctx.needs_input_grad`. */
  needsInputGrad: readonly boolean[];

  /** @internal Contexts are made by `apply`. */
  constructor(needsInputGrad: readonly boolean[], clearOnAccess: boolean) {
    const state: ContextState = {
      toSave: [],
      forForward: null,
      dirty: [],
      nonDifferentiable: [],
      materializeGrads: true,
      node: null,
      clearOnAccess,
      vmapped: new Map(),
    };
    Object.defineProperty(this, STATE, { value: state });
    this[STATE] = state;
    this.needsInputGrad = needsInputGrad;
  }

  /**
   * Saves tensors, or nulls, for `backward`, where {@link savedTensors} has them; `save_for_backward`. Call
   * it once. Other values, and no tensors, go into properties of the context: a tensor there escapes the
   * check that it was not changed in place, and an output there would keep the graph for good.
   */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    this[STATE].toSave = tensors;
  }

  /**
   * Saves tensors, or nulls, for `jvp`; `save_for_forward`.
   *
   * @throws AssertionError for anything else.
   */
  saveForForward(...tensors: (Tensor | null)[]): void {
    for (const tensor of tensors) {
      if (tensor === null || native.isTensor(tensor)) continue;
      throw new AssertionError(
        `save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx. Got ${describeType(tensor)}`,
      );
    }
    this[STATE].forForward = tensors;
  }

  /** Says which inputs `forward` has changed in place; they must be among its outputs; `mark_dirty`. */
  markDirty(...tensors: Tensor[]): void {
    this[STATE].dirty = tensors;
  }

  /** Says which outputs have no gradient; integer outputs need not be named; `mark_non_differentiable`. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this[STATE].nonDifferentiable = tensors;
  }

  /**
   * Says whether a gradient that is not there comes to `backward` and `jvp` as zeros, as it does by default,
   * or as null; `set_materialize_grads`.
   */
  setMaterializeGrads(value: boolean): void {
    this[STATE].materializeGrads = value;
  }

  /**
   * The tensors that were saved, null where null was; `ctx.saved_tensors`.
   *
   * @throws RuntimeError if one was changed in place since, or the graph has been freed.
   */
  get savedTensors(): Tensor[] {
    const state = this[STATE];
    const saved =
      state.forForward ?? (state.node === null ? [] : native.functionSaved(state.node, state.clearOnAccess));
    return [...saved] as Tensor[];
  }
}

/**
 * The context with some members replaced; everything else is read from and written to the context itself.
 */
export function wrapContext(ctx: FunctionCtx, replaced: Partial<Record<keyof FunctionCtx, unknown>>): FunctionCtx {
  return new Proxy(ctx, {
    get: (target, name) =>
      Object.hasOwn(replaced, name)
        ? replaced[name as keyof FunctionCtx]
        : (Reflect.get(target, name, target) as unknown),
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
