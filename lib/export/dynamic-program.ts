/**
 * One program for many sizes, from the programs of two: see Note [Dynamic sizes] (native/compile/call/dynamic_graph.h). A
 * number that is the same in both is a constant. What is k times the size in both is k times the size in the program.
 */

import { RuntimeError } from '../errors';
import type { JsonValue } from '../files/json-text';
import { bytesOfValues } from '../files/tensor-bytes';
import { Float } from '../float';
import { type Argument, Node, targetText } from '../fx/graph';
import { native } from '../native';
import { sameShape } from '../shapes';
import type { Tensor } from '../tensor';
import { InputCheck, type Range, expectedInputs } from './constraints';
import type { LoadedProgram } from './exported-program';
import { parseExpression } from './expression';
import type { ProgramGraph, StoredValue, TensorMeta } from './graph-reader';
import { withRanges } from './header';
import type { SymbolicSize } from './sizes';
import { tensorMetaJson } from './tensor-meta';

/** Where the size is: a dimension of an input of the graph. */
export interface SizeSource {
  readonly input: number;
  readonly dim: number;
  /** In the two recordings. */
  readonly sizes: readonly [first: number, second: number];
}

/** The name of the size in expressions. */
const SYMBOL = 's0';

/** Operators may treat sizes of 0 and 1 in other ways. Neither language checks the limit. */
const RANGE: Range = { min: 2, max: null };

function refuse(what: string): never {
  throw new RuntimeError(`export.export(): one graph does not hold for all sizes: ${what}`);
}

class Generalization {
  private readonly values = new Map<Node, StoredValue>();
  private readonly multiples = new Map<string, Node>();
  /** The nodes that compute sizes come before this one. */
  private readonly start: Node;

  constructor(
    private readonly first: ProgramGraph,
    private readonly second: ProgramGraph,
    private readonly source: SizeSource,
  ) {
    this.start = first.graph.nodes.find(({ op }) => op === 'callFunction' || op === 'output')!;
  }

  run(): ProgramGraph {
    const pairs = this.pairs();
    for (const [node, other] of pairs) {
      node.args = this.merged(node.args, other.args, node) as Argument[];
      node.kwargs = Object.fromEntries(
        Object.entries(node.kwargs).map(([key, value]) => [key, this.merged(value, other.kwargs[key], node)]),
      );
    }
    const tensors = new Map<string, TensorMeta>();
    for (const [node, other] of pairs) {
      const sizes = this.describe(node, other);
      if (node.op === 'placeholder' && sizes !== null) tensors.set(node.name, { sizes, dtype: node.meta.dtype! });
    }
    return { ...this.first, tensors, values: this.values };
  }

  private pairs(): [Node, Node][] {
    const [nodes, others] = [this.first.graph.nodes, this.second.graph.nodes];
    const isSame = (node: Node, i: number): boolean =>
      node.name === others[i].name && node.op === others[i].op && node.target === others[i].target;
    if (nodes.length !== others.length || !nodes.every(isSame)) refuse('the operators depend on the size');
    return nodes.map((node, i) => [node, others[i]]);
  }

  /** What a number is multiplied with the size; null if it does not depend on it. */
  private factor(a: number, b: number, what: string): number | null {
    if (a === b) return null;
    const [n, m] = this.source.sizes;
    const factor = b / m;
    if (Number.isInteger(factor) && a === factor * n) return factor;
    return refuse(`${what} is ${a} for the size ${n}, and ${b} for ${m}`);
  }

