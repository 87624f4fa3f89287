/** `vmap` inside of a model: its levels are nodes of the graph. */

import { native } from '../native';
import type { Tensor } from '../tensor';

/** The levels that a run of a program is in. The graph numbers them from 1 on. */
export class Levels {
  private readonly numbers: number[] = [];

  enter(size: number, randomness: string): null {
    this.numbers.push(native.pushVmap(size, randomness));
    return null;
  }

  leave(): null {
    native.popLevel(this.numbers.pop()!);
    return null;
  }

  add(x: Tensor, dim: number, level: number): Tensor {
    return native.addBatchDim(x, dim < 0 ? dim + native.dim(x) : dim, this.numbers[level - 1]);
  }

  remove(x: Tensor, level: number, size: number, outDim: number): Tensor {
    return native.removeBatchDim(x, this.numbers[level - 1], size, outDim);
  }

  /** Leaves all levels, after an error between two nodes. */
  unwind(): void {
    while (this.numbers.length > 0) this.leave();
  }
}

type LevelFunction = (levels: Levels, args: unknown[]) => unknown;

/** The functions of torch/_functorch/predispatch.py, with their numbers of arguments. */
const FUNCTIONS: Readonly<Record<string, { count: number; call: LevelFunction }>> = {
  lazy_load_decompositions: { count: 0, call: () => null },
  _vmap_increment_nesting: { count: 2, call: (levels, args) => levels.enter(...(args as [number, string])) },
  _vmap_decrement_nesting: { count: 0, call: (levels) => levels.leave() },
  _add_batch_dim: { count: 3, call: (levels, args) => levels.add(...(args as [Tensor, number, number])) },
  _remove_batch_dim: { count: 4, call: (levels, args) => levels.remove(...(args as [Tensor, number, number, number])) },
};

const PREFIX = 'torch._functorch.predispatch.';

/** The function of levels that a target names, or undefined. */
export function levelFunction(target: string): { count: number; call: LevelFunction } | undefined {
  const name = target.startsWith(PREFIX) ? target.slice(PREFIX.length) : '';
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}
