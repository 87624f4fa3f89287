/** Asynchronous calls that take some time. */

import * as torch from '../../../lib';
import type { Tensor } from '../../../lib';

/** A function of about 60 steps, compiled for matrices of this size: some milliseconds. */
export function slowFunction(size: number): { f: torch.Compiled & ((x: Tensor) => Tensor); x: Tensor } {
  const body = (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < 60; i++) y = y.matmul(x).tanh();
    return y;
  };
  const f = torch.compile(body, { fullgraph: true });
  const x = torch.randn([size, size]).mul(0.05);
  f(x);
  expect(f.explain()[0].blocking).toBeNull();
  return { f: f as never, x };
}

/** Waits until no call is in flight. */
export const idle = async (): Promise<void> => {
  while (torch.asyncQueue().running + torch.asyncQueue().waiting > 0) await new Promise((done) => setTimeout(done, 1));
};
/** Waits until a call runs. The call must take long enough to be seen. */
export const begun = async (): Promise<void> => {
  while (torch.asyncQueue().running === 0) {
    if (torch.asyncQueue().waiting === 0) throw new Error('the call has ended already');
    await new Promise((done) => setImmediate(done));
  }
};