  private merged(a: Argument, b: Argument, node: Node): Argument {
    if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      return (a as readonly Argument[]).map((item, i) => this.merged(item, (b as readonly Argument[])[i], node));
    }
    if (a instanceof Node && b instanceof Node && a.name === b.name) return a;
    const [isFloat, what] = [
      a instanceof Float,
      `a number among the arguments of '${node.name}' (${targetText(node.target)})`,
    ];
    if ((typeof a === 'number' && typeof b === 'number') || (isFloat && b instanceof Float)) {
      const factor = this.factor(Number(a), Number(b), what);
      return factor === null ? a : this.multiple(factor, isFloat);
    }
    if (typeof a === typeof b && String(a) === String(b)) return a;
    return refuse(`an argument of '${node.name}' (${targetText(node.target)}) depends on the size`);
  }

  /** The node that computes a multiple of the size. */
  private multiple(factor: number, isFloat: boolean): Node {
    const key = `${factor}${isFloat ? '.0' : ''}`;
    const known = this.multiples.get(key);
    if (known !== undefined) return known;
    const { input, dim, sizes } = this.source;
    const call = (target: string, args: Argument[], name: string): Node => {
      // Before all other nodes, and after what it is computed from.
      return this.first.graph.insertBefore(this.start, () => this.first.graph.callFunction(target, args, {}, name));
    };
    let node: Node;
    if (isFloat) node = call('torch.sym_float', [this.multiple(factor, false)], 'sym_float');
    else if (factor === 1) node = call('aten.sym_size.int', [this.first.inputs[input], dim], 'sym_size');
    else node = call('_operator.mul', [this.multiple(1, false), factor], 'size');
    const value = factor * sizes[0];
    const [expression, hint] = isFloat
      ? [`ToFloat(${expressionOf(factor)})`, { as_float: new Float(value) }]
      : [expressionOf(factor), { as_int: value }];
    this.values.set(node, { type: isFloat ? 'float' : 'int', json: { as_expr: { expr_str: expression, hint } } });
    this.multiples.set(key, node);
    return node;
  }

  /** Records the sizes of a value as expressions. */
  private describe(node: Node, other: Node): readonly SymbolicSize[] | null {
    const { shape, strides, dtype, device } = node.meta;
    if (shape === undefined || strides === undefined || dtype === undefined) return null;
    const factors = (
      a: readonly (number | string)[],
      b: readonly (number | string)[] | undefined,
    ): (number | null)[] => {
      if (a.length !== b?.length) refuse(`the number of dimensions of '${node.name}' depends on the size`);
      return a.map((size, d) => this.factor(Number(size), Number(b[d]), `a size or a stride of '${node.name}'`));
    };
    const [sizeFactors, strideFactors] = [factors(shape, other.meta.shape), factors(strides, other.meta.strides)];
    const json = tensorMetaJson({ shape: shape as number[], strides, dtype, device: device ?? 'cpu' });
    const symbolic = (values: readonly (number | string)[], found: readonly (number | null)[]): JsonValue[] =>
      values.map((value, d): JsonValue => {
        const factor = found[d];
        if (factor === null) return { as_int: Number(value) };
        return { as_expr: { expr_str: expressionOf(factor), hint: { as_int: Number(value) } } };
      });
    const stored = (this.first.values.get(node)?.json ?? json) as Record<string, JsonValue>;
    const [sizes, lengths] = [symbolic(shape, sizeFactors), symbolic(strides, strideFactors)];
    this.values.set(node, { type: 'Tensor', json: { ...stored, sizes, strides: lengths } });
    const expressions = shape.map((size, d): SymbolicSize => {
      const factor = sizeFactors[d];
      return factor === null ? Number(size) : parseExpression(factor === 1 ? SYMBOL : `${factor}*${SYMBOL}`);
    });
    node.meta = { shape: expressions.map((size) => (typeof size === 'number' ? size : size.text)), dtype };
    return expressions;
  }
}

/** A multiple of the size, as Python's `sympy.srepr` writes it. */
function expressionOf(factor: number): string {
  const symbol = `Symbol('${SYMBOL}', positive=True, integer=True)`;
  return factor === 1 ? symbol : `Mul(Integer(${factor}), ${symbol})`;
}

/** Tensors from outside must be the same for each size. */
function checkTensors(first: ReadonlyMap<string, Tensor>, second: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of first) {
    const other = second.get(name);
    const isSame =
      other !== undefined &&
      tensor.dtype === other.dtype &&
      sameShape(native.sizes(tensor), native.sizes(other)) &&
      bytesOfValues(tensor).equal(bytesOfValues(other));
    if (!isSame) refuse(`the tensor '${name}' depends on the size`);
  }
}

/** Makes the first program one for all sizes. */
export function generalized(first: LoadedProgram, second: LoadedProgram, source: SizeSource): LoadedProgram {
  checkTensors(first.tensors, second.tensors);
  const graph = new Generalization(first.graph, second.graph, source).run();
  const ranges = new Map([[SYMBOL, RANGE]]);
  const inputs = new InputCheck(first.call.paths, expectedInputs(graph, first.signature), ranges, []);
  const header = withRanges(first.header, { [SYMBOL]: { min_val: RANGE.min, max_val: RANGE.max } });
  return { ...first, graph, inputs, ranges, header };
}
