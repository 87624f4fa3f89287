/** Runs a graph node by node. */

import { AttributeError } from '../errors';
import { ops } from '../ops';
import type { Tensor } from '../tensor';
import type { AnyFunction } from '../types';
import { Node, targetText } from './graph';
import type { Argument, Graph, Target } from './graph';

/** The function that a target stands for. */
export function functionOf(target: Target): AnyFunction {
  if (typeof target !== 'string') return target;
  if (target === 'getitem') return (list: readonly unknown[], i: number) => list[i];
  const [namespace, name, overload = 'default'] = target.split('.');
  if (namespace !== 'aten' || name === undefined) {
    throw new AttributeError(`'${target}' is not an operator: expected a name such as 'aten.mul.Tensor'`);
  }
  const packet = ops.aten[name];
  if (!(overload in packet)) throw new AttributeError(`aten.${name} has no overload '${overload}'`);
  return packet[overload];
}

/** @returns The results, in the form of the output node's argument. */
export function interpret(graph: Graph, inputs: readonly unknown[], tensors: ReadonlyMap<string, Tensor>): unknown {
  const values = new Map<Node, unknown>();
  const valueOf = (argument: Argument): unknown => {
    if (argument instanceof Node) return values.get(argument);
    return Array.isArray(argument) ? (argument as readonly Argument[]).map(valueOf) : argument;
  };
  let next = 0;
  for (const node of graph.nodes) {
    switch (node.op) {
      case 'placeholder':
        values.set(node, inputs[next++]);
        break;
      case 'getAttr': {
        const tensor = tensors.get(targetText(node.target));
        if (tensor === undefined) throw new AttributeError(`the module has no tensor '${targetText(node.target)}'`);
        values.set(node, tensor);
        break;
      }
      case 'callFunction': {
        const args = node.args.map(valueOf);
        const kwargs = Object.entries(node.kwargs);
        if (kwargs.length > 0) args.push(Object.fromEntries(kwargs.map(([key, value]) => [key, valueOf(value)])));
        values.set(node, functionOf(node.target)(...args));
        break;
      }
      case 'output':
        return valueOf(node.args[0]);
    }
  }
  return undefined;
}
