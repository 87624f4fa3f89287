/** The parametrizations of one tensor, and the tensors that it is computed from. */

import { noGrad } from '../../autograd/modes';
import { describeType } from '../../describe';
import { NotImplementedError, RuntimeError, ValueError } from '../../errors';
import { native } from '../../native';
import { aten } from '../../ops';
import { sameShape, sizeText } from '../../shapes';
import type { Tensor } from '../../tensor';
import type { Module } from '../module';
import { ModuleList } from '../modules/containers';
import { Parameter } from '../parameter';

type Inverse = (value: Tensor) => unknown;

/** The method of a parametrization that computes an original from a value; null if it has none. */
export function inverseOf(parametrization: Module): Inverse | null {
  const { rightInverse } = parametrization as { rightInverse?: unknown };
  return typeof rightInverse === 'function' ? (value) => (rightInverse as Inverse).call(parametrization, value) : null;
}

/** Makes a tensor share the data of another; it stays the same object, which optimisers know. */
export function setData(tensor: Tensor, data: Tensor): void {
  aten.set_data.default(tensor, data.detach());
  native.moduleChanged();
}

/** Adds a tensor to a module as what it is: a parameter, or else a buffer. */
export function register(module: Module, name: string, tensor: Tensor): void {
  if (tensor instanceof Parameter) module.registerParameter(name, tensor);
  else module.registerBuffer(name, tensor);
}

/** @throws ValueError unless the second value is a tensor of the dtype and shape of the first. */
export function checkUnchanged(what: string, name: string, before: Tensor, after: unknown): asserts after is Tensor {
  if (!native.isTensor(after))
    throw new ValueError(`A parametrization must return a tensor. Got ${describeType(after)}.`);
  if (after.dtype !== before.dtype) {
    throw new ValueError(
      `${what} may not change the dtype of the tensor, unless the \`unsafe\` flag is enabled.\nunparametrized dtype: ${before.dtype}\n${name} dtype: ${after.dtype}`,
    );
  }
  if (sameShape(after.shape, before.shape)) return;
  throw new ValueError(
    `${what} may not change the shape of the tensor, unless the \`unsafe\` flag is enabled.\nunparametrized shape: ${sizeText(before.shape)}\n${name} shape: ${sizeText(after.shape)}`,
  );
}

/**
 * The parametrizations of a tensor in the order in which they apply; `torch.nn.utils.parametrize.ParametrizationList`.
 * It has the tensor that they start from as `original`, or several as `original0`, `original1`, ...
 */
export class ParametrizationList extends ModuleList {
  /** Whether there is one original. */
  readonly isTensor: boolean;
  /** The number of originals. */
  readonly ntensors: number;
  /** Whether the parametrizations may change dtype and shape. */
  unsafe: boolean;
  /** The original; undefined if there are several. */
  declare original?: Tensor;

  /**
   * @param modules - The parametrizations, at least one.
   * @param original - The tensor before.
   * @param unsafe - Whether dtype and shape may change; false by default.
   * @throws ValueError for parametrizations that do not fit.
   */
  constructor(modules: readonly Module[], original: Tensor, unsafe = false) {
    if (modules.length === 0) throw new ValueError('ParametrizationList requires one or more modules.');
    super(modules);
    this.unsafe = unsafe;
    const { shape, dtype } = original;
    const before = original.detach();
    const start = noGrad(() => invert(modules, original));
    this.isTensor = native.isTensor(start);
    if (native.isTensor(start)) {
      this.ntensors = 1;
      if (start.dtype !== dtype) {
        throw new ValueError(
          `When \`rightInverse\` outputs one tensor, it may not change the dtype.\noriginal.dtype: ${dtype}\nrightInverse(original).dtype: ${start.dtype}`,
        );
      }
      if (start.device.toString() !== original.device.toString()) {
        throw new ValueError(
          `When \`rightInverse\` outputs one tensor, it may not change the device.\noriginal.device: ${original.device.toString()}\nrightInverse(original).device: ${start.device.toString()}`,
        );
      }
      if (start !== original) setData(original, start);
      register(this, 'original', original);
    } else {
      const tensors = listOf(start);
      this.ntensors = tensors.length;
      tensors.forEach((tensor, i) => {
        const isParameter = original instanceof Parameter;
        const part = isParameter ? new Parameter(tensor, original.requiresGrad) : tensor.detach();
        register(this, `original${i}`, isParameter ? part : part.requiresGrad_(original.requiresGrad));
      });
    }
    if (unsafe) return;
    const kept = before.shape.length === shape.length ? before : original;
    checkUnchanged('Registering a parametrization', 'parametrized', kept, this.forward());
  }

  /** The names of the originals. */
  originalNames(): string[] {
    return this.isTensor ? ['original'] : Array.from({ length: this.ntensors }, (_, i) => `original${i}`);
  }

  /** The tensor that the parametrizations give. */
  override forward(): Tensor {
    const [first, ...others] = this as Iterable<Module>;
    const properties = this as unknown as Record<string, Tensor>;
    const start = first(...this.originalNames().map((name) => properties[name])) as Tensor;
    return others.reduce((value, parametrization) => parametrization(value) as Tensor, start);
  }

  /**
   * Sets the originals so that the parametrizations give a value, with their methods `rightInverse`.
   *
   * @throws RuntimeError if one of them has no such method; ValueError for a result that does not fit the originals.
   */
  rightInverse(value: Tensor): void {
    noGrad(() => {
      let result: unknown = value;
      for (const parametrization of [...this].reverse()) {
        const inverse = inverseOf(parametrization);
        if (inverse === null) {
          throw new RuntimeError(
            `parametrization ${parametrization.constructor.name} does not implement rightInverse.`,
          );
        }
        result = inverse(result as Tensor);
      }
      const tensors = this.isTensor ? [result] : listOf(result);
      const names = this.originalNames();
      if (tensors.length !== names.length) {
        throw new ValueError(
          `'rightInverse' must return a sequence of tensors of length ${names.length}. Got a sequence of length ${tensors.length}.`,
        );
      }
      tensors.forEach((tensor, i) => {
        const original = (this as unknown as Record<string, Tensor>)[names[i]];
        if (!native.isTensor(tensor)) {
          throw new ValueError(`\`rightInverse\` should return a tensor. Got ${describeType(tensor)}`);
        }
        if (tensor.dtype !== original.dtype) {
          throw new ValueError(
            `The tensor returned by \`rightInverse\` has dtype ${tensor.dtype} while \`${names[i]}\` has dtype ${original.dtype}`,
          );
        }
        setData(original, tensor);
      });
    });
  }
}

/** The original of a value, as far as the parametrizations can compute it. */
function invert(modules: readonly Module[], value: Tensor): unknown {
  let result: unknown = value;
  for (const parametrization of modules.toReversed()) {
    const inverse = inverseOf(parametrization);
    if (inverse === null) continue;
    try {
      result = inverse(result as Tensor);
    } catch (error) {
      if (!(error instanceof NotImplementedError)) throw error;
    }
  }
  return result;
}

/** @throws ValueError for anything else than an array of tensors. */
function listOf(value: unknown): Tensor[] {
  if (Array.isArray(value) && value.every((item) => native.isTensor(item))) return value as Tensor[];
  throw new ValueError(`'rightInverse' must return a Tensor or an array of tensors. Got ${describeType(value)}`);
}
