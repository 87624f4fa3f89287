/** `torch.ops.aten`: every overload of every operator by its own name, as in PyTorch. */

import { AttributeError } from './errors';
import { native } from './native';
import type { OperatorFunction } from './native';
import { operatorFunction } from './operator';

/** An operator: a function that tries the overloads in the dispatcher's order, with each overload as a property. */
export type OperatorPacket = OperatorFunction & { readonly [overload: string]: OperatorFunction };

function packet(name: string): OperatorPacket {
  const overloads = native.overloadNames(name);
  if (overloads.length === 0) throw new AttributeError(`'_OpNamespace' 'aten' object has no attribute '${name}'`);
  const full = (overload: string) => (overload === '' ? name : `${name}.${overload}`);
  const all = operatorFunction(`aten::${name}`, overloads.map(full).join(' '), false) as OperatorPacket;
  for (const overload of overloads) {
    const key = overload === '' ? 'default' : overload;
    Object.defineProperty(all, key, {
      value: operatorFunction(`aten::${full(overload)}`, full(overload), false),
      enumerable: true,
      configurable: true,
    });
  }
  return all;
}

const packets = new Map<string, OperatorPacket>();

/**
 * Every `aten` overload of the dispatcher; `torch.ops.aten`. It takes the arguments of its schema in order, and the
 * keyword-only ones in a trailing options object. Names are PyTorch's own, in snake_case.
 *
 * @throws AttributeError for an operator that does not exist.
 * @example
 * ```ts
 * const x = torch.tensor([1, 2]);
 * torch.ops.aten.add.Tensor(x, x, { alpha: 2 }); // [3, 6]
 * torch.ops.aten.tanh_backward.default(torch.ones(2), x.tanh()); // [0.42, 0.0707]
 * ```
 */
export const aten: Readonly<Record<string, OperatorPacket>> = new Proxy(
  {},
  {
    get(_, name) {
      if (typeof name !== 'string' || name === 'then') return undefined;
      let found = packets.get(name);
      if (found === undefined) packets.set(name, (found = packet(name)));
      return found;
    },
  },
);

export const ops = { aten };
