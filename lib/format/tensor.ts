/** Tensors as PyTorch prints them: elements, suffixes, and wrappers of transforms. */

import { tupleText } from '../describe';
import { native } from '../native';
import { product } from '../shapes';
import type { Tensor } from '../tensor';
import { formatElements, type ElementKind } from './elements';
import { getPrintOptions, type PrintOptions } from './print-options';

/** The properties of a plain tensor that printing needs, besides its elements. */
export interface PrintingInfo {
  readonly gradFn: string | null;
  readonly requiresGrad: boolean;
  readonly dtype: string;
  readonly layout: string;
  readonly device: string;
  readonly kind: ElementKind;
  readonly isMeta: boolean;
  readonly isNested: boolean;
  readonly isSparse: boolean;
  /** The forward-mode tangent, or null. */
  readonly tangent: Tensor | null;
  /** Absent for a nested tensor. */
  readonly shape?: readonly number[];
  /** The number of elements that a sparse tensor stores. */
  readonly nnz?: number;
  /** The component tensors of a sparse tensor, or the elements of a nested tensor. */
  readonly parts: readonly (readonly [label: string, part: Tensor])[];
}

/** A shape as Python's tuple. */
function indentLines(text: string, indent: string): string {
  return text.replace(/^(?=.*\S)/gm, indent);
}

function elementsText(tensor: Tensor, info: PrintingInfo, indent: number, options: PrintOptions): string {
  const shape = info.shape!;
  if (shape.includes(0)) return '[]';
  const summarized = product(shape) > options.threshold;
  const values = native.printedElements(tensor, summarized ? options.edgeitems : -1);
  return formatElements({ kind: info.kind, shape, summarized, values }, indent, options);
}

function sparseText(info: PrintingInfo, indent: number, options: PrintOptions): string {
  const parts = info.parts.map(([label, part]) => {
    const prefix = `${label}=tensor(`;
    const own = native.printingInfo(part);
    let text = info.isMeta ? '...' : elementsText(part, own, indent + prefix.length, options);
    if (info.isMeta || own.shape!.includes(0)) text += `, size=${tupleText(own.shape!)}`;
    part.dispose();
    return `${prefix}${text})`;
  });
  return parts.join(`,\n${' '.repeat(indent)}`);
}

/** The contents of `tensor(...)`, and the suffixes that belong to them. */
function contentsOf(tensor: Tensor, info: PrintingInfo, indent: number, options: PrintOptions): [string, string[]] {
  const defaultDtype = native.getDefaultDtype();
  const defaults = [defaultDtype, defaultDtype === 'float64' ? 'complex128' : 'complex64', 'int64', 'bool'];
  const dtype = `dtype=torch.${info.dtype}`;
  const unusualDtype = defaults.includes(info.dtype) ? [] : [dtype];
  const noDefaultDtype = info.dtype === defaultDtype ? [] : [dtype];

  if (info.isNested) {
    const parts = info.parts.map(([, part]) => indentAll(formatOnce(part)));
    return [`[\n${parts.join(',\n')}\n]`, []];
  }
  const shape = info.shape!;
  const size = `size=${tupleText(shape)}`;
  if (info.parts.length > 0) {
    const nnz = info.nnz === undefined ? [] : [`nnz=${info.nnz}`];
    return [sparseText(info, indent, options), [size, ...nnz, ...unusualDtype]];
  }
  if (info.isMeta) return ['...', [size, ...noDefaultDtype]];
  if (shape.includes(0)) return ['[]', [...(shape.length === 1 ? [] : [size]), ...noDefaultDtype]];
  return [elementsText(tensor, info, indent, options), [...(options.edgeitems === 0 ? [size] : []), ...unusualDtype]];
}

function indentAll(text: string): string {
  return text.replace(/^/gm, '  ');
}

/** The device suffix, omitted for the CPU. */
function deviceSuffix(device: string): string[] {
  return device === 'cpu' ? [] : [`device='${device}'`];
}

/** Appends the suffixes, each on the current line if it fits. */
function withSuffixes(
  text: string,
  suffixes: readonly string[],
  indent: number,
  linewidth: number,
  breakFirst: boolean,
): string {
  // PyTorch counts one character too many.
  let lineLength = text.length - text.lastIndexOf('\n') + 1;
  let forced = breakFirst;
  for (const suffix of suffixes) {
    if (forced || lineLength + suffix.length + 2 > linewidth) {
      text += `,\n${' '.repeat(indent)}${suffix}`;
      lineLength = indent + suffix.length;
      forced = false;
    } else {
      text += `, ${suffix}`;
      lineLength += suffix.length + 2;
    }
  }
  return `${text})`;
}

function plainText(tensor: Tensor): string {
  const options = getPrintOptions();
  const info = native.printingInfo(tensor);
  const prefix = info.isNested ? 'nested_tensor(' : 'tensor(';
  const indent = prefix.length;
  const [contents, own] = contentsOf(tensor, info, indent, options);
  const suffixes = [...deviceSuffix(info.device), ...own];
  if (info.layout !== 'strided') suffixes.push(`layout=torch.${info.layout}`);
  if (info.gradFn !== null) suffixes.push(`grad_fn=<${info.gradFn}>`);
  else if (info.requiresGrad) suffixes.push('requires_grad=True');
  if (info.tangent !== null) suffixes.push(`tangent=${formatOnce(info.tangent)}`);
  return withSuffixes(prefix + contents, suffixes, indent, options.linewidth, info.isSparse);
}

/** Formats a temporary tensor and frees its handle. */
function formatOnce(tensor: Tensor): string {
  const text = formatTensor(tensor);
  tensor.dispose();
  return text;
}

/** The level number that PyTorch prints for wrappers whose transform has ended. */
const DEAD_LEVEL = -2;

/**
 * A tensor exactly as PyTorch's `repr` prints it. Inside a transform it shows the wrappers, level by level.
 */
export function formatTensor(tensor: Tensor): string {
  if (tensor.isDisposed) return 'tensor(<disposed>)';
  const wrapper = native.wrapperInfo(tensor);
  if (wrapper === null) return plainText(tensor);
  const level = wrapper.level < 0 ? DEAD_LEVEL : wrapper.level;
  const value = formatOnce(wrapper.value);
  switch (wrapper.kind) {
    case 'batched':
      return `BatchedTensor(lvl=${level}, bdim=${wrapper.bdim}, value=\n${indentLines(value, '    ')}\n)`;
    case 'grad':
      return `GradTrackingTensor(lvl=${level}, value=\n${indentLines(value, '    ')}\n)`;
    case 'functional':
      return `FunctionalTensor(lvl=${level}, value=\\\n${value})`;
  }
}
