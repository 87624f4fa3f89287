/** Whether a graph holds for the arguments that it is called with. */

import { textOf } from '../describe';
import { native } from '../native';
import * as pytree from '../pytree';
import type { Tensor } from '../tensor';
import type { Graph } from './graph';

const refuse = (what: string): never => {
  throw new TypeError(`a graph of fx.makeFx: ${what}; record the function again for other arguments`);
};

/**
 * @param recorded - The arguments of the recorded call. Values that are not tensors belong to the graph.
 * @returns What checks the arguments of a call, and the tensors among them, against the placeholders of the graph.
 */
export function argumentCheck(
  graph: Graph,
  recorded: readonly unknown[],
): (args: readonly unknown[], tensors: readonly Tensor[]) => void {
  const valuesOf = (leaves: readonly unknown[]): unknown[] => leaves.filter((leaf) => !native.isTensor(leaf));
  const { leaves, spec } = pytree.flatten(recorded);
  const values = valuesOf(leaves);
  const names = graph.nodes.filter((node) => node.op === 'placeholder').map((node) => node.name);
  return (args, tensors) => {
    const placeholders = graph.nodes.filter((node) => node.op === 'placeholder');
    if (tensors.length !== placeholders.length) {
      const list = placeholders.map((node) => node.name).join(', ');
      refuse(`expected ${placeholders.length} tensors (${list}) among the arguments, not ${tensors.length}`);
    }
    // Unless the placeholders are those of the caller.
    if (names.join() === placeholders.map((node) => node.name).join()) {
      const given = pytree.flatten(args);
      if (!pytree.specEquals(given.spec, spec)) {
        const [expected, actual] = [spec, given.spec].map(pytree.specToShortString);
        refuse(`the arguments must have the structure ${expected}, not ${actual}`);
      }
      const different = valuesOf(given.leaves).findIndex((value, i) => !Object.is(value, values[i]));
      if (different >= 0) {
        const [expected, actual] = [values, valuesOf(given.leaves)].map((list) => textOf(list[different]));
        refuse(`the value ${expected} among the arguments is part of the graph, and cannot be ${actual}`);
      }
    }
    placeholders.forEach(({ name, meta: { shape, dtype } }, i) => {
      const { dtype: givenDtype, shape: givenShape } = tensors[i];
      const isSame = (dtype ?? givenDtype) === givenDtype && (shape ?? givenShape).join() === givenShape.join();
      if (!isSame)
        refuse(`${name} must be ${dtype}[${shape?.join(', ')}], not ${givenDtype}[${givenShape.join(', ')}]`);
    });
  };
}
