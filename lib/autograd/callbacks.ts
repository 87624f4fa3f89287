/** Functions of the user that a graph calls: what JavaScript does so that they are released; see native/autograd/callbacks.h. */

import { native } from '../native';
import type { Tensor } from '../tensor';

const keptBy = new WeakMap<Tensor, Set<unknown>>();

let waiting = false;
// A collection may have freed a graph that held a callback.
const collections = new FinalizationRegistry(() => {
  waiting = false;
  if (native.sweepCallbacks() > 0) sweepAfterCollection();
});

function sweepAfterCollection(): void {
  if (waiting) return;
  waiting = true;
  collections.register({}, undefined);
}

/** The tensor keeps the callback while the graph refers to it weakly. */
export function keepWith(tensor: Tensor, callback: unknown): void {
  let kept = keptBy.get(tensor);
  if (kept === undefined) keptBy.set(tensor, (kept = new Set()));
  kept.add(callback);
  sweepAfterCollection();
}
