/** Hooks on nodes of the graph: `Node.register_hook` and `Node.register_prehook`. */

import { describeType } from '../describe';
import { native } from '../native';
import { ignoreRejection } from '../synchronous';
import type { Tensor } from '../tensor';
import { CallbackSite } from './callbacks';
import { removableHandle } from './hooks';
import { setRegisterNodeHook } from './node';
import type { NodeHook } from './node';

const site = new CallbackSite<NodeHook>((hook, first: (Tensor | null)[], second: (Tensor | null)[]) => {
  if (hook === undefined) return undefined;
  const result: unknown = hook(first, second);
  if (result === undefined || result === null) return undefined;
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  for (const value of list) {
    if (value === null || native.isTensor(value)) continue;
    ignoreRejection(value);
    throw new TypeError(`expected Variable, but hook returned '${describeType(value)}'`);
  }
  return list;
});

setRegisterNodeHook((kind, handle, hook) => {
  if (typeof hook !== 'function') {
    throw new TypeError(`${kind}(): argument 'hook' must be a function, not ${describeType(hook)}`);
  }
  const number = site.add(hook);
  if (kind === 'registerHook') native.registerNodeHook(site.native, handle, number);
  else native.registerNodePrehook(site.native, handle, number);
  return removableHandle(site, number);
});
