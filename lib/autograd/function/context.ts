/** The context of a custom function: `torch.autograd.function.FunctionCtx`. */

import { describeType } from '../../describe';
import { AssertionError } from '../../errors';
import { native } from '../../native';
import type { Tensor } from '../../tensor';

/** The key of the internal state of a context. */
export const STATE = Symbol('state');

export interface ContextState {
  /** The arguments of the context's methods, unchecked, until the call is recorded. */
  toSave: readonly unknown[];
  forForward: readonly (Tensor | null)[] | null;
  dirty: readonly unknown[];
  nonDifferentiable: readonly unknown[];
  materializeGrads: boolean;
  /** The node of the graph, which holds the saved tensors; null if there is none. */
  node: unknown;
  clearOnAccess: boolean;
  /** The notes of `vmap` for the backward of each function that it generated. */
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
 * The context of one call, which the methods of a custom function share; `torch.autograd.function.FunctionCtx`. It can
 * have any other property; declare them with an intersection type, `ctx: FunctionCtx & { power: number }`.
 */
export class FunctionCtx {
  /** @internal */
  readonly [STATE]: ContextState;
  /** Whether each argument of `forward` requires a gradient; `ctx.needs_input_grad`. */
  needsInputGrad: readonly boolean[];

  /** @internal `apply` creates contexts. */
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
   * Saves tensors or nulls for `backward`, which reads them from {@link savedTensors}; `save_for_backward`. Call it
   * once. Store non-tensor values as properties of the context, but no tensors: changes in place would not be detected.
   */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    this[STATE].toSave = tensors;
  }

  /**
   * Saves tensors or nulls for `jvp`; `save_for_forward`.
   *
   * @throws AssertionError for anything else.
   */
  saveForForward(...tensors: (Tensor | null)[]): void {
    for (const tensor of tensors) {
      if ((tensor as unknown) == null || native.isTensor(tensor)) continue;
      throw new AssertionError(
        `save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx. Got ${describeType(tensor)}`,
      );
    }
    this[STATE].forForward = tensors.map((tensor) => (tensor as Tensor | null | undefined) ?? null);
  }

  /** Marks inputs that `forward` changed in place; they must also be outputs; `mark_dirty`. */
  markDirty(...tensors: Tensor[]): void {
    this[STATE].dirty = tensors;
  }

  /** Marks outputs without a gradient; not needed for integer outputs; `mark_non_differentiable`. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this[STATE].nonDifferentiable = tensors;
  }

  /**
   * Sets whether `backward` and `jvp` get zeros (default) or null for a missing gradient or tangent;
   * `set_materialize_grads`.
   */
  setMaterializeGrads(value: boolean): void {
    this[STATE].materializeGrads = value;
  }

  /**
   * The saved tensors and nulls; `ctx.saved_tensors`.
   *
   * @throws RuntimeError if one was changed in place afterwards, or the graph has been freed.
   */
  get savedTensors(): Tensor[] {
    const state = this[STATE];
    const saved =
      state.forForward ?? (state.node === null ? [] : native.functionSaved(state.node, state.clearOnAccess));
    return [...saved] as Tensor[];
  }
}

/**
 * The context with some members replaced; all other properties are those of the context itself.
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
