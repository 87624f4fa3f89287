/**
 * Frees the typed arrays that results come in. Each is needed for a moment only, but stays until the
 * collector looks for it; a few hundred of them, scattered between the tensors of later chunks, leave
 * holes that these do not fit into, and the process grows to several times what it uses.
 */

import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';

/** Bytes of results after which a collection, of about a millisecond, is worth while. */
const INTERVAL = 4 * 2 ** 20;

type Collect = (options: { type: 'minor' }) => void;

let collect: Collect | undefined;
let pending = 0;

/** Notes that a result of this size was let go of. */
export function releaseResult(bytes: number): void {
  pending += bytes;
  if (pending < INTERVAL) return;
  pending = 0;
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as Collect;
  }
  collect({ type: 'minor' });
}
