/** `torch.fx.makeFx`. */

import { checkFunction } from '../arguments';
import { captureCall } from '../compile/capture';
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { GraphData } from '../native';
import type { AnyFunction } from '../types';
import { graphModule } from './graph-module';
import type { GraphModule } from './graph-module';

/**
 * A function that runs `func` and returns the graph of the operators that ran, below all transforms: plain tensors,
 * after batching and differentiation; `torch.fx.experimental.proxy_tensor.make_fx`. The graph holds for arguments of the
 * same structure, with tensors of the same dtypes and shapes, and is a TypeError for others; values that are not tensors
 * are part of it.
 *
 * @throws RuntimeError if the function reads values of tensors, with `item()` for example, the shape of a result depends
 * on values, or a transform is active.
 * @example
 * ```ts
 * const graph = torch.fx.makeFx(torch.func.grad((x: torch.Tensor) => x.sin().sum()))(torch.ones(3));
 * graph(torch.zeros(3)); // [1, 1, 1]
 * graph.code; // a function in TypeScript
 * ```
 */
export function makeFx<A extends unknown[], R>(func: (...args: A) => R): (...args: A) => GraphModule<A, R> {
  checkFunction('fx.makeFx', func);
  return (...args) => {
    if (native.levelDepth() > 0) {
      throw new RuntimeError('fx.makeFx: cannot record inside a transform; record the transformed function instead');
    }
    const { capture, incomplete, outputs } = captureCall('fx.makeFx', func as AnyFunction, args, true);
    if (incomplete !== '') throw new RuntimeError(`torch.fx.makeFx: ${incomplete}, so a graph could not repeat it`);
    outputs.tensors = [];
    return graphModule(native.graphOf(capture, false) as GraphData, outputs, args) as GraphModule<A, R>;
  };
}
